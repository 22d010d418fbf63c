import type { Reading } from '../webhook-source.ts';
import { changeOfAllEntries } from './entry-change.ts';
import type { DeliveryTooLargeError } from './limits.ts';
import type { SourceContext } from './source-context.ts';

/**
 * @param type that of all entries of the delivery, where it is known
 * @returns the reading of a delivery that costs more than it may: a change of all entries, unless the webhook's option
 *   `sweep` says that there is to be none
 */
export function readingOfTooMuch(
  { message }: DeliveryTooLargeError,
  context: Omit<SourceContext, 'budget'>,
  type?: string,
): Reading {
  if (context.options.sweep === false) return { kind: 'malformed', message, isTooLarge: true };
  const all = { id: 'a delivery that is too large', ...(type !== undefined && { type }) };
  return { kind: 'changes', changes: [changeOfAllEntries(context, all)], notUnderstood: message };
}
