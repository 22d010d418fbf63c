import { entryKey } from '../model/entry-key.ts';
import { groupBy } from '../model/group-by.ts';
import { firstLane } from '../model/lanes.ts';
import { withNewestShows } from '../model/shows.ts';
import type { Lane, PurgeEntry } from '../model/types.ts';
import type { ScheduledEntries } from './rule.ts';

/** How the rules have an entry purged. */
export interface Timing {
  /** Each is one purge, so many seconds after the change. */
  readonly delaysSeconds: readonly number[];
  /** Missing where no rule names one. */
  readonly lane?: Lane;
}

/** An entry, and how its rules have it purged. */
export interface TimedEntry extends Timing {
  readonly entry: PurgeEntry;
}

/**
 * Collects entries and when they are to be purged: each once at each time that a rule gives it, in the lane that goes
 * first of those that rules name.
 */
export class Schedule {
  readonly #timed = new Map<string, TimedEntry>();

  add(timed: TimedEntry): void {
    const key = entryKey(timed.entry);
    const known = this.#timed.get(key);
    if (known === undefined) this.#timed.set(key, timed);
    else {
      const entry = withNewestShows(known.entry, timed.entry);
      this.#timed.set(key, { ...mergeTimings(known, timed), entry });
    }
  }

  /** @returns the soonest first */
  list(): readonly ScheduledEntries[] {
    const single = [...this.#timed.values()].flatMap(({ entry, delaysSeconds, lane }) =>
      delaysSeconds.map((delaySeconds) => ({ entry, delaySeconds, lane })),
    );
    return [...groupBy(single, ({ delaySeconds, lane = '' }) => `${delaySeconds} ${lane}`).values()]
      .map((group): ScheduledEntries => {
        const [{ delaySeconds, lane }] = group;
        const entries = group.map(({ entry }) => entry);
        return { delaySeconds, ...(lane !== undefined && { lane }), entries };
      })
      .sort((a, b) => a.delaySeconds - b.delaySeconds);
  }

  /** @returns each entry once */
  entries(): readonly TimedEntry[] {
    return [...this.#timed.values()];
  }
}

/** @returns all delays of both, and the lane that goes first of those that they name */
export function mergeTimings(left: Timing, right: Timing): Timing {
  const delaysSeconds = [...new Set([...left.delaysSeconds, ...right.delaysSeconds])].sort((a, b) => a - b);
  const lane = left.lane && right.lane ? firstLane(left.lane, right.lane) : (left.lane ?? right.lane);
  return { delaysSeconds, ...(lane !== undefined && { lane }) };
}

/** @returns the schedule of entries that no rule delays */
export function scheduledAtOnce(entries: readonly PurgeEntry[]): readonly ScheduledEntries[] {
  return entries.length === 0 ? [] : [{ delaySeconds: 0, entries }];
}

/** @returns the schedule of entries that each say how they are to be purged */
export function scheduleOf(timed: readonly TimedEntry[]): readonly ScheduledEntries[] {
  return collect(timed).list();
}

/** @returns each entry of a schedule once: the reverse of {@link scheduleOf} */
export function timedEntries(schedule: readonly ScheduledEntries[]): readonly TimedEntry[] {
  return collect(
    schedule.flatMap(({ delaySeconds, lane, entries }) =>
      entries.map((entry) => ({
        entry,
        delaysSeconds: [delaySeconds],
        ...(lane !== undefined && { lane }),
      })),
    ),
  ).entries();
}

function collect(timed: readonly TimedEntry[]): Schedule {
  const schedule = new Schedule();
  for (const each of timed) schedule.add(each);
  return schedule;
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
  return schedule.map((scheduled) => ({
    ...scheduled,
    entries: scheduled.entries.filter((entry) => !known.has(keyOf(scheduled.delaySeconds, entry))),
  }));
}
