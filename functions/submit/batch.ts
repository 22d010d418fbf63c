import type { Origin } from '../core/limits/token-request.ts';
import { failedSender, senderOf } from '../core/limits/tokens/lane.ts';
import { firstLane } from '../core/model/lanes.ts';
import type { PurgeMessage } from '../core/model/purge-message.ts';
import type { Lane } from '../core/model/types.ts';
import { type PlannedEntry, type PlannedRequest, settledBy } from '../core/planning/planned-request.ts';

/** A message that was read. */
export interface MessageInHand {
  readonly messageId: string;
  readonly message: PurgeMessage;
  /** How often it was delivered, this time included. */
  readonly receives: number;
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
export function oldestChangeMs(request: PlannedRequest, batch: Batch): number {
  return oldestOf(messagesOf(settledBy(request), batch));
}

/**
 * @returns since when a request could have been sent, in milliseconds: since its oldest change, less what that has waited
 * for tokens of the day, which `tick` measures; infinite where none says so
 */
export function sendableSinceMs(request: PlannedRequest, batch: Batch): number {
  return oldestOf(messagesOf(settledBy(request), batch), (one) => one.message.released ?? changedMs(one));
}

/** @returns the lane of a request: the first one of all that it settles */
export function laneOf(request: PlannedRequest, batch: Batch): Lane {
  return firstLaneOf(messagesOf(settledBy(request), batch));
}

/** @returns how often an entry has failed alone; undefined where no message says that it was ever suspected */
export function triesOf(planned: PlannedEntry, batch: Batch): number | undefined {
  const tries = messagesOf([planned], batch).flatMap(({ message }) => message.tries ?? []);
  return tries.length === 0 ? undefined : Math.max(...tries);
}

/**
 * @returns what an entry comes from: of the messages that hold it, those of the first lane decide who pays. What has
 * failed may spend tokens for nothing again, and pays as one sender that has a share like others
 */
export function originOf(planned: PlannedEntry, batch: Batch, nowMs: number): Origin {
  // A coalesced directory has no messages itself.
  const messages = messagesOf(
    planned.messages.length > 0 ? [planned] : settledBy({ entries: [planned] }),
    batch,
  );
  const lane = firstLaneOf(messages);
  const payer = messages.find(({ message }) => message.lane === lane);
  const origin = {
    lane,
    sinceMs: Math.min(nowMs, oldestOf(messages)),
    sender: senderOf(payer?.message.change),
    byPrefix: messages.every(({ message }) => message.byPrefix === true),
  };
  return triesOf(planned, batch) === undefined ? origin : { ...origin, sender: failedSender };
}

/** @returns who pays for what a request names; undefined for what was asked for by hand */
export function sendersOf(
  { entries }: PlannedRequest,
  batch: Batch,
  nowMs: number,
): ReadonlySet<string | undefined> {
  return new Set(entries.map((planned) => originOf(planned, batch, nowMs).sender));
}

function messagesOf(entries: readonly PlannedEntry[], { messages }: Batch): readonly MessageInHand[] {
  const indices = new Set(entries.flatMap((planned) => planned.messages));
  return [...indices].flatMap((index) => messages[index] ?? []);
}

function firstLaneOf(messages: readonly MessageInHand[]): Lane {
  return messages.reduce<Lane>((lane, { message }) => firstLane(lane, message.lane ?? 'people'), 'bulk');
}

function oldestOf(messages: readonly MessageInHand[], msOf = changedMs): number {
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const atMs = msOf(message);
    if (atMs < oldestMs) oldestMs = atMs;
  }
  return oldestMs;
}

function changedMs({ message: { since, change } }: MessageInHand): number {
  return since ?? Date.parse(change?.occurredAt ?? '');
}
