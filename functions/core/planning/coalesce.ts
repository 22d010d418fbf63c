import type { Scope } from '../model/types.ts';
import type { PlannedEntry } from './planned-request.ts';
import { directoryOf, isPlainName, nameOf } from './wildcard.ts';

/** When files of one directory become the directory. */
export interface CoalesceLimits {
  /** Fewest files directly in one directory that are replaced by it. */
  readonly siblings: number;
  /** Fewest path segments of a directory that may replace its files: 1 keeps `https://host/*` from ever being used. */
  readonly minDepth: number;
}

/**
 * Replaces the files of a directory by `dir/*` where there are many of them. It purges files that did not change,
 * too: that is what its user chose. Files with a query, with headers or with an encoded slash stay, and so does the
 * directory's own page, since `*` may not match their cache keys.
 * @param entries of one scope
 * @param limits missing: nothing is replaced
 */
export function coalesce(
  entries: readonly PlannedEntry[],
  limits: CoalesceLimits | undefined,
): readonly PlannedEntry[] {
  if (limits === undefined) return entries;
  const directories = new Map<string, PlannedEntry[]>();
  for (const planned of entries) {
    const directory = directoryToReplace(planned, limits);
    if (directory === undefined) continue;
    const siblings = directories.get(directory);
    if (siblings === undefined) directories.set(directory, [planned]);
    else siblings.push(planned);
  }
  const replaced = new Set<PlannedEntry>();
  const instead: PlannedEntry[] = [];
  for (const [directory, siblings] of directories) {
    const [first] = siblings;
    if (first === undefined || siblings.length < limits.siblings) continue;
    for (const file of siblings) replaced.add(file);
    instead.push(replacement(directory, siblings, first.entry));
  }
  return instead.length === 0
    ? entries
    : [...entries.filter((planned) => !replaced.has(planned)), ...instead];
}

function directoryToReplace({ entry }: PlannedEntry, { minDepth }: CoalesceLimits): string | undefined {
  if (entry.kind !== 'file' || !isPlainName(nameOf(entry.url)) || (entry.headers ?? []).length > 0) {
    return undefined;
  }
  const directory = directoryOf(entry.url);
  const depth = directory.split('/').length - 4;
  return depth >= minDepth ? directory : undefined;
}

function replacement(directory: string, files: readonly PlannedEntry[], scope: Scope): PlannedEntry {
  const { target, action, webhook } = scope;
  return {
    entry: {
      kind: 'dir',
      url: `${directory}*`,
      target,
      action,
      ...(webhook === undefined ? {} : { webhook }),
    },
    // No message asks for it: it settles the messages of what it covers.
    messages: [],
    covered: files.flatMap((file) => [file, ...(file.covered ?? [])]),
    isCoalesced: true,
  };
}
