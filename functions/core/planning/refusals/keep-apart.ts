import { groupBy } from '../../model/group-by.ts';
import type { PlannedEntry, PlannedRequest } from '../planned-request.ts';
import type { Evidence } from './evidence.ts';

/** Requests for what is innocent, and others for what is not to meet it. */
export interface KeptApart {
  readonly innocent: readonly PlannedRequest[];
  readonly suspect: readonly PlannedRequest[];
}

/**
 * Splits requests, so that what failed lately is not tried together with what did not.
 * @param isMarked whether the message of an entry says that it has failed before
 */
export function keepApart(
  requests: readonly PlannedRequest[],
  evidence: Evidence,
  isMarked: (planned: PlannedEntry) => boolean,
  nowMs: number,
): KeptApart {
  const innocent: PlannedRequest[] = [];
  const suspect: PlannedRequest[] = [];
  for (const request of requests) {
    const groups = groupBy(
      request.entries,
      (planned) => evidence.suspicionOf(planned, nowMs) ?? (isMarked(planned) ? 'marked' : 'innocent'),
    );
    for (const [suspicion, entries] of groups) {
      if (suspicion !== 'innocent') suspect.push({ entries });
      else innocent.push(entries.length === request.entries.length ? request : { entries });
    }
  }
  return { innocent, suspect };
}
