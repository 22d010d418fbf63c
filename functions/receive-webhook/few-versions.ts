import type { MappedChange } from '../core/mapping/map-changes.ts';
import type { MappingResult } from '../core/mapping/rule.ts';
import { uniqueEntries } from '../core/mapping/urls/entry-set.ts';
import { dirEntry } from '../core/mapping/urls/url-entry.ts';
import { headersKey, scopeKey } from '../core/model/entry-key.ts';
import { groupBy } from '../core/model/group-by.ts';
import type { FileEntry, PurgeEntry } from '../core/model/types.ts';
import type { DeliveryBudget } from '../sources/toolkit/limits.ts';

/** A URL in more versions than this is purged in all of them: each version takes a request. */
const maxVersions = 20;

/**
 * A purge request has one header set, so a URL in 300 versions would take 300 requests. A directory URL without a
 * wildcard has the same URL purged in every version, in one.
 * @returns the changes, with one entry in place of each URL's versions where these are many
 * @throws DeliveryTooLargeError where the URLs that are left have more header sets than a delivery may; never for a purge by
 *   prefix
 */
export function withFewVersions(
  mapped: readonly MappedChange[],
  budget: DeliveryBudget,
): readonly MappedChange[] {
  const files = mapped.flatMap(({ mapping }) => mapping.entries).filter(isVersion);
  if (files.length === 0) return mapped;
  const versions = [...groupBy(files, urlKey)].map(
    ([key, group]) => [key, new Set(group.map(headersKey))] as const,
  );
  const many = new Set(versions.filter(([, sets]) => sets.size > maxVersions).map(([key]) => key));
  // A purge by prefix is what a delivery of too many ends in: it has those that the rules write, and no more.
  const counted = mapped
    .flatMap((each) => (isOfAllEntries(each) ? [] : each.mapping.entries))
    .filter(isVersion);
  const few = counted.filter((file) => !many.has(urlKey(file)));
  budget.spend('headerSets', new Set(few.map(headersKey)).size);
  if (many.size === 0) return mapped;
  const cover = (entries: readonly PurgeEntry[]) =>
    uniqueEntries(
      entries.map((entry) => (isFile(entry) && many.has(urlKey(entry)) ? wholeOf(entry) : entry)),
    );
  return mapped.map(({ change, mapping, schedule, ...rest }) => {
    const covered: MappingResult = { ...mapping, entries: cover(mapping.entries) };
    const coveredSchedule = schedule.map((each) => ({ ...each, entries: cover(each.entries) }));
    return { ...rest, change, mapping: covered, schedule: coveredSchedule };
  });
}

/** @returns whether a change is purged by prefix */
export function isOfAllEntries({ change }: Pick<MappedChange, 'change'>): boolean {
  return 'affectsAllEntries' in change && change.affectsAllEntries === true;
}

function isFile(entry: PurgeEntry): entry is FileEntry {
  return entry.kind === 'file';
}

function isVersion(entry: PurgeEntry): entry is FileEntry {
  return isFile(entry) && entry.headers !== undefined;
}

function urlKey(entry: FileEntry): string {
  return `${scopeKey(entry)} ${entry.url}`;
}

/** @returns what purges every version of a file, or the file where its URL cannot be a directory's */
function wholeOf(entry: FileEntry): PurgeEntry {
  const { kind: _kind, url, headers: _headers, ...scope } = entry;
  const whole = dirEntry(url, scope);
  return whole.kind === 'dir' ? whole : entry;
}
