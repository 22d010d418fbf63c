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
  /** When the newest event that was recorded happened, in milliseconds since the epoch. */
  readonly atMs: number;
  /** What the entry maps to since that event; nothing once it was unpublished. */
  readonly live: readonly KnownEntry[];
  /** What it no longer maps to, and what is not known yet to be in the purge queue. */
  readonly stale: readonly KnownEntry[];
}

/** What is remembered of a CMS entry, by locale; an entry without locales is under the empty string. */
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
  /** See {@link import('../model/types.ts').EntryChange.onlyIfRemembered}. */
  readonly onlyIfRemembered: boolean;
}

/** What observations of an entry lead to. */
export interface RecallResult {
  /** What to purge: what the changes map to, and what the entry was known under before. */
  readonly entries: readonly PurgeEntry[];
  /** What to write before that; the memory itself, identically, where nothing is to be written. */
  readonly memory: Memory;
}

/** A memory of nothing. */
export const emptyMemory: Memory = {};

const emptyRecord: LocaleRecord = { atMs: Number.NEGATIVE_INFINITY, live: [], stale: [] };

/**
 * Recalls what an entry was known under, and records what the changes of one delivery say of it.
 *
 * Every URL that was ever live stays in the memory until it was purged after the change that took it away: it moves
 * from `live` to `stale` in the write that goes before the purge, and out of `stale` by {@link clearStale} after it. So
 * a crash in between, a delivery that comes twice and two that race lose nothing; they may purge a URL again.
 * A change that is older than what was recorded does not bring back what a newer one replaced, yet what it maps to is
 * purged: it may have been cached in the meantime.
 * @param isComplete whether locales that the observations do not name are gone
 */
export function recordObservations(
  memory: Memory,
  observations: readonly Observation[],
  isComplete = false,
): RecallResult {
  let now: Memory = memory;
  const entries: PurgeEntry[] = [];
  for (const observation of observations) {
    if (observation.onlyIfRemembered && !isKnown(now, observation.locale)) continue;
    entries.push(...observation.entries);
    now = withObservation(now, observation);
  }
  if (isComplete) now = withOthersStale(now, observations);
  now = withoutNewEmptyRecords(now, memory);
  entries.push(...recalledEntries(now, observations));
  // A delivery that comes again says nothing new.
  const isSame = JSON.stringify(now) === JSON.stringify(memory);
  return { entries: withoutRepeats(entries), memory: isSame ? memory : now };
}

/** @returns the memory once its stale entries are in the purge queue */
export function clearStale(memory: Memory): Memory {
  if (Object.values(memory).every(({ stale }) => stale.length === 0)) return memory;
  return Object.fromEntries(
    Object.entries(memory).map(([locale, record]) => [locale, { ...record, stale: [] }]),
  );
}

/** Locales come from outside: one may be named as a member of every object. */
function recordOf(memory: Memory, locale: string): LocaleRecord {
  return (Object.hasOwn(memory, locale) ? memory[locale] : undefined) ?? emptyRecord;
}

/** Whether anything in the memory is or was public. */
function isKnown(memory: Memory, locale: string | undefined): boolean {
  const records = locale === undefined ? Object.values(memory) : [recordOf(memory, locale)];
  return records.some(({ live, stale }) => live.length > 0 || stale.length > 0);
}

function withObservation(memory: Memory, observation: Observation): Memory {
  const { locale = '', action } = observation;
  const isOfAll = action === 'delete' && observation.locale === undefined;
  const locales = isOfAll ? new Set(['', ...Object.keys(memory)]) : [locale];
  const changed = [...locales].map((each) => [each, observe(recordOf(memory, each), observation)] as const);
  return { ...memory, ...Object.fromEntries(changed) };
}

function observe(record: LocaleRecord, observation: Observation): LocaleRecord {
  const { action, atMs, isPartial } = observation;
  const mapped = knownEntriesOf(observation);
  const former = observation.former.map((entry) => ({ entry, action: entry.action }));
  if (atMs < record.atMs) {
    return { ...record, stale: union(record.stale, without(union(mapped, former), record.live)) };
  }
  const live = action === 'delete' ? [] : isPartial ? union(record.live, mapped) : mapped;
  return { atMs, live, stale: without(union(union(record.stale, record.live), former), live) };
}

/** What an observed entry maps to, with both actions: a put's own, and that for when it is gone. */
function knownEntriesOf({ action, entries, onDelete }: Observation): readonly KnownEntry[] {
  const actions = new Map(entries.map((entry) => [entryKeyWithoutAction(entry), entry.action]));
  return onDelete.map((entry) => ({
    entry,
    action: action === 'put' ? (actions.get(entryKeyWithoutAction(entry)) ?? 'invalidate') : entry.action,
  }));
}

/** What is live in locales that are not observed, nor newer than the observations, becomes stale. */
function withOthersStale(memory: Memory, observations: readonly Observation[]): Memory {
  const atMs = Math.min(...observations.map((observation) => observation.atMs));
  const observed = new Set(observations.map(({ locale = '' }) => locale));
  const records = Object.entries(memory).map(([locale, record]) => {
    if (observed.has(locale) || record.atMs > atMs || record.live.length === 0) {
      return [locale, record] as const;
    }
    return [locale, { atMs, live: [], stale: union(record.stale, record.live) }] as const;
  });
  return Object.fromEntries(records);
}

/** A delete of what was never seen leaves no record of its locale where other locales are known. */
function withoutNewEmptyRecords(memory: Memory, before: Memory): Memory {
  if (Object.keys(before).length === 0) return memory;
  const isWorthKeeping = ([locale, { live, stale }]: [string, LocaleRecord]) =>
    Object.hasOwn(before, locale) || live.length > 0 || stale.length > 0;
  return Object.fromEntries(Object.entries(memory).filter(isWorthKeeping));
}

/** What is stale, and of a locale whose change was partial also what stays live: it may show what changed. */
function recalledEntries(memory: Memory, observations: readonly Observation[]): readonly PurgeEntry[] {
  const partial = new Set(observations.flatMap(({ isPartial, locale = '' }) => (isPartial ? [locale] : [])));
  return Object.entries(memory).flatMap(([locale, { live, stale }]) => [
    ...stale.map(({ entry }) => entry),
    ...(partial.has(locale) ? live.map(({ entry, action }) => ({ ...entry, action })) : []),
  ]);
}

/** Of the same URL, the first has the right action: a change's own entries come before what is remembered. */
function withoutRepeats(entries: readonly PurgeEntry[]): readonly PurgeEntry[] {
  const byKey = new Map<string, PurgeEntry>();
  for (const entry of entries) {
    const key = entryKeyWithoutAction(entry);
    if (!byKey.has(key)) byKey.set(key, entry);
  }
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
