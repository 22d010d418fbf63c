import {
  covers,
  freshQuota,
  minus,
  type QuotaState,
  spend,
  spentTokens,
  type Tokens,
} from '../limits/tokens/quota.ts';
import type { Target } from '../model/types.ts';
import type { FollowedPurge } from './followed-purge.ts';

/** The tokens that repairs have spent, by target. */
export type RepairsSpent = Readonly<Partial<Record<Target, QuotaState>>>;

/** The share of the day's tokens that repairs may spend of what some servers have left out, or were seen to have old. */
const repairShare = 0.05;
/** What was asked for is sent again so many times at most. */
export const mostRepairs = 3;
/** CDN Pro does not say which URLs some servers have left out: a purge of more is not sent again for a few of them. */
const mostUrls = 50;

/** Whether entries may be sent again, and what the repairs have spent then; or why they may not. */
export type Repair =
  | { readonly kind: 'allowed'; readonly spent: RepairsSpent }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * @param why some servers have left entries out, CDN Pro has lost the purge, or files were seen to be old
 * @returns whether the URLs of a purge, or some of them, may be sent again
 */
export function reserveRepair(
  { repair, urls, target }: Pick<FollowedPurge, 'repair' | 'urls' | 'target'>,
  why: 'partial' | 'lost' | 'stale',
  spent: RepairsSpent,
  quota: Tokens,
  nowMs: number,
): Repair {
  if (repair >= mostRepairs) return { kind: 'refused', reason: `repaired ${repair} times` };
  // No server has obeyed: its entries wait for tokens like any change.
  if (why === 'lost') return { kind: 'allowed', spent };
  const count = urls.files + urls.dirs;
  if (why === 'partial' && count > mostUrls) {
    return { kind: 'refused', reason: `${count} URLs, more than the ${mostUrls} that are repaired whole` };
  }
  const state = spent[target] ?? freshQuota;
  const share = { files: Math.ceil(quota.files * repairShare), dirs: Math.ceil(quota.dirs * repairShare) };
  if (!covers(minus(share, spentTokens(state, nowMs)), urls)) {
    return { kind: 'refused', reason: `repairs have used their ${repairShare * 100}% of the day's tokens` };
  }
  return { kind: 'allowed', spent: { ...spent, [target]: spend(state, urls, nowMs) } };
}
