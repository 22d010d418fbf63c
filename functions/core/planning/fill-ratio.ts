import { entryText } from '../model/entry-text.ts';
import type { RequestLimits } from './plan.ts';
import { maxDirUrls, maxRegexPatterns, type PlannedRequest } from './planned-request.ts';

/**
 * @returns how much of what a request can carry this one carries, at most 1: of its files, directories, regexes and
 * bytes, the one that is nearest to its limit
 */
export function fillRatio({ entries }: PlannedRequest, limits: RequestLimits): number {
  const count = { file: 0, dir: 0, regex: 0 };
  let bytes = 0;
  for (const { entry } of entries) {
    count[entry.kind]++;
    bytes += entryText(entry).length + 3;
  }
  const shares = [
    count.file / limits.maxFileUrls,
    count.dir / maxDirUrls,
    count.regex / maxRegexPatterns,
    bytes / limits.maxBodyBytes,
  ];
  return Math.min(1, Math.max(...shares));
}
