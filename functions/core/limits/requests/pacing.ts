import { type Pace, type RateLimit, type RateWindow, requestsInWindow, usedSlots } from './window.ts';

/** What pacing has to know of a request. */
export interface SlotRequest {
  /** See `fillRatio`: from 0 (excluded) to 1. */
  readonly fillRatio: number;
  /** When the oldest of its changes happened, in milliseconds; where that is not known, now. */
  readonly oldestChangeMs: number;
}

/** What pacing says to a request for which the window has a slot. */
export type PacingDecision =
  | { readonly kind: 'go'; readonly pace: Pace }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** Decides which request may use a slot of the window, and when. */
export type Pacing = (
  window: RateWindow,
  limit: RateLimit,
  request: SlotRequest,
  nowMs: number,
) => PacingDecision;

/** The share of a window that partial requests may waste in one rush after a calm. */
const rushShare = 0.03;
/** The share of that which is kept for changes that have waited, so that the oldest goes first. */
const reservedShare = 0.5;
/** The share of the sustainable rate on which partial requests count; the rest is for what pacing cannot foresee. */
const plannedShare = 0.97;
/** The share of the limit that partial requests may waste in any case, so that none waits forever. */
const leastShare = 0.01;
/**
 * For so many requests at the limit's rate, the inflow is measured, and a change waits until it may use all of the
 * allowance.
 */
const memoryRequests = 9;

/**
 * The default pacing. A full request gains nothing by waiting: it goes as the window allows. A partial one wastes the
 * part of a slot that it leaves empty, and pays for that part from an allowance. The allowance grows by what the limit
 * leaves when all that flows in is carried: nearly nothing near saturation, everything in calm times.
 */
export const leftoverPacing: Pacing = (window, limit, { fillRatio, oldestChangeMs }, nowMs) => {
  const { pace } = window;
  const atMs = Math.max(nowMs, pace.atMs);
  const elapsedSeconds = (atMs - pace.atMs) / 1000;
  const memorySeconds = limit.perSeconds * Math.min(1, memoryRequests / requestsInWindow(limit));
  const inflow = pace.inflow * Math.exp(-elapsedSeconds / memorySeconds);
  // Between two requests the measure falls, to rise with the second: the middle of the two is what flows in.
  const refill = refillPerSecond(window, limit, inflow + fillRatio / memorySeconds / 2, nowMs);
  const spent = Math.max(0, pace.spent - elapsedSeconds * refill);
  const waste = 1 - Math.min(1, fillRatio);
  const reserved = allowance(limit) * reservedShare;
  /** In memories: a change of age 1 may use what is reserved for old ones. */
  const age = (nowMs - oldestChangeMs) / 1000 / memorySeconds;
  const tooMuch = spent + waste + Math.min(1, Math.max(0, 1 - age)) * reserved - allowance(limit);
  if (waste > 0 && tooMuch > 0) {
    const gainPerSecond = refill + (age < 1 ? reserved / memorySeconds : 0);
    return { kind: 'wait', untilMs: atMs + Math.ceil((tooMuch / gainPerSecond) * 1000) };
  }
  const most = requestsInWindow(limit) / limit.perSeconds;
  return {
    kind: 'go',
    pace: { spent: spent + waste, inflow: Math.min(most, inflow + fillRatio / memorySeconds), atMs },
  };
};

/** At least two requests, of which one is reserved: a lone change goes at once under any limit. */
function allowance(limit: RateLimit): number {
  return Math.max(1 / reservedShare, requestsInWindow(limit) * rushShare);
}

/** @returns how much partial requests may waste in a second, in requests, where so much flows in */
function refillPerSecond(window: RateWindow, limit: RateLimit, inflow: number, nowMs: number): number {
  const slots = requestsInWindow(limit);
  const free = slots - usedSlots(window, limit, nowMs).length;
  // With hardly a slot free, full requests may be waiting that were never counted.
  const calm = Math.min(1, free / (slots * (1 - plannedShare)));
  const left = plannedShare * sustainableRate(window, limit, nowMs) - inflow;
  return Math.max(left * calm, (leastShare * slots) / limit.perSeconds);
}

/**
 * @returns the most requests a second that can be sent from now on at an even pace without ever finding the window
 * full, given when its slots come free
 */
export function sustainableRate(window: RateWindow, limit: RateLimit, nowMs: number): number {
  const windowMs = limit.perSeconds * 1000;
  const used = usedSlots(window, limit, nowMs);
  const slots = requestsInWindow(limit);
  let rate = slots / limit.perSeconds;
  for (const [freed, timeMs] of used.entries()) {
    const inSeconds = (timeMs + windowMs - nowMs) / 1000;
    rate = Math.min(rate, Math.max(0, slots - used.length + freed + 1) / inSeconds);
  }
  return rate;
}
