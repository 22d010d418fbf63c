import pMap from 'p-map';
import type { Parked, ToPark } from '../../aws/tables/parked-table.ts';
import type { ParkReason } from '../../core/limits/send-or-park.ts';
import { secondPurgeOf } from '../../core/model/messages/second-purge.ts';
import type { Unaffordable } from '../../core/planning/affordable-entries.ts';
import { type PlannedRequest, settledBy } from '../../core/planning/planned-request.ts';
import { describeError } from '../../lambda/log.ts';
import * as submitEvents from '../../lambda/submit-events.ts';
import { type Batch, originOf, triesOf } from '../batch.ts';
import type { SubmitPorts } from '../ports.ts';

/** So many are removed at once: a request may have settled a thousand. */
const concurrency = 32;

/** What is to be parked. */
export interface Unpaid extends Unaffordable {
  /** Whether it has failed, and must not meet innocents when it comes again. */
  readonly isApart?: boolean;
}

/**
 * Parks entries that wait for the day's tokens. Their messages are settled by that.
 * @returns a request with those that could not be parked, which stay in the queue; none where all could
 */
export async function parkEntries(
  entries: readonly Unpaid[],
  batch: Batch,
  { park, log, measure, nowMs }: SubmitPorts,
): Promise<readonly PlannedRequest[]> {
  if (entries.length === 0) return [];
  const planned = new Map(entries.map((each) => [toPark(each, batch, nowMs()), each.planned]));
  const unparked = await park([...planned.keys()]);
  measure('EntriesParked', entries.length - unparked.length);
  log.info(submitEvents.entriesParked, {
    entries: entries.length - unparked.length,
    ...countReasons(entries),
  });
  if (unparked.length === 0) return [];
  log.warn(submitEvents.entriesNotParked, { entries: unparked.length, reason: unparked[0]?.reason });
  return [{ entries: unparked.flatMap(({ item }) => planned.get(item) ?? []) }];
}

/**
 * Finds what waits of what a request has purged: it would only be purged again. What a rule has purged again stays, since the
 * later purge may be what waits.
 * @returns what is to be removed: it may wait for a newer change than those of the request
 */
export async function findPurged(
  request: PlannedRequest,
  sentMs: number,
  { messages }: Batch,
  { findPurged, log }: SubmitPorts,
): Promise<readonly Parked[]> {
  const isLast = (index: number) => !messages[index]?.message.scheduledAgain;
  const purged = settledBy(request).filter(
    (planned) => planned.messages.length === 0 || planned.messages.some(isLast),
  );
  const { found, failures } = await findPurged(
    purged.map(({ entry }) => entry),
    sentMs,
  );
  if (failures.length > 0) warnNotRemoved(failures[0], log);
  return found;
}

/** Removes what a purge has settled; what was parked anew meanwhile stays. */
export async function removeParked(
  found: readonly Parked[],
  { removeParked, log }: SubmitPorts,
): Promise<void> {
  const failures: unknown[] = [];
  const removeOne = (item: Parked) =>
    removeParked(item).catch((error: unknown) => {
      failures.push(error);
    });
  await pMap(found, removeOne, { concurrency });
  if (failures.length > 0) warnNotRemoved(failures[0], log);
}

function warnNotRemoved(error: unknown, log: SubmitPorts['log']): void {
  log.warn(submitEvents.purgedNotRemoved, { error: describeError(error) });
}

/**
 * @returns the same ports, or while nothing waits for tokens, when each look would be paid for nothing, some that look for
 * directories alone: these are few, and one that is held or beyond its allowance waits without anybody saying so
 */
export function removingFilesOnlyIf(isWaiting: boolean, ports: SubmitPorts): SubmitPorts {
  if (isWaiting) return ports;
  return {
    ...ports,
    findPurged: (entries, sentMs) =>
      ports.findPurged(
        entries.filter(({ kind }) => kind !== 'file'),
        sentMs,
      ),
  };
}

function toPark({ planned, isApart = false }: Unpaid, batch: Batch, nowMs: number): ToPark {
  const { lane, sinceMs, sender, byPrefix } = originOf(planned, batch, nowMs);
  const tries = triesOf(planned, batch) ?? (isApart ? 0 : undefined);
  const messages = settledBy({ entries: [planned] }).flatMap((each) =>
    each.messages.flatMap((index) => batch.messages[index]?.message ?? []),
  );
  // Messages are in the order of their changes.
  const newest = batch.messages[Math.max(...planned.messages)];
  return {
    entry: planned.entry,
    ...(newest?.message.change !== undefined && { change: newest.message.change }),
    lane,
    ...(sender !== undefined && { sender }),
    sinceMs,
    ...(byPrefix && { byPrefix }),
    ...(tries !== undefined && { tries }),
    ...secondPurgeOf(messages),
  };
}

function countReasons(entries: readonly Unaffordable[]): {
  readonly reasons: Partial<Record<ParkReason, number>>;
} {
  const reasons: Partial<Record<ParkReason, number>> = {};
  for (const { reason } of entries) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return { reasons };
}
