import type { Target } from '../model/types.ts';
import type { LimitsState } from './limits.ts';
import { freshQuota, minus, noTokens, plus, spend, spentSince, type Tokens } from './tokens/quota.ts';

/** What was released and may not have been sent yet, of one target. */
export interface Released {
  readonly tokens: Tokens;
  /** What was spent in that hour when that was noted. */
  readonly spent: Tokens;
  readonly atMs: number;
}

/** By target. */
export type AllReleased = Readonly<Partial<Record<Target, Released>>>;

/**
 * So long after the last release, in milliseconds, what was released counts as sent: it may have been refused, or been
 * covered by something else, and then its tokens are never spent.
 */
const longestMs = 15 * 60 * 1000;

/** @returns tokens of what was released and, as far as the count shows, has not been sent yet */
function outstandingOf(
  released: Released | undefined,
  state: LimitsState,
  target: Target,
  nowMs: number,
): Tokens {
  if (released === undefined || nowMs - released.atMs > longestMs) return noTokens;
  // What comes back meanwhile was spent a day before, so it is not in either figure.
  const since = minus(spentSince(state.quotas[target] ?? freshQuota, released.atMs), released.spent);
  const { files, dirs } = minus(released.tokens, since);
  return { files: Math.max(0, files), dirs: Math.max(0, dirs) };
}

/** @returns the state as if all that was released had been sent: its tokens are not there for others */
export function withOutstanding(state: LimitsState, released: AllReleased, nowMs: number): LimitsState {
  const quotas = { ...state.quotas };
  for (const target of Object.keys(released) as Target[]) {
    const tokens = outstandingOf(released[target], state, target, nowMs);
    quotas[target] = spend(quotas[target] ?? freshQuota, tokens, nowMs);
  }
  return { ...state, quotas };
}

/** @returns what is outstanding once more was released; `state` is the one before */
export function noteReleased(
  released: AllReleased,
  more: Readonly<Partial<Record<Target, Tokens>>>,
  state: LimitsState,
  nowMs: number,
): AllReleased {
  const noted = { ...released };
  for (const target of Object.keys(more) as Target[]) {
    noted[target] = {
      tokens: plus(outstandingOf(released[target], state, target, nowMs), more[target] ?? noTokens),
      spent: spentSince(state.quotas[target] ?? freshQuota, nowMs),
      atMs: nowMs,
    };
  }
  return noted;
}
