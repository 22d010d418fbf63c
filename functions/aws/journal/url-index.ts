import { createHash } from 'node:crypto';
import { type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { entryKey } from '../../core/model/entry-key.ts';
import type { PurgeMessage } from '../../core/model/purge-message.ts';
import type { DirEntry, PurgeEntry, RegexEntry } from '../../core/model/types.ts';
import { openIndex, urlsPrefix } from '../tables/ledger-keys.ts';

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

/** A purge that may have purged what was looked for. */
export interface FoundPurge {
  readonly purgeId: string;
  readonly acceptedMs: number;
  /** Whether it names one of the files itself: as sure as 48 bits of a hash are. */
  readonly isNamed: boolean;
  readonly wide: readonly WideEntry[];
}

/** Which purges have settled which URLs, for 90 days. */
export interface UrlIndex {
  add(purge: IndexedPurge): Promise<void>;
  /**
   * @param day in UTC, as `2026-11-26`
   * @param urls files; undefined for all purges
   * @returns the purges that were accepted on that day and name one of the files, and all that have directories or patterns
   */
  find(day: string, urls?: readonly string[]): Promise<readonly FoundPurge[]>;
}

/** Options of {@link createUrlIndex}. */
export interface UrlIndexOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly nowMs: () => number;
}

/** The attributes of an item. Deployed versions have written such items, so names and types do not change. */
interface StoredUrls {
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
const hashLength = 8;
/** An item has at most 400 KB (the DynamoDB quotas page): each of these takes about 300. */
const mostFiles = 40_000;
const mostWide = 150;
/** An expression has at most 4 KB (the DynamoDB quotas page): each hash takes about 26 bytes of it. */
const mostInQuery = 100;

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

    async find(day, urls) {
      const found = new Map<string, FoundPurge>();
      for (const hashes of inParts(urls?.map(hashOf))) {
        let ExclusiveStartKey: QueryCommand['input']['ExclusiveStartKey'];
        do {
          const { Items = [], LastEvaluatedKey } = await client.send(
            new QueryCommand({ TableName, ...queryOf(urlsPrefix + day, hashes), ExclusiveStartKey }),
          );
          for (const item of Items) {
            const read = fromStored(unmarshall(item), hashes);
            const known = found.get(read.purgeId);
            found.set(read.purgeId, known === undefined ? read : bothOf(known, read));
          }
          ExclusiveStartKey = LastEvaluatedKey;
        } while (ExclusiveStartKey !== undefined);
      }
      return [...found.values()].filter(
        ({ isNamed, wide }) => urls === undefined || isNamed || wide.length > 0,
      );
    },
  };
}

/** @returns the days, in UTC, from one time to another, the last one first */
export function daysBetween(fromMs: number, toMs: number): readonly string[] {
  const dayMs = 24 * 60 * 60_000;
  const first = Math.floor(fromMs / dayMs);
  const count = Math.floor(toMs / dayMs) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => dayOf((first + index) * dayMs)).reverse();
}

function dayOf(ms: number): string {
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

function hashOf(url: string): string {
  return createHash('sha256').update(url).digest('base64url').slice(0, hashLength);
}

/** @returns the hashes of each query: as many as its expression has room for */
function inParts(hashes: readonly string[] | undefined): readonly (readonly string[] | undefined)[] {
  if (hashes === undefined) return [undefined];
  return Array.from({ length: Math.max(1, Math.ceil(hashes.length / mostInQuery)) }, (_, part) =>
    hashes.slice(part * mostInQuery, (part + 1) * mostInQuery),
  );
}

function queryOf(queue: string, hashes: readonly string[] | undefined): Partial<QueryCommand['input']> {
  const values = Object.fromEntries((hashes ?? []).map((hash, index) => [`:u${index}`, hash]));
  const contained = Object.keys(values).map((name) => `contains(#urls, ${name})`);
  return {
    IndexName: openIndex,
    KeyConditionExpression: '#queue = :queue',
    ...(hashes !== undefined && {
      FilterExpression: [...contained, 'attribute_exists(#wide)'].join(' OR '),
    }),
    ExpressionAttributeNames: {
      '#queue': 'queue',
      ...(hashes !== undefined && { '#urls': 'urls', '#wide': 'wide' }),
    },
    ExpressionAttributeValues: marshall({ ':queue': queue, ...values }),
  };
}

function fromStored(item: Record<string, unknown>, hashes: readonly string[] = []): FoundPurge {
  const { pk, order, urls, wide = [] } = item as unknown as StoredUrls & { readonly pk: string };
  return {
    purgeId: pk.slice(urlsPrefix.length).split('#')[0] ?? '',
    acceptedMs: Number(order),
    isNamed: hashes.some((hash) => isIn(urls, hash)),
    wide: wide.map((entry) => JSON.parse(entry) as WideEntry),
  };
}

/** A hash that begins in the middle of another one is none. */
function isIn(urls: string, hash: string): boolean {
  let at = urls.indexOf(hash);
  while (at % hashLength > 0) at = urls.indexOf(hash, at + 1);
  return at >= 0;
}

function bothOf(a: FoundPurge, b: FoundPurge): FoundPurge {
  return { ...a, isNamed: a.isNamed || b.isNamed, wide: [...a.wide, ...b.wide] };
}
