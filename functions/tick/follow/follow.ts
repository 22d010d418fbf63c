import pMap from 'p-map';
import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import {
  type Asking,
  isAskedAgain,
  isAskedLong,
  isDue,
  isLate,
  noteAsked,
  noteDurations,
} from '../../core/following/asking.ts';
import { type Decided, decideAll } from '../../core/following/decide-all.ts';
import type { Decision, Observation, Step } from '../../core/following/decide-purge.ts';
import { isToProve } from '../../core/following/followed-purge.ts';
import { withoutDone } from '../../core/following/repairs.ts';
import { createRepeats, type Repeats } from '../../core/following/repeats.ts';
import { isReplaced } from '../../core/following/replaced.ts';
import { strictestLimits } from '../../core/limits/shared-limit.ts';
import { freshQuota, quotaOf, type Tokens } from '../../core/limits/tokens/quota.ts';
import type { Target } from '../../core/model/types.ts';
import type { TickTime } from '../tick.ts';
import { carryOut } from './end-purge.ts';
import type { FollowOptions, FollowPorts } from './follow-ports.ts';
import { createPurgeLook } from './look-at-purges.ts';
import { noteProgress } from './note-progress.ts';
import { leastProvingMs, type Proven, provePurges } from './prove-purges.ts';
import { createVersionReader, provenLater, type VersionReader } from './versions-elsewhere.ts';

/** So many are followed at a time; those that were accepted later wait until some of these have ended. */
const mostFollowed = 1000;
const concurrency = 16;

/**
 * @returns what each tick does to follow purges to their ends: it asks CDN Pro how far they are, and sends entries again
 * that were left out, and files once more that have been purged everywhere. While no purge is open it costs one small read.
 *
 * Every step is written down before it is taken, on condition that nobody else has taken it: of two ticks at once one
 * does it, and a tick after a crash does again at most what the crashed one may not have done.
 */
export function createFollower(
  ports: FollowPorts,
  options: FollowOptions,
): (time: Pick<TickTime, 'deadlineMs'>) => Promise<void> {
  const { journal, measure, nowMs, probing } = ports;
  const look = createPurgeLook(ports);
  let asking: Asking = { sinceMs: 0, lastMs: Number.NEGATIVE_INFINITY };

  return async ({ deadlineMs }) => {
    const [oldest] = await journal.open(1);
    if (oldest === undefined) return;
    const { following, version } = await journal.readFollowing();
    if (!isDue(oldest, following.durations, nowMs())) return;
    const open = await journal.open(mostFollowed);
    const due = open.filter((purge) => isDue(purge, following.durations, nowMs()));
    const purging = due.filter((purge) => purge.state.kind === 'purging' && !isToProve(purge));
    const isAsked = isAskedAgain(asking.lastMs, following.durations, nowMs());
    if (isAsked && purging.length > 0) asking = noteAsked(asking, nowMs());
    const askUntilMs = probing === undefined ? deadlineMs : deadlineMs - leastProvingMs;
    const observations = isAsked
      ? await look.lookAt(purging, askUntilMs)
      : new Map(purging.map(({ purgeId }) => [purgeId, { kind: 'unasked' } as const]));
    if (isAsked) await noteProgress(purging, observations, ports);
    const { quotas, repeats } = await readQuotas(ports, options);
    const versionsOf = createVersionReader(journal);
    const {
      decided: all,
      counted,
      spent,
    } = decideAll(
      due,
      {
        open,
        observations,
        shownBy: await findShownBy(purging, observations, open, versionsOf, ports),
        quotas,
        spent: withoutDone(following.spent, open),
        isProbed: (target) => isProbed(target, ports),
        isAskedLong: isAskedLong(asking),
      },
      nowMs(),
    );
    const decided = await proveWhatNoOtherDoes(all, counted, versionsOf, ports);
    const durations = noteDurations(following.durations, durationsOf(decided));
    const next = { durations, spent };
    const isChanged = durations !== following.durations || spent !== following.spent;
    // Another tick is at work.
    if (isChanged && !(await journal.writeFollowing(next, version))) return;
    const late = decided.filter(
      ({ purge, decision }) => decision.kind === 'wait' && isLate(purge, nowMs()),
    ).length;
    if (late > 0) measure('PurgesLate', late);
    const own = decided.map(({ purge, decision, isRepeatedLater }) => {
      return { purge, decision, repeats: isRepeatedLater ? undefined : repeats(purge.target) };
    });
    const failures: unknown[] = [];
    await carryOutAll(
      own.flatMap(({ decision: step, ...each }) => (isStep(step) ? [{ ...each, step }] : [])),
    );
    const finished = own.flatMap(({ decision, ...each }) =>
      decision.kind === 'prove' ? [{ ...each, state: decision.state }] : [],
    );
    if (probing !== undefined && finished.length > 0) {
      const others = { open, versionsOf };
      await carryOutAll(await provePurges(finished, others, quotas, { ...ports, probing }, deadlineMs));
    }
    if (failures.length > 0) throw failures[0];

    async function carryOutAll(all: readonly Proven[]): Promise<void> {
      await pMap(
        all,
        async ({ purge, step, repeats }) => {
          if (nowMs() >= deadlineMs) return;
          // What fails for one purge keeps no other waiting.
          await carryOut(purge, step, repeats, ports).catch((error) => failures.push(error));
        },
        { concurrency },
      );
    }
  };
}

function isStep(decision: Decision): decision is Step {
  return decision.kind === 'end' || decision.kind === 'repair';
}

/** @returns whether there is a vantage point of a target */
function isProbed(target: Target, { probing }: Pick<FollowPorts, 'probing'>): boolean {
  return (probing?.vantages[target] ?? []).length > 0;
}

/** The day's quota of each target, and what decides on repeats within what is left of it. */
interface Quotas {
  readonly quotas: (target: Target) => Tokens;
  readonly repeats: (target: Target) => Repeats;
}

async function readQuotas({ limitsTable, nowMs }: FollowPorts, { limits }: FollowOptions): Promise<Quotas> {
  const { quotas: states, window } = await limitsTable.read();
  const { quota } = strictestLimits(window, limits);
  const quotas = (target: Target) => quotaOf(states[target] ?? freshQuota, quota[target]);
  const repeatsOf = (target: Target) =>
    createRepeats(states[target], quotas(target), limits.tokenUnit, nowMs());
  const repeats = { production: repeatsOf('production'), staging: repeatsOf('staging') };
  return { quotas, repeats: (target) => repeats[target] };
}

/**
 * @param purging those that CDN Pro was asked about
 * @returns of those that CDN Pro has not finished in full, the IDs of the purges that are to show their versions, or newer
 *   ones; undefined where none are: where these took their place, the edge would be compared with an older version, or
 *   with none
 */
async function findShownBy(
  purging: readonly OpenPurge[],
  observations: ReadonlyMap<string, Observation>,
  open: readonly OpenPurge[],
  versionsOf: VersionReader,
  ports: Pick<FollowPorts, 'log' | 'probing'>,
): Promise<ReadonlyMap<string, readonly string[] | undefined>> {
  const isIncomplete = (observation: Observation | undefined) =>
    observation?.kind === 'unknown' || (observation?.kind === 'finished' && observation.successRate < 100);
  const left = purging.filter(
    (purge) =>
      purge.provable === true &&
      isProbed(purge.target, ports) &&
      isIncomplete(observations.get(purge.purgeId)) &&
      isReplaced(purge, open),
  );
  const shown = await provenLater(left, open, versionsOf, ports);
  return new Map(left.map(({ purgeId }) => [purgeId, shown.get(purgeId)]));
}

/** @returns the same, but that a purge is proven itself where those that take its place do not tell of its versions */
async function proveWhatNoOtherDoes(
  decided: readonly Decided<OpenPurge>[],
  counted: readonly OpenPurge[],
  versionsOf: VersionReader,
  ports: Pick<FollowPorts, 'log'>,
): Promise<readonly Decided<OpenPurge>[]> {
  const isLeft = ({ purge, decision }: Decided<OpenPurge>) =>
    purge.provable === true &&
    purge.state.kind === 'purging' &&
    decision.kind === 'end' &&
    decision.end.kind === 'superseded' &&
    (decision.end.successRate ?? 0) >= 100;
  const left = decided.filter(isLeft).map(({ purge }) => purge);
  if (left.length === 0) return decided;
  const proven = await provenLater(left, counted, versionsOf, ports);
  return decided.map((each) => {
    if (!isLeft(each) || each.decision.kind !== 'end' || proven.has(each.purge.purgeId)) return each;
    const { kind: _, reason: __, ...outcome } = each.decision.end;
    return { ...each, decision: { kind: 'prove', state: { kind: 'purging', ...outcome } } };
  });
}

/** @returns how long the purges took that have just finished */
function durationsOf(decided: readonly Decided<OpenPurge>[]): readonly number[] {
  return decided.flatMap(({ purge, decision }) => {
    if (purge.state.kind !== 'purging' || isToProve(purge) || decision.kind === 'wait') return [];
    const { finishedMs } = decision.kind === 'end' ? decision.end : decision.state;
    return finishedMs === undefined ? [] : [Math.max(0, finishedMs - purge.acceptedMs)];
  });
}
