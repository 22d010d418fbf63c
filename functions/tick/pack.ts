import type { Parked } from '../aws/tables/parked-table.ts';
import type { Tokens } from '../core/limits/tokens/quota.ts';
import { groupBy } from '../core/model/group-by.ts';
import {
  byteLength,
  maxMessageBytes,
  messageVersion,
  type PurgeMessage,
  writeMessage,
} from '../core/model/purge-message.ts';
import type { Target } from '../core/model/types.ts';

/** A message to send, and the items that it releases. */
export interface PackedMessage {
  readonly body: string;
  readonly items: readonly Parked[];
  readonly target: Target;
  /** What it costs, where each URL is a token. */
  readonly price: Tokens;
}

/** @returns messages for what is released now: those that wait for one change together, in their order */
export function packMessages(items: readonly Parked[], nowMs: number): readonly PackedMessage[] {
  const groups = groupBy(items, ({ entry, change, lane, byPrefix, tries, repair, repeats }) =>
    JSON.stringify([entry.target, change, lane, byPrefix, tries, repair, repeats]),
  );
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
    ...(first.tries !== undefined && { tries: first.tries }),
    ...(first.repair !== undefined && { repair: first.repair }),
    ...(first.repeats !== undefined && { repeats: first.repeats }),
  };
  const body = writeMessage(message);
  if (items.length === 1 || byteLength(body) <= maxMessageBytes) {
    const files = items.filter(({ entry }) => entry.kind === 'file').length;
    const price = { files, dirs: items.length - files };
    return [{ body, items, target: first.entry.target, price }];
  }
  const half = Math.ceil(items.length / 2);
  return [...pack(items.slice(0, half), nowMs), ...pack(items.slice(half), nowMs)];
}
