import type { Tokens } from '../limits/tokens/quota.ts';
import type { Target } from '../model/types.ts';
import { type Decision, decideFinished, decidePurge, type Observation } from './decide-purge.ts';
import { type FollowedPurge, type FollowedState, isToProve } from './followed-purge.ts';
import type { RepairsSpent } from './repairs.ts';
import { isCountedOn, isRepeatedLater, isReplaced } from './replaced.ts';

/** A purge that is followed. */
type Open = FollowedPurge & { readonly state: FollowedState };

/** A purge, and what is to be done about it. */
export interface Decided<Purge> {
  readonly purge: Purge;
  readonly decision: Decision;
  /** Whether its files are purged once more after later purges of them. */
  readonly isRepeatedLater: boolean;
}

/** What deciding on purges works with. */
export interface Known<Purge> {
  /** All that are followed. */
  readonly open: readonly Purge[];
  readonly observations: ReadonlyMap<string, Observation>;
  /**
   * By ID, the purges that are to show the versions of one, or newer ones; undefined where no purges are to. One that has
   * no versions to show is missing.
   */
  readonly shownBy: ReadonlyMap<string, readonly string[] | undefined>;
  readonly quotas: (target: Target) => Tokens;
  readonly spent: RepairsSpent;
  /** Whether there is a vantage point of a target. */
  readonly isProbed: (target: Target) => boolean;
  readonly isAskedLong: boolean;
}

/**
 * Decides on purges, the latest first: an earlier one is not left to one that is given up just now.
 * @param due in the order in which they were accepted
 * @returns what to do, in the same order, the purges that may be counted on afterwards, and what the repairs have spent then
 */
export function decideAll<Purge extends Open>(
  due: readonly Purge[],
  known: Known<Purge>,
  nowMs: number,
): {
  readonly decided: readonly Decided<Purge>[];
  readonly counted: readonly Purge[];
  readonly spent: RepairsSpent;
} {
  let { spent } = known;
  let counted = known.open;
  const decided = due.toReversed().map((purge) => {
    const { spent: after, ...own } = decideOne(purge, counted, { ...known, spent }, nowMs);
    spent = after;
    if (!isLeft(own.decision)) counted = counted.filter(({ purgeId }) => purgeId !== purge.purgeId);
    return own;
  });
  return { decided: decided.toReversed(), counted, spent };
}

/** @returns whether a purge may be counted on after this */
function isLeft(decision: Decision): boolean {
  return decision.kind !== 'end' || isCountedOn({ state: decision.end });
}

function decideOne<Purge extends Open>(
  purge: Purge,
  counted: readonly Purge[],
  { observations, shownBy, quotas, spent, isProbed, isAskedLong }: Known<Purge>,
  nowMs: number,
): Decided<Purge> & { readonly spent: RepairsSpent } {
  const { purgeId, target, state } = purge;
  const own = { purge, isRepeatedLater: isRepeatedLater(purge, counted), spent };
  // A tick has ended before it had done what it had written down.
  if (state.kind === 'partial') return { ...own, decision: { kind: 'repair', state } };
  if (state.kind !== 'purging') return { ...own, decision: { kind: 'end', end: state } };
  const showing = shownBy.get(purgeId);
  const context = {
    isReplaced: isReplaced(purge, counted),
    isShownLater: !shownBy.has(purgeId) || isAllOf(counted, showing),
    isRepeatedLater: own.isRepeatedLater,
    isProbed: isProbed(target),
    isAskedLong,
    spent,
    quota: quotas(target),
    nowMs,
  };
  if (isToProve(purge)) {
    const { kind: _, provingMs: __, ...outcome } = state;
    return { ...own, decision: decideFinished(purge, outcome, context) };
  }
  return { ...own, ...decidePurge(purge, observations.get(purgeId), context) };
}

function isAllOf(purges: readonly FollowedPurge[], ids: readonly string[] | undefined): boolean {
  return ids?.every((id) => purges.some(({ purgeId }) => purgeId === id)) ?? false;
}
