import type { EventTime } from '../core/mapping/known-entry.ts';
import type { EntryChange } from '../core/model/types.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
/** The milliseconds of a day. */
export const dayMs = 24 * 60 * minuteMs;

/**
 * @param rememberedMs how long the memory goes back
 * @returns when a change may have happened. A time of the source is as exact as it is written. A delivery without one,
 *   or from a clock that is ahead, may be an old one that is sent again: what it tells may have happened at any time that
 *   the memory goes back to, so that it replaces nothing which is remembered.
 */
export function eventTimeOf(
  { occurredAt, isTimeOfDelivery }: Pick<EntryChange, 'occurredAt' | 'isTimeOfDelivery'>,
  nowMs: number,
  rememberedMs: number,
): EventTime {
  const fromMs = Date.parse(occurredAt);
  const unordered = { fromMs: nowMs - rememberedMs, untilMs: nowMs, isUnordered: true } as const;
  if (isTimeOfDelivery || Number.isNaN(fromMs)) return unordered;
  const untilMs = fromMs + exactnessMs(occurredAt) - 1;
  // It may be the clock here that is behind.
  if (fromMs > nowMs) return { ...unordered, untilMs: Math.min(untilMs, nowMs + dayMs) };
  return { fromMs, untilMs: Math.min(nowMs, untilMs) };
}

/** How many milliseconds a time in ISO 8601 leaves open. */
function exactnessMs(isoTime: string): number {
  const [, seconds, fraction] = /T\d{2}:\d{2}(:\d{2}(?:\.(\d+))?)?/.exec(isoTime) ?? [];
  if (fraction !== undefined) return Math.max(1, secondMs / 10 ** fraction.length);
  if (seconds !== undefined) return secondMs;
  return isoTime.includes('T') ? minuteMs : dayMs;
}
