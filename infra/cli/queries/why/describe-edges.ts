import { nextCommands, shellArgument } from '../../next.ts';
import { printable } from '../../printable.ts';
import type { EdgeShown, EdgesNow, Shown } from './edge-now.ts';

/** @returns in words what the origin and edges show now */
export function describeEdges(url: string, { origin, edges }: EdgesNow): string {
  return [
    'Now:',
    ...(origin === undefined ? [] : [row('origin', origin)]),
    ...edges.flatMap((edge) => [
      row('edge', edge),
      ...(edge.status === undefined ? [] : [`          ${printable(edge.meaning)}`]),
    ]),
    ...nextSteps(url, edges),
  ].join('\n');
}

function row(what: string, { from, address, reason, ...seen }: Shown): string {
  const at = address === undefined || from.includes(address) ? from : `${from} (${address})`;
  return `  ${what.padEnd(6)}  ${printable(`${at}: ${reason ?? factsOf(seen).join(', ')}`)}`;
}

function factsOf(seen: Omit<Shown, 'from'>): readonly string[] {
  const { status, cacheStatus, etag, lastModified, age, location, via } = seen;
  return [
    String(status),
    ...(cacheStatus === undefined ? [] : [cacheStatus]),
    ...(etag === undefined ? [] : [`ETag ${etag}`]),
    ...(lastModified === undefined ? [] : [`Last-Modified ${lastModified}`]),
    ...(age === undefined ? [] : [`Age ${age}`]),
    ...(location === undefined ? [] : [`Location ${location}`]),
    ...(via === undefined ? [] : [`Via ${via}`]),
  ];
}

function nextSteps(url: string, edges: readonly EdgeShown[]): readonly string[] {
  if (edges.every(({ version }) => version !== 'older')) return [];
  return [
    '',
    'Where a purge of it is under way, wait for its end; else:',
    ...nextCommands([`purge ${shellArgument(url)} --wait`, 'purges it again']),
  ];
}
