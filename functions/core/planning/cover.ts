import { entryKeyWithoutAction } from '../model/entry-key.ts';
import { groupBy } from '../model/group-by.ts';
import type { DirEntry, FileEntry, PurgeEntry } from '../model/types.ts';
import { type CacheKey, cacheKeyWith } from './cache-key.ts';
import { flattened, type PlannedEntry } from './planned-request.ts';
import { directoryOf, fixedPart, isPlainName, nameOf, prefixesOfRegex, wildcardOf } from './wildcard.ts';

/**
 * Drops what another entry purges, too, and ties it to that entry: see {@link PlannedEntry.covered}.
 *
 * Follows the purge API's page to the letter and, where that leaves a doubt, covers nothing: `*` and the directory's own
 * page, names with an encoded slash, a query or header variations, wildcards with characters after `**`, and regexes
 * other than a literal string and `.*`.
 * A `delete` covers an `invalidate`, since what is gone cannot be stale; the reverse does not hold. Of entries that the
 * cache key does not tell apart, the first covers the others.
 * @param entries of one target and webhook, without duplicates
 */
export function dropCovered(
  entries: readonly PlannedEntry[],
  cacheKey: CacheKey = {},
): readonly PlannedEntry[] {
  const keyOf = cacheKeyWith(cacheKey);
  return dropByRegexOfOneScheme(dropByKey(entries, keyOf), keyOf);
}

function dropByKey(
  entries: readonly PlannedEntry[],
  keyOf: (url: string) => string,
): readonly PlannedEntry[] {
  const keyed = entries.map((planned) => withKey(planned, keyOf));
  const deletes = indexCovers(
    keyed.filter(({ entry }) => entry.action === 'delete'),
    keyOf,
  );
  const all = indexCovers(keyed, keyOf);
  return tieToCovers(
    entries,
    new Map(
      keyed.flatMap((each) => {
        const cover = coverOf(each, each.entry.action === 'delete' ? deletes : all);
        return cover === undefined ? [] : [[each.planned, cover.planned] as const];
      }),
    ),
  );
}

/**
 * A regex that names one scheme covers URLs of that scheme alone: which one a key without it has is not documented. So it
 * covers an entry only together with all that the entry covers.
 */
function dropByRegexOfOneScheme(
  entries: readonly PlannedEntry[],
  keyOf: (url: string) => string,
): readonly PlannedEntry[] {
  const regexes = entries.map((planned) => withKey(planned, keyOf)).filter(namesOneScheme);
  if (regexes.length === 0) return entries;
  const deletes = indexPrefixes(regexes.filter(({ entry }) => entry.action === 'delete'));
  const all = indexPrefixes(regexes);
  const startsOf = ({ entry }: PlannedEntry) =>
    entry.kind === 'regex' ? [] : [fixedPart(entry.url), fixedPart(keyOf(entry.url))];
  return tieToCovers(
    entries,
    new Map(
      entries.flatMap((planned) => {
        const covers = planned.entry.action === 'delete' ? deletes : all;
        const prefix = startsOf(planned)
          .map((start) => prefixIn(covers.prefixes, start))
          .find((found) => found !== undefined);
        const cover = prefix === undefined ? undefined : covers.byPrefix.get(prefix);
        if (prefix === undefined || cover === undefined) return [];
        const isWhole = (planned.covered ?? []).every((each) =>
          startsOf(each).some((start) => start.startsWith(prefix)),
        );
        return isWhole ? [[planned, cover.planned] as const] : [];
      }),
    ),
  );
}

/** @returns the entries that no other covers, with those that they cover */
function tieToCovers(
  entries: readonly PlannedEntry[],
  covers: ReadonlyMap<PlannedEntry, PlannedEntry>,
): readonly PlannedEntry[] {
  if (covers.size === 0) return entries;
  const covered = groupBy(covers.keys(), (planned) => covers.get(planned));
  return entries
    .filter((planned) => !covers.has(planned))
    .map((planned) => withCovered(planned, covered, planned.covered ?? []));
}

/** A cover that is covered itself hands on what it covers. */
function withCovered(
  planned: PlannedEntry,
  covered: ReadonlyMap<PlannedEntry | undefined, readonly PlannedEntry[]>,
  before: readonly PlannedEntry[],
): PlannedEntry {
  const direct = covered.get(planned);
  if (direct === undefined) return planned;
  const all: PlannedEntry[] = [...before];
  const waiting = [...direct];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    all.push(...flattened(next));
    waiting.push(...(covered.get(next) ?? []));
  }
  return { ...planned, covered: all };
}

/** An entry, and the same one with the URL by which CDN Pro's cache knows it. */
interface Keyed {
  readonly planned: PlannedEntry;
  readonly entry: PurgeEntry;
  /** The same for entries that the cache key does not tell apart, whatever their action. */
  readonly key: string;
}

function withKey(planned: PlannedEntry, keyOf: (url: string) => string): Keyed {
  const entry =
    planned.entry.kind === 'regex' ? planned.entry : { ...planned.entry, url: keyOf(planned.entry.url) };
  return { planned, entry, key: entryKeyWithoutAction(entry) };
}

/** What covers all that begins with a string. */
interface Prefixes {
  /** Sorted, and none is a prefix of another. */
  readonly prefixes: readonly string[];
  readonly byPrefix: ReadonlyMap<string, Keyed>;
}

/** The covers among some entries, so that looking one up takes time logarithmic in their number. */
interface Covers extends Prefixes {
  readonly byNames: ReadonlyMap<string, Keyed>;
  /** By directory, the starts of names that are covered, sorted, and none a prefix of another. */
  readonly starts: ReadonlyMap<string, readonly string[]>;
  readonly byExtension: ReadonlyMap<string, Keyed>;
  /** Directory URLs without a wildcard: all variations of one URL. */
  readonly byUrl: ReadonlyMap<string, Keyed>;
  /** By key, the first of those that the cache key does not tell apart, for each action. */
  readonly first: {
    readonly delete: ReadonlyMap<string, Keyed>;
    readonly invalidate: ReadonlyMap<string, Keyed>;
  };
}

function indexPrefixes(regexes: readonly Keyed[]): Prefixes {
  const byPrefix = new Map<string, Keyed>();
  for (const keyed of regexes) {
    const prefixes = keyed.entry.kind === 'regex' ? prefixesOfRegex(keyed.entry.pattern) : [];
    for (const prefix of prefixes) setStronger(byPrefix, prefix, keyed);
  }
  return { prefixes: withoutLonger([...byPrefix.keys()]), byPrefix };
}

function indexCovers(entries: readonly Keyed[], keyOf: (url: string) => string): Covers {
  const byPrefix = new Map<string, Keyed>();
  const byNames = new Map<string, Keyed>();
  const byExtension = new Map<string, Keyed>();
  const byUrl = new Map<string, Keyed>();
  const first = { delete: new Map<string, Keyed>(), invalidate: new Map<string, Keyed>() };
  for (const keyed of entries) {
    const { entry, key } = keyed;
    if (!first[entry.action].has(key)) first[entry.action].set(key, keyed);
    if (entry.kind === 'file') continue;
    if (entry.kind === 'regex') {
      if (namesOneScheme(keyed)) continue;
      for (const prefix of prefixesOfRegex(entry.pattern)) setStronger(byPrefix, keyOf(prefix), keyed);
      continue;
    }
    const wildcard = wildcardOf(entry);
    if (wildcard === undefined) {
      if (!entry.url.includes('*')) setStronger(byUrl, entry.url, keyed);
    } else if (wildcard.kind === 'prefix') setStronger(byPrefix, wildcard.prefix, keyed);
    else if (wildcard.kind === 'names') setStronger(byNames, wildcard.dir + wildcard.start, keyed);
    else setStronger(byExtension, wildcard.dir + wildcard.suffix, keyed);
  }
  const starts = groupBy(byNames.keys(), directoryOf);
  return {
    prefixes: withoutLonger([...byPrefix.keys()]),
    byPrefix,
    byNames,
    starts: new Map([...starts].map(([dir, names]) => [dir, withoutLonger(names)])),
    byExtension,
    byUrl,
    first,
  };
}

function namesOneScheme({ entry }: Keyed): boolean {
  return entry.kind === 'regex' && !entry.pattern.startsWith('any://');
}

/** Of two covers for the same, the `delete` is kept: it covers the other. */
function setStronger(covers: Map<string, Keyed>, key: string, keyed: Keyed): void {
  const known = covers.get(key);
  if (known === undefined || (known.entry.action !== 'delete' && keyed.entry.action === 'delete')) {
    covers.set(key, keyed);
  }
}

/** The entry that purges all that `keyed` does; undefined where there is none for certain. */
function coverOf(keyed: Keyed, covers: Covers): Keyed | undefined {
  const { entry, planned, key } = keyed;
  // A `delete` covers an `invalidate` of the same.
  const first = covers.first.delete.get(key) ?? covers.first.invalidate.get(key);
  if (first !== undefined && first !== keyed) return first;
  // What a regex matches is not compared with anything else.
  if (entry.kind === 'regex' || planned.entry.kind === 'regex') return undefined;
  const found = entry.kind === 'file' ? coverOfFile(entry, covers) : coverOfDir(entry, covers);
  return found === keyed ? undefined : found;
}

function coverOfFile(entry: FileEntry, covers: Covers): Keyed | undefined {
  const { url, headers = [] } = entry;
  const cover = coverByPrefix(url, covers) ?? covers.byUrl.get(url);
  if (cover !== undefined) return cover;
  return headers.length > 0 || !isPlainName(nameOf(url)) ? undefined : coverOfName(url, covers);
}

function coverOfDir(entry: DirEntry, covers: Covers): Keyed | undefined {
  const cover = coverByPrefix(fixedPart(entry.url), covers);
  if (cover !== undefined) return cover;
  if (!entry.url.includes('*')) return covers.byUrl.get(entry.url);
  const wildcard = wildcardOf(entry);
  if (wildcard?.kind === 'names') return coverByStart(wildcard.dir + wildcard.start, covers);
  if (wildcard?.kind !== 'extension') return undefined;
  return coverByStart(wildcard.dir, covers) ?? covers.byExtension.get(wildcard.dir + wildcard.suffix);
}

function coverOfName(url: string, covers: Covers): Keyed | undefined {
  const name = nameOf(url);
  const dot = name.lastIndexOf('.');
  return (
    coverByStart(url, covers) ??
    (dot < 1 ? undefined : covers.byExtension.get(directoryOf(url) + name.slice(dot)))
  );
}

function coverByPrefix(url: string, { prefixes, byPrefix }: Covers): Keyed | undefined {
  const prefix = prefixIn(prefixes, url);
  return prefix === undefined ? undefined : byPrefix.get(prefix);
}

function coverByStart(url: string, { starts, byNames }: Covers): Keyed | undefined {
  const start = prefixIn(starts.get(directoryOf(url)) ?? [], url);
  return start === undefined ? undefined : byNames.get(start);
}

/** Sorted, without those that have another one as a prefix. */
function withoutLonger(strings: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const each of strings.toSorted()) {
    const previous = kept.at(-1);
    if (previous === undefined || !each.startsWith(previous)) kept.push(each);
  }
  return kept;
}

/** The one of sorted prefixes, none a prefix of another, that `url` begins with. */
function prefixIn(prefixes: readonly string[], url: string): string | undefined {
  let low = 0;
  let high = prefixes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((prefixes[middle] ?? '') <= url) low = middle + 1;
    else high = middle;
  }
  const candidate = prefixes[low - 1];
  return candidate !== undefined && url.startsWith(candidate) ? candidate : undefined;
}
