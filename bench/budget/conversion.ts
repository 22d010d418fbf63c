import type { Limits, LimitsState } from '../../functions/core/limits/limits.ts';
import {
  freshQuota,
  quotaOf,
  spendableTokens,
  tokensLeft,
} from '../../functions/core/limits/tokens/quota.ts';
import type { Lane, Target } from '../../functions/core/model/types.ts';
import {
  type Conversion,
  convertFiles,
  fewestFiles,
  fewestSpreadFiles,
  type WaitingFile,
} from '../../functions/core/planning/convert.ts';

/** The share of the day's directories that conversion leaves, as `tick` has it. */
const dirsKept = 0.25;

/** What waits and may be a file of bulk. */
interface Waiting {
  readonly url: string;
  readonly kind: 'file' | 'dir' | 'regex';
  readonly lane: Lane;
  readonly target: Target;
  readonly sinceMs: number;
}

/** A file that waits, with what waits for it. */
export interface ConvertibleFile<Item> extends WaitingFile {
  readonly item: Item;
}

/** @returns directories in place of files of bulk that wait, as `tick` decides it */
export function convertWaiting<Item extends Waiting>(
  waiting: Iterable<Item>,
  prefixes: readonly string[],
  state: LimitsState,
  limits: Limits,
  nowMs: number,
): readonly Conversion<ConvertibleFile<Item>>[] {
  const quotaState = state.quotas.production ?? freshQuota;
  const quota = quotaOf(quotaState, limits.quota.production);
  const left = tokensLeft(quotaState, quota, nowMs);
  const spendable = spendableTokens(quotaState, quota, 'bulk', nowMs).dirs;
  const mostDirs = Math.floor(Math.min(spendable, left.dirs - quota.dirs * dirsKept));
  if (mostDirs <= 0) return [];
  const files = [...waiting].flatMap((item): ConvertibleFile<Item>[] => {
    const { kind, lane, url, target, sinceMs } = item;
    if (kind !== 'file' || lane !== 'bulk') return [];
    return [{ item, sinceMs, entry: { kind, url, target, action: 'invalidate' } }];
  });
  const fewest = fewestFiles({ files: Math.max(0, left.files), dirs: Math.max(0, left.dirs) });
  return convertFiles(files, { prefixes, fewest, fewestSpread: fewestSpreadFiles(quota), mostDirs, nowMs });
}

/** The files of a site, as far as they have ever changed. */
export interface KnownFiles {
  note(url: string, action: string): void;
  /** @returns how many there are below a directory's pattern */
  below(pattern: string): number;
}

/** @returns no files yet */
export function createKnownFiles(): KnownFiles {
  const urls = new Set<string>();
  return {
    note(url, action) {
      if (action === 'delete') urls.delete(url);
      else urls.add(url);
    },
    below(pattern) {
      const directory = pattern.replace(/\*\*$/, '');
      let count = 0;
      for (const url of urls) if (url.startsWith(directory)) count++;
      return count;
    },
  };
}
