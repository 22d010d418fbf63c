import { createLedger, slowestWriteMs } from '../../functions/aws/rate-limit-table.ts';
import type { Pacing } from '../../functions/core/limits/pacing.ts';
import type { RateLimit } from '../../functions/core/limits/window.ts';
import { readMessage, writeMessage } from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { RequestLimits } from '../../functions/core/planning/plan.ts';
import type { SubmitPorts } from '../../functions/submit/ports.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { type CdnProOptions, createCdnPro, type SimulatedCdnPro } from './cdn-pro.ts';
import { createClock, type VirtualClock } from './clock.ts';
import { type EventSourceOptions, startEventSource } from './event-source.ts';
import { createQueue, type Queue, type QueueOptions, type Received } from './queue.ts';
import { createRandom } from './random.ts';
import { createTable, type TableOptions } from './table.ts';
import { createWaiting, lowerBound } from './waiting.ts';

/** A change as a source makes it. */
export interface Change {
  readonly atMs: number;
  readonly url: string;
  /** What the change makes of the URL. Missing: a file to invalidate. */
  readonly entry?: PurgeEntry;
}

/** Everything around the real code. */
export interface WorldOptions {
  readonly seed: number;
  /** In the order of their times. */
  readonly changes: readonly Change[];
  readonly limit: RateLimit;
  readonly limits: RequestLimits;
  /** See `SubmitOptions`. */
  readonly coalesceAbove?: number;
  readonly pacing?: Pacing;
  readonly eventSource: EventSourceOptions;
  readonly queue: Omit<QueueOptions, 'random' | 'deadLetter'>;
  readonly cdnPro: Omit<CdnProOptions, 'onRequest'>;
  readonly table: TableOptions;
  /** From a change to its message's being visible in the queue, in milliseconds. */
  readonly transitMs: number;
  readonly functionTimeoutMs: number;
  /** How long an invocation lives, in milliseconds from its start; undefined where nothing kills it. */
  readonly lifeMs?: (invocation: number) => number | undefined;
  /** How far the clock of each of the two execution environments is ahead, in milliseconds. */
  readonly skewMs?: readonly number[];
  /** Breaks a part on purpose, to show that it would be seen. */
  readonly mutate?: (ports: SubmitPorts) => SubmitPorts;
  /** Time from a slot's reservation to its request's arrival that the ledger allows for. Default: the right one. */
  readonly guardMs?: number;
}

/** What came of a world. */
export interface Outcome {
  /** When each change was accepted, by its place in `changes`; NaN where it was not. */
  readonly acceptedMs: Float64Array;
  readonly cdnPro: SimulatedCdnPro;
  readonly queue: Queue;
  /** Bodies of the dead letter queue. */
  readonly dead: readonly string[];
  /** Number of accepted requests, of the file URLs in them, and of the directories that stood for files. */
  readonly accepted: { requests: number; urls: number; directories: number };
  /** Messages that went back into the buffer. */
  readonly givenBack: number;
  readonly invocations: number;
  /** Invocations that needed more accepted requests than the lower bound of what they held. */
  readonly aboveBound: number;
  readonly nowMs: number;
}

/** What is left of the function's time when sending stops, as the handler has it. */
const reserveMs = 30_000;
const clockDifferenceMs = 2_000;

/** @returns the message for a change, as a receiver writes it */
export function messageFor(change: Change): string {
  const { atMs, url } = change;
  const occurredAt = new Date(atMs).toISOString();
  const from = { source: 's3', action: 'put', id: `s3://bucket/${url.slice(-40)}`, occurredAt };
  return writeMessage({ v: 1, change: from, entries: [entryOf(change)] });
}

/** @returns the entry that a change makes */
export function entryOf({ url, entry }: Change): PurgeEntry {
  return entry ?? { kind: 'file', url, target: 'production', action: 'invalidate' };
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
  const counts = { givenBack: 0, invocations: 0, aboveBound: 0 };
  const queue = createQueue(clock, { ...options.queue, random, deadLetter: (body) => dead.push(body) });
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
  const environments = (options.skewMs ?? [0, 0]).map((skewMs, index) => {
    const nowMs = () => Math.floor(clock.nowMs()) + skewMs;
    const ledger = createLedger({
      client: table,
      tableName: 'ledger',
      deployment: `deployment ${index}`,
      limit: options.limit,
      guardMs: options.guardMs ?? slowestWriteMs + 10_000 + clockDifferenceMs,
      clockDifferenceMs,
      nowMs,
      ...(options.pacing === undefined ? {} : { pacing: options.pacing }),
    });
    return { nowMs, ledger, isBusy: false };
  });

  async function invoke(batch: readonly Received[]): Promise<readonly Received[] | undefined> {
    const environment = environments.find(({ isBusy }) => !isBusy) ?? environments[0];
    if (environment === undefined) throw new RangeError('Expected an execution environment, got none');
    environment.isBusy = true;
    const life = { isOver: false };
    let acceptedHere = 0;
    const { nowMs, ledger } = environment;
    const send =
      (deliver: (body: string, delayMs: number) => void) =>
      async (messages: readonly { body: string; delaySeconds?: number }[]) => {
        // 16 batches of ten at once, 20 ms each.
        await clock.sleep(20 * Math.ceil((messages.length * options.eventSource.grain) / 160));
        if (!life.isOver)
          for (const { body, delaySeconds = 0 } of messages) deliver(body, delaySeconds * 1000);
        return [];
      };
    const ports: SubmitPorts = {
      ledger,
      cdnPro: {
        ...cdnPro,
        async submit(body) {
          const answer = await cdnPro.submit(body);
          if (answer.kind === 'accepted') acceptedHere++;
          return answer;
        },
      },
      forgetCredentials() {},
      requeue: send((body, delayMs) => {
        counts.givenBack++;
        queue.send(body, delayMs);
      }),
      reject: send((body) => dead.push(body)),
      recover: () => undefined,
      learn() {},
      backlog: async () => queue.visible(),
      nowMs,
      sleep: (ms) => clock.sleep(ms),
      random,
      measure() {},
      log: { info() {}, warn() {}, error() {} },
    };
    const mortal = mortalPorts(options.mutate?.(ports) ?? ports, life);
    const deadlineMs = nowMs() + options.functionTimeoutMs - reserveMs;
    const lifeMs = options.lifeMs?.(counts.invocations) ?? options.functionTimeoutMs;
    counts.invocations++;
    const killed = clock.sleep(lifeMs).then(() => undefined);
    const records = batch.map(({ message: { messageId, body } }) => ({ messageId, body }));
    // Reading and planning take their time, too.
    await clock.sleep(0.02 * batch.length * options.eventSource.grain);
    const failed = await Promise.race([
      submitBatch(records, mortal, {
        limits: options.limits,
        deadlineMs,
        ...(options.coalesceAbove === undefined ? {} : { coalesceAbove: options.coalesceAbove }),
      }),
      killed,
    ]);
    if (acceptedHere > lowerBound(entriesIn(records.map(({ body }) => body)), options.limits))
      counts.aboveBound++;
    life.isOver = true;
    environment.isBusy = false;
    return failed === undefined
      ? undefined
      : batch.filter(({ message }) => !failed.includes(message.messageId));
  }

  startEventSource(clock, queue, options.eventSource, invoke);
  await clock.run(untilMs);
  return { acceptedMs, cdnPro, queue, dead, accepted, ...counts, nowMs: clock.nowMs() };
}

/** Gives the changes to the world as their time comes, one event at a time, so that the clock holds few of them. */
export function feed(
  clock: VirtualClock,
  changes: readonly Change[],
  happen: (change: Change, index: number) => void,
): void {
  let next = 0;
  const step = () => {
    for (;;) {
      const change = changes[next];
      if (change === undefined) return;
      if (change.atMs > clock.nowMs()) {
        clock.at(change.atMs, step);
        return;
      }
      happen(change, next++);
    }
  };
  clock.at(0, step);
}

/** A consumer that was killed does nothing any more: what it waits for never comes. */
function mortalPorts(ports: SubmitPorts, life: { readonly isOver: boolean }): SubmitPorts {
  const never = new Promise<never>(() => {});
  const mortal =
    <Arguments extends unknown[], Result>(call: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments): Promise<Result> => {
      if (life.isOver) return never;
      const result = await call(...args);
      return life.isOver ? never : result;
    };
  const { ledger, cdnPro } = ports;
  return {
    ...ports,
    ledger: {
      ...ledger,
      reserve: mortal((requests) => ledger.reserve(requests)),
      close: mortal((untilMs, forWhom) => ledger.close(untilMs, forWhom)),
    },
    cdnPro: { ...cdnPro, submit: mortal((body) => cdnPro.submit(body)) },
    requeue: mortal(ports.requeue),
    reject: mortal(ports.reject),
    sleep: mortal(ports.sleep),
  };
}

/** @returns the entries of the messages that can be read */
export function entriesIn(bodies: readonly string[]): readonly PurgeEntry[] {
  return bodies.flatMap((body) => {
    const read = readMessage(body);
    return read.kind === 'unreadable' ? [] : read.message.entries;
  });
}
