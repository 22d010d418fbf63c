import { PurgerError } from '../core/errors.ts';
import { counted } from '../counted.ts';
import { type EnqueuePorts, enqueueChanges } from '../enqueue.ts';
import { readS3Event } from '../sources/s3.ts';

/** Changes could not be put into the buffer: the event has to come again. */
export class NotQueuedError extends PurgerError {
  override readonly name = 'NotQueuedError';
}

/**
 * Takes an S3 event in any envelope and puts what it makes stale into the buffer.
 * @returns IDs of the SQS messages that have to be delivered again, none for other envelopes
 * @throws NotQueuedError where the event came without SQS and something of it could not be queued
 */
export async function receiveS3Event(event: unknown, ports: EnqueuePorts): Promise<readonly string[]> {
  const { changes, ignored, notUnderstood, messages } = readS3Event(event);
  const { log, nowMs = Date.now } = ports;
  for (const { name, reason } of ignored) log.info('event ignored', { name, reason });
  for (const { name, reason, messageId } of notUnderstood) {
    log.error('record not understood: nothing is purged for it', {
      name,
      reason,
      messageId,
      ...counted('EventsNotUnderstood', 1, nowMs()),
    });
  }
  const { failed } = await enqueueChanges(changes, ports);
  if (failed.length === 0) return [];
  const failedIds = messages
    .filter((message) => message.changes.some((change) => failed.includes(change)))
    .map(({ messageId }) => messageId);
  if (failedIds.length > 0) return failedIds;
  throw new NotQueuedError(`${failed.length} of ${changes.length} changes could not be queued`);
}
