import { dayOf, keptMs } from '../../../../functions/aws/journal/url-index.ts';
import type { Parked } from '../../../../functions/aws/tables/parked-table.ts';
import type { LimitsState } from '../../../../functions/core/limits/limits.ts';
import { entryText } from '../../../../functions/core/model/entry-text.ts';
import type { DeadLetter } from '../../queries/dead/dead-letters.ts';
import { progressOf } from '../../queries/progress.ts';
import { quotaReport } from '../../queries/quota.ts';
import { isSecondPurge, parkedReport, soonerLane, waitingUrl } from '../../queries/waiting.ts';
import type { UrlMatch } from '../../queries/why/url-match.ts';
import type { WhyFacts, WhyWaiting } from '../../queries/why/why.ts';
import type { Purger } from '../connect.ts';
import { readProgress, readUnfollowed } from '../journal.ts';
import { openLimits } from '../limits.ts';
import { openParked, readParked, readParkedWith } from '../parked.ts';
import { openDeadLetters, peekDeadLetters } from '../queues/dead-letters.ts';
import { countOf, readQueues } from '../queues/queues.ts';
import { isPaused, readSwitches } from '../switches.ts';
import { openHistory } from './history.ts';
import { closedOf } from './read-holds.ts';

/** How many dead letters are looked at: more would take longer than an answer may. */
export const mostLetters = 500;
const heldSeconds = 30;
const dayMs = 24 * 60 * 60_000;

/**
 * Looks where a change can be, in the order in which it goes: one that moves on meanwhile is seen in a later one.
 * @param all whether all purges of 90 days are read, rather than those that the newest change may be in
 * @returns what is known of a URL
 */
export async function readUrlFacts(
  purger: Purger,
  match: UrlMatch,
  { nowMs, all = false }: { readonly nowMs: number; readonly all?: boolean },
): Promise<WhyFacts> {
  const [queues, switches, state] = await Promise.all([
    readQueues(purger),
    readSwitches(purger),
    openLimits(purger).then((limits) => limits.read()),
  ]);
  const closed = closedOf(quotaReport(state, purger, nowMs).requests, countOf(queues.buffer));
  const having = pathOf(match.spellings[0] ?? '');
  const waiting = await readParkedWith(await openParked(purger), having);
  const parked = waiting.filter(({ entry }) => match.matches(entry));
  // What a change waits for says more than a purge in addition to one that has completed.
  const next = parked.find((item) => !isSecondPurge(item)) ?? parked[0];
  const history = await openHistory(purger, nowMs);
  const [purges, { letters, lettersLeft }, laneWaiting, unfollowed] = await Promise.all([
    all ? history.since(nowMs - keptMs, match) : history.newestOf(match),
    readLetters(purger),
    next && readWaiting(purger, next, state, nowMs),
    readUnfollowed(purger),
  ]);
  return {
    purges,
    parked,
    letters,
    lettersLeft,
    ...(unfollowed !== undefined && { unfollowed }),
    queued: countOf(queues.buffer) + countOf(queues.inbox),
    ...(await readProgressOf(purges, purger, nowMs)),
    paused: isPaused(switches),
    ...(closed !== undefined && { closed }),
    observing: purger.mode === 'observe',
    hosts: purger.leftOut > 0 ? [] : purger.hosts,
    ...knownSince(history.firstDay(), nowMs),
    ...(laneWaiting !== undefined && { waiting: laneWaiting }),
  };
}

/** Nothing is read where CDN Pro has finished all of them. */
async function readProgressOf(
  purges: WhyFacts['purges'],
  purger: Purger,
  nowMs: number,
): Promise<Pick<WhyFacts, 'progress'>> {
  const purging = purges.filter(({ state }) => state.kind === 'purging');
  if (purging.length === 0) return {};
  const noted = await readProgress(purger);
  return { progress: purging.flatMap((purge) => progressOf(purge, noted, nowMs) ?? []) };
}

/** The index has no more than 90 days: where its first purge is of about then, it may have had older ones. */
function knownSince(firstDay: string | undefined, nowMs: number): Pick<WhyFacts, 'knownSince'> {
  if (firstDay !== undefined && firstDay <= dayOf(nowMs - keptMs + dayMs)) return {};
  return { knownSince: firstDay ?? 'none' };
}

function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]+/, '');
}

/** Of a queue without messages nothing is received, which would take a second. */
export async function readLetters(
  purger: Purger,
): Promise<{ readonly letters: readonly DeadLetter[]; readonly lettersLeft: number }> {
  const count = countOf((await readQueues(purger)).deadLetters);
  if (count === 0) return { letters: [], lettersLeft: 0 };
  const letters = await peekDeadLetters(await openDeadLetters(purger, heldSeconds), mostLetters);
  return { letters, lettersLeft: Math.max(0, count - letters.length) };
}

/** When what waits in the lane of a parked URL will have been released: only what waits before it says so. */
async function readWaiting(
  purger: Purger,
  item: Parked,
  state: LimitsState,
  nowMs: number,
): Promise<WhyWaiting> {
  const { lane, entry } = item;
  const { since, repeats } = waitingUrl(item);
  const all = await readParked(await openParked(purger));
  const { lanes, urls } = parkedReport(all, state, purger.limits, nowMs);
  const kind = entry.kind === 'file' ? 'files' : 'dirs';
  const own = lanes.find((each) => each.lane === lane && each.target === entry.target && each.kind === kind);
  const { doneBy } = own ?? {};
  const url = entryText(entry);
  const { reason } =
    urls.find((each) => each.url === url && each.lane === lane && each.target === entry.target) ?? {};
  const quota = quotaReport(state, purger, nowMs);
  const sooner = soonerLane(lane, quota);
  return {
    lane,
    since,
    ...(repeats !== undefined && { repeats }),
    ...(reason !== undefined && { reason }),
    ...(doneBy !== undefined && { doneBy }),
    ...(sooner !== undefined && { sooner }),
  };
}
