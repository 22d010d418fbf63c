/** How many requests one user may send in any period of this length. */
export interface RateLimit {
  readonly requests: number;
  readonly perSeconds: number;
}

/** What the window says about a request that has just arrived. */
export type Admission =
  | { readonly admitted: true }
  /** `retryAfterSeconds`: whole seconds until a request would be admitted, if none arrives before. */
  | { readonly admitted: false; readonly retryAfterSeconds: number };

/** An exact sliding window over the arrivals of one user's requests. */
export interface RateWindow {
  /** Counts an arrival, admitted or not. Times in milliseconds, never falling. */
  readonly arrive: (nowMs: number) => Admission;
}

/**
 * A request that arrived at `t` counts in `[t, t + perSeconds)`: it has left the window exactly `perSeconds` later.
 * Refused requests count like others.
 *
 * The vendor says "300/5min per user", and not what kind of window that is; this is the strictest one.
 * @returns an empty sliding window
 */
export function createRateWindow(limit: RateLimit): RateWindow {
  const lengthMs = limit.perSeconds * 1000;
  const arrivalsMs: number[] = [];
  return {
    arrive(nowMs) {
      while (arrivalsMs[0] !== undefined && arrivalsMs[0] <= nowMs - lengthMs) arrivalsMs.shift();
      arrivalsMs.push(nowMs);
      const surplus = arrivalsMs.length - limit.requests;
      if (surplus <= 0) return { admitted: true };
      // The next one fits once all of the surplus and one more have left.
      const lastToLeaveMs = arrivalsMs[surplus] ?? nowMs;
      return { admitted: false, retryAfterSeconds: Math.ceil((lastToLeaveMs + lengthMs - nowMs) / 1000) };
    },
  };
}
