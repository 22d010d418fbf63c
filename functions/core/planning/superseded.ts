import { entryText } from '../model/entry-text.ts';
import type { PurgeMessage } from '../model/purge-message.ts';
import type { OriginChange, PurgeEntry } from '../model/types.ts';

/**
 * Compares S3's sequencers of one key: hexadecimal, the shorter padded on the right with zeros.
 * @returns less than 0 where `a` is older, 0 where they are the same
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function compareSequencers(a: string, b: string): number {
  const length = Math.max(a.length, b.length);
  const [left, right] = [a, b].map((text) => text.toLowerCase().padEnd(length, '0'));
  if (left === right || left === undefined || right === undefined) return 0;
  return left < right ? -1 : 1;
}

interface Sequenced {
  readonly id: string;
  readonly sequencer?: string;
}

/** The newest of each object's changes, by its id; what has no sequencer has no place in the order. */
function newestById<Item extends Sequenced>(items: readonly Item[]): ReadonlyMap<string, Item> {
  const newest = new Map<string, Item>();
  for (const item of items) {
    if (item.sequencer === undefined) continue;
    const known = newest.get(item.id);
    const isNewer = known?.sequencer === undefined || compareSequencers(item.sequencer, known.sequencer) > 0;
    if (isNewer) newest.set(item.id, item);
  }
  return newest;
}

/** @returns for each change that a newer one of the same object overtakes: that one */
export function supersededBy(changes: readonly OriginChange[]): ReadonlyMap<OriginChange, OriginChange> {
  const objects = changes.filter((change) => 'key' in change);
  const newest = newestById(objects);
  const overtaken = new Map<OriginChange, OriginChange>();
  for (const change of objects) {
    const newer = change.sequencer === undefined ? undefined : newest.get(change.id);
    if (newer !== undefined && newer !== change) overtaken.set(change, newer);
  }
  return overtaken;
}

/**
 * Gives entries of messages that a newer message of the same object overtakes the newer one's action, where both
 * name the same URL: a delete and then a put is one `invalidate`, a put and then a delete one `delete`.
 * @returns the entries of each message, in the order of the messages
 */
export function entriesInOrder(messages: readonly PurgeMessage[]): readonly (readonly PurgeEntry[])[] {
  const references = messages.flatMap(({ change, entries }) => (change ? [{ ...change, entries }] : []));
  const newest = newestById(references);
  const byKey = new Map<string, ReadonlyMap<string, PurgeEntry>>();
  for (const [id, { entries }] of newest) {
    byKey.set(id, new Map(entries.map((entry) => [keyWithoutAction(entry), entry])));
  }
  return messages.map(({ change, entries }) => {
    const newer = change?.sequencer === undefined ? undefined : byKey.get(change.id);
    if (newer === undefined) return entries;
    return entries.map((entry) => newer.get(keyWithoutAction(entry)) ?? entry);
  });
}

function keyWithoutAction(entry: PurgeEntry): string {
  const headers = entry.kind === 'file' ? entry.headers : undefined;
  return JSON.stringify([entry.kind, entryText(entry), headers, entry.target, entry.webhook]);
}
