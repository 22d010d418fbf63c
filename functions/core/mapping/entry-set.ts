import type { PurgeEntry } from '../model/types.ts';

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
    this.#keys ??= new Set(this.entries.map(keyOf));
    const key = keyOf(entry);
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.entries.push(entry);
  }
}

function isSame(a: PurgeEntry, b: PurgeEntry): boolean {
  const textOfA = a.kind === 'regex' ? a.pattern : a.url;
  const textOfB = b.kind === 'regex' ? b.pattern : b.url;
  return textOfA === textOfB && keyOf(a) === keyOf(b);
}

function keyOf(entry: PurgeEntry): string {
  return JSON.stringify(entry);
}
