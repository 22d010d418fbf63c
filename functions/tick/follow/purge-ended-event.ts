import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import { bodyPrefix } from '../../aws/tables/ledger-keys.ts';
import type { PurgeEnd } from '../../core/following/followed-purge.ts';
import { entryText } from '../../core/model/entry-text.ts';
import { byteLength, type ChangeReference, type PurgeMessage } from '../../core/model/purge-message.ts';

/** What the project's events on EventBridge have as their source. */
export const eventSource = 'cdn-pro-purger';

/** The `detail-type` of the event of a purge's end. */
export const purgeEndedType = 'Purge Ended';

/** The `detail` of the event of a purge's end, as `docs/freshness.md` has it. Fields do not change. */
export interface PurgeEnded {
  /** The purger's name, as in metrics. */
  readonly purger: string;
  readonly purgeId: string;
  readonly end: PurgeEnd['kind'];
  readonly reason?: string;
  /** What was seen of it at the edge, and where. */
  readonly proof?: string;
  readonly successRate?: number;
  readonly target: string;
  readonly lane: string;
  /** ISO 8601. */
  readonly acceptedAt: string;
  readonly finishedAt?: string;
  /** The number of a repair; 0 for a purge of changes. */
  readonly repair: number;
  /** URLs and patterns that have this end, and the changes that the purge came from; missing where they are too many. */
  readonly urls?: readonly string[];
  /** What else it settled, where files were seen to be old: CDN Pro finished it in full. */
  readonly completed?: readonly string[];
  readonly changes?: readonly ChangeReference[];
  /** Where they are, where they are missing: the key of an item in the table `JournalTableName`. */
  readonly journalKey?: string;
}

/** EventBridge bills each 64 KB as an event. */
const mostBytes = 64_000;

/**
 * @param messages what has this end
 * @param completed what else it settled
 * @returns the `detail` of the event that a purge has ended
 */
export function purgeEnded(
  { purgeId, target, lane, acceptedMs, repair }: OpenPurge,
  { kind: end, reason, proof, successRate, finishedMs }: PurgeEnd,
  messages: readonly PurgeMessage[],
  completed: readonly PurgeMessage[],
  purger: string,
): PurgeEnded {
  const detail: PurgeEnded = {
    purger,
    purgeId,
    end,
    ...(reason !== undefined && { reason }),
    ...(proof !== undefined && { proof }),
    ...(successRate !== undefined && { successRate }),
    target,
    lane,
    acceptedAt: new Date(acceptedMs).toISOString(),
    ...(finishedMs !== undefined && { finishedAt: new Date(finishedMs).toISOString() }),
    repair,
  };
  const whole = {
    ...detail,
    urls: textsOf(messages),
    ...(completed.length > 0 && { completed: textsOf(completed) }),
    changes: changesOf([...messages, ...completed]),
  };
  if (byteLength(JSON.stringify(whole)) <= mostBytes) return whole;
  return { ...detail, journalKey: `${bodyPrefix}${purgeId}` };
}

/** @returns the changes of messages, each once */
function changesOf(messages: readonly PurgeMessage[]): readonly ChangeReference[] {
  const changes = messages.flatMap(({ change }) => change ?? []);
  return [...new Map(changes.map((change) => [JSON.stringify(change), change])).values()];
}

function textsOf(messages: readonly PurgeMessage[]): readonly string[] {
  return [...new Set(messages.flatMap(({ entries }) => entries.map(entryText)))];
}
