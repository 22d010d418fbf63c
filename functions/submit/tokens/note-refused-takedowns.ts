import { freshQuota } from '../../core/limits/tokens/quota.ts';
import { bodyOf } from '../../core/planning/planned-request.ts';
import { describeError } from '../../lambda/log.ts';
import { submitEvents } from '../../lambda/log-events.ts';
import type { ShortRequests } from '../answers/conclude.ts';
import { type Batch, laneOf } from '../batch.ts';
import type { SubmitPorts } from '../ports.ts';

/**
 * Takes note of the targets where CDN Pro has refused takedowns for tokens: what waits would otherwise be released to be
 * refused again each minute.
 */
export async function noteRefusedTakedowns(
  short: readonly ShortRequests[],
  batch: Batch,
  { limitsTable, log }: SubmitPorts,
): Promise<void> {
  const refused = short.flatMap(({ requests, isRefused }) => (isRefused ? requests : []));
  const takedowns = refused.filter((request) => laneOf(request, batch) === 'takedown');
  const targets = new Set(takedowns.map((request) => bodyOf(request).target));
  if (targets.size === 0) return;
  try {
    await limitsTable.note((state, nowMs) => {
      const quotas = { ...state.quotas };
      for (const target of targets) {
        quotas[target] = { ...(quotas[target] ?? freshQuota), takedownRefusedMs: nowMs };
      }
      return { ...state, quotas };
    });
  } catch (error) {
    log.warn(submitEvents.limitsUnread, { error: describeError(error) });
  }
}
