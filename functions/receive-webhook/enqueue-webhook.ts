import pMap, { pMapSkip } from 'p-map';
import type { MemoryStore } from '../aws/tables/entry-memory-table.ts';
import {
  type InvalidChange,
  type QueuePorts,
  type QueueResult,
  queueMapped,
} from '../buffer/enqueue-changes.ts';
import type { OutgoingMessage, UnsentMessage } from '../buffer/send-messages.ts';
import type { MappedChange } from '../core/mapping/map-changes.ts';
import type { MappingConfig, MappingResult, RuleSet } from '../core/mapping/rule.ts';
import { timedEntries } from '../core/mapping/schedule.ts';
import { uniqueEntries } from '../core/mapping/urls/entry-set.ts';
import { entryText } from '../core/model/entry-text.ts';
import { groupBy } from '../core/model/group-by.ts';
import { messageVersion, referenceTo, writeMessage } from '../core/model/purge-message.ts';
import type { EntryChange, OriginChange } from '../core/model/types.ts';
import { webhookEvents } from '../lambda/log-events.ts';
import { DeliveryBudget } from '../sources/toolkit/limits.ts';
import type { SourceOptions } from '../sources/webhook-options.ts';
import type { WebhookSource } from '../sources/webhook-source.ts';
import { formerEntries, mergeMappings, type RecalledEntry, recallEntry, withFormer } from './entry-memory.ts';
import { isOfAllEntries, withFewVersions } from './few-versions.ts';
import { memoryKey } from './memory-key.ts';

/** What enqueuing the changes of a webhook needs of the world. */
export interface EnqueueWebhookPorts extends QueuePorts {
  /** Puts messages into the dead letter queue. */
  readonly reject: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  readonly rules: RuleSet;
  /** Maps a change whose source does not say which entries changed. */
  readonly purgeByPrefix: (change: EntryChange) => Promise<MappingResult>;
  /** See {@link hasLists}. */
  readonly hasLists: boolean;
  readonly nowMs: () => number;
}

/** The changes that one request of a sender holds. */
export interface WebhookChanges {
  readonly source: WebhookSource;
  readonly changes: readonly EntryChange[];
  /** Whether a put names all locales that its entry has, so that every other one is gone. */
  readonly isComplete: boolean;
  /** Undefined where nothing is to be remembered. */
  readonly memory: { readonly store: MemoryStore; readonly days: number } | undefined;
  readonly options: SourceOptions;
}

/** How many entries are recalled at a time. */
const concurrency = 32;

/**
 * Maps the changes of a webhook, with what is remembered of their entries, and puts what they make stale into the
 * purge queue. A change with invalid URLs is in the dead letter queue, too.
 * @returns what was queued, without duplicates; a change whose entry could not be recalled counts as failed, too
 * @throws DeliveryTooLargeError for changes that cost more than a delivery may, before anything is queued
 */
export async function enqueueWebhook(
  webhook: WebhookChanges,
  worldPorts: EnqueueWebhookPorts,
): Promise<QueueResult> {
  const budget = new DeliveryBudget();
  const ports = { ...worldPorts, rules: withBudget(worldPorts.rules, budget) };
  const withoutMemory = webhook.changes.filter((change) => !isRemembered(webhook, change));
  const others = await Promise.all(
    withoutMemory.map(async (change) => ({ change, mapping: await mapWithoutMemory(change, ports) })),
  );
  const recalled = await recallEntries(webhook, budget, ports);
  const mapped = [...recalled, ...others].map(({ change, mapping }) => {
    return { change, mapping, schedule: mapping.schedule };
  });
  const few = withFewVersions(mapped, budget);
  budget.spend('directories', directoriesOf(few));
  const all = [...few, ...(await coverCut(mapped, ports))];
  const { entries, failed: unqueued, invalid } = await queueMapped(all, ports);
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

/** @returns rules that count what changes map to */
function withBudget(rules: RuleSet, budget: DeliveryBudget): RuleSet {
  return {
    ...rules,
    map(change, latest) {
      const mapping = rules.map(change, latest);
      budget.spend('entries', mapping.entries.length);
      return mapping;
    },
  };
}

/** @returns how many directories and regular expressions changes map to by themselves, those that stand in for versions included */
function directoriesOf(mapped: readonly MappedChange[]): number {
  const entries = mapped.flatMap((each) => (isOfAllEntries(each) ? [] : each.mapping.entries));
  return new Set(entries.flatMap((entry) => (entry.kind === 'file' ? [] : [entryText(entry)]))).size;
}

/**
 * Whether rules may lack something of an entry without a trace: the items of a list, `{fields.tags.*}`, which may be
 * fewer than the payload's, or a field inside of another one that decides whether a rule matches.
 */
export function hasLists(rules: MappingConfig['rules']): boolean {
  const isInside = (name: string) => /^fields\..*\./.test(name);
  return (
    /\{[^{}]*\.\*/.test(JSON.stringify(rules)) ||
    rules.some(({ match: { fields = {} } }) => Object.keys(fields).some(isInside))
  );
}

/** @returns a purge by prefix for each type of which a rule may lack a field, since it was left out of the fields */
async function coverCut(
  mapped: readonly MappedChange[],
  { purgeByPrefix, hasLists }: EnqueueWebhookPorts,
): Promise<readonly MappedChange[]> {
  const lacking = mapped.flatMap(({ change, mapping }) =>
    'isCut' in change && change.isCut && (hasLists || mapping.problems.length > 0) ? [change] : [],
  );
  return Promise.all(
    [...groupBy(lacking, ({ type }) => type).values()].map(async ([change]) => {
      const mapping = await purgeByPrefix({ ...change, action: 'put', affectsAllEntries: true });
      return { change, mapping, schedule: mapping.schedule };
    }),
  );
}

function isRemembered({ memory }: WebhookChanges, { skipMemory }: EntryChange): boolean {
  return memory !== undefined && !skipMemory;
}

async function recallEntries(
  webhook: WebhookChanges,
  budget: DeliveryBudget,
  ports: EnqueueWebhookPorts,
): Promise<readonly RecalledEntry[]> {
  const { source, changes, isComplete, memory, options } = webhook;
  if (memory === undefined) return [];
  const remembered = changes.filter((change) => isRemembered(webhook, change));
  const byEntry = groupBy(remembered, (change) => memoryKey(change, source, options));
  budget.spend('recalls', byEntry.size);
  for (const group of byEntry.values()) {
    for (const { length } of groupBy(group, ({ locale }) => locale).values()) budget.checkRepeats(length);
  }
  const recallPorts = { ...ports, memory: memory.store, rememberDays: memory.days };
  return pMap(
    byEntry,
    async ([key, group]) => (await recallEntry(key, group, isComplete, recallPorts)) ?? pMapSkip,
    { concurrency },
  );
}

async function mapWithoutMemory(
  change: EntryChange,
  { rules, purgeByPrefix }: EnqueueWebhookPorts,
): Promise<MappingResult> {
  if (change.affectsAllEntries) return purgeByPrefix(change);
  const mapping = rules.map(change);
  if (change.previous === undefined) return mapping;
  return mergeMappings([mapping], withFormer(timedEntries(mapping.schedule), formerEntries(change, rules)));
}
