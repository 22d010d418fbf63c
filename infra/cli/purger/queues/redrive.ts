import { sendMessages } from '../../../../functions/buffer/send-messages.ts';
import {
  type DeadLetter,
  type DeadLetterFilter,
  matchesDeadLetter,
} from '../../queries/dead/dead-letters.ts';
import type { Purger } from '../connect.ts';
import { type DeadLetterQueue, type HeldLetter, openDeadLetters } from './dead-letters.ts';

/** What a redrive did. */
export interface Redriven {
  readonly moved: number;
  /** Those that are not meant, cannot be read, or came while it ran: they stay. */
  readonly kept: number;
  /** How many of the kept ones are meant, and cannot be read: they would only come back. */
  readonly unreadable: number;
  /** Those that the purge queue did not take; they stay, too. */
  readonly failed: readonly string[];
  /** Those that are not meant. */
  readonly others: readonly DeadLetter[];
}

/** Longer than a redrive takes: what it leaves must not come back to it, or it would take the queue for read to its end. */
const heldSeconds = 900;
/** So many batches are under way at a time. */
const concurrency = 8;

/**
 * Moves dead letters back into the purge queue. Each is sent before it is removed: what stops between the two purges it
 * twice.
 * @param startMs the time by SQS's clock: what was sent later is left: what is rejected again while this runs would go round in circles
 */
export async function redrive(purger: Purger, filter: DeadLetterFilter, startMs: number): Promise<Redriven> {
  const queue = await openDeadLetters(purger, heldSeconds);
  const sqs = await purger.clients.sqs();
  const send = (bodies: readonly string[]) =>
    sendMessages(
      sqs,
      purger.queues.buffer,
      bodies.map((body) => ({ body })),
    );
  const kept = new Map<string, HeldLetter>();
  const failed: string[] = [];
  let moved = 0;

  async function moveSome(letters: readonly HeldLetter[]): Promise<void> {
    const isMeant = (letter: HeldLetter) =>
      Date.parse(letter.sentAt) <= startMs &&
      letter.isUnreadable !== true &&
      matchesDeadLetter(letter, filter);
    const wanted = letters.filter(isMeant);
    for (const letter of letters) if (!isMeant(letter)) kept.set(letter.id, letter);
    const unsent = await send(wanted.map(({ body }) => body));
    const unsentIndexes = new Set(unsent.map(({ index }) => index));
    failed.push(...unsent.map(({ reason }) => reason));
    const sent = wanted.filter((_, index) => !unsentIndexes.has(index));
    for (const index of unsentIndexes) {
      const letter = wanted[index];
      if (letter !== undefined) kept.set(letter.id, letter);
    }
    await queue.remove(sent);
    moved += sent.length;
  }

  try {
    await Promise.all(Array.from({ length: concurrency }, () => drain(queue, kept, moveSome)));
  } finally {
    await queue.release([...kept.values()]);
  }
  const left = [...kept.values()];
  const others = left.filter((letter) => !matchesDeadLetter(letter, filter));
  const unreadable = left.filter((each) => each.isUnreadable === true && !others.includes(each)).length;
  return { moved, kept: kept.size - failed.length, unreadable, failed, others };
}

/** Takes from the queue until it is empty, or brings only what was kept already. */
async function drain(
  queue: Pick<DeadLetterQueue, 'receive'>,
  kept: ReadonlyMap<string, HeldLetter>,
  move: (letters: readonly HeldLetter[]) => Promise<void>,
): Promise<void> {
  for (;;) {
    const letters = await queue.receive();
    const isNew = letters.some(({ id }) => !kept.has(id));
    if (!isNew) return;
    await move(letters);
  }
}
