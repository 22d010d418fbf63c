import { entryKeyWithoutAction } from '../model/entry-key.ts';
import type { ChangeAction, PurgeAction, PurgeEntry } from '../model/types.ts';

/**
 * A URL that an entry is or was known under: what purges it once the entry is gone from there, and the action that
 * purges it while the entry is still there.
 */
export interface KnownEntry {
  readonly entry: PurgeEntry;
  readonly action: PurgeAction;
}

/** What is remembered of one locale of a CMS entry. */
export interface LocaleRecord {
  /** When the newest event that this slot has seen happened, in milliseconds since the epoch. */
  readonly atMs: number;
  /** What the entry maps to since that event; nothing once it was unpublished. */
  readonly live: readonly KnownEntry[];
  /** What it no longer maps to, and of which nobody has said yet that it is in the buffer. */
  readonly stale: readonly KnownEntry[];
}

/** What is remembered of a CMS entry, by locale; what has none is under the empty text. */
export type Memory = Readonly<Record<string, LocaleRecord>>;

/** What one change says of an entry. */
export interface Observation {
  /** Undefined for an entry without locales, and for a delete of all locales. */
  readonly locale: string | undefined;
  readonly action: ChangeAction;
  readonly atMs: number;
  /** What the rules make of the change. */
  readonly entries: readonly PurgeEntry[];
  /** What they would make of it if the entry were deleted as it is now. */
  readonly onDelete: readonly PurgeEntry[];
  /** What they make of its former fields, where the source tells them, as deleted. */
  readonly former: readonly PurgeEntry[];
  /** Whether the change lacked fields that a rule needs, so that it does not tell all that the entry maps to. */
  readonly isPartial: boolean;
  /** See {@link import('../model/types.ts').EntryChange.ifRemembered}. */
  readonly onlyIfRemembered: boolean;
}

/** What has to be done about a sighting. */
export interface RecallResult {
  /** What to purge: what the change maps to, and what the entry was known under before. */
  readonly entries: readonly PurgeEntry[];
  /** What to remember before that; the memory itself, identically, where nothing is to be written. */
  readonly memory: Memory;
}

/** A memory of nothing. */
export const emptyMemory: Memory = {};

const emptyRecord: LocaleRecord = { atMs: Number.NEGATIVE_INFINITY, live: [], stale: [] };

/**
 * Recalls what an entry was known under, and takes in what the changes of one delivery say of it.
 *
 * Every URL that was ever live stays in the memory until it was purged after the change that took it away: it moves
 * from `live` to `stale` in the write that goes before the purge, and out of `stale` by {@link clearStale} after it. So
 * a crash in between, a delivery that comes twice and two that race lose nothing; they may purge a URL again.
 * A change that is older than what the memory has seen does not bring back what a newer one replaced, yet what it
 * maps to is purged: it may have been cached in the meantime.
 * @param isComplete whether locales that the sightings do not name are gone
 */
export function recordObservations(
  memory: Memory,
  sightings: readonly Observation[],
  isComplete = false,
): RecallResult {
  let now: Memory = memory;
  const entries: PurgeEntry[] = [];
  for (const sighting of sightings) {
    const { locale, action } = sighting;
    if (sighting.onlyIfRemembered && !isKnown(now, locale)) continue;
    entries.push(...sighting.entries);
    // A delete without a locale is one of every locale.
    const locales =
      action === 'delete' && locale === undefined ? [...new Set(['', ...Object.keys(now)])] : [locale ?? ''];
    for (const each of locales) now = { ...now, [each]: observe(now[each] ?? emptyRecord, sighting) };
  }
  if (isComplete) now = withoutOthers(now, sightings);
  now = withoutEmpty(now, memory);
  for (const [locale, slot] of Object.entries(now)) {
    entries.push(...slot.stale.map(({ entry }) => entry));
    const partial = sightings.some((sighting) => sighting.isPartial && (sighting.locale ?? '') === locale);
    if (partial) entries.push(...slot.live.map(({ entry, action }) => ({ ...entry, action })));
  }
  // A delivery that comes again says nothing new.
  const isSame = JSON.stringify(now) === JSON.stringify(memory);
  return { entries: withoutRepeats(entries), memory: isSame ? memory : now };
}

/** Forgets what is in the buffer now, and was not live in the memory that the purge was made of. */
export function clearStale(memory: Memory): Memory {
  if (Object.values(memory).every(({ stale }) => stale.length === 0)) return memory;
  return Object.fromEntries(Object.entries(memory).map(([locale, slot]) => [locale, { ...slot, stale: [] }]));
}

/** Whether anything in the memory is or was public. */
function isKnown(memory: Memory, locale: string | undefined): boolean {
  const slots = locale === undefined ? Object.values(memory) : [memory[locale] ?? emptyRecord];
  return slots.some(({ live, stale }) => live.length > 0 || stale.length > 0);
}

function observe(slot: LocaleRecord, sighting: Observation): LocaleRecord {
  const { action, atMs, isPartial } = sighting;
  const mapped = knownBy(sighting);
  const former = sighting.former.map((entry) => ({ entry, action: entry.action }));
  const isNews = atMs >= slot.atMs;
  if (!isNews) {
    return { ...slot, stale: union(slot.stale, without(union(mapped, former), slot.live)) };
  }
  const live = action === 'delete' ? [] : isPartial ? union(slot.live, mapped) : mapped;
  return { atMs, live, stale: without(union(union(slot.stale, slot.live), former), live) };
}

/** What a sighting maps to, with both actions: a put's own, and that for when it is gone. */
function knownBy({ action, entries, onDelete }: Observation): readonly KnownEntry[] {
  const actions = new Map(entries.map((entry) => [entryKeyWithoutAction(entry), entry.action]));
  return onDelete.map((entry) => ({
    entry,
    action: action === 'put' ? (actions.get(entryKeyWithoutAction(entry)) ?? 'invalidate') : entry.action,
  }));
}

function withoutOthers(memory: Memory, sightings: readonly Observation[]): Memory {
  const atMs = Math.min(...sightings.map((sighting) => sighting.atMs));
  const named = new Set(sightings.map(({ locale }) => locale ?? ''));
  const slots = Object.entries(memory).map(([locale, slot]) => {
    if (named.has(locale) || slot.atMs > atMs || slot.live.length === 0) return [locale, slot] as const;
    return [locale, { atMs, live: [], stale: union(slot.stale, slot.live) }] as const;
  });
  return Object.fromEntries(slots);
}

/** A delete of what was never seen leaves nothing behind in a locale of its own where others are known. */
function withoutEmpty(memory: Memory, before: Memory): Memory {
  const isNewAndEmpty = ([locale, { live, stale }]: [string, LocaleRecord]) =>
    before[locale] === undefined && live.length === 0 && stale.length === 0 && Object.keys(before).length > 0;
  return Object.fromEntries(Object.entries(memory).filter((slot) => !isNewAndEmpty(slot)));
}

/** Of the same URL, the first has the right action: a change's own entries come before what is remembered. */
function withoutRepeats(entries: readonly PurgeEntry[]): readonly PurgeEntry[] {
  const byKey = new Map<string, PurgeEntry>();
  for (const entry of entries)
    if (!byKey.has(entryKeyWithoutAction(entry))) byKey.set(entryKeyWithoutAction(entry), entry);
  return [...byKey.values()];
}

function union(left: readonly KnownEntry[], right: readonly KnownEntry[]): readonly KnownEntry[] {
  return [...left, ...without(right, left)];
}

function without(left: readonly KnownEntry[], right: readonly KnownEntry[]): readonly KnownEntry[] {
  if (left.length === 0 || right.length === 0) return left;
  const keys = new Set(right.map(({ entry }) => entryKeyWithoutAction(entry)));
  return left.filter(({ entry }) => !keys.has(entryKeyWithoutAction(entry)));
}
