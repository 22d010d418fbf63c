import type { PurgeEntry } from '../../../functions/core/model/types.ts';
import {
  maxDirUrls,
  maxRegexPatterns,
  type PurgeRequestBody,
} from '../../../functions/core/planning/planned-request.ts';

/** The entries of changes that no accepted request has settled yet. */
export interface Waiting {
  add(entry: PurgeEntry, index: number): void;
  /** Takes out what an accepted request settles. @returns the numbers under which it was added */
  settle(body: PurgeRequestBody): readonly number[];
}

interface Waiter {
  readonly entry: PurgeEntry;
  readonly index: number;
}

/**
 * What a request settles, independent of the planner's rules and simpler: an entry that it lists, and a file
 * right in a directory whose `/*` it lists, in the same target and webhook. A `delete` settles an `invalidate`, too.
 */
export function createWaiting(): Waiting {
  const byKey = new Map<string, Waiter[]>();
  /** Keys of files, by their directories. */
  const byDirectory = new Map<string, Set<string>>();

  function take(key: string, isDelete: boolean, taken: number[]): void {
    const kept: Waiter[] = [];
    for (const waiter of byKey.get(key) ?? []) {
      if (isDelete || waiter.entry.action === 'invalidate') taken.push(waiter.index);
      else kept.push(waiter);
    }
    if (kept.length > 0) byKey.set(key, kept);
    else byKey.delete(key);
  }

  return {
    add(entry, index) {
      const key = keyOf(entry);
      const waiters = byKey.get(key);
      if (waiters === undefined) byKey.set(key, [{ entry, index }]);
      else waiters.push({ entry, index });
      if (entry.kind !== 'file') return;
      const directory = scopeOf(entry) + directoryOf(entry.url);
      const keys = byDirectory.get(directory);
      if (keys === undefined) byDirectory.set(directory, new Set([key]));
      else keys.add(key);
    },
    settle(body) {
      const taken: number[] = [];
      const isDelete = body.action === 'delete';
      for (const entry of entriesOf(body)) {
        take(keyOf(entry), isDelete, taken);
        if (entry.kind !== 'dir' || !entry.url.endsWith('/*')) continue;
        const keys = byDirectory.get(scopeOf(entry) + directoryOf(entry.url));
        for (const key of keys ?? []) {
          take(key, isDelete, taken);
          if (!byKey.has(key)) keys?.delete(key);
        }
      }
      return taken;
    },
  };
}

/** @returns the entries of a request's body */
export function entriesOf({
  target,
  action,
  webhook,
  fileUrls = [],
  fileHeaders = [],
  dirUrls = [],
  regexPatterns = [],
}: PurgeRequestBody): readonly PurgeEntry[] {
  const scope = { target, action, ...(webhook === undefined ? {} : { webhook }) };
  const headers = fileHeaders.length === 0 ? {} : { headers: fileHeaders };
  return [
    ...fileUrls.map((url): PurgeEntry => ({ kind: 'file', url, ...headers, ...scope })),
    ...dirUrls.map((url): PurgeEntry => ({ kind: 'dir', url, ...scope })),
    ...regexPatterns.map((pattern): PurgeEntry => ({ kind: 'regex', pattern, ...scope })),
  ];
}

/**
 * The lower bound of promise 3: what is listed twice and what a `delete` or a directory's `/*` makes superfluous taken
 * out, for each scope the most of what its files, directories and regexes need.
 * @param perRequest how many of so many files a request carries
 */
export function lowerBound(entries: readonly PurgeEntry[], perRequest: (files: number) => number): number {
  const byKey = new Map<string, PurgeEntry>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (byKey.get(key)?.action !== 'delete') byKey.set(key, entry);
  }
  const left = [...byKey.values()].filter((entry) => !isCovered(entry, byKey));
  const scopes = Map.groupBy(left, (entry) => `${scopeOf(entry)}${entry.action}`);
  const maxFileUrls = perRequest(left.filter(({ kind }) => kind === 'file').length);
  let requests = 0;
  for (const members of scopes.values()) {
    const files = members.filter(({ kind }) => kind === 'file');
    const headerSets = Map.groupBy(files, (entry) => headersOf(entry));
    const forFiles = [...headerSets.values()].reduce(
      (sum, set) => sum + Math.ceil(set.length / maxFileUrls),
      0,
    );
    const count = (wanted: PurgeEntry['kind']) => members.filter(({ kind }) => kind === wanted).length;
    requests += Math.max(
      forFiles,
      Math.ceil(count('dir') / maxDirUrls),
      Math.ceil(count('regex') / maxRegexPatterns),
    );
  }
  return requests;
}

function isCovered(entry: PurgeEntry, byKey: ReadonlyMap<string, PurgeEntry>): boolean {
  if (entry.kind !== 'file' || entry.headers !== undefined || entry.url.includes('?')) return false;
  const cover = byKey.get(`${scopeOf(entry)}dir  ${directoryOf(entry.url)}*`);
  return cover !== undefined && (cover.action === 'delete' || entry.action === 'invalidate');
}

/** The same for all that would purge the same, whatever their action. */
function keyOf(entry: PurgeEntry): string {
  return `${scopeOf(entry)}${entry.kind} ${headersOf(entry)} ${entry.kind === 'regex' ? entry.pattern : entry.url}`;
}

function scopeOf({ target, webhook = '' }: PurgeEntry): string {
  return `${target} ${webhook} `;
}

function headersOf(entry: PurgeEntry): string {
  return entry.kind === 'file' && entry.headers !== undefined ? JSON.stringify(entry.headers) : '';
}

function directoryOf(url: string): string {
  return url.slice(0, url.lastIndexOf('/') + 1);
}
