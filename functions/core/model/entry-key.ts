import { entryText } from './entry-text.ts';
import type { FileEntry, PurgeAction, PurgeEntry, Scope } from './types.ts';

/** @returns the same string for entries that ask for the same purge: what, in which header set, in which scope */
export function entryKey(entry: PurgeEntry): string {
  return keyWith(entry.action, entry);
}

/** @returns the same string for entries that purge the same thing, whether they invalidate or delete it */
export function entryKeyWithoutAction(entry: PurgeEntry): string {
  return keyWith(undefined, entry);
}

function keyWith(action: PurgeAction | undefined, entry: PurgeEntry): string {
  const headers = entry.kind === 'file' ? headersKey(entry) : '';
  return JSON.stringify([entry.kind, entryText(entry), headers, entry.target, action, entry.webhook]);
}

/** @returns the same string for files that the edge serves alike: of one URL and header set */
export function fileKey(entry: Pick<FileEntry, 'url' | 'headers'>): string {
  return JSON.stringify([entry.url, headersKey(entry)]);
}

/** @returns the same string for scopes whose entries may share a request */
export function scopeKey({ target, action, webhook }: Scope): string {
  return JSON.stringify([target, action, webhook]);
}

/** @returns the same string for files of one header set: names are case-insensitive, and the order means nothing */
export function headersKey({ headers = [] }: Pick<FileEntry, 'headers'>): string {
  if (headers.length === 0) return '';
  const pairs = headers.map(({ name, value }) => JSON.stringify([name.toLowerCase(), value]));
  return pairs.sort().join();
}
