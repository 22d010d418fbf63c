import { counted } from '../counted.ts';
import { nextCommands } from '../next.ts';
import type { ObservedReport, Spent } from './observed.ts';
import { observingReason } from './observing.ts';

/** So many are printed; --json has all of them. */
const mostPrinted = 20;

/**
 * @param isObserving whether the purger only observes, now
 * @returns a report in words
 */
export function describeObserved(report: ObservedReport, isObserving = true): string {
  const { since, until, days, list, requests } = report;
  if (requests === 0)
    return [
      `Nothing was observed from ${since} to ${until}.`,
      ...waitedRows(report),
      ...(isObserving ? [] : purgingRows),
    ].join('\n');
  return [
    `From ${since} to ${until}, ${observingReason}. It would have taken`,
    `  ${describeSpent(report)}`,
    ...(days.length > 1 ? days.map((each) => `  ${each.day}  ${describeSpent(each)}`) : []),
    ...secondRows(report),
    ...waitedRows(report),
    ...(list === undefined ? [] : listRows(list)),
  ].join('\n');
}

const purgingRows = [
  'The purger purges: a report says what one with mode: "observe" would have purged.',
  '',
  ...nextCommands(['report --url URL', 'what happened to a page'], ['tail', 'purges as they happen']),
];

function secondRows({ secondPurges: { files } }: ObservedReport): readonly string[] {
  const repairs = 'Repairs are not among it.';
  if (files === 0) return [repairs];
  return [
    `Second purges would have taken ${counted(files, 'file')} more at most: they are made while enough of the day's files are left. ${repairs}`,
  ];
}

function describeSpent({ tokens: { files, dirs }, requests }: Spent): string {
  const tokens = `${counted(files, 'file')} and ${counted(dirs, 'directory', 'directories')} of the days' tokens`;
  return `${tokens}, in ${counted(requests, 'request')}`;
}

function waitedRows({ urls, waited }: ObservedReport): readonly string[] {
  const { longestSeconds } = waited;
  return [
    ...(urls === 0
      ? []
      : [
          `${waited.urls} of ${counted(urls, 'URL')} would have been purged 5 minutes or more after their change; the longest took ${longestSeconds} s.`,
        ]),
    ...(waited.now > 0
      ? [`${counted(waited.now, 'URL waits', 'URLs wait')} for tokens of the day now.`]
      : []),
  ];
}

function listRows({ urls, uncovered, noRule = [] }: NonNullable<ObservedReport['list']>): readonly string[] {
  if (uncovered.length === 0)
    return ['', `Each of the ${counted(urls, 'URL')} of the list would have been purged.`];
  const never = new Set(noRule);
  const others = uncovered.filter((url) => !never.has(url));
  const of = `of ${counted(urls, 'URL')} of the list would not have been purged, since no`;
  return [
    ...(noRule.length === 0 ? [] : ['', `${noRule.length} ${of} rule purges them, whatever changes:`]),
    ...few(noRule),
    ...(others.length === 0 ? [] : ['', `${others.length} ${of} change came for them that a rule matches:`]),
    ...few(others),
  ];
}

function few(urls: readonly string[]): readonly string[] {
  const more = urls.length - mostPrinted;
  return [
    ...urls.slice(0, mostPrinted).map((url) => `  ${url}`),
    ...(more > 0 ? [`  ... and ${more} more`] : []),
  ];
}
