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

/** A token in parts, of which `perMinute` come back in a millisecond: whole numbers, so that no sum is rounded. */
const partsOfToken = 60_000;

/**
 * The vendor says that refused requests count, and not how: here one that is refused takes what is left of less than its
 * cost, so that knocking keeps the bucket empty.
 * @returns a full bucket
 */
export function createRateBucket({ perMinute, burst }: BucketLimit): RateBucket {
  let level = burst * partsOfToken;
  let filledMs: number | undefined;
  return {
    arrive(cost, nowMs) {
      level = Math.min(burst * partsOfToken, level + (nowMs - (filledMs ?? nowMs)) * perMinute);
      filledMs = nowMs;
      const admitted = level >= cost * partsOfToken;
      level = Math.max(0, level - cost * partsOfToken);
      const missing = cost * partsOfToken - level;
      const retryAfterSeconds = admitted ? 0 : Math.ceil(missing / (perMinute * 1000));
      return { admitted, remaining: Math.floor(level / partsOfToken), retryAfterSeconds };
    },
  };
}
