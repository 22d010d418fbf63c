import { type CdnProOptions, createCdnPro, type SimulatedCdnPro } from './cdn-pro.ts';
import { type Change, entryOf, feed, messageFor } from './changes.ts';
import { createClock } from './clock.ts';
import { type ConsumerOptions, createConsumer } from './consumer.ts';
import { type EventSourceOptions, startEventSource } from './event-source.ts';
import { createQueue, type Queue, type QueueOptions } from './queue.ts';
import { createRandom } from './random.ts';
import { createTable, type TableOptions } from './table.ts';
import { createWaiting } from './waiting.ts';

/** Options of a world: everything around the real code. */
export interface WorldOptions extends ConsumerOptions {
  readonly seed: number;
  /** In the order of their times. */
  readonly changes: readonly Change[];
  readonly eventSource: EventSourceOptions;
  readonly queue: Omit<QueueOptions, 'random' | 'deadLetter'>;
  readonly cdnPro: Omit<CdnProOptions, 'onRequest'>;
  readonly table: TableOptions;
  /** From a change to its message's being visible in the queue, in milliseconds. */
  readonly transitMs: number;
}

/** What came of a world. */
export interface Outcome {
  /** When each change was accepted, by its index in `changes`; NaN where it was not. */
  readonly acceptedMs: Float64Array;
  readonly cdnPro: SimulatedCdnPro;
  readonly queue: Queue;
  /** Bodies of the dead letter queue. */
  readonly dead: readonly string[];
  /** Number of accepted requests, of the file URLs in them, and of the directories that replaced files. */
  readonly accepted: { requests: number; urls: number; directories: number };
  /** Invocations that needed more accepted requests than the lower bound of what they held. */
  readonly aboveBound: number;
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
  const accepted = { requests: 0, urls: 0, directories: 0 };
  const dead: string[] = [];
  const deadLetter = (body: string) => dead.push(body);
  const queue = createQueue(clock, { ...options.queue, random, deadLetter });
  const cdnPro = createCdnPro(clock, {
    ...options.cdnPro,
    onRequest(body, { kind }, arrivedMs) {
      if (kind !== 'accepted') return;
      accepted.requests++;
      accepted.urls += body.fileUrls?.length ?? 0;
      accepted.directories += body.dirUrls?.length ?? 0;
      for (const index of waiting.settle(body)) acceptedMs[index] = arrivedMs;
    },
  });
  feed(clock, options.changes, (change, index) => {
    waiting.add(entryOf(change), index);
    queue.send(messageFor(change), options.transitMs);
  });
  const table = createTable(clock, options.table);
  const { grain } = options.eventSource;
  const consumer = createConsumer(options, { clock, random, queue, table, cdnPro, deadLetter, grain });
  startEventSource(clock, queue, options.eventSource, consumer.invoke);
  await clock.run(untilMs);
  return {
    acceptedMs,
    cdnPro,
    queue,
    dead,
    accepted,
    aboveBound: consumer.aboveBound(),
    nowMs: clock.nowMs(),
  };
}
