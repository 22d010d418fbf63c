import { entryText } from '../../../functions/core/model/entry-text.ts';
import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { counted } from '../counted.ts';
import { type NextCommand, nextCommands } from '../next.ts';
import { connect, type Purger } from '../purger/connect.ts';
import { openLimits } from '../purger/limits.ts';
import { openParked, readParked } from '../purger/parked.ts';
import { countOf, readQueues } from '../purger/queues/queues.ts';
import { describeProblem, readUrls } from '../queries/purge-by-hand.ts';
import { waitReasonText } from '../queries/wait-reason.ts';
import {
  stepsAfterCancel,
  type WaitingReport,
  type WaitingUrl,
  waitingReport,
  waitingUrl,
} from '../queries/waiting.ts';
import { UsageError } from '../usage-error.ts';

const usage = `Usage:
  cdn-purger waiting (--stack NAME | --ready FILE) [--json]
  cdn-purger waiting --cancel URL... [--delete] (--stack NAME | --ready FILE) [--json]

Lists what waits for tokens of the day, by lane, with the time by which the last one is done; and counts what waits for
slots of the rate limit.

  --cancel      take these URLs or patterns out, with all header sets: they are not purged, and stay as they are at the edge
  --delete      take out takedowns of them, and nothing else; without it takedowns stay
${purgerUsage}

Ends with 0 where nothing waits (with --cancel: where each was taken out), 1 where something does, and 2 where it cannot
be told.`;

/** So many URLs of each lane are printed; --json has all of them. */
const mostPrinted = 20;

/** What waits, and until when? */
export const waitingCommand = defineCommand({
  usage,
  options: { ...purgerOptions, cancel: { type: 'boolean' }, delete: { type: 'boolean' } },
  async run({ values, positionals }, { nowMs }) {
    if (values.cancel === true && positionals.length === 0) {
      throw new UsageError('Expected the URLs to cancel, got none');
    }
    if (values.cancel !== true) refuseArguments(positionals);
    if (values.cancel !== true && values.delete === true) {
      throw new UsageError('Expected --delete with --cancel, got it alone');
    }
    const urls = positionals.map(readParkedUrl);
    const purger = await connect(values);
    if (values.cancel === true) {
      return cancel(purger, urls, { takedowns: values.delete === true, json: values.json === true });
    }
    const report = await readWaiting(purger, nowMs());
    const isWaiting = report.urls.length + countOf(report.queue) + countOf(report.inbox) > 0;
    return {
      exitCode: isWaiting ? 1 : 0,
      stdout: values.json === true ? JSON.stringify(report, null, 2) : describe(report),
    };
  },
});

/**
 * @returns a URL or pattern as it is parked
 * @throws UsageError where it is neither
 */
function readParkedUrl(url: string): string {
  const scope = { target: 'production', action: 'invalidate' } as const;
  // As it is listed, a pattern of one scheme looks like a file.
  const { entries, problems } = readUrls([url], scope);
  const entry = entries[0] ?? readUrls([`regex:${url}`], scope).entries[0];
  if (entry !== undefined) return entryText(entry);
  throw new UsageError(`--cancel: ${problems.map(describeProblem).join()}`);
}

async function readWaiting(purger: Purger, nowMs: number): Promise<WaitingReport> {
  const [queues, parked, state] = await Promise.all([
    readQueues(purger),
    openParked(purger).then(readParked),
    openLimits(purger).then((limits) => limits.read()),
  ]);
  return waitingReport(queues, parked, state, purger.limits, nowMs);
}

interface CancelOptions {
  /** Whether takedowns are taken out, rather than anything else. */
  readonly takedowns: boolean;
  readonly json: boolean;
}

/** Takes URLs out of what waits for tokens. One that is parked anew meanwhile is for a newer change, and stays. */
async function cancel(purger: Purger, urls: readonly string[], { takedowns, json }: CancelOptions) {
  const table = await openParked(purger);
  const wanted = new Set(urls);
  const cancelled: WaitingUrl[] = [];
  const left: WaitingUrl[] = [];
  for (const item of await readParked(table)) {
    const waiting = waitingUrl(item);
    if (!wanted.has(waiting.url)) continue;
    if (isTakedown(waiting) !== takedowns) left.push(waiting);
    else if (await table.remove(item)) cancelled.push(waiting);
  }
  const found = new Set(cancelled.map(({ url }) => url));
  const missing = urls.filter((url) => !found.has(url) && !left.some((waiting) => waiting.url === url));
  const hint = takedowns ? 'only --cancel without --delete' : 'a takedown: only --cancel --delete';
  const lines = [
    ...cancelled.map((waiting) => `cancelled   ${inFull(waiting)}`),
    ...left.map((waiting) => `left        ${inFull(waiting)}: ${hint} takes it out`),
    ...missing.map((url) => `not parked  ${url}: it may be in the queue, or purged by now`),
  ];
  return {
    exitCode: urls.every((url) => found.has(url)) ? 0 : 1,
    stdout: json
      ? JSON.stringify({ cancelled, left, missing }, null, 2)
      : [...lines, ...describeSteps(stepsAfterCancel(cancelled, purger.target))].join('\n'),
  };
}

function describeSteps(steps: readonly NextCommand[]): readonly string[] {
  return steps.length === 0 ? [] : ['', ...nextCommands(...steps)];
}

function isTakedown({ lane, action }: WaitingUrl): boolean {
  return lane === 'takedown' || action === 'delete';
}

function inFull({ url, lane, action, target, headers = [] }: WaitingUrl): string {
  const set = headers.map(({ name, value }) => `, ${name}: ${value}`);
  return `${url} (${lane}, ${action}, ${target}${set.join('')})`;
}

function describe({ queue, inbox, lanes, urls }: WaitingReport): string {
  const { visible, inFlight, delayed } = queue;
  const rows = lanes.map(({ lane, target, kind, count, reasons, since, doneBy }) => {
    const own = urls.filter((each) => each.lane === lane && each.target === target && isOf(kind, each.kind));
    const second = own.filter(({ repeats }) => repeats !== undefined).length;
    return [
      `${lane}: ${kind === 'dirs' ? counted(count, 'directory or pattern', 'directories or patterns') : counted(count, 'file')} in ${target}, since ${since}, done by ${doneBy === undefined ? 'nobody knows when' : `${doneBy}, an estimate`}`,
      ...(['share', 'hold', 'prefix'] as const).flatMap((reason) =>
        reasons[reason] === undefined ? [] : [`  ${reasons[reason]} of them: ${waitReasonText[reason]}`],
      ),
      ...(second === 0
        ? []
        : [`  ${second} of them: a second purge, after one of the same change that has completed`]),
      ...own.slice(0, mostPrinted).map((each) => `  ${each.url}${marksOf(each)}`),
      ...(count > mostPrinted ? [`  ... and ${count - mostPrinted} more: --json has all`] : []),
    ];
  });
  return [
    `${counted(visible + inFlight + delayed, 'message')} in the purge queue: ${visible} ready, ${inFlight} being sent, ${delayed} delayed`,
    ...(countOf(inbox) > 0 ? [`${counted(countOf(inbox), 'event')} of S3 before receive-s3`] : []),
    ...(lanes.length === 0 ? ['Nothing waits for tokens of the day.'] : rows.flat()),
    ...(lanes.length === 0
      ? []
      : ['', ...nextCommands(['quota', 'what is left'], ['waiting --cancel URL', 'takes one out'])]),
  ].join('\n');
}

/** What is not an invalidation for a change. */
function marksOf({ action, repeats }: WaitingUrl): string {
  const marks = [
    ...(action === 'delete' ? ['delete'] : []),
    ...(repeats === undefined ? [] : ['second purge']),
  ];
  return marks.length === 0 ? '' : ` (${marks.join(', ')})`;
}

function isOf(kind: 'files' | 'dirs', own: 'file' | 'dir' | 'regex'): boolean {
  return (own === 'file') === (kind === 'files');
}
