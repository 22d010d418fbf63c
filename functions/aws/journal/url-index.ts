import { createHash } from 'node:crypto';
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { entryKey } from '../../core/model/entry-key.ts';
import type { PurgeMessage } from '../../core/model/purge-message.ts';
import type { DirEntry, PurgeEntry, RegexEntry } from '../../core/model/types.ts';
import { urlsPrefix } from '../tables/ledger-keys.ts';

/** An entry that purges more than one URL. */
export type WideEntry = DirEntry | RegexEntry;

/** What is written of the URLs of an accepted purge. */
export interface IndexedPurge {
  readonly purgeId: string;
  /** When CDN Pro accepted it, in milliseconds. */
  readonly acceptedMs: number;
  /** What it settles. */
  readonly messages: readonly PurgeMessage[];
}

/** Writes which purges have settled which URLs, for 90 days; `url-search.ts` finds them. */
export interface UrlIndex {
  add(purge: IndexedPurge): Promise<void>;
}

/** Options of {@link createUrlIndex}. */
export interface UrlIndexOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly nowMs: () => number;
}

/** The attributes of an item. Deployed versions have written such items, so names and types do not change. */
export interface StoredUrls {
  readonly queue: string;
  readonly order: string;
  /** Hashes of the files, in one string: DynamoDB looks for one in it, and sends what has it alone. */
  readonly urls: string;
  /** Directories and patterns in JSON. */
  readonly wide?: readonly string[];
  readonly expiresAt: number;
}

/** For so long a purge is found, in milliseconds. */
export const keptMs = 90 * 24 * 60 * 60_000;
/** Characters of a hash. */
export const hashLength = 8;
/** An item has at most 400 KB (the DynamoDB quotas page): each of these takes about 300. */
const mostFiles = 40_000;
const mostWide = 150;
/** @returns the index in the journal's table */
export function createUrlIndex({ client, tableName: TableName, nowMs }: UrlIndexOptions): UrlIndex {
  return {
    async add({ purgeId, acceptedMs, messages }) {
      const { hashes, wide } = indexed(messages.flatMap(({ entries }) => entries));
      const parts = Math.max(1, Math.ceil(hashes.length / mostFiles), Math.ceil(wide.length / mostWide));
      for (let part = 0; part < parts; part++) {
        const own = wide.slice(part * mostWide, (part + 1) * mostWide);
        const item: StoredUrls = {
          queue: urlsPrefix + dayOf(acceptedMs),
          order: String(Math.floor(acceptedMs)).padStart(15, '0'),
          urls: hashes.slice(part * mostFiles, (part + 1) * mostFiles).join(''),
          ...(own.length > 0 && { wide: own.map((entry) => JSON.stringify(entry)) }),
          expiresAt: Math.floor((nowMs() + keptMs) / 1000),
        };
        const Item = marshall({ pk: `${urlsPrefix}${purgeId}${part === 0 ? '' : `#${part}`}`, ...item });
        await client.send(new PutItemCommand({ TableName, Item }));
      }
    },
  };
}

/** @returns the day in UTC, as `2026-11-26` */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function indexed(entries: readonly PurgeEntry[]): {
  readonly hashes: readonly string[];
  readonly wide: readonly WideEntry[];
} {
  const hashes = new Set<string>();
  const wide = new Map<string, WideEntry>();
  for (const entry of entries) {
    if (entry.kind === 'file') hashes.add(hashOf(entry.url));
    else wide.set(entryKey(entry), entry);
  }
  return { hashes: [...hashes], wide: [...wide.values()] };
}

/** @returns the hash of a file in {@link StoredUrls.urls} */
export function hashOf(url: string): string {
  return createHash('sha256').update(url).digest('base64url').slice(0, hashLength);
}
