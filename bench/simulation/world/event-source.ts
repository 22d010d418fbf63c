import type { VirtualClock } from './clock.ts';
import type { Queue, Received } from './queue.ts';

/** An event source mapping from SQS to a function. */
export interface EventSourceOptions {
  readonly batchSize: number;
  readonly windowMs: number;
  readonly maximumConcurrency: number;
  /** Largest payload of an invocation in bytes (6 MB). */
  readonly maxPayloadBytes: number;
  /**
   * How many batches gather at once. AWS does not say how many pollers a mapping with a maximum concurrency of 2
   * has; while an invocation runs, one less gathers, but never less than none beyond that concurrency.
   */
  readonly gatherers: number;
  /** What a message takes of the payload in addition to its body: ids, receipt handle, attributes. */
  readonly envelopeBytes: number;
  /** How many real messages one simulated message represents in the payload. */
  readonly grain: number;
  /** From a batch's completion to the function's start, in milliseconds. */
  readonly invokeMs: number;
  /** Messages that one gatherer receives in a second. */
  readonly receiveRate: number;
}

/** Runs the function on a batch. @returns what to delete; undefined where the function failed or died */
export type Invoke = (batch: readonly Received[]) => Promise<readonly Received[] | undefined>;

interface Gatherer {
  batch: Received[];
  bytes: number;
  firstMs: number;
  state: 'idle' | 'gathering' | 'waiting';
  /** When its next receive may come back. */
  freeMs: number;
}

/** Polls the queue and invokes the function for as long as the clock runs. */
export function startEventSource(
  clock: VirtualClock,
  queue: Queue,
  options: EventSourceOptions,
  invoke: Invoke,
): void {
  const gatherers: Gatherer[] = Array.from({ length: options.gatherers }, () => ({
    batch: [],
    bytes: 0,
    firstMs: 0,
    state: 'idle',
    freeMs: 0,
  }));
  /** In the order in which their batches were complete. */
  const waiting: Gatherer[] = [];
  /** What the next message may take of the payload. */
  const largestBytes = (options.envelopeBytes + 400) * options.grain;
  let running = 0;
  let turn = 0;

  /** Who is idle begins to gather only where an invocation could follow; with more gatherers than that, all do. */
  function mayBegin(): boolean {
    if (options.gatherers > options.maximumConcurrency) return true;
    const busy = gatherers.filter(({ state }) => state !== 'idle').length;
    return busy + running < options.maximumConcurrency;
  }

  function poll(): void {
    for (let step = 0; step < gatherers.length && queue.visible() > 0; step++) {
      const gatherer = gatherers[turn++ % gatherers.length];
      if (gatherer === undefined || gatherer.state === 'waiting' || gatherer.freeMs > clock.nowMs()) continue;
      if (gatherer.state === 'idle') {
        if (!mayBegin()) continue;
        begin(gatherer);
      }
      receive(gatherer);
    }
  }

  function begin(gatherer: Gatherer): void {
    Object.assign(gatherer, { batch: [], bytes: 0, firstMs: clock.nowMs(), state: 'gathering' });
    const { firstMs } = gatherer;
    clock.at(firstMs + options.windowMs, () => {
      if (gatherer.state === 'gathering' && gatherer.firstMs === firstMs) fire(gatherer);
    });
  }

  /** What the gatherer manages in 50 ms, or less where less is there or fits. */
  function receive(gatherer: Gatherer): void {
    const room = Math.floor((options.maxPayloadBytes - gatherer.bytes) / largestBytes);
    const most = Math.min(
      Math.ceil(options.receiveRate / 20),
      options.batchSize - gatherer.batch.length,
      Math.max(1, room),
    );
    const received = queue.receive(most);
    for (const one of received) {
      gatherer.batch.push(one);
      gatherer.bytes += (one.message.body.length + options.envelopeBytes) * options.grain;
    }
    gatherer.freeMs = clock.nowMs() + (received.length / options.receiveRate) * 1000;
    if (
      gatherer.batch.length >= options.batchSize ||
      gatherer.bytes + largestBytes > options.maxPayloadBytes
    ) {
      fire(gatherer);
    } else clock.at(gatherer.freeMs, poll);
  }

  function fire(gatherer: Gatherer): void {
    gatherer.state = 'waiting';
    waiting.push(gatherer);
    dispatch();
  }

  function dispatch(): void {
    while (running < options.maximumConcurrency) {
      const gatherer = waiting.shift();
      if (gatherer === undefined) break;
      const { batch } = gatherer;
      Object.assign(gatherer, { state: 'idle', batch: [] });
      if (batch.length === 0) continue;
      running++;
      clock.at(clock.nowMs() + options.invokeMs, () => void run(batch));
    }
    poll();
  }

  async function run(batch: readonly Received[]): Promise<void> {
    const done = await invoke(batch);
    for (const received of done ?? []) queue.delete(received);
    running--;
    dispatch();
    poll();
  }

  queue.onVisible(poll);
}
