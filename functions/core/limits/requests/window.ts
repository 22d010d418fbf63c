import type { ConfiguredQuota } from '../tokens/quota.ts';
import type { BucketLimit } from './request-bucket.ts';

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
 * The window as the ledger keeps it. A slot is used before a request is sent and never handed back: a request that
 * was refused or lost may still have counted at the server.
 */
export interface RateWindow {
  /**
   * For each request of the last window, the latest time at which it can have arrived at the server, clocks'
   * differences included, in milliseconds, ascending.
   */
  readonly arrivedByMs: readonly number[];
  /** No request before this time, in milliseconds: the server said that its window is full. */
  readonly closedUntilMs: number;
  readonly pace: Pace;
  /** The limit that each deployment that shares the window declares, by the deployment's name. */
  readonly declared: Readonly<Record<string, DeclaredLimit>>;
}

/** What pacing remembers. See `pacing.ts`. */
export interface Pace {
  /** How much of the allowance for partial requests is spent, in requests. */
  readonly spent: number;
  /** How much has been sent lately, in full requests a second. */
  readonly inflow: number;
  /** The time to which the two belong, in milliseconds. */
  readonly atMs: number;
}

/** The limits that one deployment declares, as the window keeps them. */
export interface DeclaredLimit {
  readonly requests: number;
  readonly perSeconds: number;
  /** Missing where an earlier version of this project declares, which knows nothing of these two. */
  readonly bucket?: BucketLimit;
  readonly quota?: ConfiguredQuota;
  /** When it last did so, in milliseconds. */
  readonly atMs: number;
  /** No request of this deployment before this time, in milliseconds, which may have passed: its credentials were refused. */
  readonly closedUntilMs?: number;
}

/** Names a slot of the window by its time. */
export interface Slot {
  readonly arrivedByMs: number;
}

/** How long messages stay away after CDN Pro refused the credentials twice, in seconds. */
export const unauthorizedDelaySeconds = 60;

/** The window before the first request. */
export const emptyWindow: RateWindow = {
  arrivedByMs: [],
  closedUntilMs: 0,
  pace: { spent: 0, inflow: 0, atMs: 0 },
  declared: {},
};

/** A slot of the window, or the time at which to ask again. */
export type Reservation =
  | { readonly kind: 'granted'; readonly window: RateWindow; readonly slot: Slot }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** @returns how many requests the limit leaves to this purger in a window, at least 1 */
export function requestsInWindow({ requests, headroom }: RateLimit): number {
  return Math.max(1, Math.floor(requests * (1 - headroom)));
}

/**
 * Reserves a slot in the window.
 *
 * The server counts requests when they arrive, this window when they are reserved. A request may arrive up to
 * `guardMs` after its reservation, so one slot is held for the window's length and `guardMs` more: then no window
 * of the server can hold more than the limit, however late some arrive.
 *
 * @param guardMs the longest time from a reservation to its request's arrival, clocks' differences included
 */
export function reserve(window: RateWindow, limit: RateLimit, guardMs: number, nowMs: number): Reservation {
  if (nowMs < window.closedUntilMs) return { kind: 'wait', untilMs: window.closedUntilMs };
  const used = usedSlots(window, limit, nowMs);
  const slots = requestsInWindow(limit);
  if (used.length < slots) {
    const arrivedByMs = unused(nowMs + guardMs, used);
    return {
      kind: 'granted',
      window: { ...window, arrivedByMs: insert(used, arrivedByMs) },
      slot: { arrivedByMs },
    };
  }
  // The limit may have been lowered since: as many slots must come free as are used too many.
  const freeing = used[used.length - slots] ?? nowMs;
  return { kind: 'wait', untilMs: freeing + limit.perSeconds * 1000 };
}

/** @returns the slots of the window that are not free yet, each as the latest time of its request's arrival */
export function usedSlots(window: RateWindow, limit: RateLimit, nowMs: number): readonly number[] {
  return window.arrivedByMs.filter((timeMs) => timeMs > nowMs - limit.perSeconds * 1000);
}

/**
 * Marks that the server has answered a request, so that it has arrived by now: its slot comes free the earlier.
 * @param byMs when the answer was there, the most that clocks differ added
 */
export function markAnswered(window: RateWindow, { arrivedByMs }: Slot, byMs: number): RateWindow {
  const index = window.arrivedByMs.indexOf(arrivedByMs);
  if (index < 0 || byMs >= arrivedByMs) return window;
  const others = window.arrivedByMs.toSpliced(index, 1);
  return { ...window, arrivedByMs: insert(others, unused(byMs, others)) };
}

/**
 * A slot is known by its time, so no two have the same: an answer that is marked twice, as after a write whose success
 * went unnoticed, then finds its slot gone, and does not free another one. Later is the safe side.
 */
function unused(timeMs: number, used: readonly number[]): number {
  let free = timeMs;
  while (used.includes(free)) free++;
  return free;
}

function insert(ascending: readonly number[], timeMs: number): readonly number[] {
  const index = ascending.findLastIndex((other) => other <= timeMs);
  return ascending.toSpliced(index + 1, 0, timeMs);
}

/** @returns the window, closed at least until the given time */
export function closeWindow(window: RateWindow, untilMs: number): RateWindow {
  return window.closedUntilMs >= untilMs ? window : { ...window, closedUntilMs: untilMs };
}
