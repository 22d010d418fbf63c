import pMap, { pMapSkip } from 'p-map';
import type { MemoryStore } from '../aws/entry-memory-table.ts';
import {
  type InvalidChange,
  type QueuePorts,
  type QueueResult,
  queueMapped,
} from '../buffer/enqueue-changes.ts';
import type { OutgoingMessage, UnsentMessage } from '../buffer/send-messages.ts';
import type { MappingResult, RuleSet } from '../core/mapping/rule.ts';
import { timedEntries } from '../core/mapping/schedule.ts';
import { uniqueEntries } from '../core/mapping/urls/entry-set.ts';
import { groupBy } from '../core/model/group-by.ts';
import { messageVersion, referenceTo, writeMessage } from '../core/model/purge-message.ts';
import type { EntryChange, OriginChange } from '../core/model/types.ts';
import { webhookEvents } from '../lambda/log-events.ts';
import type { WebhookSource } from '../sources/webhook-source.ts';
import { formerEntries, mergeMappings, type RecalledEntry, recallEntry, withFormer } from './entry-memory.ts';

/** What enqueuing the changes of a webhook needs of the world. */
export interface EnqueueWebhookPorts extends QueuePorts {
  /** Puts messages into the dead letter queue. */
  readonly reject: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  readonly rules: RuleSet;
  /** Maps a change whose source does not say which entries changed. */
  readonly purgeByPrefix: (change: EntryChange) => MappingResult;
  readonly nowMs: () => number;
}

/** The changes that one request of a sender holds. */
export interface WebhookChanges {
  readonly source: WebhookSource;
  readonly changes: readonly EntryChange[];
  /** Whether a put names all locales that its entry has, so that every other one is gone. */
  readonly isComplete: boolean;
  /** Undefined where nothing is to be remembered. */
  readonly memory: MemoryStore | undefined;
}

/** How many entries are recalled at a time. */
const concurrency = 32;

/**
 * Maps the changes of a webhook, with what is remembered of their entries, and puts what they make stale into the
 * purge queue. A change with invalid URLs is in the dead letter queue, too.
 * @returns what was queued, without duplicates; a change whose entry could not be recalled counts as failed, too
 */
export async function enqueueWebhook(
  webhook: WebhookChanges,
  ports: EnqueueWebhookPorts,
): Promise<QueueResult> {
  const recalled = await recallEntries(webhook, ports);
  const others = webhook.changes
    .filter((change) => !isRemembered(webhook, change))
    .map((change) => ({ change, mapping: mapWithoutMemory(change, ports) }));
  const mapped = [...recalled, ...others].map(({ change, mapping }) => {
    return { change, mapping, schedule: mapping.schedule };
  });
  const { entries, failed: unqueued, invalid } = await queueMapped(mapped, ports);
  const queued = recalled.filter(({ change }) => !unqueued.includes(change));
  await Promise.all(queued.map((each) => each.clearStale()));
  const incomplete = queued.flatMap(({ change, isIncomplete }) => (isIncomplete ? [change] : []));
  const again = new Set<OriginChange>(incomplete);
  const unmoved = await rejectInvalid(
    invalid.filter(({ change }) => !again.has(change)),
    ports,
  );
  return { entries: uniqueEntries(entries), failed: [...unqueued, ...incomplete, ...unmoved] };
}

/**
 * Puts changes with invalid URLs into the dead letter queue, each with the reason: no values are kept to map them again.
 * @returns those that could not be put there
 */
async function rejectInvalid(
  invalid: readonly InvalidChange[],
  { reject, log, nowMs }: EnqueueWebhookPorts,
): Promise<readonly OriginChange[]> {
  if (invalid.length === 0) return [];
  const rejectedAt = new Date(nowMs()).toISOString();
  const messages = invalid.map(({ change, reason }) => {
    const rejected = { reason, rejectedAt };
    return {
      body: writeMessage({ v: messageVersion, change: referenceTo(change), entries: [], rejected }),
      reason,
    };
  });
  const unsent = await reject(messages);
  for (const { reason } of unsent) log.error(webhookEvents.invalidNotMoved, { reason });
  return unsent.flatMap(({ index }) => invalid[index]?.change ?? []);
}

function isRemembered({ memory }: WebhookChanges, { skipMemory }: EntryChange): boolean {
  return memory !== undefined && !skipMemory;
}

async function recallEntries(
  webhook: WebhookChanges,
  ports: EnqueueWebhookPorts,
): Promise<readonly RecalledEntry[]> {
  const { source, changes, isComplete, memory } = webhook;
  if (memory === undefined) return [];
  const remembered = changes.filter((change) => isRemembered(webhook, change));
  const byEntry = groupBy(remembered, (change) => memoryKey(change, source));
  return pMap(
    byEntry,
    async ([key, group]) => (await recallEntry(key, group, isComplete, { ...ports, memory })) ?? pMapSkip,
    { concurrency },
  );
}

/** What an entry is remembered by: its id, within its webhook and, where ids are so, within its type. */
function memoryKey({ webhook, id, type }: EntryChange, { hasIdsPerType }: WebhookSource): string {
  return [webhook, ...(hasIdsPerType ? [type ?? ''] : []), id].join('#');
}

function mapWithoutMemory(change: EntryChange, { rules, purgeByPrefix }: EnqueueWebhookPorts): MappingResult {
  if (change.affectsAllEntries) return purgeByPrefix(change);
  const mapping = rules.map(change);
  if (change.previous === undefined) return mapping;
  return mergeMappings([mapping], withFormer(timedEntries(mapping.schedule), formerEntries(change, rules)));
}
