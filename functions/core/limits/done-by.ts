import type { Lane } from '../model/types.ts';
import {
  countedHours,
  freshQuota,
  hourMsOf,
  isSpentUnknown,
  type QuotaState,
  spendableTokens,
  type Tokens,
  tokensBackMs,
} from './quota.ts';

/**
 * @param position which of those that wait it is, 1 for the one that goes first
 * @returns when it will have its token, in milliseconds, if nothing goes before it; undefined where it is not known what
 * was spent, or where the lane never has a token
 */
export function doneByMs(
  state: QuotaState,
  quota: Tokens,
  lane: Lane,
  kind: keyof Tokens,
  position: number,
  nowMs: number,
): number | undefined {
  if (isSpentUnknown(state, nowMs)) return undefined;
  const perRound = spendableTokens(freshQuota, quota, lane, nowMs)[kind];
  if (perRound <= 0) return undefined;
  // A token that comes back and is spent at once comes back again a round later.
  const rounds = Math.ceil(position / perRound) - 1;
  const backMs = tokensBackMs(state, quota, lane, kind, position - rounds * perRound, nowMs);
  return backMs === undefined ? undefined : backMs + rounds * countedHours * hourMsOf(state);
}
