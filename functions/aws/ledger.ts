import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { closeWindow, emptyWindow, type RateLimit, type RateWindow, reserve } from '../core/throttle.ts';

/** A place in the rate limit's window, or when to ask again. */
export type Permit = { readonly kind: 'granted' } | { readonly kind: 'wait'; readonly untilMs: number };

/** The rate limit's window in DynamoDB, shared by every consumer that names the same table. */
export interface Ledger {
  /** Takes a place in the window, if there is one. It is spent from then on, whatever becomes of the request. */
  reserve(): Promise<Permit>;
  /** Lets nobody send before the given time. */
  close(untilMs: number): Promise<void>;
}

/** What a ledger is made of. */
export interface LedgerOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly limit: RateLimit;
  /** See {@link reserve}. */
  readonly guardMs: number;
  readonly nowMs: () => number;
}

/** The key of the window's item. One table holds one window, since one table stands for one CDN Pro user. */
const windowKey = { pk: { S: 'rate-window' } };

interface Versioned {
  readonly window: RateWindow;
  readonly version: number;
}

/** @returns the ledger in the given table */
export function createLedger({ client, tableName, limit, guardMs, nowMs }: LedgerOptions): Ledger {
  async function read(): Promise<Versioned> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: windowKey, ConsistentRead: true }),
    );
    return Item === undefined ? { window: emptyWindow, version: 0 } : parseWindow(Item);
  }

  /** @returns whether nobody else has changed the item since it was read */
  async function write(window: RateWindow, version: number): Promise<boolean> {
    const condition =
      version === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'version = :version',
            ExpressionAttributeValues: { ':version': { N: String(version) } },
          };
    const Item = formatWindow({ window, version: version + 1 });
    try {
      await client.send(new PutItemCommand({ TableName: tableName, Item, ...condition }));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  return {
    async reserve() {
      // A lost race means that another consumer made progress, so this ends.
      for (;;) {
        const { window, version } = await read();
        const reservation = reserve(window, limit, guardMs, nowMs());
        if (reservation.kind === 'wait') return reservation;
        if (await write(reservation.window, version)) return { kind: 'granted' };
      }
    },
    async close(untilMs) {
      for (;;) {
        const { window, version } = await read();
        if (window.closedUntilMs >= untilMs) return;
        if (await write(closeWindow(window, untilMs), version)) return;
      }
    },
  };
}

function formatWindow({ window, version }: Versioned): Record<string, AttributeValue> {
  return {
    ...windowKey,
    times: { L: window.times.map((timeMs) => ({ N: String(timeMs) })) },
    closedUntilMs: { N: String(window.closedUntilMs) },
    version: { N: String(version) },
  };
}

function parseWindow(item: Record<string, AttributeValue>): Versioned {
  return {
    window: {
      times: (item.times?.L ?? []).map((time) => Number(time.N)),
      closedUntilMs: Number(item.closedUntilMs?.N ?? 0),
    },
    version: Number(item.version?.N ?? 0),
  };
}
