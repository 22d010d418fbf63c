import { type Change, feed, messageFor } from './changes.ts';
import { createClock } from './world/clock.ts';
import { type EventSourceOptions, startEventSource } from './world/event-source.ts';
import { createQueue } from './world/queue.ts';
import { createRandom } from './world/random.ts';

/** Everything that changes pass through before a consumer sees them. */
export interface SourceWorld {
  readonly seed: number;
  readonly changes: readonly Change[];
  readonly eventSource: EventSourceOptions;
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
  const { seed, changes, eventSource, transitMs, wayMs, wayBackMs, untilMs } = world;
  const clock = createClock();
  const acceptedMs = new Float64Array(changes.length).fill(Number.NaN);
  const queue = createQueue(clock, {
    visibilityTimeoutMs: 332_000,
    maxReceiveCount: 10,
    random: createRandom(seed),
    deadLetter() {},
  });
  /** The changes by their messages. The queue numbers these as they are sent. */
  const indices: number[] = [];
  feed(clock, changes, (change, index) => {
    indices.push(index);
    queue.send(messageFor(change), transitMs);
  });
  startEventSource(clock, queue, eventSource, async (batch) => {
    await clock.sleep(wayMs());
    for (const { message } of batch) {
      const index = indices[Number(message.messageId.slice(1))];
      if (index !== undefined) acceptedMs[index] = clock.nowMs();
    }
    await clock.sleep(wayBackMs());
    return batch;
  });
  await clock.run(untilMs);
  return acceptedMs;
}
