import { entryKeyWithoutAction } from '../model/entry-key.ts';
import { groupBy } from '../model/group-by.ts';
import type { DirEntry, PurgeEntry } from '../model/types.ts';
import type { PlannedEntry } from './planned-request.ts';
import { directoryOf, fixedPart, prefixesOfRegex, wildcardOf } from './wildcard.ts';

/**
 * Drops what another entry purges, too, and ties it to that entry: see {@link PlannedEntry.covered}.
 *
 * Follows the purge API's page to the letter and, where that leaves a doubt, covers nothing: `*` and names with a
 * query or header variations, wildcards with characters after `**`, and regexes other than a literal string and `.*`.
 * A `delete` covers an `invalidate`, since what is gone cannot be stale; the reverse does not hold.
 * @param entries of one target and webhook, without duplicates
 */
export function dropCovered(entries: readonly PlannedEntry[]): readonly PlannedEntry[] {
  const deletes = indexCovers(entries.filter(({ entry }) => entry.action === 'delete'));
  const all = indexCovers(entries);
  const covered = new Map<PlannedEntry, PlannedEntry[]>();
  const kept = entries.filter((planned) => {
    const cover = coverOf(planned, planned.entry.action === 'delete' ? deletes : all);
    if (cover === undefined) return true;
    const known = covered.get(cover);
    if (known === undefined) covered.set(cover, [planned]);
    else known.push(planned);
    return false;
  });
  return covered.size === 0
    ? entries
    : kept.map((planned) => withCovered(planned, covered, planned.covered ?? []));
}

/** A cover that is covered itself hands on what it covers. */
function withCovered(
  planned: PlannedEntry,
  covered: ReadonlyMap<PlannedEntry, readonly PlannedEntry[]>,
  before: readonly PlannedEntry[],
): PlannedEntry {
  const direct = covered.get(planned);
  if (direct === undefined) return planned;
  const all: PlannedEntry[] = [...before];
  const waiting = [...direct];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    all.push(next, ...(next.covered ?? []));
    waiting.push(...(covered.get(next) ?? []));
  }
  return { ...planned, covered: all };
}

/** The covers among some entries, so that looking one up takes time logarithmic in their number. */
interface Covers {
  /** Sorted, and none is a prefix of another. */
  readonly prefixes: readonly string[];
  readonly byPrefix: ReadonlyMap<string, PlannedEntry>;
  readonly byNames: ReadonlyMap<string, PlannedEntry>;
  /** By directory, the starts of names that are covered, sorted, and none a prefix of another. */
  readonly starts: ReadonlyMap<string, readonly string[]>;
  readonly byExtension: ReadonlyMap<string, PlannedEntry>;
  /** Directory URLs without a wildcard: all variations of one URL. */
  readonly byUrl: ReadonlyMap<string, PlannedEntry>;
  /** Each `delete`, for an `invalidate` of the same. */
  readonly deleted: ReadonlyMap<string, PlannedEntry>;
}

function indexCovers(entries: readonly PlannedEntry[]): Covers {
  const byPrefix = new Map<string, PlannedEntry>();
  const byNames = new Map<string, PlannedEntry>();
  const byExtension = new Map<string, PlannedEntry>();
  const byUrl = new Map<string, PlannedEntry>();
  const deleted = new Map<string, PlannedEntry>();
  for (const planned of entries) {
    const { entry } = planned;
    if (entry.action === 'delete') deleted.set(entryKeyWithoutAction(entry), planned);
    if (entry.kind === 'file') continue;
    if (entry.kind === 'regex') {
      for (const prefix of prefixesOfRegex(entry.pattern)) setStronger(byPrefix, prefix, planned);
      continue;
    }
    const wildcard = wildcardOf(entry);
    if (wildcard === undefined) {
      if (!entry.url.includes('*')) setStronger(byUrl, entry.url, planned);
    } else if (wildcard.kind === 'prefix') setStronger(byPrefix, wildcard.prefix, planned);
    else if (wildcard.kind === 'names') setStronger(byNames, wildcard.dir + wildcard.start, planned);
    else setStronger(byExtension, wildcard.dir + wildcard.suffix, planned);
  }
  const starts = groupBy(byNames.keys(), directoryOf);
  return {
    prefixes: withoutLonger([...byPrefix.keys()]),
    byPrefix,
    byNames,
    starts: new Map([...starts].map(([dir, names]) => [dir, withoutLonger(names)])),
    byExtension,
    byUrl,
    deleted,
  };
}

/** Of two covers for the same, the `delete` is kept: it covers the other. */
function setStronger(covers: Map<string, PlannedEntry>, key: string, planned: PlannedEntry): void {
  const known = covers.get(key);
  if (known === undefined || (known.entry.action !== 'delete' && planned.entry.action === 'delete')) {
    covers.set(key, planned);
  }
}

/** The entry that purges all that `planned` does; undefined where there is none for certain. */
function coverOf(planned: PlannedEntry, covers: Covers): PlannedEntry | undefined {
  const { entry } = planned;
  const same = entry.action === 'delete' ? undefined : covers.deleted.get(entryKeyWithoutAction(entry));
  // What a regex matches is not compared with anything else.
  if (same !== undefined || entry.kind === 'regex') return same;
  const found = entry.kind === 'file' ? coverOfFile(entry, covers) : coverOfDir(entry, covers);
  return found === planned ? undefined : found;
}

function coverOfFile(entry: PurgeEntry & { kind: 'file' }, covers: Covers): PlannedEntry | undefined {
  const { url, headers = [] } = entry;
  const cover = coverByPrefix(url, covers) ?? covers.byUrl.get(url);
  if (cover !== undefined) return cover;
  return headers.length > 0 || url.includes('?') ? undefined : coverOfName(url, covers);
}

function coverOfDir(entry: DirEntry, covers: Covers): PlannedEntry | undefined {
  const cover = coverByPrefix(fixedPart(entry.url), covers);
  if (cover !== undefined) return cover;
  if (!entry.url.includes('*')) return covers.byUrl.get(entry.url);
  const wildcard = wildcardOf(entry);
  if (wildcard?.kind === 'names') return coverByStart(wildcard.dir + wildcard.start, covers);
  if (wildcard?.kind !== 'extension') return undefined;
  return coverByStart(wildcard.dir, covers) ?? covers.byExtension.get(wildcard.dir + wildcard.suffix);
}

function coverOfName(url: string, covers: Covers): PlannedEntry | undefined {
  const dir = directoryOf(url);
  const name = url.slice(dir.length);
  const dot = name.lastIndexOf('.');
  return (
    coverByStart(url, covers) ?? (dot === -1 ? undefined : covers.byExtension.get(dir + name.slice(dot)))
  );
}

function coverByPrefix(url: string, { prefixes, byPrefix }: Covers): PlannedEntry | undefined {
  const prefix = prefixIn(prefixes, url);
  return prefix === undefined ? undefined : byPrefix.get(prefix);
}

function coverByStart(url: string, { starts, byNames }: Covers): PlannedEntry | undefined {
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
