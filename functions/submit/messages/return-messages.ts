import { entryText } from '../../core/model/entry-text.ts';
import { writeMessages } from '../../core/model/messages/combined-messages.ts';
import {
  messageVersion,
  type PurgeMessage,
  type Rejection,
  writeMessage,
} from '../../core/model/purge-message.ts';
import type { PurgeEntry } from '../../core/model/types.ts';
import { type PlannedEntry, type PlannedRequest, settledBy } from '../../core/planning/planned-request.ts';
import type { Failure } from '../../core/planning/refusals/failure.ts';
import * as submitEvents from '../../lambda/submit-events.ts';
import { type Batch, failMessage, oldestChangeMs, sendableSinceMs } from '../batch.ts';
import type { SubmitPorts } from '../ports.ts';

/** The longest that SQS keeps a message away, in seconds. */
export const maxDelaySeconds = 900;

/** Requests that are not settled, and how their messages come again. */
export interface LeftRequests {
  readonly requests: readonly PlannedRequest[];
  readonly delaySeconds: number;
  /** Whether their entries must not meet others: they have failed. */
  readonly isApart: boolean;
  /** How often they have failed alone, where that has changed. */
  readonly tries?: number;
  /** What they had to wait for: the `window`, the `bucket`, or their `pace`. */
  readonly waitedFor?: readonly string[];
}

/**
 * Puts entries that will never be accepted into the dead letter queue, each as its own purge message. Where that fails,
 * the messages that hold the entry are delivered again.
 */
export async function recordRejected(
  rejected: readonly PlannedEntry[],
  { message, status, requestId }: Failure,
  batch: Batch,
  { reject, log, nowMs, measure }: SubmitPorts,
): Promise<void> {
  // Nobody asked for a coalesced directory: its siblings are sent again.
  const asked = rejected.filter(({ isCoalesced }) => !isCoalesced);
  if (asked.length === 0) return;
  measure('EntriesRejected', asked.length);
  const rejection: Rejection = {
    reason: message,
    ...(status === undefined ? {} : { status }),
    ...(requestId === undefined ? {} : { requestId }),
    rejectedAt: new Date(nowMs()).toISOString(),
  };
  const unsent = await reject(
    asked.map((planned) => ({ body: rejectedMessage(planned, rejection, batch), reason: message })),
  );
  for (const { index } of unsent) {
    for (const message of asked[index]?.messages ?? []) failMessage(batch, message);
  }
  for (const planned of asked) {
    const { change } = firstMessage(planned, batch);
    log.error(submitEvents.entryRejected, { url: entryText(planned.entry), ...rejection, change });
  }
}

function rejectedMessage(planned: PlannedEntry, rejected: Rejection, batch: Batch): string {
  // When it is redriven, something was done about it: it is tried, repaired and repeated anew.
  const { tries: _, repair: __, covered: ___, repeats: ____, ...message } = firstMessage(planned, batch);
  return writeMessage({
    v: messageVersion,
    ...message,
    entries: [planned.entry],
    rejected,
  });
}

function firstMessage({ messages: [index = 0] }: PlannedEntry, { messages }: Batch): Partial<PurgeMessage> {
  return messages[index]?.message ?? {};
}

/**
 * Requeues what could not be sent, each message with the entries that are still open in it. Where that fails, or there
 * is no time for it, the message is delivered again; those that were delivered most often go first.
 */
export async function requeueUnsent(
  { requests, delaySeconds, isApart, tries, waitedFor = [] }: LeftRequests,
  batch: Batch,
  { requeue, log, measure, nowMs }: SubmitPorts,
  hasTime: () => boolean = () => true,
): Promise<void> {
  const open = [...entriesByMessage(requests)].flatMap(([index, entries]) => {
    const inHand = batch.messages[index];
    return inHand === undefined || batch.failed.has(inHand.messageId) ? [] : [{ index, entries, inHand }];
  });
  if (open.length === 0) return;
  measure('MessagesGivenBack', open.length);
  const oldestMs = Math.min(...requests.map((request) => oldestChangeMs(request, batch)));
  const oldest = Number.isFinite(oldestMs) ? { oldestChangeSeconds: (nowMs() - oldestMs) / 1000 } : {};
  if (Number.isFinite(oldestMs)) {
    const sinceMs = Math.min(...requests.map((request) => sendableSinceMs(request, batch)));
    measure('WaitingSeconds', (nowMs() - sinceMs) / 1000);
  }
  // Waiting is not a failure: what makes it last has its own log lines and metrics.
  log.info(submitEvents.messagesRequeued, {
    messages: open.length,
    delaySeconds,
    ...oldest,
    ...(waitedFor.length > 0 && { waitedFor }),
  });
  open.sort((a, b) => b.inHand.receives - a.inHand.receives);
  const copies = writeMessages(
    open.map(({ inHand, entries }) => ({ ...inHand.message, ...marks(inHand.message), entries })),
  );
  // A clock that was ahead when a scope was closed, and is right again, would have them stay away for longer than SQS takes.
  const allowedSeconds = Math.min(maxDelaySeconds, delaySeconds);
  const unsent = await requeue(
    copies.map(({ body }) => ({ body, delaySeconds: allowedSeconds })),
    hasTime,
  );
  for (const copy of unsent.flatMap(({ index }) => copies[index]?.indices ?? [])) {
    failMessage(batch, open[copy]?.index ?? -1);
  }

  function marks(message: PurgeMessage): Pick<PurgeMessage, 'tries'> {
    const kept = isApart ? (message.tries ?? 0) : message.tries;
    const marked = tries ?? kept;
    return marked === undefined ? {} : { tries: marked };
  }
}

/** @returns the entries that requests settle, by the index of the message that holds them */
export function entriesByMessage(
  requests: readonly PlannedRequest[],
): ReadonlyMap<number, readonly PurgeEntry[]> {
  const open = new Map<number, PurgeEntry[]>();
  for (const { entry, messages } of requests.flatMap(settledBy)) {
    for (const index of messages) {
      const entries = open.get(index);
      if (entries === undefined) open.set(index, [entry]);
      else entries.push(entry);
    }
  }
  return open;
}
