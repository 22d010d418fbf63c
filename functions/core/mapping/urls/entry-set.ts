import { entryKey } from '../../model/entry-key.ts';
import { entryText } from '../../model/entry-text.ts';
import type { PurgeEntry } from '../../model/types.ts';

/** Below this, comparing is cheaper than hashing. */
const fewEntries = 8;

/** Purge entries without duplicates, in the order in which they came. */
export class EntrySet {
  readonly entries: PurgeEntry[] = [];
  #keys: Set<string> | undefined;

  add(entry: PurgeEntry): void {
    if (this.entries.length < fewEntries) {
      if (!this.entries.some((known) => isSame(known, entry))) this.entries.push(entry);
      return;
    }
    this.#keys ??= new Set(this.entries.map(entryKey));
    const key = entryKey(entry);
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.entries.push(entry);
  }
}

function isSame(a: PurgeEntry, b: PurgeEntry): boolean {
  return entryText(a) === entryText(b) && entryKey(a) === entryKey(b);
}

/** @returns the entries without duplicates, in their order */
export function uniqueEntries(entries: readonly PurgeEntry[]): readonly PurgeEntry[] {
  const set = new EntrySet();
  for (const entry of entries) set.add(entry);
  return set.entries;
}
