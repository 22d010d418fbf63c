import type { Parked } from '../../../functions/aws/tables/parked-table.ts';
import { repeatableIn } from '../../../functions/core/following/repeats.ts';
import type { TokenUnit } from '../../../functions/core/limits/limits.ts';
import { noTokens, plus, type Tokens } from '../../../functions/core/limits/tokens/quota.ts';
import { entryKey } from '../../../functions/core/model/entry-key.ts';
import { entryText } from '../../../functions/core/model/entry-text.ts';
import { groupBy } from '../../../functions/core/model/group-by.ts';
import type { FileEntry, PurgeEntry } from '../../../functions/core/model/types.ts';
import { type CacheKey, cacheKeyWith } from '../../../functions/core/planning/cache-key.ts';
import { dropCovered } from '../../../functions/core/planning/cover.ts';
import { changeMs, type SettledPurge } from './why/steps.ts';
import { matchUrl } from './why/url-match.ts';

/** What would have been spent. */
export interface Spent {
  /** Of the day's quota; second purges and repairs are not among them. */
  readonly tokens: Tokens;
  readonly requests: number;
}

/** What a purger that observes would have purged. Times are ISO 8601. */
export interface ObservedReport extends Spent {
  readonly since: string;
  readonly until: string;
  /** What second purges would have taken in addition, at most: they are made only while enough of the day's files are left. */
  readonly secondPurges: Tokens;
  /** By day in UTC, as `2026-11-26`. */
  readonly days: readonly (Spent & { readonly day: string })[];
  /** How many URLs would have been purged, as often as they would have been. */
  readonly urls: number;
  readonly waited: {
    /** How many of the URLs would have been purged {@link longWaitMs} or more after their change. */
    readonly urls: number;
    readonly longestSeconds: number;
    /** How many wait for tokens now. */
    readonly now: number;
  };
  /** Of the URLs that something else purges, those that would not have been purged. */
  readonly list?: {
    readonly urls: number;
    readonly uncovered: readonly string[];
    /** Those of them that no rule purges, whatever changes; missing where the rules are not known. */
    readonly noRule?: readonly string[];
  };
}

/** What a report is made from. */
export interface ObservedFacts {
  readonly purges: readonly SettledPurge[];
  readonly parked: readonly Pick<Parked, 'entry'>[];
  /** What something else purges. */
  readonly list?: readonly PurgeEntry[];
  readonly tokenUnit: TokenUnit;
  readonly cacheKey: CacheKey | undefined;
  /** Whether some change purges a page, by the rules; missing where they are not known. */
  readonly isPurgeable?: (url: string) => boolean;
}

/** What comes so much later has waited, in milliseconds: rules that delay a purge are among it. */
export const longWaitMs = 5 * 60_000;

/** @returns what would have been purged in a time, and what not */
export function observedReport(
  { purges, parked, list, tokenUnit, cacheKey = {}, isPurgeable }: ObservedFacts,
  sinceMs: number,
  nowMs: number,
): ObservedReport {
  const observed = purges.filter(({ state }) => state.kind === 'observed');
  const byDay = groupBy(observed.toReversed(), ({ acceptedMs }) => iso(acceptedMs).slice(0, 10));
  const waits = observed.flatMap(waitsOf);
  const waited = waits.filter((ms) => ms >= longWaitMs);
  return {
    since: iso(sinceMs),
    until: iso(nowMs),
    ...spentBy(observed, tokenUnit),
    secondPurges: secondPurgesOf(observed, tokenUnit),
    days: [...byDay].map(([day, own]) => ({ day, ...spentBy(own, tokenUnit) })),
    urls: observed.flatMap(entriesOf).length,
    waited: {
      urls: waited.length,
      longestSeconds: Math.round(waits.reduce((longest, ms) => Math.max(longest, ms), 0) / 1000),
      now: parked.length,
    },
    ...(list !== undefined && {
      list: {
        urls: list.length,
        ...uncoveredBy(
          uncoveredOf(list, [...observed.flatMap(entriesOf), ...parked.map(({ entry }) => entry)], cacheKey),
          isPurgeable,
        ),
      },
    }),
  };
}

/** Rules are asked about pages and files alone: a directory or pattern of a list is not taken for one of theirs, nor for none. */
function uncoveredBy(
  uncovered: readonly PurgeEntry[],
  isPurgeable: ObservedFacts['isPurgeable'],
): Pick<NonNullable<ObservedReport['list']>, 'uncovered' | 'noRule'> {
  const noRule = isPurgeable && uncovered.filter((entry) => entry.kind === 'file' && !isPurgeable(entry.url));
  return {
    uncovered: uncovered.map(entryText),
    ...(noRule !== undefined && { noRule: noRule.map(entryText) }),
  };
}

function secondPurgesOf(purges: readonly SettledPurge[], unit: TokenUnit): Tokens {
  return purges.reduce((sum, { messages }) => {
    const { length: files } = messages.flatMap(repeatableIn);
    return plus(sum, priceOfUrls({ files, dirs: 0 }, unit));
  }, noTokens);
}

function spentBy(purges: readonly SettledPurge[], unit: TokenUnit): Spent {
  const tokens = purges.reduce((sum, { urls }) => plus(sum, priceOfUrls(urls, unit)), noTokens);
  return { tokens, requests: purges.length };
}

function priceOfUrls({ files, dirs }: Tokens, unit: TokenUnit): Tokens {
  return unit === 'url' ? { files, dirs } : { files: Math.min(files, 1), dirs: Math.min(dirs, 1) };
}

function entriesOf({ messages }: SettledPurge): readonly PurgeEntry[] {
  return messages.flatMap(({ entries }) => entries);
}

/** How long after its change each URL would have been purged, in milliseconds. */
function waitsOf({ messages, acceptedMs }: SettledPurge): readonly number[] {
  return messages.flatMap(({ change, entries }) => {
    const changedMs = changeMs(change);
    return changedMs === undefined ? [] : entries.map(() => Math.max(0, acceptedMs - changedMs));
  });
}

/** @returns those of the list that none of the purged entries purges for certain */
function uncoveredOf(
  list: readonly PurgeEntry[],
  purged: readonly PurgeEntry[],
  cacheKey: CacheKey,
): readonly PurgeEntry[] {
  const keyOf = cacheKeyWith(cacheKey);
  const fileOf = ({ target, url }: FileEntry) => `${target} ${keyOf(url)}`;
  const files = new Set(purged.flatMap((entry) => (entry.kind === 'file' ? fileOf(entry) : [])));
  const wide = new Map(
    purged.flatMap((entry) => (entry.kind === 'file' ? [] : [[entryKey(entry), entry] as const])),
  );
  const isPurged = (listed: PurgeEntry): boolean => {
    if (listed.kind !== 'file') return [...wide.values()].some((entry) => isWithin(listed, entry, cacheKey));
    if (files.has(fileOf(listed))) return true;
    const match = matchUrl(listed.url, cacheKey, listed.target);
    return [...wide.values()].some((entry) => match.matches(entry));
  };
  return list.filter((listed) => !isPurged(listed));
}

/** @returns whether an entry purges all that a directory or pattern of the list does, as it would be sent */
function isWithin(listed: PurgeEntry, entry: PurgeEntry, cacheKey: CacheKey): boolean {
  if (listed.target !== entry.target) return false;
  if (listed.kind === entry.kind && entryText(listed) === entryText(entry)) return true;
  const { action, webhook } = entry;
  const alike = { ...listed, action, ...(webhook !== undefined && { webhook }) };
  return dropCovered(
    [entry, alike].map((each) => ({ entry: each, messages: [] })),
    cacheKey,
  ).every(({ entry: kept }) => kept === entry);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
