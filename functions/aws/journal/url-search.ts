import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { openIndex, urlsPrefix } from '../tables/ledger-keys.ts';
import {
  carrierIds,
  dayOf,
  hashLength,
  hashOf,
  orderOf,
  type StoredUrls,
  type UrlIndexOptions,
  type WideEntry,
} from './url-index.ts';

/** A purge that may have purged what was looked for. */
export interface FoundPurge {
  readonly purgeId: string;
  readonly acceptedMs: number;
  /** Whether it names one of the files itself: as sure as 48 bits of a hash are. */
  readonly isNamed: boolean;
  readonly wide: readonly WideEntry[];
  /** SQS's ID for each of its messages, in their order; empty where none was written. */
  readonly messageIds: readonly string[];
}

/** What the index of URLs has of one day. */
export interface FoundDay {
  readonly purges: readonly FoundPurge[];
  /** Whether it has no purge of that day at all, of whatever URLs. */
  readonly isEmpty: boolean;
  /** Whether there is more than was read. */
  readonly isCut?: true;
}

/** Finds what an index of URLs has. */
export interface UrlSearch {
  /**
   * @param day in UTC, as `2026-11-26`
   * @param urls files; undefined for all purges
   * @param fromMs those that were accepted before are left out, in milliseconds
   * @param most after so many purges, of whatever URLs, reading stops: each of them is paid for
   * @returns the purges that were accepted on that day and name one of the files, and all that have directories or patterns
   */
  find(day: string, urls?: readonly string[], fromMs?: number, most?: number): Promise<FoundDay>;
}

/** An expression has at most 4 KB (the DynamoDB quotas page): each hash takes about 26 bytes of it. */
const mostInQuery = 100;

/** @returns what finds purges in the journal's table */
export function createUrlSearch({
  client,
  tableName: TableName,
}: Pick<UrlIndexOptions, 'client' | 'tableName'>): UrlSearch {
  /** @returns the pages of a day, as they are read */
  async function* pagesOf(
    day: string,
    hashes: readonly string[] | undefined,
    fromMs?: number,
    most?: number,
  ) {
    let left = most;
    let ExclusiveStartKey: QueryCommand['input']['ExclusiveStartKey'];
    do {
      const {
        Items = [],
        ScannedCount = Items.length,
        LastEvaluatedKey,
      } = await client.send(
        new QueryCommand({
          TableName,
          ...queryOf(urlsPrefix + day, hashes, fromMs),
          ...(left !== undefined && { Limit: left }),
          ExclusiveStartKey,
        }),
      );
      if (left !== undefined) left -= ScannedCount;
      ExclusiveStartKey = LastEvaluatedKey;
      const isCut = ExclusiveStartKey !== undefined && left !== undefined && left <= 0;
      yield { items: Items, scanned: ScannedCount, isCut };
      if (isCut) return;
    } while (ExclusiveStartKey !== undefined);
  }

  return {
    async find(day, urls, fromMs, most) {
      const found = new Map<string, FoundPurge>();
      let isEmpty = true;
      let isCut = false;
      for (const hashes of inParts(urls?.map(hashOf))) {
        for await (const page of pagesOf(day, hashes, fromMs, most)) {
          for (const item of page.items) {
            const read = fromStored(unmarshall(item), hashes);
            const known = found.get(read.purgeId);
            found.set(read.purgeId, known === undefined ? read : bothOf(known, read));
          }
          isEmpty &&= page.scanned === 0;
          isCut ||= page.isCut;
        }
      }
      const purges = [...found.values()].filter(
        ({ isNamed, wide }) => urls === undefined || isNamed || wide.length > 0,
      );
      return { purges, isEmpty, ...(isCut && { isCut }) };
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

/** @returns the hashes of each query: as many as its expression has room for */
function inParts(hashes: readonly string[] | undefined): readonly (readonly string[] | undefined)[] {
  if (hashes === undefined) return [undefined];
  return Array.from({ length: Math.max(1, Math.ceil(hashes.length / mostInQuery)) }, (_, part) =>
    hashes.slice(part * mostInQuery, (part + 1) * mostInQuery),
  );
}

function queryOf(
  queue: string,
  hashes: readonly string[] | undefined,
  fromMs: number | undefined,
): Partial<QueryCommand['input']> {
  const values = Object.fromEntries((hashes ?? []).map((hash, index) => [`:u${index}`, hash]));
  const contained = Object.keys(values).map((name) => `contains(#urls, ${name})`);
  return {
    IndexName: openIndex,
    KeyConditionExpression: fromMs === undefined ? '#queue = :queue' : '#queue = :queue AND #order >= :order',
    ...(hashes !== undefined && {
      FilterExpression: [...contained, 'attribute_exists(#wide)'].join(' OR '),
    }),
    ExpressionAttributeNames: {
      '#queue': 'queue',
      ...(fromMs !== undefined && { '#order': 'order' }),
      ...(hashes !== undefined && { '#urls': 'urls', '#wide': 'wide' }),
    },
    ExpressionAttributeValues: marshall({
      ':queue': queue,
      ...(fromMs !== undefined && { ':order': orderOf(fromMs) }),
      ...values,
    }),
  };
}

function fromStored(item: Record<string, unknown>, hashes: readonly string[] = []): FoundPurge {
  const { pk, order, urls, wide = [], carriers } = item as unknown as StoredUrls & { readonly pk: string };
  return {
    purgeId: pk.slice(urlsPrefix.length).split('#')[0] ?? '',
    acceptedMs: Number(order),
    isNamed: hashes.some((hash) => isIn(urls, hash)),
    wide: wide.map((entry) => JSON.parse(entry) as WideEntry),
    messageIds: carrierIds(carriers),
  };
}

/** A hash that begins in the middle of another one is none. */
function isIn(urls: string, hash: string): boolean {
  let at = urls.indexOf(hash);
  while (at % hashLength > 0) at = urls.indexOf(hash, at + 1);
  return at >= 0;
}

function bothOf(a: FoundPurge, b: FoundPurge): FoundPurge {
  return {
    ...a,
    isNamed: a.isNamed || b.isNamed,
    wide: [...a.wide, ...b.wide],
    messageIds: a.messageIds.length > 0 ? a.messageIds : b.messageIds,
  };
}
