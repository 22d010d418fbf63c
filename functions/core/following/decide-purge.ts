import type { Tokens } from '../limits/tokens/quota.ts';
import type { FollowedPurge, PurgeEnd, PurgeState } from './followed-purge.ts';
import { type RepairsSpent, reserveRepair } from './repairs.ts';

/** What CDN Pro says of a purge. */
export type Observation =
  | { readonly kind: 'finished'; readonly successRate: number; readonly finishedMs?: number }
  /** Its rate is the share of the servers that have obeyed until now. */
  | { readonly kind: 'underway'; readonly successRate?: number }
  /** There is no purge of this ID. */
  | { readonly kind: 'unknown' }
  /** CDN Pro was not asked about it just now. */
  | { readonly kind: 'unasked' };

/** What is to be done to a purge. */
export type Decision =
  | { readonly kind: 'wait' }
  /** The edge is to be asked. */
  | { readonly kind: 'prove'; readonly state: PurgeState & { readonly kind: 'purging' } }
  | Step;

/** What is to be done to a purge, and written down before. */
export type Step =
  | { readonly kind: 'repair'; readonly state: PurgeState & { readonly kind: 'partial' } }
  | { readonly kind: 'end'; readonly end: PurgeEnd };

/** What deciding on a purge works with. */
export interface DecideContext {
  /** Whether later purges settle all of its entries, too. */
  readonly isReplaced: boolean;
  /** Whether these are to show its versions or newer ones, as far as any are known. */
  readonly isShownLater: boolean;
  /** Whether later purges are repeated in its place. */
  readonly isRepeatedLater: boolean;
  /** Whether there is a vantage point of its target. */
  readonly isProbed: boolean;
  /** Whether CDN Pro was asked again and again until now, and not just since a pause. */
  readonly isAskedLong: boolean;
  readonly spent: RepairsSpent;
  /** The day's quota of its target. */
  readonly quota: Tokens;
  readonly nowMs: number;
}

/** CDN Pro may need a while to know what it has accepted: before this age, in milliseconds, a 404 means nothing. */
const lostMs = 10 * 60_000;
/** Nothing more is expected after this, in milliseconds. */
const givenUpMs = 24 * 60 * 60_000;

/**
 * Decides on a purge that has not ended yet.
 * @param observation undefined where CDN Pro was asked just now, and has not said anything of it
 * @returns what to do, and what the repairs have spent then
 */
export function decidePurge(
  purge: FollowedPurge,
  observation: Observation | undefined,
  context: DecideContext,
): { readonly decision: Decision; readonly spent: RepairsSpent } {
  const { spent, nowMs } = context;
  const ageMs = nowMs - purge.acceptedMs;
  if (observation?.kind === 'finished' && observation.successRate >= 100) {
    const { kind: _, ...outcome } = observation;
    return { decision: decideFinished(purge, outcome, context), spent };
  }
  if (observation?.kind === 'finished') return decideIncomplete(purge, observation, context);
  if (observation?.kind === 'unknown' && ageMs >= lostMs)
    return decideIncomplete(purge, observation, context);
  const isSilent = observation === undefined;
  const isTooEarly =
    ageMs < givenUpMs || observation?.kind === 'unasked' || (isSilent && !context.isAskedLong);
  if (isTooEarly) return { decision: { kind: 'wait' }, spent };
  const reason = isSilent ? 'CDN Pro has said nothing of it for a day' : 'not finished within a day';
  return { decision: { kind: 'end', end: { kind: 'failed', reason } }, spent };
}

/**
 * Decides on a purge that CDN Pro has finished in full.
 * @param outcome what CDN Pro has said of it
 */
export function decideFinished(
  purge: FollowedPurge,
  outcome: Omit<PurgeEnd, 'kind'>,
  { isReplaced, isRepeatedLater, isProbed }: DecideContext,
): Decision {
  if (!purge.provable || !isProbed) return { kind: 'end', end: { kind: 'completed', ...outcome } };
  if (!isReplaced || !isRepeatedLater) return { kind: 'prove', state: { kind: 'purging', ...outcome } };
  // What the edge shows may be older than the later purge already.
  return { kind: 'end', end: { kind: 'superseded', ...outcome, reason: 'a later purge has the same URLs' } };
}

function decideIncomplete(
  purge: FollowedPurge,
  observation: Observation & { readonly kind: 'finished' | 'unknown' },
  { isReplaced, isShownLater, isRepeatedLater, spent, quota, nowMs }: DecideContext,
): { readonly decision: Decision; readonly spent: RepairsSpent } {
  const { kind, ...seen } = observation;
  const what =
    observation.kind === 'finished'
      ? `${observation.successRate}% of the servers have obeyed`
      : 'CDN Pro does not know it';
  const outcome = (reason: string) => ({ ...seen, reason: `${what}: ${reason}` });
  const isInPlace = isReplaced && isShownLater;
  const superseded = (): { readonly decision: Decision; readonly spent: RepairsSpent } => {
    const end: PurgeEnd = {
      kind: 'superseded',
      ...outcome('a later purge has the same URLs'),
      ...(!isRepeatedLater && { isRepeatLeft: true }),
    };
    return { decision: { kind: 'end', end }, spent };
  };
  if (isInPlace && isRepeatedLater) return superseded();
  const repair = reserveRepair(purge, kind === 'finished' ? 'partial' : 'lost', spent, quota, nowMs);
  if (repair.kind === 'refused') {
    // Better purged once everywhere by a later purge than called failed for a second one.
    if (isInPlace) return superseded();
    const end: PurgeEnd = { kind: 'failed', ...outcome(repair.reason) };
    return { decision: { kind: 'end', end }, spent };
  }
  const { namedAlone } = repair;
  const again = namedAlone
    ? 'what it names was sent again, which purges what it covers, too'
    : 'its entries were sent again';
  const state = { kind: 'partial', ...outcome(again), ...(namedAlone && { namedAlone }) } as const;
  return { decision: { kind: 'repair', state }, spent: repair.spent };
}
