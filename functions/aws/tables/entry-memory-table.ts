import { createHash } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import pMap from 'p-map';
import { emptyMemory, type Memory } from '../../core/mapping/entry-memory.ts';
import { byteLength } from '../../core/model/purge-message.ts';
import { memoryPrefix } from './ledger-keys.ts';
import { putItem, readItem, writeItem } from './versioned-item.ts';

/** What is remembered of one entry, as it was read. */
export interface Remembered {
  readonly memory: Memory;
  /** Changes with every write; 0 where there is nothing yet. */
  readonly version: number;
}

/** Keeps what entries mapped to. */
export interface MemoryStore {
  read(key: string): Promise<Remembered>;
  /** @returns whether it was written: nobody else has written since the version was read */
  write(key: string, memory: Memory, version: number): Promise<boolean>;
}

/** Options of {@link createMemory}. */
export interface MemoryOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly nowMs: () => number;
}

/** What the keys of parts begin with: an entry's key has a webhook's name there, which is not empty. */
const partPrefix = `${memoryPrefix}#`;
/** A partition key has at most 2,048 bytes (the DynamoDB quotas page). */
const maxKeyBytes = 1024;
/** An item has at most 400 KB, names included. */
const maxMemoryBytes = 390 * 1024;
const dayMs = 24 * 60 * 60 * 1000;
/** How many parts of one memory are read or written at a time. */
const concurrency = 8;

/** An item of the table. Deployed versions have written such items, so names and types do not change. */
interface StoredMemory {
  /** A {@link Memory} in JSON; that of nothing where it is in parts, which earlier versions cannot read. */
  readonly memory: string;
  /** Partition keys of the parts of a memory that one item cannot hold. */
  readonly parts?: readonly string[];
  /** When DynamoDB deletes the item, in seconds since the epoch. */
  readonly expiresAt: number;
}

/** A part of a large memory. It is never changed: its key is the hash of what it holds. */
interface StoredPart {
  /** Bytes of a {@link Memory} in JSON. */
  readonly part: Uint8Array;
  readonly expiresAt: number;
}

/** @returns the memory of entries in the given table, by how many days it keeps them */
export function createMemory({ client, tableName, nowMs }: MemoryOptions): (days: number) => MemoryStore {
  const addressOf = (pk: string) => ({ client, tableName, pk });

  async function readParts(keys: readonly string[]): Promise<Memory> {
    const read = async (key: string) => (await readItem<StoredPart>(addressOf(key))).attributes?.part;
    const parts = await pMap(keys, read, { concurrency });
    const known = parts.filter((part) => part !== undefined);
    // DynamoDB deletes what has expired in any order.
    return known.length < keys.length ? emptyMemory : JSON.parse(Buffer.concat(known).toString('utf8'));
  }

  async function writeParts(bytes: Buffer, expiresAt: number): Promise<readonly string[]> {
    const starts = Array.from(
      { length: Math.ceil(bytes.length / maxMemoryBytes) },
      (_, n) => n * maxMemoryBytes,
    );
    const write = async (start: number) => {
      const part = bytes.subarray(start, start + maxMemoryBytes);
      const key = `${partPrefix}${createHash('sha256').update(part).digest('hex')}`;
      const stored: StoredPart = { part, expiresAt };
      await putItem(addressOf(key), stored);
      return key;
    };
    return pMap(starts, write, { concurrency });
  }

  return (days) => ({
    async read(key) {
      const { attributes, version } = await readItem<StoredMemory>(addressOf(partitionOf(key)));
      if (attributes === undefined) return { memory: emptyMemory, version };
      const { memory = '{}', parts, expiresAt = 0 } = attributes;
      // DynamoDB deletes what has expired days later.
      if (expiresAt * 1000 < nowMs()) return { memory: emptyMemory, version };
      return {
        memory: parts === undefined ? (JSON.parse(memory) as Memory) : await readParts(parts),
        version,
      };
    },
    async write(key, memory, version) {
      const expiresAt = Math.floor((nowMs() + days * dayMs) / 1000);
      const bytes = Buffer.from(JSON.stringify(memory));
      const stored: StoredMemory =
        bytes.length <= maxMemoryBytes
          ? { memory: bytes.toString('utf8'), expiresAt }
          : { memory: '{}', parts: await writeParts(bytes, expiresAt), expiresAt };
      return writeItem(addressOf(partitionOf(key)), stored, version);
    },
  });
}

/** What the hashed keys begin with. A key that begins so by itself, that of a webhook named `sha256`, is hashed, too. */
const hashedPrefix = 'sha256#';

function partitionOf(key: string): string {
  if (byteLength(key) <= maxKeyBytes && !key.startsWith(hashedPrefix)) return `${memoryPrefix}${key}`;
  return `${memoryPrefix}${hashedPrefix}${createHash('sha256').update(key).digest('hex')}`;
}
