import type { Limits, LimitsState } from '../limits/limits.ts';
import { bucketMargin, levelAt } from '../limits/requests/request-bucket.ts';
import { requestsInWindow, usedSlots } from '../limits/requests/window.ts';
import { strictestLimits } from '../limits/shared-limit.ts';

/** A request that fails in part repeats no more than this where requests are plentiful. */
const fewestFiles = 100;
/**
 * The share of the window that small requests may use, and the share of what the bucket has left that one batch may. A
 * slot comes free minutes later, so that more would be missing as soon as many changes flow in.
 */
const shareOfWindow = 0.05;
const shareOfBucket = 1 / 3;

/**
 * @param files how many file URLs there are to send
 * @param toSpare how many requests there are to spare
 * @returns how many of the files a request carries: few while requests are plentiful, and otherwise as many as it can
 */
export function filesPerRequest(files: number, toSpare: number, maxFileUrls: number): number {
  if (toSpare < 1) return maxFileUrls;
  return Math.min(maxFileUrls, Math.max(fewestFiles, Math.ceil(files / Math.floor(toSpare))));
}

/** @returns how many requests may be sent just now that could carry more */
export function requestsToSpare({ window, bucket }: LimitsState, configured: Limits, nowMs: number): number {
  if (nowMs < window.closedUntilMs) return 0;
  const limits = strictestLimits(window, configured);
  const slots = requestsInWindow(limits.rate) * shareOfWindow - usedSlots(window, limits.rate, nowMs).length;
  const level = levelAt(bucket, limits.bucket, nowMs) - bucketMargin.bulk;
  return Math.max(0, Math.min(slots, (level * shareOfBucket) / limits.requestCost));
}
