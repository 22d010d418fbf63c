import type { Limits, LimitsState } from '../../core/limits/limits.ts';
import { strictestLimits } from '../../core/limits/shared-limit.ts';
import {
  freshQuota,
  isSpentUnknown,
  quotaOf,
  spendableTokens,
  type Tokens,
  tokensLeft,
} from '../../core/limits/tokens/quota.ts';
import type { Target } from '../../core/model/types.ts';
import type { Measure } from '../../lambda/metrics.ts';

/** The tokens of one target. */
interface TargetTokens {
  readonly left: Tokens;
  /** The used share of what people may have. */
  readonly usedShare: number;
}

/** Measures what is left of the day's tokens, of the target that has fewer. */
export function measureTokens(state: LimitsState, limits: Limits, measure: Measure, nowMs: number): void {
  const known = (Object.keys(state.quotas) as Target[]).flatMap((target) =>
    tokensOf(target, state, limits, nowMs),
  );
  if (known.length === 0) return;
  measure('FilesLeft', Math.min(...known.map(({ left }) => left.files)));
  measure('DirsLeft', Math.min(...known.map(({ left }) => left.dirs)));
  measure('TokensUsedPercent', Math.max(...known.map(({ usedShare }) => usedShare)) * 100);
}

function tokensOf(
  target: Target,
  state: LimitsState,
  limits: Limits,
  nowMs: number,
): readonly TargetTokens[] {
  const quotaState = state.quotas[target] ?? freshQuota;
  if (isSpentUnknown(quotaState, nowMs)) return [];
  const quota = quotaOf(quotaState, strictestLimits(state.window, limits).quota[target]);
  const all = spendableTokens(freshQuota, quota, 'people', nowMs);
  const now = spendableTokens(quotaState, quota, 'people', nowMs);
  const usedShare = (kind: keyof Tokens) => (all[kind] > 0 ? 1 - now[kind] / all[kind] : 0);
  return [
    {
      left: tokensLeft(quotaState, quota, nowMs),
      usedShare: Math.max(usedShare('files'), usedShare('dirs')),
    },
  ];
}
