import type { Change } from './changes.ts';

/** What the scheduler that knows the future has to keep to. */
export interface Bound {
  /** Most requests in any window. */
  readonly requests: number;
  readonly windowMs: number;
  readonly maxFileUrls: number;
}

/** When it sends each change, in milliseconds, and with how many requests in all. */
export interface Schedule {
  readonly sentMs: Float64Array;
  readonly requests: number;
}

/**
 * Sends whenever the oldest waiting change reaches an age, all that waits.
 * @returns undefined where that does not stay inside every window
 */
function scheduleWithAge(ageMs: number, changes: readonly Change[], bound: Bound): Schedule | undefined {
  const sentMs = new Float64Array(changes.length);
  /** Sendings of the last window: when, and how many requests. */
  const recent: { timeMs: number; requests: number }[] = [];
  let head = 0;
  let inWindow = 0;
  let requests = 0;
  for (let first = 0; first < changes.length; ) {
    const timeMs = (changes[first]?.atMs ?? 0) + ageMs;
    let end = first;
    while (end < changes.length && (changes[end]?.atMs ?? 0) <= timeMs) sentMs[end++] = timeMs;
    const needed = Math.ceil(distinct(changes, first, end, bound.maxFileUrls) / bound.maxFileUrls);
    while (recent[head] !== undefined && (recent[head]?.timeMs ?? 0) <= timeMs - bound.windowMs) {
      inWindow -= recent[head++]?.requests ?? 0;
    }
    recent.push({ timeMs, requests: needed });
    inWindow += needed;
    requests += needed;
    if (inWindow > bound.requests) return undefined;
    first = end;
  }
  return { sentMs, requests };
}

/** The number of different URLs; not counted where it makes no difference. */
function distinct(changes: readonly Change[], first: number, end: number, enough: number): number {
  if (end - first <= enough) return end - first;
  return new Set(changes.slice(first, end).map(({ url }) => url)).size;
}

/**
 * The smallest age with which the schedule stays inside every window. More age can mean more requests (just over what
 * a request carries), so what is feasible is not an interval: bisection alone can end at an age far above the
 * smallest. The ages are therefore tried upwards, in steps of 1%, and bisection refines the first that is feasible.
 * @returns undefined where no age up to an hour is feasible: all at once is more than a window carries
 */
export function clairvoyant(
  changes: readonly Change[],
  bound: Bound,
): (Schedule & { ageMs: number }) | undefined {
  const longestMs = 3_600_000;
  let below = 0;
  for (let ageMs = 0; ageMs <= longestMs; ageMs = ageMs === 0 ? 10 : ageMs * 1.01) {
    if (scheduleWithAge(ageMs, changes, bound) !== undefined) return refine(below, ageMs, changes, bound);
    below = ageMs;
  }
  return undefined;
}

function refine(below: number, feasible: number, changes: readonly Change[], bound: Bound) {
  let [low, high] = [below, feasible];
  while (high - low > 1) {
    const middle = (low + high) / 2;
    if (scheduleWithAge(middle, changes, bound) === undefined) low = middle;
    else high = middle;
  }
  const schedule = scheduleWithAge(high, changes, bound);
  return schedule && { ...schedule, ageMs: high };
}

/**
 * What is left where no age is feasible: full requests, oldest first, as early as the window allows. For one burst
 * that is the least there can be.
 */
export function asWindowAllows(changes: readonly Change[], bound: Bound, untilMs: number): Schedule {
  const sentMs = new Float64Array(changes.length).fill(Number.NaN);
  const times: number[] = [];
  for (let first = 0; first < changes.length; ) {
    const timeMs = Math.max(
      changes[first]?.atMs ?? 0,
      (times[times.length - bound.requests] ?? Number.NEGATIVE_INFINITY) + bound.windowMs,
    );
    if (timeMs > untilMs) break;
    let end = first;
    while (end < changes.length && end - first < bound.maxFileUrls && (changes[end]?.atMs ?? 0) <= timeMs) {
      sentMs[end++] = timeMs;
    }
    times.push(timeMs);
    first = end;
  }
  return { sentMs, requests: times.length };
}
