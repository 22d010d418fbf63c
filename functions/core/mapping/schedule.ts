import { entryKey } from '../model/entry-key.ts';
import type { PurgeEntry } from '../model/types.ts';
import type { ScheduledEntries } from './rule.ts';
import { EntrySet } from './urls/entry-set.ts';

/** An entry, and when its rules have it purged. */
export interface TimedEntry {
  readonly entry: PurgeEntry;
  /** Each is one purge, so many seconds after the change. */
  readonly delaysSeconds: readonly number[];
}

/** Collects entries by when they are to be purged; one that is purged twice is added twice. */
export class Schedule {
  readonly #byDelay = new Map<number, EntrySet>();

  add(delaySeconds: number, entry: PurgeEntry): void {
    let set = this.#byDelay.get(delaySeconds);
    if (set === undefined) {
      set = new EntrySet();
      this.#byDelay.set(delaySeconds, set);
    }
    set.add(entry);
  }

  /** @returns the soonest first, each without duplicates */
  list(): readonly ScheduledEntries[] {
    return [...this.#byDelay]
      .map(([delaySeconds, { entries }]) => ({ delaySeconds, entries }))
      .sort((a, b) => a.delaySeconds - b.delaySeconds);
  }
}

/** @returns the schedule of entries that no rule delays */
export function scheduledAtOnce(entries: readonly PurgeEntry[]): readonly ScheduledEntries[] {
  return entries.length === 0 ? [] : [{ delaySeconds: 0, entries }];
}

/** @returns the schedule of entries that each say when they are to be purged */
export function scheduleOf(timed: readonly TimedEntry[]): readonly ScheduledEntries[] {
  const schedule = new Schedule();
  for (const { entry, delaysSeconds } of timed) {
    for (const delaySeconds of delaysSeconds) schedule.add(delaySeconds, entry);
  }
  return schedule.list();
}

/** @returns each entry of a schedule once, with all of its delays: the reverse of {@link scheduleOf} */
export function timedEntries(schedule: readonly ScheduledEntries[]): readonly TimedEntry[] {
  const timed = new Map<string, { readonly entry: PurgeEntry; readonly delaysSeconds: number[] }>();
  for (const { delaySeconds, entries } of schedule) {
    for (const entry of entries) {
      const key = entryKey(entry);
      const known = timed.get(key);
      if (known === undefined) timed.set(key, { entry, delaysSeconds: [delaySeconds] });
      else known.delaysSeconds.push(delaySeconds);
    }
  }
  return [...timed.values()];
}

/** @returns the schedule less what the other one has purged at the same time */
export function withoutScheduled(
  schedule: readonly ScheduledEntries[],
  other: readonly ScheduledEntries[],
): readonly ScheduledEntries[] {
  const keyOf = (delaySeconds: number, entry: PurgeEntry) => `${delaySeconds} ${entryKey(entry)}`;
  const known = new Set(
    other.flatMap(({ delaySeconds, entries }) => entries.map((entry) => keyOf(delaySeconds, entry))),
  );
  return schedule.map(({ delaySeconds, entries }) => ({
    delaySeconds,
    entries: entries.filter((entry) => !known.has(keyOf(delaySeconds, entry))),
  }));
}
