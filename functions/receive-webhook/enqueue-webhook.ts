import pMap, { pMapSkip } from 'p-map';
import type { MemoryStore } from '../aws/entry-memory-table.ts';
import { type QueuePorts, type QueueResult, queueMapped } from '../buffer/enqueue-changes.ts';
import type { MappingResult, RuleSet } from '../core/mapping/rule.ts';
import { timedEntries } from '../core/mapping/schedule.ts';
import { uniqueEntries } from '../core/mapping/urls/entry-set.ts';
import { groupBy } from '../core/model/group-by.ts';
import type { EntryChange } from '../core/model/types.ts';
import type { WebhookSource } from '../sources/webhook-source.ts';
import { formerEntries, mergeMappings, type RecalledEntry, recallEntry, withFormer } from './entry-memory.ts';

/** What enqueuing the changes of a webhook needs of the world. */
export interface EnqueueWebhookPorts extends QueuePorts {
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
 * purge queue.
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
  const { entries, failed } = await queueMapped(mapped, ports);
  const queued = recalled.filter(({ change }) => !failed.includes(change));
  await Promise.all(queued.map((each) => each.clearStale()));
  const incomplete = queued.flatMap(({ change, isIncomplete }) => (isIncomplete ? [change] : []));
  return { entries: uniqueEntries(entries), failed: [...failed, ...incomplete] };
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
