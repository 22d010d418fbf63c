import { entryKey } from '../../model/entry-key.ts';
import { entryText } from '../../model/entry-text.ts';
import { withNewestShows } from '../../model/shows.ts';
import type { PurgeEntry } from '../../model/types.ts';

/** Below this, comparing is cheaper than hashing. */
const fewEntries = 8;

/** Purge entries without duplicates, in the order in which they came. */
export class EntrySet {
  readonly entries: PurgeEntry[] = [];
  /** Where each entry is, by its key. */
  #indices: Map<string, number> | undefined;

  add(entry: PurgeEntry): void {
    const index = this.#indexOf(entry);
    const known = this.entries[index];
    if (known !== undefined) this.entries[index] = withNewestShows(known, entry);
    else this.entries.push(entry);
  }

  /** @returns the index of an equal entry; -1 for one that is new, which becomes the last one */
  #indexOf(entry: PurgeEntry): number {
    if (this.entries.length < fewEntries) return this.entries.findIndex((known) => isSame(known, entry));
    this.#indices ??= new Map(this.entries.map((known, index) => [entryKey(known), index]));
    const key = entryKey(entry);
    const index = this.#indices.get(key);
    if (index === undefined) this.#indices.set(key, this.entries.length);
    return index ?? -1;
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
