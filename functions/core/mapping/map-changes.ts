import { newestById } from '../model/objects/sequencer.ts';
import type { OriginChange } from '../model/types.ts';
import type { MappingResult, RuleSet, ScheduledEntries } from './rule.ts';
import { withoutScheduled } from './schedule.ts';

/** A change and what it makes stale. */
export interface MappedChange {
  readonly change: OriginChange;
  readonly mapping: MappingResult;
  /** What is sent for it: the mapping's schedule, less what is sent for the newer change. */
  readonly schedule: readonly ScheduledEntries[];
  /** A newer change of the same object that came with it. */
  readonly newer?: OriginChange;
}

/**
 * Maps changes that came together. A change that a newer one of the same object supersedes takes the newer one's
 * action, and what both make stale is sent once.
 */
export function mapChanges(changes: readonly OriginChange[], rules: RuleSet): readonly MappedChange[] {
  const newest = newestById<OriginChange>(changes);
  const mappings = new Map(
    changes.map((change) => [change, rules.map(change, newerThan(change, newest)?.action)]),
  );
  return [...mappings].map(([change, mapping]) => {
    const newer = newerThan(change, newest);
    if (newer === undefined) return { change, mapping, schedule: mapping.schedule };
    const schedule = withoutScheduled(mapping.schedule, mappings.get(newer)?.schedule ?? []);
    return { change, mapping, schedule, newer };
  });
}

function newerThan(
  change: OriginChange,
  newest: ReadonlyMap<string, OriginChange>,
): OriginChange | undefined {
  if (!('sequencer' in change) || change.sequencer === undefined) return undefined;
  const found = newest.get(change.id);
  return found === change ? undefined : found;
}
