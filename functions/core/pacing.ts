import { maxDirUrls, maxRegexPatterns, type PlannedRequest, type RequestLimits, textOf } from './plan.ts';
import {
  type Pace,
  type RateLimit,
  type RateWindow,
  requestsInWindow,
  reserve,
  takenPlaces,
} from './throttle.ts';

/** What pacing has to know of a request. */
export interface Ask {
  /** How much of what a request can carry this one carries, from 0 (excluded) to 1. */
  readonly fill: number;
}

/** What pacing says to a request for which the window has a place. */
export type Verdict =
  | { readonly kind: 'go'; readonly pace: Pace }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** Decides which request may take a place of the window, and when. */
export type Pacing = (window: RateWindow, limit: RateLimit, ask: Ask, nowMs: number) => Verdict;

/** What a paced reservation gave. Who waits `for` the pace may find more to send along by then. */
export type PacedReservation =
  | { readonly kind: 'granted'; readonly window: RateWindow; readonly arrivedByMs: number }
  | { readonly kind: 'wait'; readonly untilMs: number; readonly for: 'window' | 'pace' };

/**
 * Asks for a place in the window for a request, in its turn.
 * @param guardMs see {@link reserve}
 */
export function reservePaced(
  window: RateWindow,
  limit: RateLimit,
  guardMs: number,
  nowMs: number,
  ask: Ask,
  pacing: Pacing = leftoverPacing,
): PacedReservation {
  const place = reserve(window, limit, guardMs, nowMs);
  if (place.kind === 'wait') return { ...place, for: 'window' };
  const verdict = pacing(window, limit, ask, nowMs);
  if (verdict.kind === 'wait') return { ...verdict, for: 'pace' };
  return { ...place, window: { ...place.window, pace: verdict.pace } };
}

/** The share of a window that partial requests may take in one rush after a calm. */
const rushShare = 0.1;
/** The share of the limit that is left to partial requests in any case, so that none waits for ever. */
const leastShare = 0.02;
/** The share of the window over which the inflow is measured. */
const memoryShare = 1 / 15;

/**
 * The pacing of choice. A full request gains nothing by waiting: it goes as the window allows. A partial one wastes
 * the part of a place that it leaves empty, and pays for that part from an allowance. The allowance grows by what
 * the limit leaves when all that flows in is carried: nearly nothing near saturation, everything in calm times.
 */
export const leftoverPacing: Pacing = (window, limit, { fill }, nowMs) => {
  const { pace } = window;
  const atMs = Math.max(nowMs, pace.atMs);
  const elapsedSeconds = (atMs - pace.atMs) / 1000;
  const memorySeconds = limit.perSeconds * memoryShare;
  const inflow = pace.inflow * Math.exp(-elapsedSeconds / memorySeconds);
  const rate = sustainableRate(window, limit, nowMs);
  const refill = Math.max(rate - inflow, leastShare * (requestsInWindow(limit) / limit.perSeconds));
  const spent = Math.max(0, pace.spent - elapsedSeconds * refill);
  const waste = 1 - Math.min(1, fill);
  const tooMuch = spent + waste - allowance(limit);
  if (waste > 0 && tooMuch > 0) return { kind: 'wait', untilMs: atMs + (tooMuch / refill) * 1000 };
  return { kind: 'go', pace: { spent: spent + waste, inflow: inflow + fill / memorySeconds, atMs } };
};

/** At least one whole request, or a partial one could never go. */
function allowance(limit: RateLimit): number {
  return Math.max(1, requestsInWindow(limit) * rushShare);
}

/**
 * @returns the most requests a second that can be sent from now on at an even pace without ever finding the window
 * full, given when its places come free
 */
export function sustainableRate(window: RateWindow, limit: RateLimit, nowMs: number): number {
  const windowMs = limit.perSeconds * 1000;
  const taken = takenPlaces(window, limit, nowMs);
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
export function fillOf({ entries }: PlannedRequest, limits: RequestLimits): number {
  const count = { file: 0, dir: 0, regex: 0 };
  let bytes = 0;
  for (const { entry } of entries) {
    count[entry.kind]++;
    bytes += textOf(entry).length + 3;
  }
  const shares = [
    count.file / limits.maxFileUrls,
    count.dir / maxDirUrls,
    count.regex / maxRegexPatterns,
    bytes / limits.maxBodyBytes,
  ];
  return Math.min(1, Math.max(...shares));
}
