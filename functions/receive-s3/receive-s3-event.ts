import { type EnqueuePorts, enqueueChanges, type MappedResult } from '../buffer/enqueue-changes.ts';
import type { OutgoingMessage, UnsentMessage } from '../buffer/send-messages.ts';
import { PurgerError } from '../core/model/errors.ts';
import { type CarrierFilter, changesOfOthers } from '../core/model/objects/object-filter.ts';
import type { ObjectChange, OriginChange } from '../core/model/types.ts';
import { s3Events } from '../lambda/log-events.ts';
import { s3EventOf } from '../sources/s3/object-event.ts';
import { readS3Event } from '../sources/s3/read-s3-event.ts';
import type { S3Reading, S3Unreadable } from '../sources/s3/s3-reading.ts';
import { type SkipUnchanged, withoutUnchanged } from './skip-unchanged.ts';

/** Changes could not be queued or recorded: the event has to be delivered again. */
export class NotQueuedError extends PurgerError {
  override readonly name = 'NotQueuedError';
}

/** The ports of receiving S3's events. */
export interface ReceiveS3Ports extends EnqueuePorts {
  /** Puts messages into the dead letter queue. */
  readonly reject: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  /**
   * Which objects topics and queues may tell of: each filter holds for its own carrier alone.
   * @default all objects
   */
  readonly carriers?: readonly CarrierFilter[] | undefined;
  /**
   * The objects whose puts are left out where nothing changed.
   * @default none
   */
  readonly skipUnchanged?: SkipUnchanged | undefined;
}

/**
 * Takes an S3 event in any envelope and puts what it makes stale into the purge queue. What cannot be read goes to the
 * dead letter queue with the reason, and does not hold up the rest.
 * @returns IDs of the SQS messages that have to be delivered again, none for other envelopes
 * @throws NotQueuedError where the event came without SQS and something of it could be put into neither queue
 */
export async function receiveS3Event(event: unknown, ports: ReceiveS3Ports): Promise<readonly string[]> {
  const reading = readS3Event(event);
  for (const { name, reason } of reading.ignored) ports.log.info(s3Events.eventIgnored, { name, reason });
  const notMoved = await reject(reading.notUnderstood, ports);
  const { changes, record } = await withoutUnchanged(wanted(reading, ports), ports.skipUnchanged, ports);
  const { failed: notQueued, invalid } = await enqueueChanges(changes, ports);
  // What is recorded is left out when it comes again: it has to be in one of the queues by then.
  const notKept = [...notQueued, ...(await rejectInvalid(invalid, ports))];
  const recorded = await record(notKept);
  const again =
    recorded.contended.length === 0 ? { failed: [] } : await enqueueChanges(recorded.contended, ports);
  const failed = [...notKept, ...recorded.failed, ...again.failed];
  if (failed.length + notMoved.length === 0) return [];
  if (reading.messages.length > 0) return failedIdsOf(reading, new Set(failed), notMoved);
  throw new NotQueuedError(
    `${failed.length} of ${reading.changes.length} changes could not be queued or recorded, and ${notMoved.length} unreadable records not moved to the dead letter queue`,
  );
}

/** S3 itself tells of nothing but what was asked for; who publishes to a topic or queue may write anything. */
function wanted(
  { changes, messages }: S3Reading,
  { carriers, log }: ReceiveS3Ports,
): readonly ObjectChange[] {
  if (carriers === undefined) return changes;
  const others = changesOfOthers(messages, carriers);
  if (others.size > 0) {
    // One line for a batch: a topic of a whole bucket may carry far more than is watched.
    const [first] = others;
    log.info(s3Events.changesFiltered, { count: others.size, first: first?.id });
  }
  return changes.filter((change) => !others.has(change));
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

/**
 * Puts changes with invalid URLs into the dead letter queue, as events: once the rules are right, they can be redriven.
 * @returns the changes that could not be put there
 */
async function rejectInvalid(
  invalid: MappedResult['invalid'],
  { reject, log }: ReceiveS3Ports,
): Promise<readonly OriginChange[]> {
  const messages = invalid.flatMap(({ change, reason }) =>
    isObjectChange(change) ? [{ body: JSON.stringify(s3EventOf(change)), reason }] : [],
  );
  const unsent = messages.length === 0 ? [] : await reject(messages);
  for (const { reason } of unsent) log.error(s3Events.recordNotMoved, { reason });
  return unsent.flatMap(({ index }) => invalid[index]?.change ?? []);
}

function isObjectChange(change: OriginChange): change is ObjectChange {
  return 'bucket' in change;
}

function failedIdsOf(
  { messages }: S3Reading,
  failed: ReadonlySet<unknown>,
  notMoved: readonly S3Unreadable[],
): readonly string[] {
  const ids = new Set(notMoved.map(({ messageId }) => messageId));
  return messages
    .filter(({ messageId, changes }) => ids.has(messageId) || changes.some((change) => failed.has(change)))
    .map(({ messageId }) => messageId);
}
