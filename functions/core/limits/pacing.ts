import { entryText } from '../model/entry-text.ts';
import type { RequestLimits } from '../planning/plan.ts';
import { maxDirUrls, maxRegexPatterns, type PlannedRequest } from '../planning/planned-request.ts';
import {
  type Pace,
  type RateLimit,
  type RateWindow,
  requestsInWindow,
  reserve,
  usedSlots,
} from './window.ts';

/** What pacing has to know of a request. */
export interface SlotRequest {
  /** How much of what a request can carry this one carries, from 0 (excluded) to 1. */
  readonly fill: number;
  /** When the oldest of its changes happened, in milliseconds; where that is not known, now. */
  readonly oldestChangeMs: number;
}

/** What pacing says to a request for which the window has a place. */
export type PacingDecision =
  | { readonly kind: 'go'; readonly pace: Pace }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** Decides which request may take a place of the window, and when. */
export type Pacing = (
  window: RateWindow,
  limit: RateLimit,
  ask: SlotRequest,
  nowMs: number,
) => PacingDecision;

/** What a paced reservation gave, and the share of the window's places that is taken then. Who waits `for` the pace may find more to send along by then. */
export type PacedReservation =
  | {
      readonly kind: 'granted';
      readonly window: RateWindow;
      readonly arrivedByMs: number;
      readonly usedShare: number;
    }
  | {
      readonly kind: 'wait';
      readonly untilMs: number;
      readonly for: 'window' | 'pace';
      readonly usedShare: number;
    };

/**
 * Asks for a place in the window for a request, in its turn.
 * @param guardMs see {@link reserve}
 */
export function reservePaced(
  window: RateWindow,
  limit: RateLimit,
  guardMs: number,
  nowMs: number,
  ask: SlotRequest,
  pacing: Pacing = leftoverPacing,
): PacedReservation {
  const place = reserve(window, limit, guardMs, nowMs);
  const usedShare = usedShareOf(place.kind === 'wait' ? window : place.window, limit, nowMs);
  if (place.kind === 'wait') return { ...place, for: 'window', usedShare };
  const verdict = pacing(window, limit, ask, nowMs);
  if (verdict.kind === 'wait') {
    return { ...verdict, for: 'pace', usedShare: usedShareOf(window, limit, nowMs) };
  }
  return { ...place, window: { ...place.window, pace: verdict.pace }, usedShare };
}

function usedShareOf(window: RateWindow, limit: RateLimit, nowMs: number): number {
  return usedSlots(window, limit, nowMs).length / requestsInWindow(limit);
}

/** The share of a window that partial requests may waste in one rush after a calm. */
const rushShare = 0.03;
/** The share of that which is kept for changes that have waited, so that the oldest goes first. */
const reservedShare = 0.5;
/** The share of the sustainable rate on which partial requests count; the rest is for what pacing cannot foresee. */
const usedShare = 0.97;
/** The share of the limit that partial requests may waste in any case, so that none waits for ever. */
const leastShare = 0.01;
/**
 * For so many requests at the limit's rate, the inflow is measured, and a change waits until it may use all of the
 * allowance.
 */
const memoryRequests = 9;

/**
 * The pacing of choice. A full request gains nothing by waiting: it goes as the window allows. A partial one wastes
 * the part of a place that it leaves empty, and pays for that part from an allowance. The allowance grows by what
 * the limit leaves when all that flows in is carried: nearly nothing near saturation, everything in calm times.
 */
export const leftoverPacing: Pacing = (window, limit, { fill, oldestChangeMs }, nowMs) => {
  const { pace } = window;
  const atMs = Math.max(nowMs, pace.atMs);
  const elapsedSeconds = (atMs - pace.atMs) / 1000;
  const memorySeconds = limit.perSeconds * Math.min(1, memoryRequests / requestsInWindow(limit));
  const inflow = pace.inflow * Math.exp(-elapsedSeconds / memorySeconds);
  // Between two requests the measure falls, to rise with the second: the middle of the two is what flows in.
  const refill = refillPerSecond(window, limit, inflow + fill / memorySeconds / 2, nowMs);
  const spent = Math.max(0, pace.spent - elapsedSeconds * refill);
  const waste = 1 - Math.min(1, fill);
  const youth = Math.max(0, 1 - (nowMs - oldestChangeMs) / 1000 / memorySeconds);
  const reserved = allowance(limit) * reservedShare;
  const tooMuch = spent + waste + Math.min(1, youth) * reserved - allowance(limit);
  if (waste > 0 && tooMuch > 0) {
    const gainPerSecond = refill + (youth > 0 ? reserved / memorySeconds : 0);
    return { kind: 'wait', untilMs: atMs + Math.ceil((tooMuch / gainPerSecond) * 1000) };
  }
  const most = requestsInWindow(limit) / limit.perSeconds;
  return {
    kind: 'go',
    pace: { spent: spent + waste, inflow: Math.min(most, inflow + fill / memorySeconds), atMs },
  };
};

/** At least two requests, of which one is reserved: a lone change goes at once under any limit. */
function allowance(limit: RateLimit): number {
  return Math.max(1 / reservedShare, requestsInWindow(limit) * rushShare);
}

/** @returns how much partial requests may waste in a second, in requests, where so much flows in */
function refillPerSecond(window: RateWindow, limit: RateLimit, inflow: number, nowMs: number): number {
  const places = requestsInWindow(limit);
  const free = places - usedSlots(window, limit, nowMs).length;
  // With hardly a place free, full requests may be waiting that were never counted.
  const calm = Math.min(1, free / (places * (1 - usedShare)));
  const left = usedShare * sustainableRate(window, limit, nowMs) - inflow;
  return Math.max(left * calm, (leastShare * places) / limit.perSeconds);
}

/**
 * @returns the most requests a second that can be sent from now on at an even pace without ever finding the window
 * full, given when its places come free
 */
export function sustainableRate(window: RateWindow, limit: RateLimit, nowMs: number): number {
  const windowMs = limit.perSeconds * 1000;
  const taken = usedSlots(window, limit, nowMs);
  const places = requestsInWindow(limit);
  let rate = places / limit.perSeconds;
  for (const [freed, timeMs] of taken.entries()) {
    const inSeconds = (timeMs + windowMs - nowMs) / 1000;
    rate = Math.min(rate, Math.max(0, places - taken.length + freed + 1) / inSeconds);
  }
  return rate;
}

/**
 * @returns how much of what a request can carry this one carries, at most 1: of its files, directories, regexes and
 * bytes, the one that is nearest to its limit
 */
export function fillRatio({ entries }: PlannedRequest, limits: RequestLimits): number {
  const count = { file: 0, dir: 0, regex: 0 };
  let bytes = 0;
  for (const { entry } of entries) {
    count[entry.kind]++;
    bytes += entryText(entry).length + 3;
  }
  const shares = [
    count.file / limits.maxFileUrls,
    count.dir / maxDirUrls,
    count.regex / maxRegexPatterns,
    bytes / limits.maxBodyBytes,
  ];
  return Math.min(1, Math.max(...shares));
}
