import { counted } from '../../counted.ts';
import { printable } from '../../printable.ts';
import { deleteHint } from '../delete-hints.ts';
import { describeCost } from '../describe-cost.ts';
import type { ManyExplained } from './explain-many.ts';
import { groupObjects } from './group-objects.ts';

/** So many objects, groups or wildcards are printed of a list; --json has all of them. */
const mostPrinted = 20;

/**
 * @param links symbolic links that were not followed
 * @returns what would happen to many objects, for people to read: what is not purged comes first
 */
export function describeMany(explained: ManyExplained, links: readonly string[] = []): string {
  const { objects, unmatched, notWatched, refused, excepted, purged, rules, entries, wildcards } = explained;
  return [
    ...describeObjects('no rule matches', unmatched),
    ...notWatched.flatMap(({ reason, objects }) => describeObjects(`would not arrive, ${reason}`, objects)),
    ...describeList(
      'cannot be purged',
      refused.map(({ object, template, reason }) => `${object}: ${template}: ${reason}`),
    ),
    ...describeObjects('left out by except', excepted),
    ...describeList('symbolic links that are not followed', links),
    [
      `Of ${counted(objects, 'object')}, ${purged} would be purged${purged === 0 ? '.' : `, by ${counted(entries, 'URL or directory', 'URLs and directories')}:`}`,
      ...rules.map(({ rule, objects }) => `  ${counted(objects, 'object')} by ${rule}`),
    ].join('\n'),
    ...describeList(
      'through a wildcard',
      wildcards.map(({ wildcard, objects }) => `${wildcard} for ${counted(objects, 'object')}`),
    ),
    ...wildcards
      .filter(({ deletes }) => deletes)
      .map(({ wildcard }) => `hint: ${deleteHint(printable(wildcard))}`),
    ...(purged === 0 ? [] : [describeCost(explained)]),
  ].join('\n\n');
}

function describeObjects(what: string, objects: readonly string[]): readonly string[] {
  if (objects.length <= mostPrinted) return describeList(what, objects);
  const groups = groupObjects(objects, mostPrinted).map(({ name, objects: [first, ...others] }) =>
    others.length === 0 ? first : `${name}: ${others.length + 1}, such as ${first}`,
  );
  return describeList(what, groups, objects.length);
}

/** @returns a list with its length, of which so many are printed as one can read; nothing where it is empty */
export function describeList(
  what: string,
  lines: readonly string[],
  count = lines.length,
): readonly string[] {
  if (lines.length === 0) return [];
  const left = lines.length - mostPrinted;
  const shown = lines.slice(0, mostPrinted).map((line) => `  ${printable(line)}`);
  return [[`${what}: ${count}`, ...shown, ...(left > 0 ? [`  ... and ${left} more`] : [])].join('\n')];
}
