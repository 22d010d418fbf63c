import { ServiceError } from './service-error.ts';

/** How often a request is tried, and how long the first pause is at most. */
export interface RetrySettings {
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
}

/** The SDK's standard retry mode: decides whether a failed request goes again, and after how long. */
export interface Retries {
  /**
   * @param attempt how many times the request was sent
   * @param isClockCorrected whether the request failed by a clock that was wrong and is right now
   * @returns undefined where there is no next attempt
   */
  next(error: unknown, attempt: number, isClockCorrected: boolean): Retry | undefined;
  /** Takes note that a request succeeded, which gives back what its last retry has cost. */
  succeeded(last: Retry | undefined): void;
}

/** One more attempt. */
export interface Retry {
  readonly delayMs: number;
  /** What it takes from the capacity that all requests of a client share. */
  readonly cost: number;
}

type Kind = 'throttling' | 'transient';

/** What follows are the numbers and names of the SDK's standard retry mode. */
const maxCapacity = 500;
const costs: Readonly<Record<Kind, number>> = { throttling: 5, transient: 14 };
const throttlingBaseDelayMs = 1000;
const maxDelayMs = 20_000;
const maxRetryAfterMs = 5000;
const throttlingNames = new Set([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);
const transientNames = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException']);
const transientStatuses = new Set([500, 502, 503, 504]);
const transientCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * @returns the retries of one client: what its requests fail of together ends them for all, so that a service that is
 *   down is not asked three times as often
 * @param random a number from 0 (included) to 1 (excluded)
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function createRetries({ maxAttempts, baseDelayMs }: RetrySettings, random: () => number): Retries {
  let capacity = maxCapacity;
  return {
    next(error, attempt, isClockCorrected) {
      const kind = isClockCorrected ? 'transient' : kindOf(error);
      if (kind === undefined || attempt >= maxAttempts || capacity < costs[kind]) return undefined;
      capacity -= costs[kind];
      const base = kind === 'throttling' ? throttlingBaseDelayMs : baseDelayMs;
      const delayMs = Math.floor(random() * Math.min(base * 2 ** (attempt - 1), maxDelayMs));
      const askedMs = error instanceof ServiceError ? (error.retryAfterMs ?? 0) : 0;
      const waitMs = Math.max(delayMs, Math.min(askedMs, delayMs + maxRetryAfterMs));
      return { delayMs: waitMs, cost: costs[kind] };
    },
    succeeded(last) {
      capacity = Math.min(maxCapacity, capacity + (last?.cost ?? 1));
    },
  };
}

/** @returns undefined for an error that would be the same the next time */
function kindOf(error: unknown): Kind | undefined {
  if (!(error instanceof Error)) return undefined;
  const status = error instanceof ServiceError ? error.$metadata.httpStatusCode : 0;
  if (status === 429 || throttlingNames.has(error.name)) return 'throttling';
  const code = 'code' in error ? String(error.code) : '';
  const isExpired = error.name === 'InvalidSignatureException' && error.message.includes('Signature expired');
  const isTransient =
    transientStatuses.has(status) || transientNames.has(error.name) || transientCodes.has(code) || isExpired;
  if (isTransient) return 'transient';
  return error.cause === undefined ? undefined : kindOf(error.cause);
}
