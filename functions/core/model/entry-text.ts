import type { PurgeEntry } from './types.ts';

/** @returns what an entry purges: its URL or its pattern */
export function entryText(entry: PurgeEntry): string {
  return entry.kind === 'regex' ? entry.pattern : entry.url;
}
