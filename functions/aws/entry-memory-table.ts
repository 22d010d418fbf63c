import { createHash } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { emptyMemory, type Memory } from '../core/mapping/entry-memory.ts';
import { PurgerError } from '../core/model/errors.ts';
import { byteLength } from '../core/model/purge-message.ts';
import { memoryPrefix } from './ledger-keys.ts';
import { readItem, writeItem } from './versioned-item.ts';

/** What is remembered of one entry, as it was read. */
export interface Remembered {
  readonly memory: Memory;
  /** Changes with every write; 0 where there is nothing yet. */
  readonly version: number;
}

/** Keeps what entries mapped to. */
export interface MemoryStore {
  read(key: string): Promise<Remembered>;
  /**
   * @returns whether it was written: nobody else has written since the version was read
   * @throws MemoryTooLargeError
   */
  write(key: string, memory: Memory, version: number): Promise<boolean>;
}

/** What is remembered of one entry is more than an item holds. */
export class MemoryTooLargeError extends PurgerError {
  override readonly name = 'MemoryTooLargeError';
}

/** Options of {@link createMemory}. */
export interface MemoryOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly nowMs: () => number;
}

/** A partition key has at most 2,048 bytes (the DynamoDB quotas page). */
const maxKeyBytes = 1024;
/** An item has at most 400 KB, names included. */
const maxMemoryBytes = 390 * 1024;
const dayMs = 24 * 60 * 60 * 1000;

/** An item of the table. Deployed versions have written such items, so names and types do not change. */
interface StoredMemory {
  /** A {@link Memory} in JSON. */
  readonly memory: string;
  /** When DynamoDB deletes the item, in seconds since the epoch. */
  readonly expiresAt: number;
}

/** @returns the memory of entries in the given table, by how many days it keeps them */
export function createMemory({ client, tableName, nowMs }: MemoryOptions): (days: number) => MemoryStore {
  const addressOf = (key: string) => ({ client, tableName, pk: partitionOf(key) });
  return (days) => ({
    async read(key) {
      const { attributes, version } = await readItem<StoredMemory>(addressOf(key));
      if (attributes === undefined) return { memory: emptyMemory, version };
      const { memory = '{}', expiresAt = 0 } = attributes;
      // DynamoDB deletes what has expired days later.
      const isExpired = expiresAt * 1000 < nowMs();
      return { memory: isExpired ? emptyMemory : (JSON.parse(memory) as Memory), version };
    },
    async write(key, memory, version) {
      const stored: StoredMemory = {
        memory: JSON.stringify(memory),
        expiresAt: Math.floor((nowMs() + days * dayMs) / 1000),
      };
      const bytes = byteLength(stored.memory);
      if (bytes > maxMemoryBytes) {
        throw new MemoryTooLargeError(`Expected at most ${maxMemoryBytes} bytes for one entry, got ${bytes}`);
      }
      return writeItem(addressOf(key), stored, version);
    },
  });
}

function partitionOf(key: string): string {
  if (byteLength(key) <= maxKeyBytes) return `${memoryPrefix}${key}`;
  return `${memoryPrefix}sha256#${createHash('sha256').update(key).digest('hex')}`;
}
