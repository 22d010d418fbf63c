import type { Tokens } from '../limits/tokens/quota.ts';
import type { Step } from './decide-purge.ts';
import type { FollowedPurge, PurgeEnd } from './followed-purge.ts';
import { type RepairsSpent, reserveRepair } from './repairs.ts';

/** What deciding on files that were seen to be old works with. */
export interface StaleContext {
  /** Whether the files are due for a second purge, for which there are tokens: that is not a repair's. */
  readonly isRepeated: boolean;
  /** What it costs at most to send them again. */
  readonly again: Tokens;
  readonly spent: RepairsSpent;
  /** The day's quota of its target. */
  readonly quota: Tokens;
  readonly nowMs: number;
}

/**
 * Decides on a purge of which files were seen to be old.
 * @param seen what CDN Pro has said of it, and what was seen: hashes of the files, and the reason in words
 * @returns what to do, and what the repairs have spent then
 */
export function decideStale(
  { purgeId, repair, target }: FollowedPurge,
  seen: Omit<PurgeEnd, 'kind'> & Required<Pick<PurgeEnd, 'stale' | 'reason'>>,
  { isRepeated, again, spent, quota, nowMs }: StaleContext,
): { readonly step: Step; readonly spent: RepairsSpent } {
  const reserved = isRepeated
    ? ({ kind: 'allowed', spent } as const)
    : reserveRepair({ purgeId, repair, target, urls: again }, 'stale', spent, quota, nowMs);
  const outcome = (what: string) => ({ ...seen, reason: `${seen.reason}: ${what}` });
  if (reserved.kind === 'refused') {
    return { step: { kind: 'end', end: { kind: 'failed', ...outcome(reserved.reason) } }, spent };
  }
  const state = { kind: 'partial', ...outcome('purged again') } as const;
  return { step: { kind: 'repair', state }, spent: reserved.spent };
}
