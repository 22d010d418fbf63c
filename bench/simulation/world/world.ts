import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createParkedTable } from '../../../functions/aws/tables/parked-table.ts';
import { freshQuota, type QuotaState } from '../../../functions/core/limits/tokens/quota.ts';
import type { PurgeEntry } from '../../../functions/core/model/types.ts';
import { type Change, entryOf, feed, messageFor } from '../changes.ts';
import { type CdnProOptions, createCdnPro, type SimulatedCdnPro } from './cdn-pro.ts';
import { createClock } from './clock.ts';
import { createConsumer, createLimits } from './consumer.ts';
import { type EventSourceOptions, startEventSource } from './event-source.ts';
import { createQueue, type Queue, type QueueOptions } from './queue.ts';
import { createRandom } from './random.ts';
import { type ReceiverOptions, startReceiver } from './receiver.ts';
import { createTable, type Item, type TableOptions } from './table.ts';
import { startTicker, type TickerOptions } from './ticker.ts';
import { createWaiting } from './waiting.ts';

/** Options of a world: everything around the real code. */
export interface WorldOptions extends TickerOptions {
  readonly seed: number;
  /** In the order of their times. */
  readonly changes: readonly Change[];
  readonly eventSource: EventSourceOptions;
  /**
   * A `receive-s3` before the purge queue, which gets the changes as events.
   * @default each change is a message in the purge queue
   */
  readonly receiver?: ReceiverOptions;
  readonly queue: Omit<QueueOptions, 'random' | 'deadLetter'>;
  readonly cdnPro: Omit<CdnProOptions, 'onRequest'>;
  readonly table: TableOptions;
  /** From a change to its message's being visible in the queue, in milliseconds. */
  readonly transitMs: number;
  /**
   * Whether all is done that one wants to see.
   * @param acceptedMs see {@link Outcome.acceptedMs}
   * @default false
   */
  readonly isOver?: (acceptedMs: Float64Array) => boolean;
}

/** What came of a world. */
export interface Outcome {
  /** When each change was accepted, by its index in `changes`; NaN where it was not. */
  readonly acceptedMs: Float64Array;
  readonly cdnPro: SimulatedCdnPro;
  /** Purge requests that arrived. */
  readonly posts: number;
  readonly queue: Queue;
  /** Bodies of the events that no receiver has dealt with. */
  readonly events: readonly string[];
  /** Bodies of the dead letter queue. */
  readonly dead: readonly string[];
  /** Number of accepted requests, of the file URLs in them, and of the directories that replaced files. */
  readonly accepted: { requests: number; urls: number; directories: number };
  /** Invocations that needed more accepted requests than the lower bound of what they held. */
  readonly aboveBound: number;
  /** What waits for tokens. */
  readonly parked: readonly PurgeEntry[];
  readonly nowMs: number;
}

/**
 * Lets a world run until a time, with the real consumer in it.
 * @param untilMs when to look, in milliseconds
 */
export async function runWorld(options: WorldOptions, untilMs: number): Promise<Outcome> {
  const clock = createClock();
  const random = createRandom(options.seed);
  const acceptedMs = new Float64Array(options.changes.length).fill(Number.NaN);
  const waiting = createWaiting();
  let posts = 0;
  const accepted = { requests: 0, urls: 0, directories: 0 };
  const dead: string[] = [];
  const deadLetter = (body: string) => dead.push(body);
  const queue = createQueue(clock, { ...options.queue, random, deadLetter });
  const cdnPro = createCdnPro(clock, {
    ...options.cdnPro,
    onRequest(body, { kind }, arrivedMs) {
      posts++;
      if (kind !== 'accepted') return;
      accepted.requests++;
      accepted.urls += body.fileUrls?.length ?? 0;
      accepted.directories += body.dirUrls?.length ?? 0;
      for (const index of waiting.settle(body)) acceptedMs[index] = arrivedMs;
    },
  });
  const { receiver } = options;
  const events = receiver && startReceiver(clock, random, receiver, (body) => queue.send(body, 0));
  feed(clock, options.changes, (change, index) => {
    waiting.add(entryOf(change), index);
    (events ?? queue).send(messageFor(change), options.transitMs);
  });
  const { client: table } = createTable(clock, options.table, await firstItems(options));
  const waitingTable = createTable(clock, options.table);
  const nowMs = () => Math.floor(clock.nowMs());
  const parkedBy = (client: DynamoDBClient) =>
    createParkedTable({ client, tableName: 'parked', nowMs, random });
  const parkedClient = waitingTable.client;
  const { grain } = options.eventSource;
  const surroundings = { clock, random, queue, table, parkedBy, parkedClient, cdnPro, deadLetter, grain };
  const consumer = createConsumer(options, surroundings);
  startTicker(options, surroundings, waitingTable.indexed);
  startEventSource(clock, queue, options.eventSource, consumer.invoke);
  await clock.run(untilMs, () => options.isOver?.(acceptedMs) ?? false);
  return {
    acceptedMs,
    cdnPro,
    posts,
    queue,
    events: events?.bodies() ?? [],
    dead,
    accepted,
    aboveBound: consumer.aboveBound(),
    parked: waitingTable.indexed().map(({ entry }) => JSON.parse(entry?.S ?? '') as PurgeEntry),
    nowMs: clock.nowMs(),
  };
}

/** The limits' item says how long an hour is, as in the local stack. */
async function firstItems(options: WorldOptions): Promise<Map<string, Item>> {
  const items = new Map<string, Item>();
  const { hourMs } = options;
  if (hourMs === undefined) return items;
  const { client } = createTable({ nowMs: () => 0, sleep: async () => {} }, { latencyMs: () => 0 }, items);
  const quota: QuotaState = { ...freshQuota, hourMs };
  await createLimits(options, client, 'deployment 0', () => 0).note((state) => ({
    ...state,
    quotas: { production: quota, staging: quota },
  }));
  return items;
}
