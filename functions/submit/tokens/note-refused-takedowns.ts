import type { LimitsState } from '../../core/limits/limits.ts';
import { freshQuota } from '../../core/limits/tokens/quota.ts';
import type { Target } from '../../core/model/types.ts';
import { bodyOf } from '../../core/planning/planned-request.ts';
import type { ShortRequests } from '../answers/conclude.ts';
import { type Batch, laneOf } from '../batch.ts';

/** @returns the targets where CDN Pro has refused takedowns for tokens */
export function refusedTakedowns(short: readonly ShortRequests[], batch: Batch): readonly Target[] {
  const refused = short.flatMap(({ requests, isRefused }) => (isRefused ? requests : []));
  return refused
    .filter((request) => laneOf(request, batch) === 'takedown')
    .map((request) => bodyOf(request).target);
}

/** @returns the limits with that noted: what waits would otherwise be released to be refused again each minute */
export function noteRefusedTakedowns(
  state: LimitsState,
  targets: readonly Target[],
  nowMs: number,
): LimitsState {
  const quotas = { ...state.quotas };
  for (const target of targets)
    quotas[target] = { ...(quotas[target] ?? freshQuota), takedownRefusedMs: nowMs };
  return { ...state, quotas };
}
