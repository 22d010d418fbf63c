import { type EnqueuePorts, enqueueChanges } from '../buffer/enqueue-changes.ts';
import type { OutgoingMessage, UnsentMessage } from '../buffer/send-messages.ts';
import { PurgerError } from '../core/model/errors.ts';
import { matchesFilter, type WatchedObjects } from '../core/model/object-filter.ts';
import type { ObjectChange } from '../core/model/types.ts';
import { s3Events } from '../lambda/log-events.ts';
import { readS3Event, type S3Reading, type S3Unreadable } from '../sources/s3.ts';

/** Changes could not be put into the buffer: the event has to come again. */
export class NotQueuedError extends PurgerError {
  override readonly name = 'NotQueuedError';
}

/** What receiving S3's events needs of the world. */
export interface ReceiveS3Ports extends EnqueuePorts {
  /** Puts messages into the dead letter queue. */
  readonly reject: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  /** Topics and queues may carry more than is wanted. Missing: all that comes is. */
  readonly watched?: readonly WatchedObjects[] | undefined;
}

/**
 * Takes an S3 event in any envelope and puts what it makes stale into the buffer. What cannot be read goes to the dead
 * letter queue with the reason, and holds up nothing beside it.
 * @returns IDs of the SQS messages that have to be delivered again, none for other envelopes
 * @throws NotQueuedError where the event came without SQS and something of it could be put into neither queue
 */
export async function receiveS3Event(event: unknown, ports: ReceiveS3Ports): Promise<readonly string[]> {
  const reading = readS3Event(event);
  for (const { name, reason } of reading.ignored) ports.log.info(s3Events.eventIgnored, { name, reason });
  const notKept = await reject(reading.notUnderstood, ports);
  const { failed } = await enqueueChanges(wanted(reading, ports), ports);
  if (failed.length + notKept.length === 0) return [];
  if (reading.messages.length > 0) return failedIdsOf(reading, new Set(failed), notKept);
  throw new NotQueuedError(
    `${failed.length} of ${reading.changes.length} changes could not be queued, and ${notKept.length} records that are not understood not be kept`,
  );
}

function wanted({ changes }: S3Reading, { watched, log }: ReceiveS3Ports): readonly ObjectChange[] {
  if (watched === undefined) return changes;
  const others = changes.filter((change) => !matchesFilter(change, watched));
  if (others.length > 0) {
    // One line for a batch: a topic of a whole bucket may carry far more than is watched.
    const [first] = others;
    log.info(s3Events.changesFiltered, { count: others.length, first: first?.id });
  }
  return changes.filter((change) => matchesFilter(change, watched));
}

/** @returns the records that could not be put into the dead letter queue */
async function reject(
  records: readonly S3Unreadable[],
  ports: ReceiveS3Ports,
): Promise<readonly S3Unreadable[]> {
  for (const { name, reason, messageId } of records) {
    ports.measure('EventsNotUnderstood', 1);
    ports.log.error(s3Events.recordNotUnderstood, { name, reason, messageId });
  }
  if (records.length === 0) return [];
  // SQS takes no empty body.
  const messages = records.map(({ text, reason }) => ({ body: text === '' ? '(empty)' : text, reason }));
  const unsent = await ports.reject(messages);
  for (const { reason } of unsent) {
    ports.log.error(s3Events.recordNotMoved, { reason });
  }
  return unsent.flatMap(({ index }) => records[index] ?? []);
}

function failedIdsOf(
  { messages }: S3Reading,
  failed: ReadonlySet<unknown>,
  notKept: readonly S3Unreadable[],
): readonly string[] {
  const ids = new Set(notKept.map(({ messageId }) => messageId));
  return messages
    .filter(({ messageId, changes }) => ids.has(messageId) || changes.some((change) => failed.has(change)))
    .map(({ messageId }) => messageId);
}
