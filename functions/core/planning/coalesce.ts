import { groupBy } from '../model/group-by.ts';
import { flattened, type PlannedEntry } from './planned-request.ts';
import { directoryOf, isPlainName, nameOf } from './wildcard.ts';

/** When files of one directory become the directory. */
export interface CoalesceLimits {
  /** Fewest files directly in one directory that are replaced by it. */
  readonly siblings: number;
  /** Fewest path segments of a directory that may replace its files: 1 keeps `https://host/*` from ever being used. */
  readonly minDepth: number;
}

/**
 * Replaces the files of a directory by `dir/*` where there are many of them, and by `dir/**` where many of them are
 * purged in versions: with a query, with headers or in all variants, which `*` may not match, as it may not match names with
 * an encoded slash. Both purge files that did not change, too: that is what its user chose. The directory's own page stays.
 * @param entries of one scope
 * @param limits missing: nothing is replaced
 */
export function coalesce(
  entries: readonly PlannedEntry[],
  limits: CoalesceLimits | undefined,
): readonly PlannedEntry[] {
  if (limits === undefined) return entries;
  const siblings = groupBy(
    entries.flatMap((planned) => siblingOf(planned, limits) ?? []),
    ({ directory }) => directory,
  );
  const instead = [...siblings.values()].flatMap((group) => replacementOf(group, limits) ?? []);
  if (instead.length === 0) return entries;
  const replaced = new Set(instead.flatMap(({ replaced }) => replaced));
  return [
    ...entries.filter((planned) => !replaced.has(planned)),
    ...instead.map(({ url, replaced }) => directoryEntry(url, replaced)),
  ];
}

/** A file directly in a directory, in one of its versions. */
interface Sibling {
  readonly planned: PlannedEntry;
  readonly directory: string;
  /** Its URL without the query. */
  readonly file: string;
  /** Whether `*` is sure to match it. */
  readonly isPlain: boolean;
}

function siblingOf(planned: PlannedEntry, { minDepth }: CoalesceLimits): Sibling | undefined {
  const { entry } = planned;
  if (entry.kind === 'regex' || entry.url.includes('*')) return undefined;
  const [file = ''] = entry.url.split('?');
  const directory = directoryOf(entry.url);
  if (file === directory || directory.split('/').length - 4 < minDepth) return undefined;
  const hasVersions = entry.kind === 'dir' || (entry.headers ?? []).length > 0;
  return { planned, directory, file, isPlain: !hasVersions && isPlainName(nameOf(entry.url)) };
}

/** Many siblings, and what purges them. */
interface Replacement {
  readonly url: string;
  readonly replaced: readonly [PlannedEntry, ...PlannedEntry[]];
}

function replacementOf(
  siblings: readonly [Sibling, ...Sibling[]],
  limits: CoalesceLimits,
): Replacement | undefined {
  const [{ directory }] = siblings;
  const isMany = (group: readonly Sibling[]) =>
    new Set(group.map(({ file }) => file)).size >= limits.siblings;
  if (isMany(siblings.filter(({ isPlain }) => !isPlain))) return replacementBy(`${directory}**`, siblings);
  const plain = siblings.filter(({ isPlain }) => isPlain);
  return isMany(plain) ? replacementBy(`${directory}*`, plain) : undefined;
}

function replacementBy(url: string, siblings: readonly Sibling[]): Replacement | undefined {
  const [first, ...others] = siblings.map(({ planned }) => planned);
  return first === undefined ? undefined : { url, replaced: [first, ...others] };
}

/** No message asks for it: it settles the messages of what it covers. */
function directoryEntry(url: string, files: Replacement['replaced']): PlannedEntry {
  const { target, action, webhook } = files[0].entry;
  return {
    entry: { kind: 'dir', url, target, action, ...(webhook === undefined ? {} : { webhook }) },
    messages: [],
    covered: files.flatMap(flattened),
    isCoalesced: true,
  };
}
