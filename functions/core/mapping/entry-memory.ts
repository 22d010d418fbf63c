import { entryKeyWithoutAction } from '../model/entry-key.ts';
import { entryText } from '../model/entry-text.ts';
import { withoutVersion } from '../model/shows.ts';
import type { ChangeAction, PurgeEntry } from '../model/types.ts';
import {
  type EventTime,
  knownEntriesOf,
  knownEntry,
  type LocaleRecord,
  latestOf,
  purgeAsDeleted,
  purgeAsPut,
  union,
  without,
} from './known-entry.ts';
import type { TimedEntry } from './schedule.ts';

/** What is remembered of a CMS entry, by locale; an entry without locales is under the empty string. */
export type Memory = Readonly<Record<string, LocaleRecord>>;

/** What one change says of an entry. */
export interface Observation extends EventTime {
  /** Undefined for an entry without locales, and for a delete of all locales. */
  readonly locale: string | undefined;
  readonly action: ChangeAction;
  /** What the rules make of the change. */
  readonly entries: readonly TimedEntry[];
  /** What they would make of it if the entry were deleted as it is now. */
  readonly onDelete: readonly TimedEntry[];
  /** What they make of its former fields, where the source tells them, as deleted. */
  readonly former: readonly TimedEntry[];
  /** Whether the change lacked fields that a rule needs, so that it does not tell all that the entry maps to. */
  readonly isPartial: boolean;
  /** See {@link import('../model/types.ts').EntryChange.onlyIfRemembered}. */
  readonly onlyIfRemembered: boolean;
  /** See {@link import('../model/types.ts').EntryChange.affectsAllLocales}. */
  readonly affectsAllLocales: boolean;
}

/** What observations of an entry lead to. */
export interface RecallResult {
  /** What to purge: what the changes map to, and what the entry was known under before. */
  readonly entries: readonly TimedEntry[];
  /** What to write before that; the memory itself, identically, where nothing is to be written. */
  readonly memory: Memory;
}

/** A memory of nothing. */
export const emptyMemory: Memory = {};

/** A {@link Memory} that changes. Locales come from outside: one may be named as a member of every object. */
type Records = ReadonlyMap<string, LocaleRecord>;

const emptyRecord: LocaleRecord = { atMs: Number.NEGATIVE_INFINITY, live: [], stale: [] };

/**
 * Recalls what an entry was known under, and records what the changes of one delivery say of it.
 *
 * Every URL that was ever live stays in the memory until it was purged after the change that took it away: it moves
 * from `live` to `stale` in the write that goes before the purge, and out of `stale` by {@link clearStale} after it. So
 * a crash in between, a delivery that comes twice and two that race lose nothing; they may purge a URL again.
 * A change replaces only what is live since changes that are certainly older. Where the order is not known, since two
 * changes have the same time or a delivery has none, what both map to stays live, and is purged with either.
 * A change that is certainly older than one that was recorded brings nothing back, yet what it maps to is purged: it
 * may have been cached in the meantime.
 * @param isComplete whether locales that the observations do not name are gone
 */
export function recordObservations(
  memory: Memory,
  observations: readonly Observation[],
  isComplete = false,
): RecallResult {
  const all = isComplete ? [...observations, ...goneLocales(memory, observations)] : observations;
  const records = new Map(Object.entries(memory));
  const counted: Observation[] = [];
  for (const observation of all) {
    const { onlyIfRemembered, affectsAllLocales, locale: own } = observation;
    if (onlyIfRemembered && !isKnown(records, affectsAllLocales ? undefined : own)) continue;
    counted.push(observation);
    for (const locale of localesOf(observation, records)) {
      records.set(locale, observe(records.get(locale) ?? emptyRecord, observation));
    }
  }
  const now = withoutNewEmptyRecords(Object.fromEntries(records), memory);
  const entries = inOrder(
    counted.flatMap((observation) => ownEntries(records, observation)),
    staleEntries(now),
    counted.flatMap((observation) => liveEntriesToPurge(records, observation)),
    counted.some(({ affectsAllLocales }) => affectsAllLocales)
      ? [...records.values()].flatMap(({ live }) => live.map(purgeAsPut))
      : [],
    counted.flatMap((observation) => liveWithoutLocale(records, observation)),
  );
  // A delivery that comes again says nothing new.
  const isSame = JSON.stringify(now) === JSON.stringify(memory);
  return { entries, memory: isSame ? memory : now };
}

/** What is stale is purged as gone, unless other rules than before have the same URL purged: there the page still is. */
function staleEntries(memory: Memory): readonly TimedEntry[] {
  const records = Object.values(memory);
  const live = new Set(records.flatMap((record) => record.live.map(({ entry }) => entryText(entry))));
  const isThere = (entry: PurgeEntry) =>
    (entry.kind !== 'file' || entry.headers === undefined) && live.has(entryText(entry));
  return records.flatMap(({ stale }) =>
    stale.map((each) => (isThere(each.entry) ? purgeAsPut(each) : purgeAsDeleted(each))),
  );
}

/** @returns the memory once its stale entries are in the purge queue */
export function clearStale(memory: Memory): Memory {
  if (Object.values(memory).every(({ stale }) => stale.length === 0)) return memory;
  return Object.fromEntries(
    Object.entries(memory).map(([locale, record]) => [locale, { ...record, stale: [] }]),
  );
}

/** That the locales are gone which observations of a whole entry do not name. */
function goneLocales(memory: Memory, observations: readonly Observation[]): readonly Observation[] {
  const observed = new Set(observations.map(({ locale = '' }) => locale));
  const gone = {
    action: 'delete',
    fromMs: Math.min(...observations.map(({ fromMs }) => fromMs)),
    untilMs: Math.min(...observations.map(({ untilMs }) => untilMs)),
    ...(observations.some(({ isUnordered }) => isUnordered) && { isUnordered: true as const }),
    entries: [],
    onDelete: [],
    former: [],
    isPartial: false,
    onlyIfRemembered: false,
    affectsAllLocales: false,
  } as const;
  return Object.entries(memory).flatMap(([locale, { live }]) =>
    observed.has(locale) || live.length === 0 ? [] : [{ ...gone, locale }],
  );
}

/** Whether anything in the memory is or was public. */
function isKnown(records: Records, locale: string | undefined): boolean {
  const own = locale === undefined ? [...records.values()] : [records.get(locale) ?? emptyRecord];
  return own.some(({ live, stale }) => live.length > 0 || stale.length > 0);
}

/** The locales that an observation is about: a delete without one is about all. */
function localesOf({ action, locale }: Observation, records: Records): readonly string[] {
  if (action === 'put' || locale !== undefined) return [locale ?? ''];
  return [...new Set(['', ...records.keys()])];
}

function observe(record: LocaleRecord, observation: Observation): LocaleRecord {
  const { action, isPartial, fromMs } = observation;
  const mapped = knownEntriesOf(observation);
  const former = observation.former.map(knownEntry);
  const { wholeAtMs = record.atMs } = record;
  if (isSuperseded(observation, { ...record, atMs: wholeAtMs })) {
    return { ...record, stale: union(record.stale, without(union(mapped, former), record.live)) };
  }
  const known = record.live.map((each) => ({ ...each, untilMs: each.untilMs ?? record.atMs }));
  const kept = isPartial ? known : known.filter(({ untilMs }) => untilMs >= fromMs);
  const live = action === 'delete' ? kept : union(latestOf(mapped, kept), kept);
  const stale = without(union(union(record.stale, record.live), former), live);
  const atMs = Math.max(record.atMs, fromMs);
  // What is older than a partial change alone is not told by it.
  const newWholeAtMs = Math.max(wholeAtMs, isPartial ? 0 : fromMs);
  return { atMs, ...(newWholeAtMs < atMs && { wholeAtMs: newWholeAtMs }), live, stale };
}

/** Whether a change is certainly older than one that was recorded. */
function isSuperseded({ untilMs, isUnordered }: Observation, { atMs }: LocaleRecord): boolean {
  return !isUnordered && untilMs < atMs;
}

/** What a change itself maps to; what it shows is not known where a newer change was recorded. */
function ownEntries(records: Records, observation: Observation): readonly TimedEntry[] {
  const { entries, locale = '' } = observation;
  if (!isSuperseded(observation, records.get(locale) ?? emptyRecord)) return entries;
  return entries.map((timed) => ({ ...timed, entry: withoutVersion(timed.entry) }));
}

/** A delete of what was never seen leaves no record of its locale where other locales are known. */
function withoutNewEmptyRecords(memory: Memory, before: Memory): Memory {
  if (Object.keys(before).length === 0) return memory;
  const isWorthKeeping = ([locale, { live, stale }]: [string, LocaleRecord]) =>
    Object.hasOwn(before, locale) || live.length > 0 || stale.length > 0;
  return Object.fromEntries(Object.entries(memory).filter(isWorthKeeping));
}

/**
 * What stays live in the memory and is purged all the same: what a change may have taken away, and of a partial one
 * everything, since it may show what changed.
 */
function liveEntriesToPurge(records: Records, observation: Observation): readonly TimedEntry[] {
  const { isPartial, onDelete } = observation;
  const mapped = new Set(onDelete.map(({ entry }) => entryKeyWithoutAction(entry)));
  return localesOf(observation, records).flatMap((locale) => {
    const record = records.get(locale) ?? emptyRecord;
    if (isPartial) return record.live.map(purgeAsPut);
    if (isSuperseded(observation, record)) return [];
    return record.live.filter(({ entry }) => !mapped.has(entryKeyWithoutAction(entry))).map(purgeAsDeleted);
  });
}

/**
 * What an entry was known under before it had locales, or since it is told without one. A put may be of the same page,
 * under another address.
 */
function liveWithoutLocale(records: Records, { action, locale }: Observation): readonly TimedEntry[] {
  if (action === 'delete') return [];
  if (locale !== undefined) return (records.get('')?.live ?? []).map(purgeAsPut);
  const others = [...records].filter(([known]) => known !== '');
  return others.flatMap(([, { live }]) => live.map(purgeAsPut));
}

/** Of the same URL, the first list has the right action: a change's own entries come before what is remembered. */
function inOrder(...lists: readonly (readonly TimedEntry[])[]): readonly TimedEntry[] {
  const known = new Set<string>();
  return lists.flatMap((list) => {
    const keyed = list.map((timed) => ({ timed, key: entryKeyWithoutAction(timed.entry) }));
    const unknown = keyed.filter(({ key }) => !known.has(key));
    for (const { key } of unknown) known.add(key);
    return unknown.map(({ timed }) => timed);
  });
}
