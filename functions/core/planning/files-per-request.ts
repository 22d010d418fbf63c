import { bucketMargin, levelAt } from '../limits/bucket.ts';
import type { Limits, LimitsState } from '../limits/limits.ts';
import { strictestLimits } from '../limits/shared-limit.ts';
import { requestsInWindow, usedSlots } from '../limits/window.ts';

/** A request that fails in part repeats no more than this where requests are plentiful. */
const fewestFiles = 100;
/** The share of the requests that are left just now which one batch may use: others come right behind it. */
const shareOfBatch = 1 / 3;

/**
 * @param files how many file URLs there are to send
 * @param requests how many requests the limits have left just now
 * @returns how many of the files a request carries: few while requests are plentiful, and the more the fewer are left
 */
export function filesPerRequest(files: number, requests: number, maxFileUrls: number): number {
  const mostRequests = Math.max(1, Math.floor(requests * shareOfBatch));
  return Math.min(maxFileUrls, Math.max(fewestFiles, Math.ceil(files / mostRequests)));
}

/** @returns how many requests could be sent just now, one after the other, with something left for people in the portal */
export function requestsLeft({ window, bucket }: LimitsState, configured: Limits, nowMs: number): number {
  if (nowMs < window.closedUntilMs) return 0;
  const limits = strictestLimits(window, configured);
  const slots = requestsInWindow(limits.rate) - usedSlots(window, limits.rate, nowMs).length;
  const level = levelAt(bucket, limits.bucket, nowMs) - bucketMargin.bulk;
  return Math.max(0, Math.floor(Math.min(slots, level / limits.requestCost)));
}
