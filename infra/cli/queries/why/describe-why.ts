import { byHandSource } from '../../../../functions/core/limits/tokens/lane.ts';
import { nextCommands } from '../../next.ts';
import { printable } from '../../printable.ts';
import { describeProgress } from '../progress.ts';
import { waitReasonText } from '../wait-reason.ts';
import { fewPrinted, isOnlyToProve, whySteps } from './next-steps.ts';
import type { UrlState } from './steps.ts';
import type { WhyChange, WhyDeadLetter, WhyPurge, WhyReport, WhyWaiting } from './why.ts';

const meanings: Readonly<Record<UrlState, string>> = {
  waiting: 'waiting for tokens of the day',
  observed: 'observed: it would have been purged, and nothing was sent to CDN Pro',
  purging: 'purging: CDN Pro has accepted it and not finished',
  partial: 'partial: some servers were left out, and it is purged again',
  completed: 'completed: CDN Pro says that all of its servers have obeyed',
  fresh: 'fresh: CDN Pro has finished it, and each edge that was asked shows the new version',
  failed: 'failed: some servers may show the old version',
  superseded: 'superseded: it is purged again',
  unknown: 'unknown: nothing is known of a change',
};
const neverPurgedMeaning = 'failed: its newest change was never purged, and is in the dead letter queue';
const toProveMeaning =
  'purging: CDN Pro has finished it, and edges are asked whether they show the new version';

/**
 * @param mostPrinted how many changes and purges are printed at most, the newest
 * @returns a report in words, and what to do
 */
export function describeWhy(report: WhyReport, mostPrinted = fewPrinted): string {
  const steps = whySteps(report, mostPrinted);
  const facts = describeFacts(report, mostPrinted);
  return steps.length === 0 ? facts : [facts, '', ...nextCommands(...steps)].join('\n');
}

/** @returns a report in words, without what to do */
export function describeFacts(report: WhyReport, mostPrinted = fewPrinted): string {
  const { url, reason, changes, purges, waiting, deadLetters, notes } = report;
  const rows = [
    ...changes.slice(0, mostPrinted).map(changeRow),
    ...purges.slice(0, mostPrinted).flatMap(purgeRows),
    ...deadLetters.slice(0, mostPrinted).map((letter) => letterRow(letter, reason)),
  ];
  return [
    url,
    `  ${meaningOf(report)}`,
    ...(reason === undefined ? [] : [`  ${printable(reason)}`]),
    ...(rows.length === 0 ? [] : ['', ...inOrder(rows)]),
    ...(waiting === undefined ? [] : [waitingRow(waiting).line]),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `Note: ${note}.`)]),
  ].join('\n');
}

function meaningOf(report: WhyReport): string {
  if (report.neverPurged === true) return neverPurgedMeaning;
  return isOnlyToProve(report) ? toProveMeaning : meanings[report.state];
}

/** A line, and what it is sorted by. */
interface Row {
  readonly at: string;
  readonly line: string;
}

/** As they happened. */
function inOrder(rows: readonly Row[]): readonly string[] {
  return rows.toSorted((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at))).map(({ line }) => line);
}

function changeRow({ occurredAt, source, webhook, action, id, by, rules = [] }: WhyChange): Row {
  const from = source === byHandSource ? `by hand, ${action}` : `${webhook ?? source}: ${action}`;
  const names = rules.map((name) => `"${name}"`).join(', ');
  const matched = rules.length === 0 ? '' : `, by the ${rules.length === 1 ? 'rule' : 'rules'} ${names}`;
  return row(
    occurredAt,
    'changed',
    `${from}${source === byHandSource ? ':' : ''} ${id}${matched}${by === undefined ? '' : `, by ${by}`}`,
  );
}

function waitingRow({ since, lane, repeats, doneBy, reason }: WhyWaiting): Row {
  const what = repeats === undefined ? '' : `a second purge, after ${repeats}: `;
  const until = doneBy === undefined ? 'nobody knows yet' : `${doneBy}, an estimate`;
  const why = reason === undefined || reason === 'tokens' ? '' : `: ${waitReasonText[reason]}`;
  return row(since, 'waits', `${what}since then, ${lane}, done by ${until}${why}`);
}

/** @param told the reason that is printed already */
function letterRow({ sentAt, messageId, reason }: WhyDeadLetter, told: string | undefined): Row {
  const why = reason === told ? 'for the reason above' : reason;
  return row(sentAt, 'rejected', `dead letter ${messageId}: ${why}`);
}

function purgeRows({ purgeId, ...purge }: WhyPurge): readonly Row[] {
  const {
    acceptedAt,
    finishedAt,
    state,
    successRate,
    progress,
    proof,
    target,
    lane,
    repair,
    repeats,
    entries,
    messages,
  } = purge;
  const why = repeats !== undefined ? `, once more after ${repeats}` : repair > 0 ? `, repair ${repair}` : '';
  const [message, ...others] = messages;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const from = message === undefined ? '' : `, from the message ${message}${more}`;
  const accepted = row(
    acceptedAt,
    state === 'observed' ? state : 'accepted',
    `purge ${purgeId}${why}: ${entries.join(' ')} in ${target}, ${lane}${from}${progress === undefined ? '' : `; ${describeProgress(progress)}`}`,
  );
  if (state === 'purging' || state === 'observed') return [accepted];
  const outcome = [
    ...(successRate === undefined ? [] : [`${successRate}% of the servers have obeyed`]),
    ...(state === 'completed' ? [] : [state]),
    // It may have been another one of its URLs that was seen.
    ...(proof === undefined ? [] : [`of the purge, ${proof}`]),
  ];
  const words = `purge ${purgeId}: ${outcome.join('; ')}`;
  if (finishedAt === undefined) return [accepted, row(acceptedAt, state, words)];
  // CDN Pro says it in whole seconds.
  return [accepted, row(finishedAt < acceptedAt ? acceptedAt : finishedAt, 'finished', words)];
}

function row(at: string, what: string, words: string): Row {
  const date = new Date(at);
  // A message of somebody's own may say of its change what is no time.
  const time = Number.isNaN(date.getTime()) ? 'at no known time'.padEnd(24) : date.toISOString();
  return { at: time, line: `  ${time}  ${what.padEnd(10)} ${printable(words)}` };
}
