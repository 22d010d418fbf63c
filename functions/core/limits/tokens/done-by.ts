import {
  type AwaitedTokens,
  dayMsOf,
  freshQuota,
  isSpentUnknown,
  spendableTokens,
  tokensBackMs,
} from './quota.ts';

/**
 * @param awaited its position among those that wait is 1 for the one that goes first
 * @returns when it will have its token, in milliseconds, if nothing goes before it; undefined where it is not known what
 * was spent, or where the lane never has a token
 */
export function doneByMs(awaited: AwaitedTokens): number | undefined {
  const { state, quota, lane, kind, position, nowMs } = awaited;
  if (isSpentUnknown(state, nowMs)) return undefined;
  const perRound = spendableTokens(freshQuota, quota, lane, nowMs)[kind];
  if (perRound <= 0) return undefined;
  // A token that comes back and is spent at once comes back again a round later.
  const rounds = Math.ceil(position / perRound) - 1;
  const backMs = tokensBackMs({ ...awaited, position: position - rounds * perRound });
  return backMs === undefined ? undefined : backMs + rounds * dayMsOf(state);
}
