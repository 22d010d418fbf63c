/** A rate limit as the user configures it. */
export interface RateLimit {
  /** Most requests in a window. CDN Pro: 300 (the purge API's page). */
  readonly requests: number;
  /** The window's length in seconds. CDN Pro: 300. */
  readonly perSeconds: number;
  /** The share of `requests` left to others who use the same CDN Pro user, 0 to 0.9. */
  readonly headroom: number;
}

/**
 * The window as the ledger keeps it. It counts reservations, which are made before a request is sent and never
 * handed back: a request that was refused or lost may still have counted at the server.
 */
export interface RateWindow {
  /** When the requests of the last window were reserved, in milliseconds, ascending. */
  readonly times: readonly number[];
  /** No request before this time, in milliseconds: the server said that its window is full. */
  readonly closedUntilMs: number;
}

/** The window before the first request. */
export const emptyWindow: RateWindow = { times: [], closedUntilMs: 0 };

/** What a reservation gave: a place in the window, or the time at which to ask again. */
export type Reservation =
  | { readonly kind: 'granted'; readonly window: RateWindow }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** @returns how many requests the limit leaves to this purger in a window, at least 1 */
export function requestsInWindow({ requests, headroom }: RateLimit): number {
  return Math.max(1, Math.floor(requests * (1 - headroom)));
}

/**
 * Asks for a place in the window.
 *
 * The server counts requests when they arrive, this window when they are reserved. A request may arrive up to
 * `guardMs` after its reservation, so one place is held for the window's length and `guardMs` more: then no window
 * of the server can hold more than the limit, however late some arrive.
 *
 * @param guardMs the longest time from a reservation to its request's arrival, clocks' differences included
 */
export function reserve(window: RateWindow, limit: RateLimit, guardMs: number, nowMs: number): Reservation {
  if (nowMs < window.closedUntilMs) return { kind: 'wait', untilMs: window.closedUntilMs };
  const heldMs = limit.perSeconds * 1000 + guardMs;
  const times = window.times.filter((timeMs) => timeMs > nowMs - heldMs);
  const places = requestsInWindow(limit);
  if (times.length < places) {
    return { kind: 'granted', window: { ...window, times: [...times, nowMs].sort((a, b) => a - b) } };
  }
  // The limit may have been lowered since: as many places must come free as are taken too many.
  const freeing = times[times.length - places] ?? nowMs;
  return { kind: 'wait', untilMs: freeing + heldMs };
}

/** @returns the window, closed at least until the given time */
export function closeWindow(window: RateWindow, untilMs: number): RateWindow {
  return { ...window, closedUntilMs: Math.max(window.closedUntilMs, untilMs) };
}

/**
 * How long to wait before another try: full jitter over an exponentially growing span.
 * @param attempt 1 for the first retry
 * @param random a number from 0 (included) to 1 (excluded)
 * @returns milliseconds, at most 30 s
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(attempt: number, random: number): number {
  return Math.min(30_000, 500 * 2 ** attempt) * random;
}
