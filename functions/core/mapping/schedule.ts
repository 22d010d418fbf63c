import { entryKey } from '../model/entry-key.ts';
import type { PurgeEntry } from '../model/types.ts';
import type { ScheduledEntries } from './rule.ts';
import { EntrySet } from './urls/entry-set.ts';

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

/**
 * Schedules entries of which the rules delay some, and others were not mapped by a rule just now.
 * @param known when the rules have entries purged; those that are not among `entries` are left out
 * @returns the entries by when they are to be purged; what no rule delays is purged at once
 */
export function scheduleEntries(
  entries: readonly PurgeEntry[],
  known: readonly ScheduledEntries[],
): readonly ScheduledEntries[] {
  const delays = new Map<string, Set<number>>();
  for (const { delaySeconds, entries } of known) {
    for (const entry of entries) {
      const key = entryKey(entry);
      delays.set(key, (delays.get(key) ?? new Set()).add(delaySeconds));
    }
  }
  const schedule = new Schedule();
  for (const entry of entries) {
    for (const delaySeconds of delays.get(entryKey(entry)) ?? [0]) schedule.add(delaySeconds, entry);
  }
  return schedule.list();
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
