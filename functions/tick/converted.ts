import { isParkedBefore, type Parked } from '../aws/tables/parked-table.ts';
import type { ConvertedDirectory } from '../aws/tables/tick-state.ts';
import { scopeKey } from '../core/model/entry-key.ts';

/** What was parked before is gone long before that, in milliseconds. */
const keptMs = 24 * 60 * 60_000;

/** @returns those that may still have files that wait */
export function recentlyConverted(
  converted: readonly ConvertedDirectory[],
  nowMs: number,
): ConvertedDirectory[] {
  return converted.filter(({ sentMs }) => nowMs - sentMs < keptMs);
}

/** @returns whether a directory that was sent after a file was parked purges the file */
export function isConverted(
  { entry, lane, version }: Parked,
  converted: readonly ConvertedDirectory[],
): boolean {
  if (entry.kind !== 'file' || lane !== 'bulk') return false;
  const [path = ''] = entry.url.split('?');
  return converted.some(
    ({ below, scope, sentMs }) =>
      path.length > below.length &&
      path.startsWith(below) &&
      scopeKey(entry) === scope &&
      isParkedBefore({ version }, sentMs),
  );
}
