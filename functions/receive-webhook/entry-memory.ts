import { type MemoryStore, MemoryTooLargeError } from '../aws/entry-memory-table.ts';
import {
  clearStale,
  emptyMemory,
  type Memory,
  type Observation,
  recordObservations,
} from '../core/mapping/entry-memory.ts';
import type { MappingResult, RuleSet } from '../core/mapping/rule.ts';
import { scheduleEntries } from '../core/mapping/schedule.ts';
import type { EntryChange } from '../core/model/types.ts';
import { describeError, type Log } from '../lambda/log.ts';
import { webhookEvents } from '../lambda/log-events.ts';

/** What remembering needs of the world. */
export interface RememberPorts {
  readonly rules: RuleSet;
  readonly memory: MemoryStore;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** A change and what it makes stale, what was remembered of its entry included. */
export interface Recalled {
  readonly change: EntryChange;
  readonly mapping: MappingResult;
  /** Whether the ledger failed, so that what was remembered is missing. */
  readonly isIncomplete: boolean;
  /** Forgets what was stale: to be called once the mapping's entries are in the buffer. Never throws. */
  readonly settle: () => Promise<void>;
}

/** More lost races than any burst makes; each means that another delivery made progress. */
const maxAttempts = 100;

/**
 * Maps the changes of one entry, recalls what it mapped to before, and remembers what it maps to now. The write goes
 * before the purge and keeps everything that is not purged yet; `settle` goes after it.
 * @param changes of one entry, one for each locale
 * @returns undefined where nothing of it is or was public
 */
export async function recallEntry(
  key: string,
  changes: readonly EntryChange[],
  isComplete: boolean,
  ports: RememberPorts,
): Promise<Recalled | undefined> {
  const [change] = changes;
  if (change === undefined) return undefined;
  const sighted = changes.map((each) => sightingOf(each, ports));
  const sightings = sighted.map(({ sighting }) => sighting);
  const rules = [...new Set(sighted.flatMap(({ mapping }) => mapping.rules))];
  const problems = sighted.flatMap(({ mapping }) => mapping.problems);
  const deliveries = sighted.flatMap(({ mapping }) => mapping.schedule);
  try {
    const { entries, after, version } = await remember(key, sightings, isComplete, ports);
    const isHidden = entries.length === 0 && sightings.every(({ onlyIfRemembered }) => onlyIfRemembered);
    if (isHidden) return undefined;
    // What a delete's payload lacks is what the memory is for.
    const isKnown = entries.length > 0 && change.action === 'delete';
    return {
      change,
      mapping: {
        entries,
        schedule: scheduleEntries(entries, deliveries),
        rules,
        problems: isKnown ? [] : problems,
      },
      isIncomplete: false,
      settle: () => forget(key, after, version, ports),
    };
  } catch (error) {
    ports.log.error(webhookEvents.memoryUnavailable, {
      id: change.id,
      error: describeError(error),
    });
    const entries = sightings.flatMap(({ entries, former }) => [...entries, ...former]);
    return {
      change,
      mapping: { entries, schedule: scheduleEntries(entries, deliveries), rules, problems },
      isIncomplete: true,
      settle: async () => {},
    };
  }
}

async function remember(
  key: string,
  sightings: readonly Observation[],
  isComplete: boolean,
  { memory: store, log }: RememberPorts,
) {
  for (let attempt = 1; ; attempt++) {
    const { memory, version } = await store.read(key);
    const recollection = recordObservations(memory, sightings, isComplete);
    const after = recollection.memory;
    const { entries } = recollection;
    if (after === memory) return { entries, after, version };
    try {
      if (await store.write(key, after, version)) return { entries, after, version: version + 1 };
    } catch (error) {
      // It would be no smaller the next time. What is remembered from before stays, and is purged again.
      if (!(error instanceof MemoryTooLargeError)) throw error;
      log.error(webhookEvents.entryTooLarge, { error: describeError(error) });
      return { entries, after: emptyMemory, version };
    }
    if (attempt === maxAttempts) throw new Error(`Lost ${maxAttempts} races for one entry`);
  }
}

/** Whoever wrote in between has read what was stale, purges it as well, and forgets it. */
async function forget(
  key: string,
  after: Memory,
  version: number,
  { memory, log }: RememberPorts,
): Promise<void> {
  const settled = clearStale(after);
  if (settled === after || after === emptyMemory) return;
  try {
    await memory.write(key, settled, version);
  } catch (error) {
    log.warn(webhookEvents.memoryNotCleared, {
      error: describeError(error),
    });
  }
}

function sightingOf(
  change: EntryChange,
  { rules, nowMs }: RememberPorts,
): { readonly mapping: MappingResult; readonly sighting: Observation } {
  const mapping = rules.map(change);
  const { action, locale, onlyIfRemembered = false } = change;
  const onDelete = action === 'delete' ? mapping.entries : rules.map({ ...change, action: 'delete' }).entries;
  const statedMs = Date.parse(change.occurredAt);
  const sighting: Observation = {
    locale,
    action,
    // A sender's clock that is ahead must not make its next events look old.
    atMs: Number.isNaN(statedMs) ? nowMs() : Math.min(statedMs, nowMs()),
    entries: mapping.entries,
    onDelete,
    former: formerEntries(change, rules),
    isPartial: action === 'put' && mapping.problems.length > 0,
    onlyIfRemembered,
  };
  return { mapping, sighting };
}

/** What a change's former fields map to, as deleted, without what it still maps to. */
export function formerEntries(change: EntryChange, rules: RuleSet): MappingResult['entries'] {
  if (change.previous === undefined) return [];
  const { previous, ...rest } = change;
  return rules.map({ ...rest, action: 'delete', fields: previous }).entries;
}
