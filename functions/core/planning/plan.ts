import { entryKey, scopeKey } from '../model/entry-key.ts';
import { groupBy } from '../model/group-by.ts';
import { withNewestShows } from '../model/shows.ts';
import type { PurgeEntry } from '../model/types.ts';
import type { CacheKey } from './cache-key.ts';
import { type CoalesceLimits, coalesce } from './coalesce.ts';
import { dropCovered } from './cover.ts';
import { packRequests, type RequestSize } from './pack.ts';
import type { PlannedEntry, PlannedRequest } from './planned-request.ts';

/** Limits of one purge request. */
export interface RequestLimits extends RequestSize {
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
 * Plans the fewest tokens, and then the fewest purge requests, for what the messages hold. Duplicates, and what another
 * entry covers, are settled with the entry that is sent.
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
  return packRequests(fewestEntries(entries, limits), limits);
}

/** @returns the fewest entries that purge all of these: without what others cover, and coalesced where that is wanted */
export function fewestEntries(
  entries: readonly PlannedEntry[],
  limits: Pick<RequestLimits, 'coalesce' | 'cacheKey'>,
): readonly PlannedEntry[] {
  // An entry may cover another one with a weaker action, but not one for another target or webhook.
  const coverGroups = groupBy(entries, ({ entry: { target, webhook } }) => JSON.stringify([target, webhook]));
  const kept = [...coverGroups.values()].flatMap((group) => dropCovered(group, limits.cacheKey));
  const scopes = groupBy(kept, ({ entry }) => scopeKey(entry));
  return [...scopes.values()].flatMap((scope) => coalesce(scope, limits.coalesce));
}

/**
 * @param messages the entries of each message
 * @returns each entry once, with the indices of the messages that hold it
 */
export function withoutDuplicates(messages: readonly (readonly PurgeEntry[])[]): readonly PlannedEntry[] {
  const planned = new Map<string, { entry: PurgeEntry; messages: number[] }>();
  messages.forEach((entries, index) => {
    for (const entry of entries) {
      const key = entryKey(entry);
      const known = planned.get(key);
      if (known === undefined) {
        planned.set(key, { entry, messages: [index] });
        continue;
      }
      known.entry = withNewestShows(known.entry, entry);
      if (known.messages.at(-1) !== index) known.messages.push(index);
    }
  });
  return [...planned.values()];
}
