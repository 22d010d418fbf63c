import { readMessages, writeMessages } from '../../../functions/core/model/messages/combined-messages.ts';
import type { VirtualClock } from './clock.ts';
import { type EventSourceOptions, startEventSource } from './event-source.ts';
import { createQueue, type Queue, type Received } from './queue.ts';

/** Options of a simulated `receive-s3`. */
export interface ReceiverOptions {
  readonly eventSource: EventSourceOptions;
  /**
   * How many requests to the purge queue an invocation lives for, and not for its answer after that; undefined where
   * nothing kills it.
   * @default nothing kills any
   */
  readonly livesRequests?: (invocation: number) => number | undefined;
}

/** What an invocation needs without sending, in milliseconds: its start, and for each event. */
const startMs = 10;
const eventMs = 0.05;
/** SendMessageBatch takes ten messages, and sixteen of them are under way at once. */
const messagesAtOnce = 160;
const requestMs = 20;

/**
 * A queue of S3's events, and the function that turns a batch of them into purge messages, by the code that writes them.
 * @param send puts a message into the purge queue
 * @returns the queue; an event is simulated by its change's own purge message
 */
export function startReceiver(
  clock: VirtualClock,
  random: () => number,
  { eventSource, livesRequests = () => undefined }: ReceiverOptions,
  send: (body: string) => void,
): Queue {
  const deadLetter = (body: string): never => {
    throw new RangeError(`Expected each event to be received in time, got none for ${body}`);
  };
  const queue = createQueue(clock, {
    visibilityTimeoutMs: 181_000,
    maxReceiveCount: 10,
    random,
    deadLetter,
  });
  let invocations = 0;

  async function invoke(batch: readonly Received[]): Promise<readonly Received[] | undefined> {
    let left = livesRequests(invocations++) ?? Number.POSITIVE_INFINITY;
    await clock.sleep(startMs + eventMs * batch.length * eventSource.grain);
    const messages = batch
      .flatMap(({ message }) => readMessages(message.body))
      .flatMap((read) => (read.kind === 'message' ? [read.message] : []));
    const bodies = writeMessages(messages).map(({ body }) => body);
    const perRequest = Math.max(1, Math.floor(messagesAtOnce / eventSource.grain));
    for (let next = 0; next < bodies.length && left > 0; next += perRequest, left--) {
      await clock.sleep(requestMs);
      for (const body of bodies.slice(next, next + perRequest)) send(body);
    }
    return left > 0 ? batch : undefined;
  }

  startEventSource(clock, queue, eventSource, invoke);
  return queue;
}
