import { createHash } from 'node:crypto';
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { entryKey } from '../../core/model/entry-key.ts';
import type { PurgeMessage } from '../../core/model/purge-message.ts';
import type { DirEntry, PurgeEntry, RegexEntry } from '../../core/model/types.ts';
import { urlsPrefix } from '../tables/ledger-keys.ts';

/** An entry that purges more than one URL. */
export type WideEntry = DirEntry | RegexEntry;

/** A purge message, and SQS's ID of the one in which it came, which may have brought others, too. */
export interface CarriedMessage extends PurgeMessage {
  readonly messageId?: string;
}

/** What is written of the URLs of an accepted purge. */
export interface IndexedPurge {
  readonly purgeId: string;
  /** When CDN Pro accepted it, in milliseconds. */
  readonly acceptedMs: number;
  /** What it settles. */
  readonly messages: readonly CarriedMessage[];
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
  /**
   * SQS's IDs for the messages of the purge, in their order, each with how many in a row came with it: `ID*3 ID*1`. Older
   * versions have not written it.
   */
  readonly carriers?: string;
  readonly expiresAt: number;
}

/** For so long a purge is found, in milliseconds. */
export const keptMs = 90 * 24 * 60 * 60_000;
/** Characters of a hash. */
export const hashLength = 8;
/** An item has at most 400 KB (the DynamoDB quotas page): this leaves room for its other attributes. */
const mostBytes = 370_000;
/** DynamoDB counts a byte for each element of a list. */
const bytesOfElement = 1;
/** Each takes about 40 bytes. */
const mostCarriers = 1000;

/** @returns the index in the journal's table */
export function createUrlIndex({ client, tableName: TableName, nowMs }: UrlIndexOptions): UrlIndex {
  return {
    async add({ purgeId, acceptedMs, messages }) {
      const { hashes, wide } = indexed(messages.flatMap(({ entries }) => entries));
      const all = carriersOf(messages);
      for (const [part, { hashes: files, wide: own }] of partsOf(
        hashes,
        wide,
        mostBytes - all.length,
      ).entries()) {
        const carriers = part === 0 ? all : '';
        const item: StoredUrls = {
          queue: urlsPrefix + dayOf(acceptedMs),
          order: orderOf(acceptedMs),
          urls: files.join(''),
          ...(carriers !== '' && { carriers }),
          ...(own.length > 0 && { wide: own }),
          expiresAt: Math.floor((nowMs() + keptMs) / 1000),
        };
        const Item = marshall({ pk: `${urlsPrefix}${purgeId}${part === 0 ? '' : `#${part}`}`, ...item });
        await client.send(new PutItemCommand({ TableName, Item }));
      }
    },
  };
}

/** What one item has. */
interface Part {
  readonly hashes: string[];
  readonly wide: string[];
  bytes: number;
}

/**
 * @param room the bytes that the first item has room for, which is no more than any other has
 * @returns one part at least
 */
function partsOf(hashes: readonly string[], wide: readonly WideEntry[], room: number): readonly Part[] {
  let part: Part = { hashes: [], wide: [], bytes: 0 };
  const parts = [part];
  const partFor = (bytes: number) => {
    if (part.bytes + bytes > room) {
      part = { hashes: [], wide: [], bytes: 0 };
      parts.push(part);
    }
    part.bytes += bytes;
    return part;
  };
  for (const hash of hashes) partFor(hashLength).hashes.push(hash);
  for (const json of wide.map((entry) => JSON.stringify(entry))) {
    partFor(Buffer.byteLength(json) + bytesOfElement).wide.push(json);
  }
  return parts;
}

function carriersOf(messages: readonly CarriedMessage[]): string {
  const runs: { readonly id: string; count: number }[] = [];
  for (const { messageId: id = '' } of messages) {
    const last = runs.at(-1);
    if (last?.id === id) last.count += 1;
    else runs.push({ id, count: 1 });
  }
  if (runs.every(({ id }) => id === '')) return '';
  return runs
    .slice(0, mostCarriers)
    .map(({ id, count }) => `${id}*${count}`)
    .join(' ');
}

/** @returns SQS's ID for each message of a purge, in their order, as far as it was written */
export function carrierIds(carriers = ''): readonly string[] {
  return carriers.split(' ').flatMap((run) => {
    const [id = '', count] = run.split('*');
    return Array.from({ length: Number(count ?? 0) }, () => id);
  });
}

/** @returns what an item is sorted by */
export function orderOf(acceptedMs: number): string {
  return String(Math.floor(acceptedMs)).padStart(15, '0');
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
