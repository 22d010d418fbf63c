import { entryText } from '../model/entry-text.ts';
import { groupBy } from '../model/group-by.ts';
import type { DirEntry, PurgeEntry } from '../model/types.ts';
import type { PlannedEntry } from './planned-request.ts';

/** What a wildcard of the purge API's page stands for, as far as it can cover other entries. */
type Wildcard =
  /** `…/dir/**`, `…/dir/a**`: every cache key that begins with `prefix`. */
  | { readonly kind: 'prefix'; readonly prefix: string }
  /** `…/dir/*`, `…/dir/a*`: files directly in `dir` whose names begin with `start`. */
  | { readonly kind: 'names'; readonly dir: string; readonly start: string }
  /** `…/dir/*.jpg`: files directly in `dir` that end with `suffix`, which begins with its only dot. */
  | { readonly kind: 'extension'; readonly dir: string; readonly suffix: string };

/**
 * Drops what another entry purges, too, and ties it to that entry: see {@link PlannedEntry.covered}.
 *
 * Follows the purge API's page to the letter and, where that leaves a doubt, covers nothing: `*` and names with a
 * query or header variations, wildcards with text after `**`, and regexes other than a literal text and `.*`.
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
  /** Sorted, and none is the beginning of another. */
  readonly prefixes: readonly string[];
  readonly byPrefix: ReadonlyMap<string, PlannedEntry>;
  readonly byNames: ReadonlyMap<string, PlannedEntry>;
  /** By directory, the starts of names that are covered, sorted and none the beginning of another. */
  readonly starts: ReadonlyMap<string, readonly string[]>;
  readonly byExtension: ReadonlyMap<string, PlannedEntry>;
  /** Directory URLs without a wildcard: all variations of one URL. */
  readonly byUrl: ReadonlyMap<string, PlannedEntry>;
  /** Each `delete`, for an `invalidate` of the very same. */
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
    if (entry.action === 'delete') deleted.set(sameKey(entry), planned);
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
    starts: new Map([...starts].map(([dir, texts]) => [dir, withoutLonger(texts)])),
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
  const same = entry.action === 'delete' ? undefined : covers.deleted.get(sameKey(entry));
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

/** What everything that a directory URL purges begins with. Only its last `*` or `**` is a wildcard. */
function fixedPart(url: string): string {
  const last = url.lastIndexOf('*');
  if (last === -1) return url;
  return url.slice(0, url[last - 1] === '*' ? last - 1 : last);
}

function coverOfName(url: string, covers: Covers): PlannedEntry | undefined {
  const dir = directoryOf(url);
  const name = url.slice(dir.length);
  const dot = name.lastIndexOf('.');
  return (
    coverByStart(url, covers) ?? (dot === -1 ? undefined : covers.byExtension.get(dir + name.slice(dot)))
  );
}

function coverByPrefix(text: string, { prefixes, byPrefix }: Covers): PlannedEntry | undefined {
  const prefix = beginningOf(text, prefixes);
  return prefix === undefined ? undefined : byPrefix.get(prefix);
}

function coverByStart(url: string, { starts, byNames }: Covers): PlannedEntry | undefined {
  const start = beginningOf(url, starts.get(directoryOf(url)) ?? []);
  return start === undefined ? undefined : byNames.get(start);
}

/** What a directory URL's wildcard stands for; undefined where it has none, or one that is not used as a cover. */
function wildcardOf({ url }: DirEntry): Wildcard | undefined {
  const last = url.lastIndexOf('*');
  if (last === -1) return undefined;
  const before = fixedPart(url);
  const after = url.slice(last + 1);
  if (last > before.length) return after === '' ? { kind: 'prefix', prefix: before } : undefined;
  const dir = directoryOf(before);
  if (after === '') return { kind: 'names', dir, start: before.slice(dir.length) };
  const isExtension = before === dir && /^\.[^./?]+$/.test(after);
  return isExtension ? { kind: 'extension', dir, suffix: after } : undefined;
}

/** What a regex matches that is a literal text and `.*`: all that begins with the text, under its schemes. */
function prefixesOfRegex(pattern: string): readonly string[] {
  const [, scheme = '', rest = ''] =
    /^(https?|any)(:\/\/[A-Za-z0-9.-]+\/(?:[A-Za-z0-9\-_~/%=&,;:@!']|\\[^A-Za-z0-9])*)\.\*$/.exec(pattern) ??
    [];
  if (rest === '') return [];
  const literal = rest.replace(/\\(.)/g, '$1');
  return scheme === 'any' ? [`http${literal}`, `https${literal}`] : [scheme + literal];
}

/** A URL up to and including the last slash of its path. */
function directoryOf(url: string): string {
  const query = url.indexOf('?');
  return url.slice(0, (query === -1 ? url : url.slice(0, query)).lastIndexOf('/') + 1);
}

function sameKey(entry: PurgeEntry): string {
  const headers = entry.kind === 'file' ? (entry.headers ?? []) : [];
  return JSON.stringify([entry.kind, entryText(entry), headers]);
}

/** Sorted, without those that another one is the beginning of. */
function withoutLonger(texts: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const text of texts.toSorted()) {
    const previous = kept.at(-1);
    if (previous === undefined || !text.startsWith(previous)) kept.push(text);
  }
  return kept;
}

/** The one of sorted texts, none the beginning of another, that `text` begins with. */
function beginningOf(text: string, texts: readonly string[]): string | undefined {
  let low = 0;
  let high = texts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((texts[middle] ?? '') <= text) low = middle + 1;
    else high = middle;
  }
  const candidate = texts[low - 1];
  return candidate !== undefined && text.startsWith(candidate) ? candidate : undefined;
}
