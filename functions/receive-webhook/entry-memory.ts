import type { MemoryStore } from '../aws/tables/entry-memory-table.ts';
import {
  clearStale,
  type Memory,
  type Observation,
  recordObservations,
} from '../core/mapping/entry-memory.ts';
import type { MappingResult, RuleSet } from '../core/mapping/rule.ts';
import { scheduleOf, type TimedEntry, timedEntries } from '../core/mapping/schedule.ts';
import { uniqueEntries } from '../core/mapping/urls/entry-set.ts';
import { entryKeyWithoutAction } from '../core/model/entry-key.ts';
import { PurgerError } from '../core/model/errors.ts';
import type { EntryChange } from '../core/model/types.ts';
import { describeError, type Log } from '../lambda/log.ts';
import { webhookEvents } from '../lambda/log-events.ts';
import { dayMs, eventTimeOf } from './event-time.ts';

/** What recalling an entry needs of the world. */
export interface RecallPorts {
  readonly rules: RuleSet;
  readonly memory: MemoryStore;
  /** How long it remembers, in days. */
  readonly rememberDays: number;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** A change of an entry and what it makes stale, what was remembered of the entry included. */
export interface RecalledEntry {
  readonly change: EntryChange;
  readonly mapping: MappingResult;
  /** Whether the memory could not be read or written, so that what was remembered is missing. */
  readonly isIncomplete: boolean;
  /** Clears what was stale: to be called once the mapping's entries are in the purge queue. Never throws. */
  readonly clearStale: () => Promise<void>;
}

/** Other deliveries wrote between each read and write of one entry, more often than any burst makes likely. */
class MemoryContentionError extends PurgerError {
  override readonly name = 'MemoryContentionError';
}

/** Each lost race means that another delivery made progress. */
const maxAttempts = 100;

/**
 * Maps the changes of one entry, recalls what it mapped to before, and remembers what it maps to now. This write goes
 * before the purge and keeps everything that is not purged yet; `clearStale` goes after it.
 * @param changes of one entry, one for each locale
 * @returns undefined where nothing of it is or was public
 */
export async function recallEntry(
  key: string,
  changes: readonly [EntryChange, ...EntryChange[]],
  isComplete: boolean,
  ports: RecallPorts,
): Promise<RecalledEntry | undefined> {
  const [change] = changes;
  const observed = changes.map((each) => observe(each, ports));
  const mappings = observed.map(({ mapping }) => mapping);
  const observations = observed.map(({ observation }) => observation);
  const remembered = await remember(key, observations, isComplete, ports).catch((error: unknown) => {
    ports.log.error(webhookEvents.memoryUnavailable, { id: change.id, error: describeError(error) });
    return undefined;
  });
  if (remembered === undefined) {
    const mapping = mergeMappings(mappings, entriesWithoutMemory(observations));
    return { change, mapping, isIncomplete: true, clearStale: async () => {} };
  }
  const { entries, memory, version } = remembered;
  const isHidden = entries.length === 0 && observations.every(({ onlyIfRemembered }) => onlyIfRemembered);
  if (isHidden) return undefined;
  const mapping = mergeMappings(mappings, entries);
  // What a delete's payload lacks is what the memory is for.
  const isKnown = entries.length > 0 && change.action === 'delete';
  return {
    change,
    mapping: isKnown ? { ...mapping, problems: [] } : mapping,
    isIncomplete: false,
    clearStale: () => writeCleared(key, memory, version, ports),
  };
}

function entriesWithoutMemory(observations: readonly Observation[]): readonly TimedEntry[] {
  return withFormer(
    observations.flatMap(({ entries }) => entries),
    observations.flatMap(({ former }) => former),
  );
}

/** What a change says of its entry, with what the rules make of it now, as deleted, and of its former fields. */
function observe(
  change: EntryChange,
  { rules, nowMs, rememberDays }: RecallPorts,
): { readonly mapping: MappingResult; readonly observation: Observation } {
  const mapping = rules.map(change);
  const { action, locale, onlyIfRemembered = false, affectsAllLocales = false } = change;
  if (action === 'put' && onlyIfRemembered)
    return observeUnknown(change, mapping, nowMs(), rememberDays * dayMs);
  const onDelete = action === 'delete' ? mapping : rules.map({ ...change, action: 'delete' });
  const observation: Observation = {
    ...eventTimeOf(change, nowMs(), rememberDays * dayMs),
    locale,
    action,
    entries: timedEntries(mapping.schedule),
    onDelete: timedEntries(onDelete.schedule),
    former: formerEntries(change, rules),
    isPartial: action === 'put' && mapping.problems.length > 0,
    onlyIfRemembered,
    affectsAllLocales,
  };
  return { mapping, observation };
}

/** What is said by a change that does not tell what visitors see: that what is remembered may be stale. */
function observeUnknown(change: EntryChange, mapping: MappingResult, atMs: number, rememberedMs: number) {
  const observation: Observation = {
    ...eventTimeOf(change, atMs, rememberedMs),
    locale: change.locale,
    action: 'put',
    entries: [],
    onDelete: [],
    former: [],
    isPartial: true,
    onlyIfRemembered: true,
    affectsAllLocales: change.affectsAllLocales ?? false,
  };
  return { mapping: { ...mapping, entries: [], schedule: [], problems: [] }, observation };
}

/** @returns the mapping of all changes of an entry, with `timed` in the place of their own entries */
export function mergeMappings(
  mappings: readonly MappingResult[],
  timed: readonly TimedEntry[],
): MappingResult {
  return {
    entries: uniqueEntries(timed.map(({ entry }) => entry)),
    schedule: scheduleOf(timed),
    rules: [...new Set(mappings.flatMap(({ rules }) => rules))],
    problems: mappings.flatMap(({ problems }) => problems),
    ...(timed.length === 0 && mappings.some(({ isExcepted }) => isExcepted) && { isExcepted: true }),
  };
}

/** @returns what to purge, and the memory as it is in the table now, with its version */
async function remember(
  key: string,
  observations: readonly Observation[],
  isComplete: boolean,
  { memory: store }: RecallPorts,
): Promise<{ readonly entries: readonly TimedEntry[]; readonly memory: Memory; readonly version: number }> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const { memory: before, version } = await store.read(key);
    const { entries, memory } = recordObservations(before, observations, isComplete);
    if (memory === before) return { entries, memory, version };
    if (await store.write(key, memory, version)) return { entries, memory, version: version + 1 };
  }
  throw new MemoryContentionError(`Lost ${maxAttempts} races for one entry`);
}

/** A delivery that wrote in between has read what was stale: it purges that as well, and clears it. */
async function writeCleared(
  key: string,
  memory: Memory,
  version: number,
  { memory: store, log }: RecallPorts,
): Promise<void> {
  const cleared = clearStale(memory);
  if (cleared === memory) return;
  try {
    await store.write(key, cleared, version);
  } catch (error) {
    log.warn(webhookEvents.memoryNotCleared, { error: describeError(error) });
  }
}

/** @returns what a change's former fields map to, as deleted */
export function formerEntries(change: EntryChange, rules: RuleSet): readonly TimedEntry[] {
  if (change.previous === undefined) return [];
  const { previous, ...rest } = change;
  return timedEntries(rules.map({ ...rest, action: 'delete', fields: previous }).schedule);
}

/** @returns entries, then the former ones that none of them purges */
export function withFormer(
  entries: readonly TimedEntry[],
  former: readonly TimedEntry[],
): readonly TimedEntry[] {
  const keys = new Set(entries.map(({ entry }) => entryKeyWithoutAction(entry)));
  return [...entries, ...former.filter(({ entry }) => !keys.has(entryKeyWithoutAction(entry)))];
}
