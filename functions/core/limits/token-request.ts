import { entryKeyWithoutAction } from '../model/entry-key.ts';
import { entryText } from '../model/entry-text.ts';
import type { PurgeEntry } from '../model/types.ts';
import type { TokenRequest } from './send-or-park.ts';

/** What a purge entry comes from, as far as the day's tokens are concerned. */
export interface Origin extends Pick<TokenRequest, 'lane' | 'sinceMs' | 'sender'> {
  /** A purge by prefix that no user asked for. */
  readonly byPrefix?: boolean | undefined;
}

/** @returns what an entry is to the day's tokens */
export function tokenRequestOf(
  entry: PurgeEntry,
  { lane, sinceMs, sender, byPrefix = false }: Origin,
): TokenRequest {
  const { kind, target } = entry;
  return {
    kind,
    target,
    lane,
    sinceMs,
    sender,
    ...(kind !== 'file' && { directory: directoryHash(entry) }),
    ...(byPrefix && kind !== 'file' && { byPrefix: isWholeHost(entry) ? 'whole host' : 'directory' }),
  };
}

/** @returns a short string by which a directory or regex is known among those of a day */
export function directoryHash(entry: PurgeEntry): string {
  // FNV-1a, 32 bits: two of a hundred directories with one hash only shorten a hold.
  let hash = 0x811c9dc5;
  for (const character of entryKeyWithoutAction(entry)) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return (hash >>> 0).toString(36);
}

function isWholeHost(entry: PurgeEntry): boolean {
  return /^[a-z]+:\/\/[^/]+\/?(\*\*?|\.\*)$/.test(entryText(entry));
}
