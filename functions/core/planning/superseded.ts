import { entryKeyWithoutAction } from '../model/entry-key.ts';
import { newestById } from '../model/objects/sequencer.ts';
import type { PurgeMessage } from '../model/purge-message.ts';
import type { PurgeEntry } from '../model/types.ts';

/**
 * Gives entries of messages that a newer message of the same object supersedes the newer one's action, where both
 * name the same URL: a delete and then a put is one `invalidate`, a put and then a delete one `delete`.
 * @returns the entries of each message, in the order of the messages
 */
export function entriesInOrder(messages: readonly PurgeMessage[]): readonly (readonly PurgeEntry[])[] {
  const references = messages.flatMap(({ change, entries }) => (change ? [{ ...change, entries }] : []));
  const newest = newestById(references);
  const byKey = new Map<string, ReadonlyMap<string, PurgeEntry>>();
  for (const [id, { entries }] of newest) {
    byKey.set(id, new Map(entries.map((entry) => [entryKeyWithoutAction(entry), entry])));
  }
  return messages.map(({ change, entries }) => {
    const newer = change?.sequencer === undefined ? undefined : byKey.get(change.id);
    if (newer === undefined) return entries;
    return entries.map((entry) => newer.get(entryKeyWithoutAction(entry)) ?? entry);
  });
}
