import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Ask, type Pacing, reservePaced } from '../core/pacing.ts';
import { closeWindow, emptyWindow, markAnswered, type RateLimit, type RateWindow } from '../core/throttle.ts';

/**
 * A place in the rate limit's window, or when to ask again and what it is that one waits for; and the share of the
 * window's places that is taken then, above 1 where the limit was lowered.
 */
export type Permit =
  | { readonly kind: 'granted'; readonly place?: Place; readonly usedShare?: number }
  | {
      readonly kind: 'wait';
      readonly untilMs: number;
      readonly for?: 'window' | 'pace';
      readonly usedShare?: number;
    };

/** Names a place that was taken. */
export interface Place {
  readonly arrivedByMs: number;
}

/** The rate limit's window in DynamoDB, shared by every consumer that names the same table. */
export interface Ledger {
  /**
   * Takes a place in the window, if it is the request's turn. It is spent from then on, whatever becomes of it.
   * @throws what DynamoDB throws, and an error where writing took so long that the place is of no use
   */
  reserve(ask: Ask): Promise<Permit>;
  /** Takes note that CDN Pro has answered the request in a place. The next reservation writes it down. */
  answered?(place: Place): void;
  /** Lets nobody send before the given time. */
  close(untilMs: number): Promise<void>;
}

/** What a ledger is made of. */
export interface LedgerOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly limit: RateLimit;
  /**
   * The longest time from a place's being taken to its request's arrival at CDN Pro, in milliseconds, clocks'
   * differences and {@link slowestWriteMs} included.
   */
  readonly guardMs: number;
  /** The most that the clocks of two consumers differ, in milliseconds. */
  readonly clockDifferenceMs: number;
  /** Default: the pacing of `pacing.ts`. */
  readonly pacing?: Pacing;
  readonly nowMs: () => number;
}

/** A place whose writing took longer than this, in milliseconds, is not used: its request might arrive too late. */
export const slowestWriteMs = 1000;

/** The key of the window's item. One table holds one window, since one table stands for one CDN Pro user. */
const windowKey = { pk: { S: 'rate-window' } };

interface Versioned {
  readonly window: RateWindow;
  readonly version: number;
}

/** @returns the ledger in the given table */
export function createLedger(options: LedgerOptions): Ledger {
  const { client, tableName, limit, guardMs, clockDifferenceMs, pacing, nowMs } = options;
  /** Answers that no write has told yet. */
  const answers = new Map<Place, number>();

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
    async reserve(ask) {
      // A lost race means that another consumer made progress, so this ends.
      for (;;) {
        const { window: written, version } = await read();
        const told = [...answers];
        const window = told.reduce(
          (window, [{ arrivedByMs }, byMs]) => markAnswered(window, arrivedByMs, byMs),
          written,
        );
        const reservedMs = nowMs();
        const reservation = reservePaced(window, limit, guardMs, reservedMs, ask, pacing);
        if (reservation.kind === 'wait') return reservation;
        if (!(await write(reservation.window, version))) continue;
        for (const [place] of told) answers.delete(place);
        const { arrivedByMs, usedShare } = reservation;
        const tookMs = nowMs() - reservedMs;
        if (tookMs <= slowestWriteMs) return { kind: 'granted', place: { arrivedByMs }, usedShare };
        throw new Error(`Expected the ledger to be written within ${slowestWriteMs} ms, took ${tookMs} ms`);
      }
    },
    answered(place) {
      answers.set(place, nowMs() + clockDifferenceMs);
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
    arrivedByMs: { L: window.arrivedByMs.map((timeMs) => ({ N: String(timeMs) })) },
    closedUntilMs: { N: String(window.closedUntilMs) },
    spent: { N: window.pace.spent.toFixed(6) },
    inflow: { N: window.pace.inflow.toFixed(6) },
    pacedAtMs: { N: String(window.pace.atMs) },
    version: { N: String(version) },
  };
}

function parseWindow(item: Record<string, AttributeValue>): Versioned {
  return {
    window: {
      arrivedByMs: (item.arrivedByMs?.L ?? []).map((time) => Number(time.N)),
      closedUntilMs: numberOf(item.closedUntilMs),
      pace: { spent: numberOf(item.spent), inflow: numberOf(item.inflow), atMs: numberOf(item.pacedAtMs) },
    },
    version: numberOf(item.version),
  };
}

function numberOf(value: AttributeValue | undefined): number {
  return Number(value?.N ?? 0);
}
