import type { FollowedPurge } from './followed-purge.ts';

/** How long purges took lately, in milliseconds, the last one last. */
export type Durations = readonly number[];

/** Of so many purges the durations are remembered. */
const mostDurations = 100;
/** Fewer say too little about what is usual. */
const fewestDurations = 5;
/** Nearly all purges take longer than the usual time (`docs/adr/0086`). */
const usualQuantile = 0.025;
/** Before anything is known, in milliseconds: the vendor's examples took three to six minutes. */
const firstUsualMs = 60_000;
/** However long purges took in an outage, in milliseconds: what comes after it is not left alone for as long. */
const longestUsualMs = 5 * 60_000;

/** Asking more seldom than this, in milliseconds, would find out too late. */
const longestPauseMs = 60_000;
/** From this age on, in milliseconds, a purge is in CDN Pro's list if CDN Pro knows it. */
export const listedMs = 60_000;
/** From this age on, in milliseconds, a purge has taken too long. */
export const lateMs = 15 * 60_000;
/** How often a purge is asked for by its ID, in milliseconds: one that CDN Pro has not listed, and one that is late. */
const askUnlistedEveryMs = 60_000;
const askLateEveryMs = 5 * 60_000;
/** For so long CDN Pro has to be asked again and again, in milliseconds, before its silence says something. */
const silenceMs = 60 * 60_000;
/** After a longer break, in milliseconds, such as a pause, that begins anew. */
const longestBreakMs = 15 * 60_000;
/** Ticks do not come at equal distances. */
const earlyMs = 10_000;

/** @returns the durations with more of them */
export function noteDurations(durations: Durations, more: Durations): Durations {
  return more.length === 0 ? durations : [...durations, ...more].slice(-mostDurations);
}

/** @returns how long nearly every purge takes at least, five minutes at most, in milliseconds: before, asking for it is in vain */
export function usualMs(durations: Durations): number {
  if (durations.length < fewestDurations) return firstUsualMs;
  const sorted = durations.toSorted((a, b) => a - b);
  return Math.min(longestUsualMs, sorted[Math.floor(sorted.length * usualQuantile)] ?? firstUsualMs);
}

/**
 * @param askedMs when CDN Pro was last asked how far purges are, in milliseconds
 * @returns whether to ask again: each minute, or sooner where purges take less
 */
export function isAskedAgain(askedMs: number, durations: Durations, nowMs: number): boolean {
  return nowMs - askedMs >= Math.min(longestPauseMs, usualMs(durations)) - earlyMs;
}

/** Since when CDN Pro is asked without a break, and when it was last, in milliseconds. */
export interface Asking {
  readonly sinceMs: number;
  readonly lastMs: number;
}

/** @returns the same, once it is asked again */
export function noteAsked({ sinceMs, lastMs }: Asking, nowMs: number): Asking {
  return { sinceMs: nowMs - lastMs > longestBreakMs ? nowMs : sinceMs, lastMs: nowMs };
}

/** @returns whether CDN Pro was asked for so long that its silence says something */
export function isAskedLong({ sinceMs, lastMs }: Asking): boolean {
  return lastMs - sinceMs >= silenceMs;
}

/** @returns whether there is something to do for a purge: it may have finished, or its end is not announced yet */
export function isDue({ acceptedMs, state }: FollowedPurge, durations: Durations, nowMs: number): boolean {
  return state.kind !== 'purging' || nowMs - acceptedMs >= usualMs(durations);
}

/** @returns whether a purge takes too long */
export function isLate(
  { acceptedMs, state }: Pick<FollowedPurge, 'acceptedMs' | 'state'>,
  nowMs: number,
): boolean {
  return state.kind === 'purging' && nowMs - acceptedMs >= lateMs;
}

/**
 * @param askedMs when it was last asked for by its ID, in milliseconds; undefined where it was not
 * @returns whether to ask for a purge by its ID that the list has left out, or that takes too long
 */
export function isAskedById(purge: FollowedPurge, askedMs: number | undefined, nowMs: number): boolean {
  if (nowMs - purge.acceptedMs < listedMs) return false;
  const everyMs = isLate(purge, nowMs) ? askLateEveryMs : askUnlistedEveryMs;
  return askedMs === undefined || nowMs - askedMs >= everyMs - earlyMs;
}
