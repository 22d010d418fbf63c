import type { PurgeEntry } from '../model/types.ts';
import type { TokenUnit } from './limits.ts';
import type { Tokens } from './tokens/quota.ts';

/** @returns the tokens that a request with these entries costs: one for each, or one of each kind for all of them */
export function priceOf(entries: readonly Pick<PurgeEntry, 'kind'>[], unit: TokenUnit): Tokens {
  const files = entries.filter(({ kind }) => kind === 'file').length;
  const dirs = entries.length - files;
  return unit === 'url' ? { files, dirs } : { files: Math.min(files, 1), dirs: Math.min(dirs, 1) };
}
