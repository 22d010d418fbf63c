import { scopeKey } from '../model/entry-key.ts';
import { groupBy } from '../model/group-by.ts';
import type { DirEntry, FileEntry } from '../model/types.ts';
import { directoryOf } from './wildcard.ts';

/** A file of bulk that waits for tokens. */
export interface WaitingFile {
  readonly entry: FileEntry;
  /** When the oldest of its changes happened, in milliseconds. */
  readonly sinceMs: number;
}

/** A directory in place of files that wait. */
export interface Conversion<File extends WaitingFile> {
  readonly entry: DirEntry;
  readonly replaced: readonly File[];
}

/** Tokens of a day, or what is left of them, not below 0. */
export interface TokensLeft {
  readonly files: number;
  readonly dirs: number;
}

/** Options of {@link convertFiles}. */
export interface ConvertOptions {
  /** What the URLs of directories begin with that the user has named for it. */
  readonly prefixes: readonly string[];
  /** See {@link fewestFiles}. */
  readonly fewest: number;
  /** The same for files that are spread thinly over many directories: most of those has not changed. */
  readonly fewestSpread: number;
  /** Most directories that may be purged. */
  readonly mostDirs: number;
  readonly nowMs: number;
}

/** Fewer are never converted: the directory's other files would be purged for little. */
const leastFiles = 50;
/** What a directory's token is worth in tokens of files: the ratio of the default quotas. */
const dirWorth = 250;
/** A deployment or an import has ended when nothing came for so long, or has lasted so long already. */
const quietMs = 60_000;
const longestBurstMs = 600_000;

/** @returns how many files a directory has to replace, so that it saves more than it costs */
export function fewestFiles({ files, dirs }: TokensLeft): number {
  return Math.max(leastFiles, Math.min(dirWorth, Math.ceil(files / Math.max(1, dirs) / 2)));
}

/** @returns how many files a directory has to replace that are spread thinly below it: half of a day's */
export function fewestSpreadFiles({ files }: TokensLeft): number {
  return Math.max(leastFiles, Math.ceil(files / 2));
}

/**
 * Finds directories to purge instead of files that wait in a shortage: `dir/**` for each subtree that holds enough of
 * them, those that replace the most first. A directory above takes the place of several where that saves as much again,
 * and where so many files wait in each on average that most of them can be taken to have changed.
 */
export function convertFiles<File extends WaitingFile>(
  files: readonly File[],
  options: ConvertOptions,
): readonly Conversion<File>[] {
  const { mostDirs, nowMs } = options;
  const scopes = groupBy(files, ({ entry }) => scopeKey(entry)).values();
  return [...scopes]
    .flatMap((group) => convertScope(group, options))
    .filter(({ replaced }) => isBurstOver(replaced, nowMs))
    .sort((a, b) => b.replaced.length - a.replaced.length)
    .slice(0, Math.max(0, mostDirs));
}

interface Directory<File> {
  readonly url: string;
  readonly files: File[];
  readonly below: Directory<File>[];
}

function convertScope<File extends WaitingFile>(
  files: readonly [File, ...File[]],
  options: ConvertOptions,
): readonly Conversion<File>[] {
  const { target, action, webhook } = files[0].entry;
  return topDirectories(files, options.prefixes).flatMap((top) =>
    bestOf(top, options).chosen.map(({ url, replaced }) => ({
      entry: { kind: 'dir', url: `${url}**`, target, action, ...(webhook !== undefined && { webhook }) },
      replaced,
    })),
  );
}

/** @returns the directories of files as trees, up to the highest that the user has named */
function topDirectories<File extends WaitingFile>(
  files: readonly File[],
  prefixes: readonly string[],
): readonly Directory<File>[] {
  const known = new Map<string, Directory<File>>();
  const tops: Directory<File>[] = [];
  const isNamed = (url: string) => prefixes.some((prefix) => url.startsWith(prefix));

  function directory(url: string): Directory<File> {
    const found = known.get(url);
    if (found !== undefined) return found;
    const made: Directory<File> = { url, files: [], below: [] };
    known.set(url, made);
    const above = parentOf(url);
    if (above !== undefined && isNamed(above)) directory(above).below.push(made);
    else tops.push(made);
    return made;
  }

  for (const file of files) {
    // A slash in the query is none of the path: `dir/page?a=b/**` would purge nothing.
    const [path = ''] = file.entry.url.split('?');
    // Whether `dir/**` purges `dir/` itself is not said.
    const dir = path.endsWith('/') ? parentOf(path) : directoryOf(path);
    if (dir !== undefined && isNamed(dir)) directory(dir).files.push(file);
  }
  return tops;
}

/** @returns the directory above a directory's URL; undefined for a host's top directory */
function parentOf(url: string): string | undefined {
  return /^([a-z]+:\/\/[^/]+\/(?:.*\/)?)[^/]*\/$/s.exec(url)?.[1];
}

interface Best<File> {
  /** What the subtree costs, in tokens of files. */
  readonly cost: number;
  readonly chosen: readonly { readonly url: string; readonly replaced: readonly File[] }[];
  /** How many files wait in the subtree, and how many directories hold one of them. */
  readonly files: number;
  readonly holders: number;
}

/** The cheapest way to purge a subtree, where a directory costs as much as the fewest files that it may replace. */
function bestOf<File>({ url, files, below }: Directory<File>, options: ConvertOptions): Best<File> {
  const { fewest, fewestSpread } = options;
  const parts = below.map((each) => bestOf(each, options));
  const sum = (count: (part: Best<File>) => number) => parts.reduce((total, part) => total + count(part), 0);
  const counts = {
    files: files.length + sum((part) => part.files),
    holders: Math.min(1, files.length) + sum((part) => part.holders),
  };
  const cost = files.length + sum((part) => part.cost);
  const chosen = parts.flatMap((part) => part.chosen);
  const saved = chosen.length === 0 ? cost : cost - fewest;
  const isSpread = counts.files < counts.holders * leastFiles;
  if (saved < (isSpread ? fewestSpread : fewest)) return { cost, chosen, ...counts };
  return { cost: fewest, chosen: [{ url, replaced: filesIn({ url, files, below }) }], ...counts };
}

function filesIn<File>({ files, below }: Directory<File>): readonly File[] {
  return [...files, ...below.flatMap(filesIn)];
}

function isBurstOver(files: readonly WaitingFile[], nowMs: number): boolean {
  let oldestMs = Number.POSITIVE_INFINITY;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const { sinceMs } of files) {
    oldestMs = Math.min(oldestMs, sinceMs);
    newestMs = Math.max(newestMs, sinceMs);
  }
  return nowMs - newestMs >= quietMs || nowMs - oldestMs >= longestBurstMs;
}
