import { UsageError } from '../usage-error.ts';

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * @param option its name
 * @returns a duration such as `90s`, `15m`, `2h` or `1d`, in milliseconds
 * @throws UsageError
 */
export function readDuration(option: string, value: string): number {
  const [, count = '', unit = ''] = /^(\d+)([smhd])$/.exec(value) ?? [];
  const ms = Number(count) * (unitsMs[unit] ?? 0);
  if (ms > 0) return ms;
  throw new UsageError(`Expected ${option} to be a duration such as 90s, 15m, 2h or 1d, got "${value}"`);
}

/** A time may be by a clock that is ahead of this machine's by so much, in milliseconds. */
const clockSkewMs = 5 * 60_000;

/**
 * @param option its name
 * @returns a time, in milliseconds, that is given in ISO 8601, in seconds since 1970, or as a duration before now
 * @throws UsageError
 */
export function readTime(option: string, value: string, nowMs: number): number {
  const ms = timeOf(option, value, nowMs);
  if (ms <= nowMs + clockSkewMs) return ms;
  throw new UsageError(`Expected ${option} to be a time that has been, got "${value}"`);
}

function timeOf(option: string, value: string, nowMs: number): number {
  if (/^\d{10}$/.test(value)) return Number(value) * 1000;
  if (/^\d+[smhd]$/.test(value)) return Math.max(0, nowMs - readDuration(option, value));
  const ms = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  const expected = 'a time such as 2026-11-26T08:00:00Z or 1795680000, or a duration such as 15m';
  throw new UsageError(`Expected ${option} to be ${expected}, got "${value}"`);
}
