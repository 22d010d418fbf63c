import { entryKey, headersKey, scopeKey } from '../model/entry-key.ts';
import { groupBy } from '../model/group-by.ts';
import { byteLength } from '../model/purge-message.ts';
import type { FileEntry, PurgeEntry } from '../model/types.ts';
import type { CacheKey } from './cache-key.ts';
import { type CoalesceLimits, coalesce } from './coalesce.ts';
import { dropCovered } from './cover.ts';
import {
  bodyOf,
  halve,
  maxDirUrls,
  maxRegexPatterns,
  type PlannedEntry,
  type PlannedRequest,
} from './planned-request.ts';

/** Limits of one purge request. */
export interface RequestLimits {
  /** Most file URLs in a request. CDN Pro states none. */
  readonly maxFileUrls: number;
  /** Largest body in bytes. CDN Pro states none. */
  readonly maxBodyBytes: number;
  /**
   * Turns many files of one directory into the directory.
   * @default never
   */
  readonly coalesce?: CoalesceLimits;
  /**
   * What the cache key does not tell apart is purged once.
   * @default - host and path are the key
   */
  readonly cacheKey?: CacheKey;
}

/** What purges hold, and what may be purged in place of it. */
export interface Planning extends RequestLimits {
  /** What the URLs of directories begin with that may be purged in place of many files that wait for tokens. */
  readonly convertInShortage: readonly string[];
}

/**
 * Plans the fewest purge requests for what the messages hold: for each scope the larger of the chunks that its
 * files (each header set by itself), its directories and its regexes need, since they ride along with each other.
 * Duplicates, and what another entry covers, are settled with the entry that is sent.
 * @param messages the entries of each message; the plan names messages by their index in this list
 */
export function planRequests(
  messages: readonly (readonly PurgeEntry[])[],
  limits: RequestLimits,
): readonly PlannedRequest[] {
  return planEntries(withoutDuplicates(messages), limits);
}

/** Plans entries that are known to be without duplicates, as {@link planRequests} does. */
export function planEntries(
  entries: readonly PlannedEntry[],
  limits: RequestLimits,
): readonly PlannedRequest[] {
  // An entry may cover another one with a weaker action, but not one for another target or webhook.
  const coverGroups = groupBy(entries, ({ entry: { target, webhook } }) => JSON.stringify([target, webhook]));
  const kept = [...coverGroups.values()].flatMap((group) => dropCovered(group, limits.cacheKey));
  const scopes = groupBy(kept, ({ entry }) => scopeKey(entry));
  return [...scopes.values()].flatMap((scope) => planScope(coalesce(scope, limits.coalesce), limits));
}

function withoutDuplicates(messages: readonly (readonly PurgeEntry[])[]): readonly PlannedEntry[] {
  const planned = new Map<string, { entry: PurgeEntry; messages: number[] }>();
  messages.forEach((entries, index) => {
    for (const entry of entries) {
      const key = entryKey(entry);
      const known = planned.get(key);
      if (known === undefined) planned.set(key, { entry, messages: [index] });
      else if (known.messages.at(-1) !== index) known.messages.push(index);
    }
  });
  return [...planned.values()];
}

function planScope(entries: readonly PlannedEntry[], limits: RequestLimits): readonly PlannedRequest[] {
  const files = entries.filter(({ entry }) => entry.kind === 'file');
  const headerSets = groupBy(files, ({ entry }) => headersKey(entry as FileEntry));
  const fileChunks = [...headerSets.values()].flatMap((set) => chunksOf(set, limits.maxFileUrls));
  const dirChunks = chunksOf(
    entries.filter(({ entry }) => entry.kind === 'dir'),
    maxDirUrls,
  );
  const regexChunks = chunksOf(
    entries.filter(({ entry }) => entry.kind === 'regex'),
    maxRegexPatterns,
  );
  const count = Math.max(fileChunks.length, dirChunks.length, regexChunks.length);
  return Array.from({ length: count }, (_, index) => ({
    entries: [...(fileChunks[index] ?? []), ...(dirChunks[index] ?? []), ...(regexChunks[index] ?? [])],
  })).flatMap((request) => splitToSize(request, limits.maxBodyBytes));
}

/** Halves a request until its body is small enough, or until one entry is left. */
function splitToSize(request: PlannedRequest, maxBodyBytes: number): readonly PlannedRequest[] {
  if (request.entries.length === 1 || bodyBytes(request) <= maxBodyBytes) return [request];
  return halve(request).flatMap((half) => splitToSize(half, maxBodyBytes));
}

function bodyBytes(request: PlannedRequest): number {
  return byteLength(JSON.stringify(bodyOf(request)));
}

function chunksOf<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
