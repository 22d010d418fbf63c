import { printable } from '../../printable.ts';
import { countHosts, type DeadLetter, groupDeadLetters } from './dead-letters.ts';

/** So many hosts and reasons are named. */
const mostNamed = 5;

/** @returns what there is in place of what was asked for */
export function describeOthers(letters: readonly DeadLetter[]): readonly string[] {
  const hosts = countHosts(letters).map(([host, count]) => `${host} (${count})`);
  const withoutUrl = letters.filter(({ urls }) => urls.length === 0).length;
  const reasons = groupDeadLetters(letters).map(
    ({ reason, reasons: alike = 1, count }) =>
      `${alike > 1 ? 'such as ' : ''}${printable(reason)} (${count})`,
  );
  return [
    ...named('their hosts', [...hosts, ...(withoutUrl === 0 ? [] : [`none (${withoutUrl})`])]),
    ...named('their reasons', reasons),
  ];
}

function named(what: string, list: readonly string[]): readonly string[] {
  if (list.length === 0) return [];
  const more = list.length > mostNamed ? [`and ${list.length - mostNamed} more`] : [];
  return [`  ${what}: ${[...list.slice(0, mostNamed), ...more].join('; ')}`];
}
