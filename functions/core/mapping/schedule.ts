import { entryKey } from '../model/entry-key.ts';
import type { PurgeEntry } from '../model/types.ts';
import type { ScheduledEntries } from './rule.ts';

/**
 * Says when entries are purged that were mapped by rules and beside them.
 * @param deliveries of the rules; what of them is not among the entries is left out
 * @returns the entries by when they are to be purged; what no rule delays is purged at once
 */
export function scheduleEntries(
  entries: readonly PurgeEntry[],
  deliveries: readonly ScheduledEntries[],
): readonly ScheduledEntries[] {
  const delays = new Map<string, Set<number>>();
  for (const { delaySeconds, entries } of deliveries) {
    for (const entry of entries) {
      const key = entryKey(entry);
      delays.set(key, (delays.get(key) ?? new Set()).add(delaySeconds));
    }
  }
  const delivered = new Map<number, PurgeEntry[]>();
  for (const entry of entries) {
    for (const delaySeconds of delays.get(entryKey(entry)) ?? [0]) {
      const together = delivered.get(delaySeconds);
      if (together === undefined) delivered.set(delaySeconds, [entry]);
      else together.push(entry);
    }
  }
  return [...delivered]
    .map(([delaySeconds, entries]) => ({ delaySeconds, entries }))
    .sort((a, b) => a.delaySeconds - b.delaySeconds);
}
