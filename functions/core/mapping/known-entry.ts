import { entryKeyWithoutAction } from '../model/entry-key.ts';
import { groupBy } from '../model/group-by.ts';
import type { PurgeAction, PurgeEntry } from '../model/types.ts';
import type { TimedEntry } from './schedule.ts';

/** When a change may have happened, as far as its source tells: from the first to the last of these milliseconds. */
export interface EventTime {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * A URL that an entry is or was known under: what purges it once the entry is gone from there, and how it is purged
 * while the entry is still there. Kept as JSON: items of earlier versions have the first two alone.
 */
export interface KnownEntry {
  readonly entry: PurgeEntry;
  readonly action: PurgeAction;
  /**
   * When the rules have it purged once the entry is gone, see {@link TimedEntry}.
   * @default - at once
   */
  readonly delaysSeconds?: readonly number[];
  /**
   * When they have it purged while the entry is there.
   * @default - as once it is gone
   */
  readonly putDelaysSeconds?: readonly number[];
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
  /** What the entry maps to since that change, or may map to; nothing once it was certainly unpublished. */
  readonly live: readonly KnownEntry[];
  /** What it no longer maps to, and what is not known yet to be in the purge queue. */
  readonly stale: readonly KnownEntry[];
}

const atOnce: readonly number[] = [0];

/** What a change maps to. */
interface Mapped extends EventTime {
  readonly entries: readonly TimedEntry[];
  readonly onDelete: readonly TimedEntry[];
}

/** @returns what a change maps to, as it is purged while the entry is there, and once it is gone */
export function knownEntriesOf({ entries, onDelete, untilMs }: Mapped): readonly KnownEntry[] {
  const puts = groupBy(entries, (timed) => entryKeyWithoutAction(timed.entry));
  return onDelete.map(({ entry, delaysSeconds }) => {
    const put = puts.get(entryKeyWithoutAction(entry)) ?? [
      { entry: { ...entry, action: 'invalidate' as const }, delaysSeconds },
    ];
    const putDelaysSeconds = [...new Set(put.flatMap((timed) => timed.delaysSeconds))];
    return {
      entry,
      // Where rules differ in what they do to a URL, deleting it does both.
      action: put.some((timed) => timed.entry.action === 'delete') ? 'delete' : 'invalidate',
      ...(isSame(delaysSeconds, atOnce) ? {} : { delaysSeconds }),
      ...(isSame(putDelaysSeconds, delaysSeconds) ? {} : { putDelaysSeconds }),
      untilMs,
    };
  });
}

function isSame(left: readonly number[], right: readonly number[]): boolean {
  return left.join() === right.join();
}

/** @returns what purges a known entry once it is gone */
export function purgeAsDeleted({ entry, delaysSeconds = atOnce }: KnownEntry): TimedEntry {
  return { entry, delaysSeconds };
}

/** @returns what purges a known entry while it is there */
export function purgeAsPut(known: KnownEntry): TimedEntry {
  const { entry, action, delaysSeconds = atOnce, putDelaysSeconds = delaysSeconds } = known;
  return { entry: { ...entry, action }, delaysSeconds: putDelaysSeconds };
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
