import type { Parked } from '../aws/parked-table.ts';
import { groupBy } from '../core/model/group-by.ts';
import {
  byteLength,
  maxMessageBytes,
  messageVersion,
  type PurgeMessage,
  writeMessage,
} from '../core/model/purge-message.ts';

/** A message to send, and the items that it releases. */
export interface PackedMessage {
  readonly body: string;
  readonly items: readonly Parked[];
}

/** @returns messages for what is released now: those that wait for one change together, in their order */
export function packMessages(items: readonly Parked[], nowMs: number): readonly PackedMessage[] {
  const groups = groupBy(items, ({ change, lane, byPrefix }) => JSON.stringify([change, lane, byPrefix]));
  return [...groups.values()].flatMap((group) => pack(group, nowMs));
}

function pack(items: readonly Parked[], nowMs: number): readonly PackedMessage[] {
  const [first] = items;
  if (first === undefined) return [];
  const message: PurgeMessage = {
    v: messageVersion,
    ...(first.change !== undefined && { change: first.change }),
    entries: items.map(({ entry }) => entry),
    lane: first.lane,
    since: items.reduce((oldest, { sinceMs }) => Math.min(oldest, sinceMs), first.sinceMs),
    released: nowMs,
    ...(first.byPrefix && { byPrefix: true }),
  };
  const body = writeMessage(message);
  if (items.length === 1 || byteLength(body) <= maxMessageBytes) return [{ body, items }];
  const half = Math.ceil(items.length / 2);
  return [...pack(items.slice(0, half), nowMs), ...pack(items.slice(half), nowMs)];
}
