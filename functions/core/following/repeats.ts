import type { TokenUnit } from '../limits/limits.ts';
import { priceOf } from '../limits/price.ts';
import {
  freshQuota,
  isSpentUnknown,
  type QuotaState,
  type Tokens,
  tokensLeft,
} from '../limits/tokens/quota.ts';
import type { PurgeMessage } from '../model/purge-message.ts';
import type { FileEntry, Lane } from '../model/types.ts';

/** What a lane leaves of the day's files when purges are repeated, as a share of the quota (`docs/adr/0087`). */
export const leftShare: Readonly<Record<Lane, number>> = { takedown: 0.25, people: 0.25, bulk: 0.75 };

/** @returns whether what a lane has purged is purged again at least as long as what another one has */
export function isRepeatedAsLong(lane: Lane = 'people', as: Lane = 'people'): boolean {
  return leftShare[lane] <= leftShare[as];
}

/** Decides which files are purged again after a purge of them has completed. */
export interface Repeats {
  /**
   * @param purgeId of the purge that has completed
   * @param messages that it has settled
   * @returns those to send again, with their files alone; none that was sent for a repeat itself. Of one purge, always the
   *   same
   */
  of(purgeId: string, messages: readonly PurgeMessage[]): readonly PurgeMessage[];
}

/** @returns the files of a settled message that are worth a second purge: a file that others cover costs nothing, but would then */
export function repeatableIn({
  entries,
  covered = 0,
  repeats,
  scheduledAgain,
}: PurgeMessage): readonly FileEntry[] {
  // What a rule has purged again is repeated after the last of its purges.
  if (repeats !== undefined || scheduledAgain) return [];
  return entries.slice(0, entries.length - covered).filter((entry) => entry.kind === 'file');
}

/** @returns what decides within the tokens that one target has left, and counts what it has decided */
export function createRepeats(
  state: QuotaState | undefined,
  quota: Tokens,
  unit: TokenUnit,
  nowMs: number,
): Repeats {
  const quotaState = state ?? freshQuota;
  let left = isSpentUnknown(quotaState, nowMs) ? 0 : tokensLeft(quotaState, quota, nowMs).files;
  const decided = new Map<string, readonly PurgeMessage[]>();

  function decide(purgeId: string, messages: readonly PurgeMessage[]): readonly PurgeMessage[] {
    return messages.flatMap((settled) => {
      const { tries: _, rejected: __, covered: ___, ...message } = settled;
      const entries = repeatableIn(settled);
      if (entries.length === 0) return [];
      const { files } = priceOf(entries, unit);
      if (left - files < quota.files * leftShare[message.lane ?? 'people']) return [];
      left -= files;
      return [{ ...message, entries, repeats: purgeId, released: nowMs }];
    });
  }

  return {
    of(purgeId, messages) {
      const known = decided.get(purgeId) ?? decide(purgeId, messages);
      decided.set(purgeId, known);
      return known;
    },
  };
}
