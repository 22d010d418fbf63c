import type { LimitsState } from './limits.ts';
import type { BucketState } from './requests/request-bucket.ts';
import type { RateWindow } from './requests/window.ts';
import { hourOf, type QuotaState, spendIn } from './tokens/quota.ts';
import { halfDayOf, type SenderState } from './tokens/senders.ts';

/** How far ahead the times in the state may lie, in milliseconds. */
export interface Ahead {
  /** The most that clocks differ. */
  readonly clockDifferenceMs: number;
  /** See `reserve`. */
  readonly guardMs: number;
  /** The window's length. */
  readonly windowMs: number;
}

/**
 * Bounds what a consumer with a wrong clock, or an absurd answer of CDN Pro, can have left behind: no time lies further
 * ahead than a right one can, so that nobody waits longer than for a window.
 * @returns the state itself where nothing had to be bounded
 */
export function clampLimits(state: LimitsState, ahead: Ahead, nowMs: number): LimitsState {
  let isClamped = false;
  const most = (limitMs: number) => (timeMs: number) => {
    if (timeMs <= limitMs) return timeMs;
    isClamped = true;
    return limitMs;
  };
  const aheadMs = nowMs + ahead.clockDifferenceMs;
  const clock = most(aheadMs);
  const halfDay = most(halfDayOf(aheadMs));
  const sender = (each: SenderState): SenderState => ({
    ...each,
    halfDay: halfDay(each.halfDay),
    entries: { ...each.entries, sinceMs: clock(each.entries.sinceMs) },
    deletes: { ...each.deletes, sinceMs: clock(each.deletes.sinceMs) },
    prefixes: { ...each.prefixes, sinceMs: clock(each.prefixes.sinceMs) },
    waitingMs: clock(each.waitingMs),
    ...(each.waitingKindsMs && {
      waitingKindsMs: { files: clock(each.waitingKindsMs.files), dirs: clock(each.waitingKindsMs.dirs) },
    }),
  });
  const arrival = most(aheadMs + ahead.guardMs);
  const closing = most(aheadMs + ahead.guardMs + ahead.windowMs);
  const clamped: LimitsState = {
    window: clampWindow(state.window, clock, arrival, closing),
    bucket: clampBucket(state.bucket, clock),
    quotas: mapValues(state.quotas, (quota) =>
      clampQuota(quota, clock, arrival, most(hourOf(aheadMs + ahead.guardMs, quota))),
    ),
    senders: mapValues(state.senders, sender),
    neighbors: mapValues(state.neighbors, (senders) => mapValues(senders, sender)),
    directories: mapValues(state.directories, clock),
    ...(state.throttle && { throttle: state.throttle }),
  };
  return isClamped ? clamped : state;
}

type Clamp = (value: number) => number;

function clampWindow(window: RateWindow, clock: Clamp, arrival: Clamp, closing: Clamp): RateWindow {
  return {
    // No two slots have the same time: those that are bounded follow each other by a millisecond.
    arrivedByMs: window.arrivedByMs.reduce<number[]>((times, timeMs) => {
      const bounded = arrival(timeMs);
      const last = times.at(-1) ?? Number.NEGATIVE_INFINITY;
      times.push(bounded < timeMs && last >= bounded ? last + 1 : bounded);
      return times;
    }, []),
    closedUntilMs: closing(window.closedUntilMs),
    pace: { ...window.pace, atMs: clock(window.pace.atMs) },
    declared: mapValues(window.declared, ({ closedUntilMs, ...declared }) => ({
      ...declared,
      atMs: clock(declared.atMs),
      ...(closedUntilMs !== undefined && { closedUntilMs: closing(closedUntilMs) }),
    })),
  };
}

function clampBucket(bucket: BucketState, clock: Clamp): BucketState {
  const { atMs, answeredMs, refusedMs } = bucket;
  return { ...bucket, atMs: clock(atMs), answeredMs: clock(answeredMs), refusedMs: clock(refusedMs) };
}

function clampQuota({ spent, ...quota }: QuotaState, clock: Clamp, arrival: Clamp, hour: Clamp): QuotaState {
  const { others } = quota;
  const hours = (given: QuotaState['spent']) => {
    let bounded: QuotaState['spent'] = {};
    for (const [key, { lastMs, ...tokens }] of Object.entries(given)) {
      bounded = spendIn(bounded, hour(Number(key)), { ...tokens, lastMs: arrival(lastMs) });
    }
    return bounded;
  };
  const clamps = { learnedMs: clock, checkedMs: clock, takedownRefusedMs: clock, lostMs: arrival };
  const times = Object.entries(clamps).flatMap(([name, clamp]) => {
    const timeMs = quota[name as keyof typeof clamps];
    return timeMs === undefined ? [] : [[name, clamp(timeMs)]];
  });
  return {
    ...quota,
    spent: hours(spent),
    ...(others && { others: hours(others) }),
    ...Object.fromEntries(times),
  };
}

function mapValues<Key extends string, Value>(
  record: Readonly<Partial<Record<Key, Value>>>,
  map: (value: Value) => Value,
): Record<Key, Value> {
  const entries = Object.entries(record) as [Key, Value][];
  return Object.fromEntries(entries.map(([key, value]) => [key, map(value)])) as Record<Key, Value>;
}
