import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { memoryPrefix } from './ledger-keys.ts';
import { putItem, readItem } from './versioned-item.ts';

/** Keeps which signed deliveries were queued, for as long as they could be sent again. */
export interface SeenDeliveries {
  /** @param key tells deliveries apart, see `SignedDelivery` */
  has(webhook: string, key: string): Promise<boolean>;
  /** @param untilMs from then on it is forgotten, in milliseconds */
  add(webhook: string, key: string, untilMs: number): Promise<void>;
}

/** Options of {@link createSeenDeliveries}. */
export interface SeenDeliveriesOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly nowMs: () => number;
}

/** What their keys begin with: an entry's key has a webhook's name there, which is not empty. */
const deliveryPrefix = `${memoryPrefix}#delivery#`;

/** An item of the table. */
interface StoredDelivery {
  /** When DynamoDB deletes the item, in seconds since the epoch. */
  readonly expiresAt: number;
}

/** @returns which deliveries were queued, in the given table */
export function createSeenDeliveries({ client, tableName, nowMs }: SeenDeliveriesOptions): SeenDeliveries {
  const addressOf = (webhook: string, key: string) => {
    return { client, tableName, pk: `${deliveryPrefix}${webhook}#${key}` };
  };
  return {
    async has(webhook, key) {
      const { attributes } = await readItem<StoredDelivery>(addressOf(webhook, key));
      // DynamoDB deletes what has expired days later; by then its sender means it.
      return (attributes?.expiresAt ?? 0) * 1000 > nowMs();
    },
    async add(webhook, key, untilMs) {
      const stored: StoredDelivery = { expiresAt: Math.ceil(untilMs / 1000) };
      await putItem(addressOf(webhook, key), stored);
    },
  };
}
