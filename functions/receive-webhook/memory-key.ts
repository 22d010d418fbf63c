import type { EntryChange } from '../core/model/types.ts';
import type { SourceOptions } from '../sources/webhook-options.ts';
import type { WebhookSource } from '../sources/webhook-source.ts';

/**
 * @returns what an entry is remembered by: its id, within its webhook and, where ids are so, within its type, its
 *   environment and its branch. Different for different ones: a webhook's name has no `#`, `@` or `%`, and what comes next
 *   to it is escaped
 */
export function memoryKey(
  { webhook, id, type = '', fields }: Pick<EntryChange, 'webhook' | 'id' | 'type' | 'fields'>,
  {
    hasIdsPerType,
    mainEnvironment,
    mainBranch,
  }: Pick<WebhookSource, 'hasIdsPerType' | 'mainEnvironment' | 'mainBranch'>,
  { environments = [] }: SourceOptions,
): string {
  const { environment, branch } = fields;
  // Of the environments that count, the main one, or else the first one, is remembered as if it were the only one.
  const main = ['*', mainEnvironment].some((name) => environments.includes(name ?? ''))
    ? mainEnvironment
    : environments[0];
  const isApart = main && environment && environment !== main;
  const isOfBranch = mainBranch && branch && branch !== mainBranch;
  const copy = `${isApart ? `@${escaped(environment)}` : ''}${isOfBranch ? `%@${escaped(branch)}` : ''}`;
  return [webhook + copy, ...(hasIdsPerType ? [escaped(type)] : []), id].join('#');
}

function escaped(part: unknown): string {
  return String(part).replace(/[%#]/g, (character) => (character === '#' ? '%23' : '%25'));
}
