import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import pMap from 'p-map';
import type { SeenObject } from '../../core/model/objects/seen-object.ts';
import type { ObjectChange } from '../../core/model/types.ts';
import { objectPrefix } from './ledger-keys.ts';
import { readItem, type VersionedItem, writeItem } from './versioned-item.ts';

/** What is remembered of one object, as it was read. */
export interface RememberedObject {
  /** Undefined where nothing is remembered. */
  readonly seen: SeenObject | undefined;
  /** Changes with every write; 0 where there is nothing yet. */
  readonly version: number;
}

/** An object, by its bucket and key. */
export type ObjectName = Pick<ObjectChange, 'bucket' | 'key'>;

/** Keeps what was last purged of objects. */
export interface SeenObjects {
  read(object: ObjectName): Promise<RememberedObject>;
  /** @returns what is remembered of each object, in their order */
  readAll(objects: readonly ObjectName[]): Promise<readonly RememberedObject[]>;
  /** @returns whether it was written: nobody else has written since the version was read */
  write(object: ObjectName, seen: SeenObject, version: number): Promise<boolean>;
}

/** Options of {@link createSeenObjects}. */
export interface SeenObjectsOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly nowMs: () => number;
}

/** An item of the table. Deployed versions have written such items, so names and types do not change. */
interface StoredObject extends SeenObject {
  /** When DynamoDB deletes the item, in seconds since the epoch. */
  readonly expiresAt: number;
}

/** What did not change for longer is purged once more. */
const keptDays = 90;
const dayMs = 24 * 60 * 60 * 1000;
/** BatchGetItem takes at most 100 keys. */
const maxKeys = 100;
const concurrency = 8;

/** @returns what was last purged of objects, in the given table */
export function createSeenObjects({ client, tableName, nowMs }: SeenObjectsOptions): SeenObjects {
  const addressOf = (object: ObjectName) => ({ client, tableName, pk: partitionOf(object) });

  function remembered({ attributes, version }: VersionedItem<StoredObject>): RememberedObject {
    if (attributes === undefined) return { seen: undefined, version };
    const { expiresAt = 0, sequencer, content } = attributes;
    // DynamoDB deletes what has expired days later.
    if (expiresAt * 1000 < nowMs()) return { seen: undefined, version };
    return {
      seen: { ...(sequencer !== undefined && { sequencer }), ...(content !== undefined && { content }) },
      version,
    };
  }

  async function readSome(keys: readonly string[]): Promise<ReadonlyMap<string, RememberedObject>> {
    const found = new Map<string, RememberedObject>();
    let Keys = keys.map((pk) => marshall({ pk }));
    while (Keys.length > 0) {
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetItemCommand({ RequestItems: { [tableName]: { Keys, ConsistentRead: true } } }),
      );
      for (const item of Responses?.[tableName] ?? []) {
        const { pk, version = 0, ...attributes } = unmarshall(item, { wrapNumbers: Number });
        found.set(pk, remembered({ attributes: attributes as Partial<StoredObject>, version }));
      }
      Keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
    }
    return found;
  }

  return {
    read: async (object) => remembered(await readItem<StoredObject>(addressOf(object))),
    async readAll(objects) {
      const keys = objects.map(partitionOf);
      const distinct = [...new Set(keys)];
      const starts = Array.from({ length: Math.ceil(distinct.length / maxKeys) }, (_, n) => n * maxKeys);
      const read = await pMap(starts, (start) => readSome(distinct.slice(start, start + maxKeys)), {
        concurrency,
      });
      const found = new Map(read.flatMap((some) => [...some]));
      return keys.map((key) => found.get(key) ?? { seen: undefined, version: 0 });
    },
    async write(object, seen, version) {
      const stored: StoredObject = { ...seen, expiresAt: Math.floor((nowMs() + keptDays * dayMs) / 1000) };
      return writeItem(addressOf(object), stored, version);
    },
  };
}

/** @returns the ETag that was recorded last of an object, and when; undefined where none is known */
export async function readRecorded(
  object: ObjectName,
  table: Pick<SeenObjectsOptions, 'client' | 'tableName'>,
): Promise<{ readonly etag: string; readonly atMs: number } | undefined> {
  const { attributes } = await readItem<StoredObject>({ ...table, pk: partitionOf(object) });
  const { content, expiresAt = 0 } = attributes ?? {};
  const [etag] = content?.split(' ') ?? [];
  return etag === undefined ? undefined : { etag, atMs: expiresAt * 1000 - keptDays * dayMs };
}

function partitionOf({ bucket, key }: ObjectName): string {
  return `${objectPrefix}${bucket}/${key}`;
}
