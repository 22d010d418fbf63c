import {
  dayMsOf,
  isSpentUnknown,
  noTokens,
  noteOthers,
  plus,
  type QuotaState,
  quotaOf,
  quotaShares,
  spend,
  type Tokens,
  tokensLeft,
} from './quota.ts';

/** How long what `purgeTokens` says holds, in milliseconds: others spend, too. */
export const readingHoldsMs = 5 * 60 * 1000;

/**
 * @returns whether `purgeTokens` was read too long ago, or before tokens came back: others may have spent those, which an
 * earlier reading cannot show
 */
export function isReadingOld(state: QuotaState, nowMs: number): boolean {
  const { spent, checkedMs = Number.NEGATIVE_INFINITY } = state;
  if (nowMs - checkedMs >= readingHoldsMs) return true;
  const backMs = Object.values(spent).map(({ lastMs }) => lastMs + dayMsOf(state));
  return backMs.some((ms) => ms > checkedMs && ms <= nowMs);
}

/**
 * @returns whether `purgeTokens` has to be read before so much is spent: what is spent without an idea of what others
 * have left stays below the share that may be spent where nobody knows what is left
 */
export function isReadingDue(state: QuotaState, price: Tokens, quota: Tokens, nowMs: number): boolean {
  const { files, dirs } = plus(state.unchecked ?? noTokens, price);
  const isMuch =
    files > Math.ceil(quota.files * quotaShares.unknown) ||
    dirs > Math.ceil(quota.dirs * quotaShares.unknown);
  return isMuch && isReadingOld(state, nowMs);
}

/**
 * Takes note of what `purgeTokens` says is left. Where it is less than the own count says, others have spent: that
 * counts from now on. Where it is more, the own count holds, since the API shows no debt and says nothing of when its
 * day begins; only a number above the whole quota shows that the quota is larger.
 */
export function correct(
  state: QuotaState,
  told: Tokens,
  configured: Partial<Tokens> | undefined,
  nowMs: number,
): QuotaState {
  const { lostMs = nowMs, ...counted } = state;
  // Requests may be under way that nobody has counted.
  if (lostMs > nowMs) return state;
  const known = quotaOf(counted);
  const learned = { files: Math.max(known.files, told.files), dirs: Math.max(known.dirs, told.dirs) };
  const grown = learned.files > known.files || learned.dirs > known.dirs ? { ...counted, learned } : counted;
  const quota = quotaOf(grown, configured);
  // Of what was spent since the count was lost, nobody knows how much `purgeTokens` has in it already.
  const isLost = isSpentUnknown(state, nowMs);
  const left = isLost ? quota : tokensLeft(grown, quota, nowMs);
  const unknown = { files: Math.max(0, left.files - told.files), dirs: Math.max(0, left.dirs - told.dirs) };
  const spent = noteOthers(spend(grown, unknown, nowMs), unknown, nowMs, isLost);
  return { ...noteReading(spent, nowMs), unknown, told: { ...told, atMs: nowMs } };
}

/** Takes note that `purgeTokens` was asked, whether it was answered or not: it is not asked again at once. */
export function noteReading(state: QuotaState, nowMs: number): QuotaState {
  const { unchecked: _, ...checked } = state;
  return { ...checked, checkedMs: nowMs };
}

/** Takes note of the quota that `serviceQuotas` tells. */
export function learnQuota(state: QuotaState, learned: Tokens, nowMs: number): QuotaState {
  return { ...state, learned, learnedMs: nowMs };
}
