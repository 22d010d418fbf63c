import { entryText } from '../../../functions/core/model/entry-text.ts';
import type { PurgeEntry } from '../../../functions/core/model/types.ts';

/** @returns a sentence for each wildcard or pattern that removes all that it covers, for which the origin has to answer at once */
export function deleteHints(entries: readonly PurgeEntry[]): readonly string[] {
  return entries
    .filter((entry) => isWild(entry) && entry.action === 'delete')
    .map((entry) => deleteHint(entryText(entry)));
}

/** @returns what is wrong with deleting all that a wildcard or pattern covers */
export function deleteHint(covered: string): string {
  return `${covered} deletes all that it covers, so that the origin has to answer for each of these pages at once: leave \`action\` out, and a wildcard invalidates`;
}

/** @returns whether an entry purges more than one page */
export function isWild(entry: PurgeEntry): boolean {
  return entry.kind === 'regex' || (entry.kind === 'dir' && entry.url.includes('*'));
}
