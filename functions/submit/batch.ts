import type { PurgeMessage } from '../core/model/purge-message.ts';
import { type PlannedRequest, settledBy } from '../core/planning/planned-request.ts';

/** A message that was read. */
export interface MessageInHand {
  readonly messageId: string;
  readonly message: PurgeMessage;
}

/** The messages in hand. A plan names each by its index. */
export interface Batch {
  readonly messages: readonly MessageInHand[];
  /** IDs of messages that have to be delivered again. */
  readonly failed: Set<string>;
}

/**
 * @param failedIds of messages that have to be delivered again, whatever happens
 * @returns the batch, oldest changes first, so that the youngest are left for a request that has to wait; a change
 * without a time comes before all others
 */
export function createBatch(messages: readonly MessageInHand[], failedIds: readonly string[]): Batch {
  const aged = messages.map((one) => ({ one, atMs: changedMs(one) || 0 }));
  const oldestFirst = aged.sort((a, b) => a.atMs - b.atMs).map(({ one }) => one);
  return { messages: oldestFirst, failed: new Set(failedIds) };
}

/** Has a message delivered again. */
export function failMessage({ messages, failed }: Batch, index: number): void {
  const messageId = messages[index]?.messageId;
  if (messageId !== undefined) failed.add(messageId);
}

/** @returns when the oldest change in a request happened, in milliseconds; infinite where none says so */
export function oldestChangeMs(request: PlannedRequest, { messages }: Batch): number {
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const index of new Set(settledBy(request).flatMap((planned) => planned.messages))) {
    const message = messages[index];
    const atMs = message === undefined ? Number.NaN : changedMs(message);
    if (atMs < oldestMs) oldestMs = atMs;
  }
  return oldestMs;
}

function changedMs({ message }: MessageInHand): number {
  return Date.parse(message.change?.occurredAt ?? '');
}
