import { type MappedChange, mapChanges } from '../core/mapping/map-changes.ts';
import type { RuleSet } from '../core/mapping/rule.ts';
import { entryKey } from '../core/model/entry-key.ts';
import { entryText } from '../core/model/entry-text.ts';
import { groupBy } from '../core/model/group-by.ts';
import { writeMessages } from '../core/model/messages/combined-messages.ts';
import { messageVersion, type PurgeMessage, referenceTo } from '../core/model/purge-message.ts';
import type { OriginChange, PurgeEntry } from '../core/model/types.ts';
import type { Log } from '../lambda/log.ts';
import { enqueueEvents } from '../lambda/log-events.ts';
import type { Measure } from '../lambda/metrics.ts';
import { reasonOfInvalid } from './invalid-urls.ts';
import type { OutgoingMessage, UnsentMessage } from './send-messages.ts';

/** What putting mapped changes into the purge queue needs of the world. */
export interface QueuePorts {
  /** Puts messages into the purge queue. */
  readonly send: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  readonly log: Log;
  readonly measure: Measure;
}

/** What mapping changes and putting them into the purge queue needs of the world. */
export interface EnqueuePorts extends QueuePorts {
  readonly rules: RuleSet;
}

/** The outcome for changes that were to be queued. */
export interface QueueResult {
  /** What was put into the purge queue, without duplicates of one change. */
  readonly entries: readonly PurgeEntry[];
  /** Changes of which something is not in the purge queue: their event has to be retried. */
  readonly failed: readonly OriginChange[];
}

/** A change with URLs that CDN Pro would never take, and why: they stay stale. */
export interface InvalidChange {
  readonly change: OriginChange;
  readonly reason: string;
}

/** The outcome for changes that were mapped. */
export interface MappedResult extends QueueResult {
  /** Changes with invalid URLs, whether or not others of theirs are queued. */
  readonly invalid: readonly InvalidChange[];
}

/** Maps changes, see {@link mapChanges}, and puts what they make stale into the purge queue, see {@link queueMapped}. */
export async function enqueueChanges(
  changes: readonly OriginChange[],
  { rules, ...ports }: EnqueuePorts,
): Promise<MappedResult> {
  return queueMapped(mapChanges(changes, rules), ports);
}

/**
 * Puts what changes make stale into the purge queue, in few messages. Each change logs one line with its URLs, by which it
 * can be followed.
 */
export async function queueMapped(
  mapped: readonly MappedChange[],
  { send, ...ports }: QueuePorts,
): Promise<MappedResult> {
  const outgoing = messagesOf(mapped);
  const unsent = outgoing.length === 0 ? [] : await send(outgoing.map(({ message }) => message));
  const failures = new Map(
    unsent.flatMap(({ index, reason }) => outgoing[index]?.changes.map((change) => [change, reason]) ?? []),
  );
  for (const each of mapped) logChange(each, failures.get(each.change), ports);
  return {
    entries: mapped.flatMap(({ change, mapping }) => (failures.has(change) ? [] : mapping.entries)),
    failed: mapped.flatMap(({ change }) => (failures.has(change) ? [change] : [])),
    invalid: mapped.flatMap(({ change, mapping }) => {
      const reason = reasonOfInvalid(mapping);
      return reason === undefined || failures.has(change) ? [] : [{ change, reason }];
    }),
  };
}

type ScheduledChange = Pick<MappedChange, 'change' | 'schedule' | 'mapping'>;

/** @returns the messages of changes, and the changes of each: what has one delay and lane together */
export function messagesOf(
  changes: readonly ScheduledChange[],
): readonly { readonly changes: readonly OriginChange[]; readonly message: OutgoingMessage }[] {
  const byDelay = groupBy(changes.flatMap(partsOf), ({ delaySeconds }) => delaySeconds);
  return [...byDelay].flatMap(([delaySeconds, parts]) =>
    writeMessages(parts.map(({ message }) => message)).map(({ body, indices }) => ({
      changes: indices.flatMap((index) => parts[index]?.change ?? []),
      message: { body, ...(delaySeconds > 0 ? { delaySeconds } : {}) },
    })),
  );
}

interface Part {
  readonly change: OriginChange;
  readonly delaySeconds: number;
  readonly message: PurgeMessage;
}

/** @returns the messages that a change would have alone: at least one for each delay and lane */
function partsOf({ change, schedule, mapping }: ScheduledChange): readonly Part[] {
  const reference = referenceTo(change, mapping.rules);
  return schedule.flatMap(({ delaySeconds, lane, byPrefix, entries }) => {
    const options = { ...(lane !== undefined && { lane }), ...(byPrefix && { byPrefix }) };
    const message = { v: messageVersion, change: reference, ...options } as const;
    const later = keysLaterThan(delaySeconds, schedule);
    const isLater = (entry: PurgeEntry) => later.size > 0 && later.has(entryKey(entry));
    const messages: readonly PurgeMessage[] = [
      { ...message, entries: entries.filter((entry) => !isLater(entry)) },
      { ...message, scheduledAgain: true, entries: entries.filter(isLater) },
    ];
    return messages.map((message) => ({ change, delaySeconds, message }));
  });
}

function keysLaterThan(seconds: number, schedule: MappedChange['schedule']): ReadonlySet<string> {
  const later = schedule.filter(({ delaySeconds }) => delaySeconds > seconds);
  return new Set(later.flatMap(({ entries }) => entries.map(entryKey)));
}

function logChange(
  { change, mapping, newer }: MappedChange,
  failure: string | undefined,
  { log, measure }: Pick<QueuePorts, 'log' | 'measure'>,
): void {
  const { entries, schedule, rules, problems } = mapping;
  const superseded = newer === undefined ? {} : { overtakenBy: referenceTo(newer) };
  const fields = { change: referenceTo(change), rules, ...superseded };
  for (const problem of problems) {
    measure('RefusedUrls', 1);
    log.warn(enqueueEvents.urlInvalid, { ...fields, problem });
  }
  if (failure !== undefined) {
    measure('ChangesNotQueued', 1);
    log.error(enqueueEvents.changeNotQueued, { ...fields, urls: entries.map(entryText), reason: failure });
  } else if (entries.length === 0 && problems.length > 0) {
    log.error(enqueueEvents.changeUnpurgeable, fields);
  } else if (mapping.isExcepted) {
    log.info(enqueueEvents.changeExcepted, fields);
  } else if (rules.length === 0) {
    measure('ChangesUnmatched', 1);
    log.info(enqueueEvents.changeUnmatched, fields);
  } else {
    const delaysSeconds = [...new Set(schedule.map(({ delaySeconds }) => delaySeconds))];
    const later = delaysSeconds.some((seconds) => seconds > 0) ? { delaysSeconds } : {};
    measure('ChangesQueued', 1);
    log.info(enqueueEvents.changeQueued, { ...fields, urls: entries.map(entryText), ...later });
  }
}
