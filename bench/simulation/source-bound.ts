import { readMessages } from '../../functions/core/model/messages/combined-messages.ts';
import { type Change, feed, messageFor } from './changes.ts';
import { createClock } from './world/clock.ts';
import { type EventSourceOptions, startEventSource } from './world/event-source.ts';
import { createQueue } from './world/queue.ts';
import { createRandom } from './world/random.ts';
import { type ReceiverOptions, startReceiver } from './world/receiver.ts';

/** Everything that changes pass through before a consumer sees them. */
export interface SourceWorld {
  readonly seed: number;
  readonly changes: readonly Change[];
  readonly eventSource: EventSourceOptions;
  /** See `WorldOptions`. */
  readonly receiver?: ReceiverOptions | undefined;
  /** From a change to its message's being visible in the queue, in milliseconds. */
  readonly transitMs: number;
  /** From the function's start to the arrival of its requests at CDN Pro, in milliseconds. */
  readonly wayMs: () => number;
  /** From there back to the function, which holds its messages until it has the answer, in milliseconds. */
  readonly wayBackMs: () => number;
  readonly untilMs: number;
}

/**
 * The same queue and event source in front of a consumer that needs no time and knows no limit: all of a
 * batch is accepted after one way to CDN Pro. No consumer behind this event source can be faster, however clever.
 * @returns when each change was accepted, in milliseconds, by its index in `changes`
 */
export async function acceptedBehindSource(world: SourceWorld): Promise<Float64Array> {
  const { seed, changes, eventSource, receiver, transitMs, wayMs, wayBackMs, untilMs } = world;
  const clock = createClock();
  const acceptedMs = new Float64Array(changes.length).fill(Number.NaN);
  const random = createRandom(seed);
  const queue = createQueue(clock, {
    visibilityTimeoutMs: 332_000,
    maxReceiveCount: 10,
    random,
    deadLetter() {},
  });
  const events = receiver && startReceiver(clock, random, receiver, (body) => queue.send(body, 0));
  feed(clock, changes, (change, index) => {
    const reference = { source: 's3', action: 'put', id: String(index), occurredAt: '' };
    (events ?? queue).send(messageFor({ ...change, reference }), transitMs);
  });
  startEventSource(clock, queue, eventSource, async (batch) => {
    await clock.sleep(wayMs());
    for (const read of batch.flatMap(({ message }) => readMessages(message.body))) {
      if (read.kind === 'message') acceptedMs[Number(read.message.change?.id)] = clock.nowMs();
    }
    await clock.sleep(wayBackMs());
    return batch;
  });
  await clock.run(untilMs);
  return acceptedMs;
}
