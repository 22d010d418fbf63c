import type { ObjectChange } from '../types.ts';
import { compareSequencers } from './sequencer.ts';

/**
 * What is remembered of an object: all events up to the sequencer are accounted for, and those that come later although
 * they are older are purged without being recorded.
 */
export interface SeenObject {
  /** Of the newest event; missing once an event without one has come, after which the order is never known again. */
  readonly sequencer?: string;
  /** What that event tells of the content, and by which rules it was purged; missing where nobody knows. */
  readonly content?: string;
}

/** Changes of one object that came together. */
export type ObjectChanges = readonly [ObjectChange, ...ObjectChange[]];

/** @returns whether visitors miss nothing if these changes are not purged: each is a put of what was purged last */
export function isUnchanged(seen: SeenObject | undefined, changes: ObjectChanges, rules: string): boolean {
  if (seen?.content === undefined || seen.sequencer === undefined) return false;
  const { content, sequencer } = seen;
  return changes.every(
    (change) =>
      contentOf(change, rules) === content &&
      change.sequencer !== undefined &&
      compareSequencers(change.sequencer, sequencer) >= 0,
  );
}

/** @returns whether nothing that is newer than all of these changes is accounted for, so that no newer put was left out */
export function isNoNewer(seen: SeenObject | undefined, changes: ObjectChanges): boolean {
  if (seen === undefined) return true;
  const { sequencer } = seen;
  if (sequencer === undefined) return false;
  return changes.some(
    (change) => change.sequencer !== undefined && compareSequencers(sequencer, change.sequencer) <= 0,
  );
}

/** @returns what to remember once the changes are accounted for; undefined where that is nothing new */
export function seenAfter(
  seen: SeenObject | undefined,
  changes: ObjectChanges,
  rules: string,
): SeenObject | undefined {
  if (seen !== undefined && seen.sequencer === undefined) return undefined;
  if (changes.some(({ sequencer }) => sequencer === undefined)) return {};
  const newest = changes.reduce((a, b) =>
    compareSequencers(a.sequencer ?? '', b.sequencer ?? '') < 0 ? b : a,
  );
  const order = compareSequencers(newest.sequencer ?? '', seen?.sequencer ?? '');
  const content = contentOf(newest, rules);
  if (seen !== undefined && (order < 0 || (order === 0 && content === seen.content))) return undefined;
  return {
    ...(newest.sequencer !== undefined && { sequencer: newest.sequencer }),
    ...(content !== undefined && { content }),
  };
}

/** What an event tells of the content; by other rules, the same content makes other URLs stale. */
function contentOf({ action, content }: ObjectChange, rules: string): string | undefined {
  return action === 'put' && content !== undefined ? `${content} ${rules}` : undefined;
}
