import pMap from 'p-map';
import type { OpenPurge } from '../aws/journal-table.ts';
import { isDue, isLate, noteDurations } from '../core/following/asking.ts';
import { type Decision, decidePurge, type Observation } from '../core/following/decide-purge.ts';
import type { RepairsSpent } from '../core/following/repairs.ts';
import { isReplaced } from '../core/following/replaced.ts';
import { freshQuota, quotaOf, type Tokens } from '../core/limits/quota.ts';
import { strictestLimits } from '../core/limits/shared-limit.ts';
import type { Target } from '../core/model/types.ts';
import { carryOut } from './end-purge.ts';
import type { FollowOptions, FollowPorts } from './follow-ports.ts';
import { createPurgeLook } from './look-at-purges.ts';
import type { TickTime } from './tick.ts';

/** So many are followed at a time; those that were accepted later wait until some of these have ended. */
const mostFollowed = 1000;
const concurrency = 16;

/** A purge, and what is to be done about it. */
interface Decided {
  readonly purge: OpenPurge;
  readonly decision: Decision;
}

/**
 * @returns what each tick does to follow purges to their ends: it asks CDN Pro how far they are, and sends entries again
 * that were left out. While no purge is open it costs one small read.
 *
 * Every step is written down before it is taken, on condition that nobody else has taken it: of two ticks at once one
 * does it, and a tick after a crash does again at most what the crashed one may not have done.
 */
export function createFollower(
  ports: FollowPorts,
  options: FollowOptions,
): (time: Pick<TickTime, 'deadlineMs'>) => Promise<void> {
  const { journal, measure, nowMs } = ports;
  const look = createPurgeLook(ports);

  return async ({ deadlineMs }) => {
    const [oldest] = await journal.open(1);
    if (oldest === undefined) return;
    const { following, version } = await journal.readFollowing();
    if (!isDue(oldest, following.durations, nowMs())) return;
    const open = await journal.open(mostFollowed);
    const due = open.filter((purge) => isDue(purge, following.durations, nowMs()));
    const observations = await look.lookAt(
      due.filter(({ state }) => state.kind === 'purging'),
      deadlineMs,
    );
    const quotas = await quotasOf(ports, options);
    const { decided, spent } = decideAll(
      due,
      { open, observations, quotas, spent: following.spent },
      nowMs(),
    );
    const durations = noteDurations(following.durations, durationsOf(decided));
    const next = { durations, spent };
    const isChanged = durations !== following.durations || spent !== following.spent;
    // Another tick is at work.
    if (isChanged && !(await journal.writeFollowing(next, version))) return;
    const late = decided.filter(
      ({ purge, decision }) => decision.kind === 'wait' && isLate(purge, nowMs()),
    ).length;
    if (late > 0) measure('PurgesLate', late);
    const toDo = decided.filter(({ decision }) => decision.kind !== 'wait');
    await pMap(
      toDo,
      async ({ purge, decision }) => {
        if (nowMs() < deadlineMs) await carryOut(purge, decision, ports);
      },
      { concurrency },
    );
  };
}

/** @returns the day's quota of each target */
async function quotasOf(
  { limitsTable }: FollowPorts,
  { limits }: FollowOptions,
): Promise<(target: Target) => Tokens> {
  const { quotas, window } = await limitsTable.read();
  const { quota } = strictestLimits(window, limits);
  return (target) => quotaOf(quotas[target] ?? freshQuota, quota[target]);
}

/** What deciding on purges works with. */
interface Known {
  readonly open: readonly OpenPurge[];
  readonly observations: ReadonlyMap<string, Observation>;
  readonly quotas: (target: Target) => Tokens;
  readonly spent: RepairsSpent;
}

function decideAll(
  due: readonly OpenPurge[],
  { open, observations, quotas, spent: before }: Known,
  nowMs: number,
): { readonly decided: readonly Decided[]; readonly spent: RepairsSpent } {
  let spent = before;
  const decided = due.map((purge): Decided => {
    const { purgeId, target, state } = purge;
    // A tick has ended before it had done what it had written down.
    if (state.kind === 'partial') return { purge, decision: { kind: 'repair', state } };
    if (state.kind !== 'purging') return { purge, decision: { kind: 'end', end: state } };
    const context = { isReplaced: isReplaced(purge, open), spent, quota: quotas(target), nowMs };
    const { decision, spent: after } = decidePurge(purge, observations.get(purgeId), context);
    spent = after;
    return { purge, decision };
  });
  return { decided, spent };
}

/** @returns how long the purges took that have just finished */
function durationsOf(decided: readonly Decided[]): readonly number[] {
  return decided.flatMap(({ purge, decision }) => {
    if (purge.state.kind !== 'purging' || decision.kind === 'wait') return [];
    const { finishedMs } = decision.kind === 'repair' ? decision.state : decision.end;
    return finishedMs === undefined ? [] : [Math.max(0, finishedMs - purge.acceptedMs)];
  });
}
