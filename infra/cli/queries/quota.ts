import type { Limits, LimitsState } from '../../../functions/core/limits/limits.ts';
import { bucketMargin, levelAt } from '../../../functions/core/limits/requests/request-bucket.ts';
import { requestsInWindow, usedSlots } from '../../../functions/core/limits/requests/window.ts';
import { closedForDeploymentUntilMs, strictestLimits } from '../../../functions/core/limits/shared-limit.ts';
import {
  dayMsOf,
  freshQuota,
  isSpentUnknown,
  overdraftFromMs,
  type QuotaState,
  quotaOf,
  spendableTokens,
  spentByOthers,
  spentTokens,
  type Tokens,
  tokensBackMs,
  tokensLeft,
} from '../../../functions/core/limits/tokens/quota.ts';
import type { Target } from '../../../functions/core/model/types.ts';

/** What is left of every limit. Times are ISO 8601. */
export interface QuotaReport {
  readonly target: Target;
  readonly files: TokensReport;
  readonly dirs: TokensReport;
  /** Whether it is known what was spent in the last 24 hours. Where it is not, little is spent until CDN Pro has told. */
  readonly isKnown: boolean;
  /** Since when others' tokens are noted, where that is less than 24 hours ago: of before, `own` has them. */
  readonly othersKnownSince?: string;
  /** When CDN Pro was last asked what is left. */
  readonly checkedAt?: string;
  /** When CDN Pro has refused a takedown for tokens, and from when on takedowns overdraw again; only until then. */
  readonly takedownsRefused?: { readonly at: string; readonly until: string };
  readonly requests: RequestsReport;
}

/** The day's tokens of one kind. */
export interface TokensReport {
  readonly quota: number;
  /** Below 0 where more was spent than there is. */
  readonly left: number;
  /** What was spent in the last 24 hours. */
  readonly spent: SpentReport;
  /** What CDN Pro said is left, when it was last asked. */
  readonly leftByCdnPro?: number;
  /** What each lane may spend of it now. */
  readonly takedown: number;
  readonly people: number;
  readonly bulk: number;
  /** When the next token for people is expected back, where they have none: what others have spent is counted from when it was noticed. */
  readonly backAt?: string;
}

/** Who has spent tokens. */
export interface SpentReport {
  /** What is not known to be others': by this purger, and those that share its ledger. */
  readonly own: number;
  /** By others on the account: what CDN Pro's count had and the own one did not. */
  readonly others: number;
}

/** The requests of the window and of the customer's bucket. */
export interface RequestsReport {
  /** How many may go out now, for changes of people. */
  readonly left: number;
  /** The most that this purger may have in a window of so many seconds. */
  readonly limit: number;
  readonly perSeconds: number;
  readonly used: number;
  /** What the customer's bucket is believed to hold. */
  readonly bucket: number;
  /** The most that it holds, and how much of it comes back in a minute. */
  readonly bucketBurst: number;
  readonly bucketPerMinute: number;
  /** The last time that CDN Pro answered 429. */
  readonly throttled?: ThrottledReport;
  /** Nothing goes out before. */
  readonly closedUntil?: string;
  readonly closedBy?: 'CDN Pro answered 429' | 'CDN Pro refuses the credentials';
  /**
   * Until when nothing goes out since CDN Pro has refused the credentials; then a request tries again. Missing from ten
   * minutes after it on: another refusal would have come by then.
   */
  readonly credentialsRefusedUntil?: string;
}

/** A 429 of CDN Pro. */
export interface ThrottledReport {
  readonly at: string;
  /** Which limit likely has answered: an answer of the bucket says what is left in it, the window's in front of it does not. */
  readonly limit?: 'bucket' | 'window';
  /** CDN Pro's words. */
  readonly message?: string;
  /** `x-cnc-request-id`, by which CDNetworks' support finds it. */
  readonly requestId?: string;
}

/** Which limit has answered a 429, in words, and how that is told. */
export const throttledBy = {
  bucket: {
    name: "likely by the customer's bucket",
    since:
      'since it says what is left there: everybody on the account takes from it, people in the portal, too',
  },
  window: {
    name: "likely by the user's window",
    since:
      'since it does not say what is left in the bucket: others who use the credentials of this purger take from it',
  },
} as const;

/** What of a purger its limits depend on. */
export interface LimitedPurger {
  readonly target: Target;
  readonly limits: Limits;
  /** The purge queue is what others who share the limits know it by. */
  readonly queues: { readonly buffer: string };
}

/** @returns what is left of the limits of one target */
export function quotaReport(state: LimitsState, purger: LimitedPurger, nowMs: number): QuotaReport {
  const { target } = purger;
  const limits = strictestLimits(state.window, purger.limits);
  const quotaState = state.quotas[target] ?? freshQuota;
  const quota = quotaOf(quotaState, limits.quota[target]);
  const left = tokensLeft(quotaState, quota, nowMs);
  const [takedown, people, bulk] = (['takedown', 'people', 'bulk'] as const).map((lane) =>
    spendableTokens(quotaState, quota, lane, nowMs),
  ) as [Tokens, Tokens, Tokens];
  const spent = spentTokens(quotaState, nowMs);
  const others = spentByOthers(quotaState, nowMs);
  const { told, othersSinceMs } = quotaState;
  const tokens = (kind: keyof Tokens): TokensReport => {
    const backMs = tokensBackMs({ state: quotaState, quota, lane: 'people', kind, position: 1, nowMs });
    return {
      quota: quota[kind],
      left: left[kind],
      spent: { own: Math.max(0, spent[kind] - others[kind]), others: others[kind] },
      ...(told !== undefined && { leftByCdnPro: told[kind] }),
      takedown: takedown[kind],
      people: people[kind],
      bulk: bulk[kind],
      ...(people[kind] === 0 && backMs !== undefined && { backAt: iso(backMs) }),
    };
  };
  return {
    target,
    files: tokens('files'),
    dirs: tokens('dirs'),
    isKnown: !isSpentUnknown(quotaState, nowMs),
    ...(othersSinceMs !== undefined &&
      nowMs - othersSinceMs < dayMsOf(quotaState) && { othersKnownSince: iso(othersSinceMs) }),
    ...(quotaState.checkedMs !== undefined && { checkedAt: iso(quotaState.checkedMs) }),
    ...takedownsRefused(quotaState, nowMs),
    requests: requestsReport(state, limits, purger.queues.buffer, nowMs),
  };
}

function takedownsRefused(state: QuotaState, nowMs: number): Pick<QuotaReport, 'takedownsRefused'> {
  const { takedownRefusedMs } = state;
  const untilMs = overdraftFromMs(state, nowMs);
  if (takedownRefusedMs === undefined || untilMs === undefined) return {};
  return { takedownsRefused: { at: iso(takedownRefusedMs), until: iso(untilMs) } };
}

function requestsReport(
  { window, bucket, throttle }: LimitsState,
  { rate, bucket: bucketLimit, requestCost }: Limits,
  deployment: string,
  nowMs: number,
): RequestsReport {
  const used = usedSlots(window, rate, nowMs).length;
  const limit = requestsInWindow(rate);
  const level = levelAt(bucket, bucketLimit, nowMs);
  const inBucket = Math.floor(Math.max(0, level - bucketMargin.people) / requestCost);
  const ownMs = closedForDeploymentUntilMs(window, deployment);
  const closedMs = Math.max(window.closedUntilMs, ownMs);
  const isClosed = closedMs > nowMs;
  const isRefused = ownMs > nowMs - refusedForMs;
  const closedBy = ownMs > nowMs ? 'CDN Pro refuses the credentials' : 'CDN Pro answered 429';
  return {
    left: isClosed ? 0 : Math.max(0, Math.min(limit - used, inBucket)),
    limit,
    perSeconds: rate.perSeconds,
    used,
    bucket: Math.floor(level),
    bucketBurst: bucketLimit.burst,
    bucketPerMinute: bucketLimit.perMinute,
    ...throttledOf(bucket.refusedMs, throttle),
    ...(isClosed && { closedUntil: iso(closedMs), closedBy }),
    ...(isRefused && { credentialsRefusedUntil: iso(ownMs) }),
  };
}

/** Longer than the longest batching window, in milliseconds: after so long a request has tried again. */
const refusedForMs = 10 * 60_000;
const mostCharacters = 200;

/** @param refusedMs when an answer was 429, of which an older version has noted no more */
function throttledOf(
  refusedMs: number,
  throttle: LimitsState['throttle'],
): Pick<RequestsReport, 'throttled'> {
  // Others may write the limits' item, too.
  if (!throttle || !Number.isFinite(throttle.atMs) || !(throttle.atMs >= refusedMs)) {
    return refusedMs > 0 ? { throttled: { at: iso(refusedMs) } } : {};
  }
  const { atMs, remaining, message, requestId } = throttle;
  return {
    throttled: {
      at: iso(atMs),
      limit: remaining === undefined ? 'window' : 'bucket',
      ...(typeof message === 'string' && { message: message.slice(0, mostCharacters) }),
      ...(typeof requestId === 'string' && { requestId: requestId.slice(0, mostCharacters) }),
    },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
