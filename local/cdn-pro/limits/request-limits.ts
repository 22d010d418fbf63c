import { type Answer, failure } from '../answers.ts';
import { type BucketLimit, createRateBucket } from './rate-bucket.ts';
import { createRateWindow, type RateLimit } from './rate-window.ts';

/** What both limits say about a request that has just arrived. */
export interface Admission {
  /** The 429 to answer; missing for an admitted request. */
  readonly refusal?: Answer;
  /** Headers of the answer, whatever it is. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The limits of requests: the gateway's window of one user, and behind it the customer's bucket. */
export interface RequestLimits {
  /** Counts a request of the user, admitted or not. */
  readonly arrive: (cost: number, nowMs: number) => Admission;
  /** Counts a request of another user of the same customer, such as a person in the portal. */
  readonly arriveOther: (nowMs: number) => void;
}

/** The options of the limits that every request meets. */
export interface RequestLimitOptions {
  readonly window: RateLimit;
  readonly bucket: BucketLimit;
  /** Whether a 429 has `Retry-After`, too. */
  readonly retryAfter: boolean;
}

/**
 * What the gateway refuses does not reach the bucket, and its answer has no `x-rate-limit-remaining`.
 * @returns limits that nobody has used
 */
export function createRequestLimits({ window, bucket, retryAfter }: RequestLimitOptions): RequestLimits {
  const userWindow = createRateWindow(window);
  const customerBucket = createRateBucket(bucket);
  return {
    arrive(cost, nowMs) {
      const admission = userWindow.arrive(nowMs);
      if (!admission.admitted) {
        const message = 'The limit of the request rate per user has been reached.';
        return { refusal: tooMany(message, admission.retryAfterSeconds, retryAfter), headers: {} };
      }
      const { admitted, remaining, retryAfterSeconds } = customerBucket.arrive(cost, nowMs);
      const headers = { 'x-rate-limit-remaining': String(remaining) };
      if (admitted) return { headers };
      const message = 'The limit of the request rate per customer has been reached.';
      return { refusal: tooMany(message, retryAfterSeconds, retryAfter), headers };
    },
    arriveOther: (nowMs) => void customerBucket.arrive(1, nowMs),
  };
}

function tooMany(message: string, seconds: number, retryAfter: boolean): Answer {
  const headers = {
    'x-rate-limit-retry-after-seconds': String(seconds),
    ...(retryAfter ? { 'retry-after': String(seconds) } : {}),
  };
  return { ...failure(429, 'TooManyRequests', message), headers };
}
