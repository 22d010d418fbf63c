import type { MappingResult, RuleSet, ScheduledEntries } from '../core/mapping/rule.ts';
import { entryKey } from '../core/model/entry-key.ts';
import { entryText } from '../core/model/entry-text.ts';
import { referenceTo, writeMessages } from '../core/model/purge-message.ts';
import type { OriginChange, PurgeEntry } from '../core/model/types.ts';
import { supersededBy } from '../core/planning/superseded.ts';
import { counted } from '../lambda/emf.ts';
import type { Log } from '../lambda/log.ts';
import { enqueueEvents } from '../lambda/log-events.ts';
import type { OutgoingMessage, UnsentMessage } from './send-messages.ts';

/** What enqueuing needs of the world. */
export interface EnqueuePorts {
  readonly rules: RuleSet;
  /** Puts messages into the buffer. */
  readonly send: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  readonly log: Log;
  /** The clock, for the time of metrics. Default: `Date.now`. */
  readonly nowMs?: () => number;
}

/** What became of the changes. */
export interface Enqueued {
  /** What was put into the buffer, without duplicates of one change. */
  readonly entries: readonly PurgeEntry[];
  /** Changes of which something is not in the buffer: they have to come again. */
  readonly failed: readonly OriginChange[];
}

/** A change and what the rules make of it, with what came together with it in mind. */
export interface MappedChange {
  readonly change: OriginChange;
  readonly mapping: MappingResult;
  /** What is to be sent for it. */
  readonly deliveries: readonly ScheduledEntries[];
  /** The newer change of the same object among those that came with it. */
  readonly newer: OriginChange | undefined;
}

/**
 * Maps changes to purge entries and puts these into the buffer, those with a delay as messages of their own. Each
 * change logs one line with its URLs, by which it can be followed. A change that a newer one of the same object
 * overtakes takes the newer one's action, and what both make stale is sent once.
 */
export async function enqueueChanges(
  changes: readonly OriginChange[],
  { rules, send, log, nowMs = Date.now }: EnqueuePorts,
): Promise<Enqueued> {
  const mapped = mapChanges(changes, rules);
  const messages = mapped.flatMap(({ change, deliveries }) =>
    deliveries.flatMap(({ delaySeconds, entries }) =>
      writeMessages(referenceTo(change), entries).map((body) => ({
        change,
        message: { body, ...(delaySeconds > 0 ? { delaySeconds } : {}) },
      })),
    ),
  );
  const unsent = messages.length === 0 ? [] : await send(messages.map(({ message }) => message));
  const failures = new Map(unsent.map(({ index, reason }) => [messages[index]?.change, reason]));
  for (const each of mapped) logChange(each, failures.get(each.change), log, nowMs);
  return {
    entries: mapped.flatMap(({ change, mapping }) => (failures.has(change) ? [] : mapping.entries)),
    failed: mapped.flatMap(({ change }) => (failures.has(change) ? [change] : [])),
  };
}

/** Maps changes that came together: see {@link enqueueChanges}. */
export function mapChanges(changes: readonly OriginChange[], rules: RuleSet): readonly MappedChange[] {
  const overtaken = supersededBy(changes);
  const mappings = new Map(
    changes.map((change) => [change, rules.map(change, overtaken.get(change)?.action)]),
  );
  return [...mappings].map(([change, mapping]) => {
    const newer = overtaken.get(change);
    const sentByNewer = newer && mappings.get(newer)?.schedule;
    const deliveries = sentByNewer ? without(mapping.schedule, sentByNewer) : mapping.schedule;
    return { change, mapping, deliveries, newer };
  });
}

/** Deliveries less the entries that others deliver at the same time. */
function without(
  deliveries: readonly ScheduledEntries[],
  others: readonly ScheduledEntries[],
): readonly ScheduledEntries[] {
  const known = new Set(others.flatMap(keysOf));
  return deliveries.map((delivery) => {
    const keys = keysOf(delivery);
    return { ...delivery, entries: delivery.entries.filter((_, index) => !known.has(keys[index] ?? '')) };
  });
}

function keysOf({ delaySeconds, entries }: ScheduledEntries): readonly string[] {
  return entries.map((entry) => `${delaySeconds} ${entryKey(entry)}`);
}

function logChange(
  { change, mapping, newer }: MappedChange,
  failure: string | undefined,
  log: Log,
  nowMs: () => number,
): void {
  const { entries, schedule, rules, problems } = mapping;
  const overtaken = newer === undefined ? {} : { overtakenBy: referenceTo(newer) };
  const fields = { change: referenceTo(change), rules, ...overtaken };
  for (const problem of problems) {
    log.warn(enqueueEvents.urlInvalid, {
      ...fields,
      problem,
      ...counted('RefusedUrls', 1, nowMs()),
    });
  }
  if (failure !== undefined) {
    log.error(enqueueEvents.changeNotQueued, {
      ...fields,
      urls: entries.map(entryText),
      reason: failure,
      ...counted('ChangesNotQueued', 1, nowMs()),
    });
  } else if (rules.length === 0) {
    log.info(enqueueEvents.changeUnmatched, { ...fields, ...counted('ChangesUnmatched', 1, nowMs()) });
  } else {
    const delaysSeconds = schedule.map(({ delaySeconds }) => delaySeconds);
    const later = delaysSeconds.some((seconds) => seconds > 0) ? { delaysSeconds } : {};
    log.info(enqueueEvents.changeQueued, { ...fields, urls: entries.map(entryText), ...later });
  }
}
