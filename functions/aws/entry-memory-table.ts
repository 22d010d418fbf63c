import { createHash } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { emptyMemory, type Memory } from '../core/mapping/entry-memory.ts';
import { PurgerError } from '../core/model/errors.ts';
import { byteLength } from '../core/model/purge-message.ts';

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
   * @returns whether nobody else has written since the version was read
   * @throws MemoryTooLargeError
   */
  write(key: string, memory: Memory, version: number): Promise<boolean>;
}

/** What is remembered of one entry is more than an item holds. */
export class MemoryTooLargeError extends PurgerError {
  override readonly name = 'MemoryTooLargeError';
}

/** What a memory is made of. */
export interface MemoryOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly nowMs: () => number;
}

/** What the keys of remembered entries begin with, in the table that they share with the rate limit's window. */
export const memoryPrefix = 'memory#';

/** A partition key has at most 2,048 bytes (the DynamoDB quotas page). */
const maxKeyBytes = 1024;
/** An item has at most 400 KB, names included. */
const maxMemoryBytes = 390 * 1024;
const dayMs = 24 * 60 * 60 * 1000;

/** @returns the memory of entries in the given table, by how many days it keeps them */
export function createMemory({ client, tableName, nowMs }: MemoryOptions): (days: number) => MemoryStore {
  return (days) => ({
    async read(key) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: tableName, Key: { pk: { S: keyOf(key) } }, ConsistentRead: true }),
      );
      if (Item === undefined) return { memory: emptyMemory, version: 0 };
      const version = Number(Item.version?.N ?? 0);
      // DynamoDB deletes what has expired days later.
      const isExpired = Number(Item.expiresAt?.N ?? 0) * 1000 < nowMs();
      const memory = isExpired ? emptyMemory : (JSON.parse(Item.memory?.S ?? '{}') as Memory);
      return { memory, version };
    },
    async write(key, memory, version) {
      const text = JSON.stringify(memory);
      const bytes = byteLength(text);
      if (bytes > maxMemoryBytes) {
        throw new MemoryTooLargeError(`Expected at most ${maxMemoryBytes} bytes for one entry, got ${bytes}`);
      }
      const condition =
        version === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'version = :version',
              ExpressionAttributeValues: { ':version': { N: String(version) } },
            };
      const Item = {
        pk: { S: keyOf(key) },
        memory: { S: text },
        version: { N: String(version + 1) },
        expiresAt: { N: String(Math.floor((nowMs() + days * dayMs) / 1000)) },
      };
      try {
        await client.send(new PutItemCommand({ TableName: tableName, Item, ...condition }));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  });
}

function keyOf(key: string): string {
  if (byteLength(key) <= maxKeyBytes) return `${memoryPrefix}${key}`;
  return `${memoryPrefix}sha256#${createHash('sha256').update(key).digest('hex')}`;
}
