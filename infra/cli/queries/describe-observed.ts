import { counted } from '../counted.ts';
import type { ObservedReport, Spent } from './observed.ts';
import { observingReason } from './observing.ts';

/** So many are printed; --json has all of them. */
const mostPrinted = 20;

/** @returns a report in words */
export function describeObserved(report: ObservedReport): string {
  const { since, until, days, list, requests } = report;
  if (requests === 0)
    return [`Nothing was observed from ${since} to ${until}.`, ...waitedRows(report)].join('\n');
  return [
    `From ${since} to ${until}, ${observingReason}. It would have taken`,
    `  ${describeSpent(report)}`,
    ...(days.length > 1 ? days.map((each) => `  ${each.day}  ${describeSpent(each)}`) : []),
    'Second purges and repairs, of which CDN Pro has to finish the first purge, are not among it.',
    ...waitedRows(report),
    ...(list === undefined ? [] : listRows(list)),
  ].join('\n');
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

function listRows({ urls, uncovered }: NonNullable<ObservedReport['list']>): readonly string[] {
  if (uncovered.length === 0)
    return ['', `Each of the ${counted(urls, 'URL')} of the list would have been purged.`];
  const more = uncovered.length - mostPrinted;
  return [
    '',
    `${uncovered.length} of ${counted(urls, 'URL')} of the list would not have been purged, since no change came for them that a rule matches:`,
    ...uncovered.slice(0, mostPrinted).map((url) => `  ${url}`),
    ...(more > 0 ? [`  ... and ${more} more`] : []),
  ];
}
