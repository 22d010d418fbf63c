import type { Limits, LimitsState } from '../limits/limits.ts';
import { type ParkReason, sendOrPark, type TokenRequest } from '../limits/send-or-park.ts';
import { fewestEntries, type RequestLimits } from './plan.ts';
import type { PlannedEntry } from './planned-request.ts';

/** What is decided by. */
export interface Terms {
  /** Says what an entry is to the day's tokens. */
  readonly wanted: (planned: PlannedEntry) => TokenRequest;
  readonly state: LimitsState;
  /** The limits as this deployment has them configured. */
  readonly limits: Limits;
  readonly planning: Pick<RequestLimits, 'coalesce' | 'cacheKey'>;
  readonly nowMs: number;
}

/** An entry that has to wait for the day's tokens. It covers nothing. */
export interface Unaffordable {
  readonly planned: PlannedEntry;
  readonly reason: ParkReason;
}

/** Entries that are sent now, in this order, and those that wait. */
export interface AffordableEntries {
  readonly send: readonly PlannedEntry[];
  readonly park: readonly Unaffordable[];
}

/**
 * Decides which entries the day's tokens pay for, once each, see `sendOrPark`. What a directory would have covered that has
 * to wait does not wait with it, and files are coalesced only where the directory can be paid for.
 * @param entries without duplicates
 */
export function affordableEntries(entries: readonly PlannedEntry[], terms: Terms): AffordableEntries {
  const { wanted, state, limits, nowMs } = terms;
  const park: Unaffordable[] = [];
  let planning = terms.planning;
  let open = entries;
  for (;;) {
    const decided = sendOrPark(fewestEntries(open, planning), wanted, state, limits, nowMs);
    const uncovered = decided.park.flatMap(({ item }) => item.covered ?? []);
    for (const { item, reason } of decided.park) {
      const { covered: _, ...planned } = item;
      if (!planned.isCoalesced) park.push({ planned, reason });
    }
    if (uncovered.length === 0) return { send: decided.send, park };
    planning = withoutCoalescing(planning);
    open = [...decided.send, ...uncovered];
  }
}

function withoutCoalescing({ coalesce: _, ...planning }: Terms['planning']): Terms['planning'] {
  return planning;
}
