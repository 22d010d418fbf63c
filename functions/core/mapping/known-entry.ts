import { entryKeyWithoutAction } from '../model/entry-key.ts';
import { groupBy } from '../model/group-by.ts';
import type { PurgeAction, PurgeEntry } from '../model/types.ts';
import { mergeTimings, type TimedEntry, type Timing } from './schedule.ts';

/** When a change may have happened, as far as its source tells: from the first to the last of these milliseconds. */
export interface EventTime {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Its source does not tell when, so that it is never older than what was recorded, whatever the clock here says. */
  readonly isUnordered?: true;
}

/**
 * A URL that an entry is or was known under: what purges it once the entry is gone from there, and how it is purged
 * while the entry is still there. Kept as JSON: items of earlier versions have the first two alone.
 */
export interface KnownEntry {
  readonly entry: PurgeEntry;
  readonly action: PurgeAction;
  /**
   * How the rules have it purged once the entry is gone.
   * @default - at once, in no lane that they name
   */
  readonly timing?: Timing;
  /**
   * How they have it purged while the entry is there.
   * @default - as once it is gone
   */
  readonly putTiming?: Timing;
  /**
   * The latest time that the newest change which mapped to it may have happened, in milliseconds.
   * @default - that of the newest change of the locale
   */
  readonly untilMs?: number;
}

/** What is remembered of one locale of a CMS entry. */
export interface LocaleRecord {
  /** Not before this, in milliseconds, the newest change that was recorded happened. */
  readonly atMs: number;
  /**
   * Not before this, the newest one happened that told all that the entry maps to.
   * @default - that of the newest one
   */
  readonly wholeAtMs?: number;
  /** What the entry maps to since that change, or may map to; nothing once it was certainly unpublished. */
  readonly live: readonly KnownEntry[];
  /** What it no longer maps to, and what is not known yet to be in the purge queue. */
  readonly stale: readonly KnownEntry[];
}

const atOnce: Timing = { delaysSeconds: [0] };

/** What a change maps to. */
interface Mapped extends EventTime {
  readonly entries: readonly TimedEntry[];
  readonly onDelete: readonly TimedEntry[];
}

/** @returns what a change maps to, as it is purged while the entry is there, and once it is gone */
export function knownEntriesOf({ entries, onDelete, untilMs }: Mapped): readonly KnownEntry[] {
  const puts = groupBy(entries, ({ entry }) => entryKeyWithoutAction(entry));
  return onDelete.map((gone) => {
    const known = knownEntry(gone);
    const put = puts.get(entryKeyWithoutAction(gone.entry));
    if (put === undefined) return { ...known, action: 'invalidate', untilMs };
    // Where rules differ in what they do to a URL, deleting it does both.
    const action = put.some(({ entry }) => entry.action === 'delete') ? 'delete' : 'invalidate';
    const putTiming = put.map(timingOf).reduce(mergeTimings);
    const isSame = isSameTiming(putTiming, timingOf(gone));
    return { ...known, action, ...(!isSame && { putTiming }), untilMs };
  });
}

/** @returns what is known of an entry that is gone */
export function knownEntry(gone: TimedEntry): KnownEntry {
  const timing = timingOf(gone);
  return {
    entry: gone.entry,
    action: gone.entry.action,
    ...(!isSameTiming(timing, atOnce) && { timing }),
  };
}

function timingOf({ delaysSeconds, lane }: TimedEntry): Timing {
  return { delaysSeconds, ...(lane !== undefined && { lane }) };
}

function isSameTiming(left: Timing, right: Timing): boolean {
  return left.lane === right.lane && left.delaysSeconds.join() === right.delaysSeconds.join();
}

/** @returns what purges a known entry once it is gone */
export function purgeAsDeleted({ entry, timing = atOnce }: KnownEntry): TimedEntry {
  return { entry, ...timing };
}

/** @returns what purges a known entry while it is there */
export function purgeAsPut({ entry, action, timing = atOnce, putTiming = timing }: KnownEntry): TimedEntry {
  return { entry: { ...entry, action }, ...putTiming };
}

/** @returns the left entries, and those of the right ones that are not among them */
export function union(left: readonly KnownEntry[], right: readonly KnownEntry[]): readonly KnownEntry[] {
  return [...left, ...without(right, left)];
}

/** @returns the left entries that are not among the right ones */
export function without(left: readonly KnownEntry[], right: readonly KnownEntry[]): readonly KnownEntry[] {
  if (left.length === 0 || right.length === 0) return left;
  const keys = new Set(right.map(({ entry }) => entryKeyWithoutAction(entry)));
  return left.filter(({ entry }) => !keys.has(entryKeyWithoutAction(entry)));
}

/** @returns the entries that a change maps to, each with the latest time at which a change has mapped to it */
export function latestOf(mapped: readonly KnownEntry[], kept: readonly KnownEntry[]): readonly KnownEntry[] {
  const known = new Map(kept.map(({ entry, untilMs = 0 }) => [entryKeyWithoutAction(entry), untilMs]));
  return mapped.map((each) => {
    const untilMs = Math.max(each.untilMs ?? 0, known.get(entryKeyWithoutAction(each.entry)) ?? 0);
    return { ...each, untilMs };
  });
}
