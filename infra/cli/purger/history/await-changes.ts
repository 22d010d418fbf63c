import type { Surroundings } from '../../command.ts';
import { counted } from '../../counted.ts';
import { type AwaitedReport, awaitedReport, type Wanted } from '../../queries/why/awaited.ts';
import { describeHolds, type Holds } from '../../queries/why/holds.ts';
import type { UrlFacts } from '../../queries/why/steps.ts';
import { UsageError } from '../../usage-error.ts';
import type { Purger } from '../connect.ts';
import { readUnfollowed } from '../journal.ts';
import { openParked, readParked } from '../parked.ts';
import { countOf, readQueues } from '../queues/queues.ts';
import { clockSkewMs, openHistory } from './history.ts';
import { readHolds } from './read-holds.ts';
import { mostLetters, readLetters } from './url-facts.ts';

/** What is looked at, and for how long. */
export interface AwaitOptions {
  readonly wanted: Wanted;
  readonly timeoutMs: number;
}

/** What came of it. */
export interface AwaitResult extends AwaitedReport {
  readonly timedOut: boolean;
  /** What kept it back at the last look. */
  readonly holds: Holds;
}

/** How long to wait from one look to the next, in milliseconds. */
const pauseMs = 5_000;
/** An event of S3 is rarely on its way for longer, in milliseconds: before, that there is nothing means nothing. */
const arrivalMs = 60_000;

/**
 * Waits until all is completed or fresh, something has failed, or time runs out. That nothing is left is believed at the
 * second look: what moves on is seen nowhere for a moment, and SQS counts what it holds only about.
 */
export async function awaitChanges(
  purger: Purger,
  { wanted, timeoutMs }: AwaitOptions,
  { nowMs, sleep, progress }: Pick<Surroundings, 'nowMs' | 'sleep' | 'progress'>,
): Promise<AwaitResult> {
  const startMs = nowMs();
  const untilMs = startMs + timeoutMs;
  const look = createLook(purger, wanted);
  let said = '';
  let isSecondLook = false;
  for (;;) {
    const report = await look(nowMs(), isSecondLook || nowMs() >= untilMs);
    const line = [describeProgress(report), ...describeHolds(report.holds, untilMs)].join('; ');
    if (line !== said) progress(line);
    said = line;
    const isOver =
      report.outcome === 'done' || (report.outcome === 'nothing' && nowMs() - startMs >= arrivalMs);
    if (report.outcome === 'failed' || (isOver && isSecondLook)) return { ...report, timedOut: false };
    if (nowMs() >= untilMs) {
      // What was named has all been seen: a second look is for what may be on its way unseen.
      const isDone = report.outcome === 'done' && wanted.kind !== 'changes';
      return { ...report, timedOut: !isDone };
    }
    isSecondLook = isOver;
    await sleep(Math.min(pauseMs, Math.max(0, untilMs - nowMs())));
  }
}

type Looked = Omit<AwaitResult, 'timedOut'>;

/** @returns what looks how far everything is; where it may be the last look, at dead letters, too, whatever their count */
function createLook(purger: Purger, wanted: Wanted): (nowMs: number, isLast: boolean) => Promise<Looked> {
  let read: Awaited<ReturnType<typeof readLetters>> = { letters: [], lettersLeft: 0 };
  let lettersCount = 0;
  return async (nowMs, isLast) => {
    const queues = await readQueues(purger);
    const parked = await readParked(await openParked(purger));
    // Which changes count goes by their own times: a purge is dated by AWS's clock, and that here may be ahead.
    const purges = await (await openHistory(purger, nowMs)).since(wanted.sinceMs - clockSkewMs);
    const unfollowed = await readUnfollowed(purger);
    const count = countOf((await readQueues(purger)).deadLetters);
    // Who reads them hides them from others for a moment; one may have come while another has left.
    if (isLast || count !== lettersCount || read.lettersLeft > 0) read = await readLetters(purger);
    lettersCount = count;
    const { letters, lettersLeft } = read;
    if (lettersLeft > 0 && letters.length >= mostLetters) throw new UsageError(tooManyLetters);
    const facts: UrlFacts = { purges, parked, letters };
    // Among those that nobody has seen may be what failed.
    const queued = countOf(queues.buffer) + countOf(queues.inbox) + lettersLeft;
    const holds = await readHolds(purger, wanted, { parked, queued: countOf(queues.buffer) }, nowMs);
    const { cacheKey = {} } = purger.planning;
    const known = { ...facts, cacheKey, queued, ...(unfollowed !== undefined && { unfollowed }) };
    return { ...awaitedReport(wanted, known), holds };
  };
}

const tooManyLetters = `Expected at most ${mostLetters} dead letters, among which is looked for what failed, got more: redrive them, or throw them away (cdn-purger dead)`;

/** @returns how far everything is, in one line */
export function describeProgress({ counts, queued }: AwaitedReport): string {
  const states = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
  const all = [...states, ...(queued > 0 ? [`${counted(queued, 'message')} in the queues`] : [])];
  return all.length === 0 ? 'nothing has changed yet' : all.join(', ');
}
