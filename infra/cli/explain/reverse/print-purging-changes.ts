import { entryText } from '../../../../functions/core/model/entry-text.ts';
import { groupBy } from '../../../../functions/core/model/group-by.ts';
import { counted } from '../../counted.ts';
import { printable } from '../../printable.ts';
import { describeList } from '../many/print-many.ts';
import type { PurgingChange } from './changes-that-purge.ts';
import type { PurgedUrl } from './purged-url.ts';

/** So many of a template are printed; --json has all of them. */
const mostPrinted = 5;

/** @returns which changes purge a URL, for people to read */
export function describePurgedUrl({ url, changes, leftOut, withoutQuery }: PurgedUrl): string {
  if (changes.length === 0) return [url, ...describeUnpurged(leftOut, withoutQuery)].join('\n');
  const groups = groupBy(changes, ({ rule, template }) => JSON.stringify([rule, template]));
  return [url, ...[...groups.values()].flatMap((group) => describeTemplate(url, group))].join('\n');
}

function describeUnpurged(
  leftOut: PurgedUrl['leftOut'] = [],
  withoutQuery: PurgedUrl['withoutQuery'],
): readonly string[] {
  const more = leftOut.length - mostPrinted;
  const isClose = leftOut.length > 0 || withoutQuery !== undefined;
  return [
    `  No change purges it${isClose ? '' : ': no rule makes a URL, directory or pattern that does'}.`,
    ...leftOut
      .slice(0, mostPrinted)
      .map(({ rule, change, reason }) => `  ${printable(`${rule}: ${change} is ${reason}`)}`),
    ...(more > 0 ? [`  ... and ${counted(more, 'other kind')} of changes`] : []),
    ...(withoutQuery === undefined
      ? []
      : [
          `  It is purged without its query string: ${withoutQuery}. A rule's \`queries\` name those to purge.`,
        ]),
  ];
}

/** @returns whether a change that arrives purges it, in the purger's own target */
export function isPurged({ changes }: PurgedUrl): boolean {
  return changes.some(({ notWatched, target }) => notWatched === undefined && target === undefined);
}

/** @returns which of many URLs no change purges, for people to read */
export function describeManyUrls(urls: readonly PurgedUrl[]): string {
  const others = urls.filter((each) => !isPurged(each));
  const unpurged = others.filter(({ changes }) => changes.length === 0);
  const elsewhere = others.filter(({ changes }) =>
    changes.some(({ notWatched }) => notWatched === undefined),
  );
  const unwatched = others.filter((each) => each.changes.length > 0 && !elsewhere.includes(each));
  return [
    ...describeList(
      'no change purges it',
      unpurged.map(({ url }) => url),
    ),
    ...describeList(
      'its changes would not arrive',
      unwatched.map(({ url }) => url),
    ),
    ...describeList(
      'purged in another target alone',
      elsewhere.map(({ url }) => url),
    ),
    `Of ${urls.length} URLs, ${urls.length - others.length} are purged by changes.`,
  ].join('\n\n');
}

function describeTemplate(
  url: string,
  changes: readonly [PurgingChange, ...PurgingChange[]],
): readonly string[] {
  const [{ rule, template }] = changes;
  const left = changes.length - mostPrinted;
  return [
    `  ${rule}, ${template}`,
    ...changes.slice(0, mostPrinted).map((change) => `    ${printable(describeChange(url, change))}`),
    ...(left > 0 ? [`    ... and ${counted(left, 'other kind')} of changes`] : []),
  ];
}

/** @returns e.g. `put or delete of s3://www/site/{+path}, by the directory https://www.example.com/*` */
function describeChange(url: string, purging: PurgingChange): string {
  const { actions, levelsBelow, ofAnyCase = [], except, entry, target, notWatched } = purging;
  const kind = entry.kind === 'dir' ? 'directory' : entry.kind === 'file' ? 'URL' : 'pattern';
  return [
    `${actions.join(' or ')} of ${purging.change}${describeProof(purging)}`,
    ...(levelsBelow === undefined
      ? []
      : [`pages at most ${counted(levelsBelow, 'directory', 'directories')} below`]),
    ...(ofAnyCase.length === 0 ? [] : [`with ${ofAnyCase.join(' and ')} in upper or lower case`]),
    ...(except.length === 0 ? [] : [`except ${except.join(', or ')}`]),
    ...(entryText(entry) === url ? [] : [`by the ${kind} ${entryText(entry)}`]),
    ...(target === undefined ? [] : [`in ${target} alone`]),
    ...(notWatched === undefined ? [] : [`but it would not arrive: ${notWatched}`]),
  ].join(', ');
}

/** @returns by which object a pattern was proven, and which one next to it does not purge the URL */
function describeProof({ change, example, nearMiss }: PurgingChange): string {
  const parts = [
    ...(example.source === 's3' && example.id !== change ? [`such as ${example.id}`] : []),
    ...(nearMiss === undefined ? [] : [`but not ${nearMiss.words}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
