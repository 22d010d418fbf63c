import { ignored, type Malformed, type Reading } from '../webhook-source.ts';
import { changeOfAllEntries, changesOf, type FoundEntry } from './entry-change.ts';
import type { SourceContext } from './source-context.ts';

/** The reading of an event that leaves what visitors see as it is. */
export function readingOfOther(event: string): Reading {
  return ignored(`${event.slice(0, 60)} is not an event that changes published content`);
}

/**
 * The reading of an event that changes what visitors see, and names no entries: all are purged by prefix.
 * @param event what there is to say of it where the webhook's option `sweep` says that nothing is purged so
 */
export function readingOfAll(
  context: SourceContext,
  event: string,
  all: Parameters<typeof changeOfAllEntries>[1],
): Reading {
  if (context.options.sweep === false) return ignored(`${event} does not say which entries changed`);
  return { kind: 'changes', changes: [changeOfAllEntries(context, all)] };
}

/**
 * The reading of a genuine event about content that does not say which entry: its type is purged by prefix. It is never
 * refused, since some vendors never send again what is, and some switch the webhook off.
 * @param what is missing
 */
export function readingOfUnnamed(
  context: SourceContext,
  { message }: Malformed,
  type?: string,
  times: readonly unknown[] = [],
): Reading {
  if (context.options.sweep === false) return { kind: 'ignored', reason: message, isNotUnderstood: true };
  const all = { id: 'an entry without an id', ...(type !== undefined && { type }), times };
  return { kind: 'changes', changes: [changeOfAllEntries(context, all)], notUnderstood: message };
}

/**
 * The reading of an event about an entry in a word that the source does not know: what is remembered of the entry may be
 * stale.
 * @param event the word as it came
 */
export function readingOfUnknownEvent(
  context: SourceContext,
  event: string,
  {
    id,
    ...found
  }: Omit<FoundEntry, 'action' | 'onlyIfRemembered' | 'id'> & { readonly id: string | readonly string[] },
): Reading {
  const unknown = { ...found, action: 'put', onlyIfRemembered: true, affectsAllLocales: true } as const;
  const changes = changesOf(context, unknown, [id].flat());
  const notUnderstood = `${JSON.stringify(event.slice(0, 60))} is not an event that is known`;
  return { kind: 'changes', changes, notUnderstood };
}
