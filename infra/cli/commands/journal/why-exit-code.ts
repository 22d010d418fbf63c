import type { WhyReport } from '../../queries/why/why.ts';
import type { Further, FurtherOptions } from './look-further.ts';

/**
 * @param asked what the user has asked to look at in addition
 * @param found what that has shown, and more that was looked at unasked
 * @returns 0 where the page is as it should be, 1 where it is known not to be, or nothing is known, and 2 where that cannot
 *   be told, since something that was asked for could not be looked at
 */
export function whyExitCode(
  { state }: Pick<WhyReport, 'state'>,
  asked: FurtherOptions = {},
  found: Further = {},
): 0 | 1 | 2 {
  const isDone = state === 'completed' || state === 'fresh';
  const isOlder = found.now?.edges.some(({ version }) => version === 'older') ?? false;
  const isChanged = found.objects?.some(({ isKnown }) => isKnown === false) ?? false;
  if (!isDone || isOlder || isChanged) return 1;
  return isMissing(asked, found) ? 2 : 0;
}

/** Whether something that was asked for could not be looked at. */
function isMissing(asked: FurtherOptions, { problems = [], now, objects = [] }: Further): boolean {
  const hasReason = ({ reason }: { readonly reason?: string }) => reason !== undefined;
  return (
    problems.length > 0 ||
    (now?.edges.some(hasReason) ?? false) ||
    (asked.edges?.origin !== undefined && now?.origin?.reason !== undefined) ||
    (asked.rules !== undefined && objects.some(hasReason))
  );
}
