import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Pacing, reservePaced, type SlotRequest } from '../core/limits/pacing.ts';
import { closeForDeployment, isDeclared, strictestLimit } from '../core/limits/shared-limit.ts';
import {
  closeWindow,
  type DeclaredLimit,
  emptyWindow,
  markAnswered,
  type RateLimit,
  type RateWindow,
} from '../core/limits/window.ts';

/**
 * Places in the rate limit's window, or when to ask again and what it is that one waits for; and the share of the
 * window's places that is taken then, above 1 where the limit was lowered.
 */
export type SlotGrant =
  | { readonly kind: 'granted'; readonly places: readonly Slot[]; readonly usedShare?: number }
  | {
      readonly kind: 'wait';
      readonly untilMs: number;
      readonly for?: 'window' | 'pace';
      readonly usedShare?: number;
    };

/** Names a place that was taken. */
export interface Slot {
  readonly arrivedByMs: number;
}

/** The rate limit's window in DynamoDB, shared by all consumers of all deployments that name the same table. */
export interface Ledger {
  /**
   * Takes places in the window for requests whose turn it is: for the first, and for those right behind it as far as
   * theirs has come as well, all in one write. A place is spent from then on, whatever becomes of it.
   * @param asks at least one, in the order of the requests
   * @returns a place for the first request and any that follow it, in their order; `wait` where not even the first
   * has its turn
   * @throws what DynamoDB throws, and an error where writing took so long that the places are of no use
   */
  reserve(asks: readonly SlotRequest[]): Promise<SlotGrant>;
  /** Takes note that CDN Pro has answered the request in a place. The next reservation writes it down. */
  answered?(place: Slot): void;
  /** Lets nobody send before the given time, or nobody of this deployment where the others can. */
  close(untilMs: number, forWhom: 'everyone' | 'this deployment'): Promise<void>;
}

/** What a ledger is made of. */
export interface LedgerOptions {
  readonly client: DynamoDBClient;
  /** Name or ARN of the table. */
  readonly tableName: string;
  /** Names the deployment among those that share the table. */
  readonly deployment: string;
  readonly limit: RateLimit;
  /** Hears, once, of the stricter limit that holds because another deployment states it. */
  readonly onStricterLimit?: (limit: RateLimit) => void;
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

/** The partition key of the window's item. One table holds one window, since one table stands for one CDN Pro user. */
export const windowPartition = 'rate-window';
const windowKey = { pk: { S: windowPartition } };

interface Versioned {
  readonly window: RateWindow;
  readonly version: number;
}

/** @returns the ledger in the given table */
export function createLedger(options: LedgerOptions): Ledger {
  const { client, tableName, deployment, limit, guardMs, clockDifferenceMs, pacing, nowMs } = options;
  /** Answers that no write has told yet. */
  const answers = new Map<Slot, number>();
  let isStricterKnown = false;

  function hear(agreed: RateLimit): void {
    const isStricter = agreed.requests < limit.requests || agreed.perSeconds > limit.perSeconds;
    if (isStricter && !isStricterKnown) options.onStricterLimit?.(agreed);
    isStricterKnown = isStricter;
  }

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

  function forget(told: readonly (readonly [Slot, number])[]): void {
    for (const [place] of told) answers.delete(place);
  }

  /** Takes places for the asks, in their order, until one has to wait. */
  function takePlaces(window: RateWindow, agreed: RateLimit, asks: readonly SlotRequest[], atMs: number) {
    const places: Slot[] = [];
    let current = window;
    let usedShare = 0;
    for (const ask of asks) {
      const reservation = reservePaced(current, agreed, guardMs, atMs, ask, pacing);
      if (reservation.kind === 'wait') {
        if (places.length === 0) return reservation;
        break;
      }
      current = reservation.window;
      usedShare = reservation.usedShare;
      places.push({ arrivedByMs: reservation.arrivedByMs });
    }
    return { kind: 'taken', window: current, places, usedShare } as const;
  }

  return {
    async reserve(asks) {
      // A lost race means that another consumer made progress, so this ends.
      for (;;) {
        const { window: written, version } = await read();
        const told = [...answers];
        const window = told.reduce(
          (window, [{ arrivedByMs }, byMs]) => markAnswered(window, arrivedByMs, byMs),
          written,
        );
        const reservedMs = nowMs();
        const agreed = strictestLimit(window, deployment, limit, reservedMs);
        hear(agreed.limit);
        const { closedUntilMs = 0 } = agreed.window.declared[deployment] ?? {};
        if (reservedMs < closedUntilMs) return { kind: 'wait', untilMs: closedUntilMs };
        const taken = takePlaces(agreed.window, agreed.limit, asks, reservedMs);
        if (taken.kind === 'wait') {
          // Others who know nothing of a stricter limit would keep the window too full for it for ever.
          if (!isDeclared(window, deployment, limit) && (await write(agreed.window, version))) forget(told);
          return taken;
        }
        if (!(await write(taken.window, version))) continue;
        forget(told);
        const tookMs = nowMs() - reservedMs;
        if (tookMs <= slowestWriteMs)
          return { kind: 'granted', places: taken.places, usedShare: taken.usedShare };
        throw new Error(`Expected the ledger to be written within ${slowestWriteMs} ms, took ${tookMs} ms`);
      }
    },
    answered(place) {
      answers.set(place, nowMs() + clockDifferenceMs);
    },
    async close(untilMs, forWhom) {
      for (;;) {
        const { window, version } = await read();
        const closed =
          forWhom === 'everyone'
            ? closeWindow(window, untilMs)
            : closeForDeployment(
                strictestLimit(window, deployment, limit, nowMs()).window,
                deployment,
                untilMs,
              );
        if (closed === window || (await write(closed, version))) return;
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
    stated: { M: mapValues(window.declared, formatStated) },
    version: { N: String(version) },
  };
}

function formatStated({ requests, perSeconds, atMs, closedUntilMs = 0 }: DeclaredLimit): AttributeValue {
  return {
    M: {
      requests: { N: String(requests) },
      perSeconds: { N: String(perSeconds) },
      atMs: { N: String(atMs) },
      ...(closedUntilMs > 0 && { closedUntilMs: { N: String(closedUntilMs) } }),
    },
  };
}

function parseStated({ M }: AttributeValue): DeclaredLimit {
  return {
    requests: numberOf(M?.requests),
    perSeconds: numberOf(M?.perSeconds),
    atMs: numberOf(M?.atMs),
    closedUntilMs: numberOf(M?.closedUntilMs),
  };
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}

function parseWindow(item: Record<string, AttributeValue>): Versioned {
  return {
    window: {
      arrivedByMs: (item.arrivedByMs?.L ?? []).map((time) => Number(time.N)),
      closedUntilMs: numberOf(item.closedUntilMs),
      pace: { spent: numberOf(item.spent), inflow: numberOf(item.inflow), atMs: numberOf(item.pacedAtMs) },
      declared: mapValues(item.stated?.M ?? {}, parseStated),
    },
    version: numberOf(item.version),
  };
}

function numberOf(value: AttributeValue | undefined): number {
  return Number(value?.N ?? 0);
}
