/** A bucket of request tokens that all API users and the portal of one customer share. */
export interface BucketLimit {
  /** How many tokens come back, steadily. */
  readonly perMinute: number;
  /** How many tokens a full bucket has. */
  readonly burst: number;
}

/** What the bucket says about a request that has just arrived. */
export interface BucketAdmission {
  readonly admitted: boolean;
  /** Whole tokens that are left. */
  readonly remaining: number;
  /** Whole seconds until this request would be admitted, if none arrives before; 0 for an admitted one. */
  readonly retryAfterSeconds: number;
}

/** The bucket of one customer. */
export interface RateBucket {
  /** Counts an arrival, admitted or not. Times in milliseconds, never falling. */
  readonly arrive: (cost: number, nowMs: number) => BucketAdmission;
}

/**
 * The vendor says that refused requests count, and not how: here one that is refused takes what is left of less than its
 * cost, so that knocking keeps the bucket empty.
 * @returns a full bucket
 */
export function createRateBucket({ perMinute, burst }: BucketLimit): RateBucket {
  const perMs = perMinute / 60_000;
  let level = burst;
  let filledMs: number | undefined;
  return {
    arrive(cost, nowMs) {
      level = Math.min(burst, level + (nowMs - (filledMs ?? nowMs)) * perMs);
      filledMs = nowMs;
      const admitted = level >= cost;
      level = Math.max(0, level - cost);
      const retryAfterSeconds = admitted ? 0 : Math.ceil((cost - level) / perMs / 1000);
      return { admitted, remaining: Math.floor(level), retryAfterSeconds };
    },
  };
}
