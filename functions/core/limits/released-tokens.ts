import type { Target } from '../model/types.ts';
import type { LimitsState } from './limits.ts';
import {
  dayMsOf,
  freshQuota,
  minus,
  noTokens,
  plus,
  type QuotaState,
  spend,
  spentSince,
  type Tokens,
} from './tokens/quota.ts';

/** What was released at one time, of one target. */
export interface Released {
  readonly tokens: Tokens;
  /** What was spent in that hour when that was noted. */
  readonly spent: Tokens;
  readonly atMs: number;
}

/** By target, the oldest first. What an earlier version has stored is one release. */
export type AllReleased = Readonly<Partial<Record<Target, readonly Released[] | Released>>>;

/**
 * So long after its release, in milliseconds, what was released counts as sent: it may have been refused, or been covered by
 * something else, and then its tokens are never spent.
 */
const longestMs = 15 * 60 * 1000;

/** @returns releases that may not have been sent yet: of none, an hour that it counts from has left the count */
function recentOf(released: AllReleased[Target], quota: QuotaState, nowMs: number): readonly Released[] {
  const all = Array.isArray(released)
    ? (released as readonly Released[])
    : [released].flatMap((one) => one ?? []);
  // The local stack may have days that are shorter than that.
  const countedMs = Math.min(longestMs, dayMsOf(quota));
  return all.filter(({ atMs }) => nowMs - atMs <= countedMs);
}

/**
 * What is spent may pay for any of the releases before it: of the answers that begin with each of them, the largest holds.
 * @returns tokens of what was released and, as far as the count shows, has not been sent yet
 */
function outstandingOf(
  released: AllReleased[Target],
  state: LimitsState,
  target: Target,
  nowMs: number,
): Tokens {
  const quota = state.quotas[target] ?? freshQuota;
  let tokens = noTokens;
  let most = noTokens;
  for (const one of recentOf(released, quota, nowMs).toReversed()) {
    tokens = plus(tokens, one.tokens);
    // What comes back meanwhile was spent a day before, so it is not in either figure.
    const since = minus(spentSince(quota, one.atMs), one.spent);
    const { files, dirs } = minus(tokens, since);
    most = { files: Math.max(most.files, files), dirs: Math.max(most.dirs, dirs) };
  }
  return most;
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

/** @returns what may be outstanding once more was released; `state` is the one before */
export function noteReleased(
  released: AllReleased,
  more: Readonly<Partial<Record<Target, Tokens>>>,
  state: LimitsState,
  nowMs: number,
): AllReleased {
  const noted: Partial<Record<Target, readonly Released[]>> = {};
  for (const target of new Set([...Object.keys(released), ...Object.keys(more)]) as Set<Target>) {
    const tokens = more[target];
    const quota = state.quotas[target] ?? freshQuota;
    const spent = spentSince(quota, nowMs);
    noted[target] = [
      ...recentOf(released[target], quota, nowMs),
      ...(tokens === undefined ? [] : [{ tokens, spent, atMs: nowMs }]),
    ];
  }
  return noted;
}
