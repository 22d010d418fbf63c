import type { MemoryStore } from '../aws/entry-memory-table.ts';
import { type EnqueuePorts, enqueueChanges } from '../buffer/enqueue-changes.ts';
import type { MappingResult } from '../core/mapping/rule.ts';
import { scheduleEntries } from '../core/mapping/schedule.ts';
import { entryKey, entryKeyWithoutAction } from '../core/model/entry-key.ts';
import type { EntryChange, OriginChange, PurgeEntry } from '../core/model/types.ts';
import type { WebhookSource } from '../sources/webhook-source.ts';
import { formerEntries, type Recalled, recallEntry } from './entry-memory.ts';

/** What enqueuing the changes of a webhook needs of the world. */
export interface EnqueueEntriesPorts extends EnqueuePorts {
  /** What is stale where a source does not say which entries changed. */
  readonly sweep: (change: EntryChange) => MappingResult;
  readonly nowMs: () => number;
}

/** The changes of one delivery. */
export interface Delivery {
  readonly source: WebhookSource;
  readonly changes: readonly OriginChange[];
  readonly isComplete: boolean;
  /** Undefined where nothing is to be remembered. */
  readonly memory: MemoryStore | undefined;
}

/** What became of a delivery. */
export interface EnqueuedEntries {
  /** What was put into the buffer, without repeats. */
  readonly entries: readonly PurgeEntry[];
  /** How many changes have to come again, since something of them is not in the buffer, or the ledger failed. */
  readonly failed: number;
}

/** How many entries are recalled at a time. */
const concurrency = 32;

/** Maps the changes of a delivery, with what is remembered of their entries, and puts it all into the buffer. */
export async function enqueueEntries(
  delivery: Delivery,
  ports: EnqueueEntriesPorts,
): Promise<EnqueuedEntries> {
  const recalled = await recallAll(delivery, ports);
  const mappings = new Map<OriginChange, MappingResult>(
    recalled.map(({ change, mapping }) => [change, mapping]),
  );
  const others = delivery.changes.filter((change) => !isEntryOf(delivery, change));
  for (const change of others) mappings.set(change, mapOf(change, ports));
  const rules = {
    ...ports.rules,
    map: (change: OriginChange) => mappings.get(change) ?? ports.rules.map(change),
  };
  const { entries, failed } = await enqueueChanges([...mappings.keys()], { ...ports, rules });
  await Promise.all(recalled.map((each) => (failed.includes(each.change) ? undefined : each.settle())));
  const incomplete = recalled.filter(({ change, isIncomplete }) => isIncomplete && !failed.includes(change));
  const unique = new Map(entries.map((entry) => [entryKey(entry), entry]));
  return { entries: [...unique.values()], failed: failed.length + incomplete.length };
}

/** Whether something is remembered of what a change is about. */
function isEntryOf({ memory }: Delivery, change: OriginChange): change is EntryChange {
  return memory !== undefined && 'webhook' in change && !change.skipMemory;
}

function mapOf(change: OriginChange, { rules, sweep }: EnqueueEntriesPorts): MappingResult {
  if (!('webhook' in change)) return rules.map(change);
  if (change.affectsAllEntries) return sweep(change);
  const mapping = rules.map(change);
  const entries = withFormer(mapping.entries, formerEntries(change, rules));
  return { ...mapping, entries, schedule: scheduleEntries(entries, mapping.schedule) };
}

function withFormer(entries: readonly PurgeEntry[], former: readonly PurgeEntry[]): readonly PurgeEntry[] {
  const keys = new Set(entries.map(entryKeyWithoutAction));
  return [...entries, ...former.filter((entry) => !keys.has(entryKeyWithoutAction(entry)))];
}

async function recallAll(delivery: Delivery, ports: EnqueueEntriesPorts): Promise<readonly Recalled[]> {
  const { source, changes, isComplete, memory } = delivery;
  if (memory === undefined) return [];
  const groups = new Map<string, EntryChange[]>();
  for (const change of changes) {
    if (!isEntryOf(delivery, change)) continue;
    const key = keyOf(change, source);
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  const queue = [...groups];
  const recalled: Recalled[] = [];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [key, group] = next;
      const found = await recallEntry(key, group, isComplete, { ...ports, memory });
      if (found !== undefined) recalled.push(found);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, queue.length) }, worker));
  return recalled;
}

/** What an entry is remembered by: its id, within its webhook and, where ids are so, within its type. */
function keyOf({ webhook, id, type }: EntryChange, { hasIdsPerType }: WebhookSource): string {
  return [webhook, ...(hasIdsPerType ? [type ?? ''] : []), id].join('#');
}
