import { createHash } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import pMap from 'p-map';
import { entryKey } from '../../core/model/entry-key.ts';
import { firstLane, lanes } from '../../core/model/lanes.ts';
import { secondPurgeOf } from '../../core/model/messages/second-purge.ts';
import { byteLength, type ChangeReference } from '../../core/model/purge-message.ts';
import { withNewestShows } from '../../core/model/shows.ts';
import type { Lane, PurgeEntry, Target } from '../../core/model/types.ts';
import { waitingIndex } from './ledger-keys.ts';
import { readItem, writeItem } from './versioned-item.ts';

/** Something that waits for tokens of the day. */
export interface ToPark {
  readonly entry: PurgeEntry;
  /** The newest change that it is to be purged for; missing where somebody asked for it by hand. */
  readonly change?: ChangeReference;
  readonly lane: Lane;
  /** The webhook or bucket that pays. */
  readonly sender?: string;
  /** When the oldest change that it waits for happened, in milliseconds. */
  readonly sinceMs: number;
  /** A purge by prefix that no user asked for. */
  readonly byPrefix?: true;
  /** How often it has failed alone, where it has failed at all: see `tries` of a purge message. */
  readonly tries?: number;
  /** The number of a repair: see `repair` of a purge message. */
  readonly repair?: number;
  /** The purge that it repeats: see `repeats` of a purge message. */
  readonly repeats?: string;
}

/** Something that waits, as the table holds it. */
export interface Parked extends ToPark {
  readonly pk: string;
  /** Differs after every change of the item, also where it was removed and parked again. */
  readonly version: number;
}

/** What could not be parked, and why. */
export interface UnparkedItem {
  readonly item: ToPark;
  readonly reason: string;
}

/** Which tokens something waits for. Regex patterns are among the directories. */
export type ParkedKind = 'files' | 'dirs';

/** URLs that wait for tokens of the day: each once, for as long as it takes. */
export interface ParkedTable {
  /**
   * Parks items. What waits already keeps its age and its lane where these are the better ones, and is purged for the
   * newer change.
   * @returns those that could not be parked
   */
  park(items: readonly ToPark[]): Promise<readonly UnparkedItem[]>;
  /** @returns whether anything waits, by one small read */
  isWaiting(): Promise<boolean>;
  /**
   * What waits: by lane, the oldest first; what was parked or removed a moment ago may be missing or still there.
   * @param having what the URL or pattern has in it; undefined for all
   */
  oldest(target: Target, kind: ParkedKind, limit: number, having?: string): AsyncIterable<Parked>;
  /** @returns whether it was removed: nobody has parked it anew since it was read */
  remove(item: Parked): Promise<boolean>;
  /**
   * Finds what waits of entries that a purge has settled.
   * @param sentMs when the purge was sent, in milliseconds: what was parked later is for a newer change
   * @returns what was found, and why something could not be read
   */
  findPurged(entries: readonly PurgeEntry[], sentMs: number): Promise<PurgedItems>;
}

/** What waits and was purged. */
export interface PurgedItems {
  readonly found: readonly Parked[];
  readonly failures: readonly unknown[];
}

/** Options of {@link createParkedTable}. */
export interface ParkedTableOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly nowMs: () => number;
  /** A number from 0 (included) to 1 (excluded). */
  readonly random: () => number;
}

/** The attributes of an item. Deployed versions have written such items, so names and types do not change. */
interface StoredItem {
  readonly queue: string;
  readonly order: string;
  /** A {@link PurgeEntry} in JSON. */
  readonly entry: string;
  /** A {@link ChangeReference} in JSON. */
  readonly change?: string;
  readonly lane: Lane;
  readonly sender?: string;
  readonly since: number;
  readonly byPrefix?: true;
  readonly tries?: number;
  readonly repair?: number;
  readonly repeats?: string;
}

/** A partition key has at most 2,048 bytes (the DynamoDB quotas page). */
const maxKeyBytes = 1000;
const concurrency = 32;
/** The most that clocks are taken to differ. */
const clockDifferenceMs = 2_000;
/** So many times others may park the same at the same time. */
const mostLostRaces = 10;

/** @returns what waits, in the given table */
export function createParkedTable(options: ParkedTableOptions): ParkedTable {
  const { client, tableName: TableName } = options;

  async function parkOne(item: ToPark): Promise<readonly UnparkedItem[]> {
    try {
      if (await tryPark(item, options)) return [];
      return [{ item, reason: `others were faster ${mostLostRaces} times` }];
    } catch (error) {
      return [{ item, reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }];
    }
  }

  return {
    park: async (items) => (await pMap(items, parkOne, { concurrency })).flat(),
    async isWaiting() {
      const { Count = 0, LastEvaluatedKey } = await client.send(
        new ScanCommand({ TableName, IndexName: waitingIndex, Limit: 1, Select: 'COUNT' }),
      );
      return Count > 0 || LastEvaluatedKey !== undefined;
    },
    async *oldest(target, kind, limit, having) {
      let left = limit;
      let ExclusiveStartKey: QueryCommand['input']['ExclusiveStartKey'];
      do {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName,
            IndexName: waitingIndex,
            KeyConditionExpression: '#queue = :queue',
            ...(having !== undefined && { FilterExpression: 'contains(#entry, :having)' }),
            ExpressionAttributeNames: {
              '#queue': 'queue',
              ...(having !== undefined && { '#entry': 'entry' }),
            },
            ExpressionAttributeValues: marshall({
              ':queue': `${target}#${kind}`,
              ...(having !== undefined && { ':having': JSON.stringify(having).slice(1, -1) }),
            }),
            Limit: left,
            ExclusiveStartKey,
          }),
        );
        for (const item of Items) yield parse(unmarshall(item, { wrapNumbers: Number }));
        left -= Items.length;
        ExclusiveStartKey = LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined && left > 0);
    },
    async remove({ pk, version }) {
      try {
        await client.send(
          new DeleteItemCommand({
            TableName,
            Key: marshall({ pk }),
            ConditionExpression: 'version = :version',
            ExpressionAttributeValues: marshall({ ':version': version }),
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
    async findPurged(entries, sentMs) {
      const found: Parked[] = [];
      const failures: unknown[] = [];
      const findOne = async (entry: PurgeEntry) => {
        const pk = keyOf(entry);
        try {
          const { attributes, version } = await readItem<StoredItem>({ client, tableName: TableName, pk });
          if (attributes === undefined) return;
          const item = parse({ ...attributes, pk, version });
          if (isParkedBefore(item, sentMs)) found.push(item);
        } catch (error) {
          failures.push(error);
        }
      };
      await pMap(entries, findOne, { concurrency });
      return { found, failures };
    },
  };
}

/** @returns whether it was parked: others were not faster each time */
async function tryPark(item: ToPark, options: ParkedTableOptions): Promise<boolean> {
  const { nowMs, random } = options;
  const address = { ...options, pk: keyOf(item.entry) };
  // Most of what is parked does not wait yet, so that the first try does not read.
  let known: { readonly item: ToPark; readonly version: number } = { item, version: 0 };
  for (let tries = 0; tries < mostLostRaces; tries++) {
    // One that was removed and parked again must not have the version of before.
    const nextVersion = Math.max(known.version + 1, versionAt(nowMs() + random()));
    if (await writeItem(address, stored(known.item), known.version, nextVersion)) return true;
    const { attributes, version } = await readItem<StoredItem>(address);
    const waiting = attributes === undefined ? undefined : parse({ ...attributes, pk: address.pk, version });
    known = { item: waiting === undefined ? item : merge(waiting, item), version };
  }
  return false;
}

/** @returns whether something was parked before a time, in milliseconds, whatever clocks say */
export function isParkedBefore({ version }: Pick<Parked, 'version'>, ms: number): boolean {
  return version < versionAt(ms - clockDifferenceMs);
}

/** @returns the version of what is parked at a time, at the earliest */
function versionAt(ms: number): number {
  return Math.floor(ms * 1000);
}

/** What waits, once it is parked again. */
function merge(waiting: ToPark, item: ToPark): ToPark {
  const newer = changedMs(item) < changedMs(waiting) ? waiting : item;
  const { byPrefix: _, tries: __, repair: ___, repeats: ____, ...own } = newer;
  return {
    ...own,
    entry: withNewestShows(newer.entry, (newer === item ? waiting : item).entry),
    lane: firstLane(waiting.lane, item.lane),
    sinceMs: Math.min(waiting.sinceMs, item.sinceMs),
    // What somebody asks for outright is purged like anything else.
    ...(waiting.byPrefix && item.byPrefix && { byPrefix: true }),
    ...mostTries(waiting, item),
    ...secondPurgeOf([waiting, item]),
  };
}

function mostTries(...items: readonly ToPark[]): Pick<ToPark, 'tries'> {
  const tries = items.flatMap((item) => item.tries ?? []);
  return tries.length === 0 ? {} : { tries: Math.max(...tries) };
}

/** When a change happened; what has no time counts as the newest. */
function changedMs({ change }: ToPark): number {
  const atMs = Date.parse(change?.occurredAt ?? '');
  return Number.isNaN(atMs) ? Number.POSITIVE_INFINITY : atMs;
}

function keyOf(entry: PurgeEntry): string {
  const key = entryKey(entry);
  const short =
    byteLength(key) <= maxKeyBytes ? key : `sha256#${createHash('sha256').update(key).digest('hex')}`;
  return `${entry.target}#${short}`;
}

function stored({ entry, change, lane, sender, sinceMs, byPrefix, tries, ...own }: ToPark): StoredItem {
  const since = Math.max(0, Math.floor(sinceMs));
  return {
    queue: `${entry.target}#${entry.kind === 'file' ? 'files' : 'dirs'}`,
    order: `${lanes.indexOf(lane)}#${String(since).padStart(15, '0')}`,
    entry: JSON.stringify(entry),
    ...(change !== undefined && { change: JSON.stringify(change) }),
    lane,
    ...(sender !== undefined && { sender }),
    since,
    ...(byPrefix && { byPrefix }),
    ...(tries !== undefined && { tries }),
    ...secondPurgeOf([own]),
  };
}

function parse(item: Record<string, unknown>): Parked {
  const { pk, version, entry, change, lane, sender, since, byPrefix, tries, ...own } =
    item as unknown as StoredItem & Parked;
  return {
    pk,
    version,
    entry: JSON.parse(String(entry)),
    ...(change !== undefined && { change: JSON.parse(String(change)) }),
    lane,
    ...(sender !== undefined && { sender }),
    sinceMs: since,
    ...(byPrefix && { byPrefix }),
    ...(tries !== undefined && { tries }),
    ...secondPurgeOf([own]),
  };
}
