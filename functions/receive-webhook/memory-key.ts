import type { EntryChange } from '../core/model/types.ts';
import type { WebhookSource } from '../sources/webhook-source.ts';

/**
 * @returns what an entry is remembered by: its id, within its webhook and, where ids are so, within its type. Different
 *   for different ones: a webhook's name has no `#`, and a type's is escaped
 */
export function memoryKey(
  { webhook, id, type = '' }: Pick<EntryChange, 'webhook' | 'id' | 'type'>,
  { hasIdsPerType }: Pick<WebhookSource, 'hasIdsPerType'>,
): string {
  const typePart = type.replace(/[%#]/g, (character) => (character === '#' ? '%23' : '%25'));
  return [webhook, ...(hasIdsPerType ? [typePart] : []), id].join('#');
}
