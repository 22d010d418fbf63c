import { eventInDeadLetter } from '../../../../functions/sources/s3/dead-letter-event.ts';
import { readS3Event } from '../../../../functions/sources/s3/read-s3-event.ts';
import type { DeadLetter } from '../dead/dead-letters.ts';

/** An event of an object in the dead letter queue. */
export interface RejectedEvent {
  /** SQS's ID of the message. */
  readonly messageId: string;
  readonly reason: string;
}

/** @returns the last dead letter that has an event of an object, which names no URL */
export function rejectedEventOf(id: string, letters: readonly DeadLetter[]): RejectedEvent | undefined {
  const own = letters.filter((letter) => letter.urls.length === 0 && changesIn(letter).includes(id));
  const last = own.toSorted((a, b) => a.sentAt.localeCompare(b.sentAt)).at(-1);
  return last && { messageId: last.id, reason: last.reason };
}

function changesIn({ body, change }: DeadLetter): readonly string[] {
  const { changes } = readS3Event(eventInDeadLetter(body));
  return [...(change === undefined ? [] : [change]), ...changes.map(({ id }) => id)];
}
