import type { TokenUnit } from '../limits/limits.ts';
import { priceOf } from '../limits/price.ts';
import { freshQuota, isSpentUnknown, type QuotaState, type Tokens, tokensLeft } from '../limits/quota.ts';
import type { PurgeMessage } from '../model/purge-message.ts';
import type { Lane } from '../model/types.ts';

/** What a lane leaves of the day's files when purges are repeated, as a share of the quota (`docs/adr/0087`). */
const leftShare: Readonly<Record<Lane, number>> = { takedown: 0.25, people: 0.25, bulk: 0.75 };

/** Decides which files are purged again after a purge of them has completed. */
export interface Repeats {
  /**
   * @param purgeId of the purge that has completed
   * @param messages that it has settled
   * @returns those to send again, with their files alone; none that was sent for a repeat itself
   */
  of(purgeId: string, messages: readonly PurgeMessage[]): readonly PurgeMessage[];
}

/** @returns what decides within the tokens that one target has left, and counts what it has decided */
export function createRepeats(
  state: QuotaState | undefined,
  quota: Tokens,
  unit: TokenUnit,
  nowMs: number,
): Repeats {
  const known = state ?? freshQuota;
  let left = isSpentUnknown(known, nowMs) ? 0 : tokensLeft(known, quota, nowMs).files;
  return {
    of: (purgeId, messages) =>
      messages.flatMap(({ tries: _, rejected: __, ...message }) => {
        const entries = message.entries.filter(({ kind }) => kind === 'file');
        if (entries.length === 0 || message.repeats !== undefined) return [];
        const { files } = priceOf(entries, unit);
        if (left - files < quota.files * leftShare[message.lane ?? 'people']) return [];
        left -= files;
        return [{ ...message, entries, repeats: purgeId, released: nowMs }];
      }),
  };
}
