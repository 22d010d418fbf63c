import { entryText } from '../core/model/entry-text.ts';
import {
  messageVersion,
  type PurgeMessage,
  type Rejection,
  writeMessage,
} from '../core/model/purge-message.ts';
import type { PurgeEntry } from '../core/model/types.ts';
import { type PlannedEntry, type PlannedRequest, settledBy } from '../core/planning/planned-request.ts';
import { submitEvents } from '../lambda/log-events.ts';
import type { Batch, SubmitPorts } from './ports.ts';

/**
 * Records what will never be accepted in the dead letter queue, each entry as a purge message of its own. Where
 * that fails, the messages that hold the entry count as failed.
 */
export async function recordRejected(
  rejected: readonly PlannedEntry[],
  { message, status, requestId }: { message: string; status: number; requestId?: string },
  batch: Batch,
  { reject, log, nowMs, measure }: SubmitPorts,
): Promise<void> {
  // A directory that stands for its siblings is nobody's entry: the siblings are sent again.
  const asked = rejected.filter(({ isCoalesced }) => !isCoalesced);
  if (asked.length === 0) return;
  measure('EntriesRejected', asked.length);
  const rejection: Rejection = {
    reason: message,
    status,
    ...(requestId === undefined ? {} : { requestId }),
    rejectedAt: new Date(nowMs()).toISOString(),
  };
  const unsent = await reject(
    asked.map((planned) => ({ body: rejectedMessage(planned, rejection, batch), reason: message })),
  );
  for (const { index } of unsent) {
    for (const message of asked[index]?.messages ?? []) failMessage(message, batch);
  }
  for (const planned of asked) {
    const { change } = firstMessage(planned, batch);
    log.error(submitEvents.entryRejected, {
      url: entryText(planned.entry),
      ...rejection,
      change,
    });
  }
}

function rejectedMessage(planned: PlannedEntry, rejected: Rejection, batch: Batch): string {
  const { change } = firstMessage(planned, batch);
  return writeMessage({
    v: messageVersion,
    ...(change ? { change } : {}),
    entries: [planned.entry],
    rejected,
  });
}

function firstMessage({ messages: [index = 0] }: PlannedEntry, { messages }: Batch): Partial<PurgeMessage> {
  return messages[index]?.message ?? {};
}

/**
 * Puts what is left back into the buffer, each message with what is still open in it. Where that fails, the
 * message counts as failed.
 */
export async function requeueUnsent(
  left: readonly PlannedRequest[],
  delaySeconds: number,
  batch: Batch,
  { requeue, log, measure, nowMs }: SubmitPorts,
): Promise<void> {
  const open = new Map<number, PurgeEntry[]>();
  for (const { entry, messages } of left.flatMap(settledBy)) {
    for (const index of messages) {
      const entries = open.get(index);
      if (entries === undefined) open.set(index, [entry]);
      else entries.push(entry);
    }
  }
  const waiting = [...open].filter(([index]) => !batch.failed.has(batch.messages[index]?.messageId ?? ''));
  if (waiting.length === 0) return;
  measure('MessagesGivenBack', waiting.length);
  const oldestMs = Math.min(...left.map((request) => oldestChangeMs(request, batch)));
  const oldest = Number.isFinite(oldestMs) ? { oldestChangeSeconds: (nowMs() - oldestMs) / 1000 } : {};
  if (oldest.oldestChangeSeconds !== undefined) measure('WaitingSeconds', oldest.oldestChangeSeconds);
  // Waiting is no fault: whatever makes it last has lines and metrics of its own.
  log.info(submitEvents.messagesRequeued, { messages: waiting.length, delaySeconds, ...oldest });
  const unsent = await requeue(
    waiting.map(([index, entries]) => {
      const { change } = batch.messages[index]?.message ?? {};
      return {
        body: writeMessage({ v: messageVersion, ...(change ? { change } : {}), entries }),
        delaySeconds,
      };
    }),
  );
  for (const { index } of unsent) failMessage(waiting[index]?.[0] ?? -1, batch);
}

function failMessage(index: number, { messages, failed }: Batch): void {
  const messageId = messages[index]?.messageId;
  if (messageId !== undefined) failed.add(messageId);
}

/** @returns when the oldest change in a request happened, in milliseconds; infinite where none says so */
export function oldestChangeMs(request: PlannedRequest, { messages }: Batch): number {
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const index of new Set(settledBy(request).flatMap((planned) => planned.messages))) {
    const changedMs = Date.parse(messages[index]?.message.change?.occurredAt ?? '');
    if (changedMs < oldestMs) oldestMs = changedMs;
  }
  return oldestMs;
}
