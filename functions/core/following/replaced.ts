import type { FollowedPurge } from './followed-purge.ts';
import { isRepeatedAsLong } from './repeats.ts';

/** The most that clocks are taken to differ, in milliseconds. */
const clockDifferenceMs = 2000;
/** No answer takes longer than this, in milliseconds. */
const slowestAnswerMs = 13_000;

/**
 * A later purge is counted on only while it can still prove its URLs itself: it is underway, has completed, or its entries are
 * sent again. One that has failed is given up, and what takes the place of a superseded one is counted on itself.
 * @returns the purges that another one may be left to: they were certainly sent after CDN Pro had accepted it
 */
export function countedOn<Other extends FollowedPurge>(
  purge: FollowedPurge,
  others: readonly Other[],
): readonly Other[] {
  return others.filter((other) => isCountedOn(other) && isSentAfter(other, purge));
}

/** @returns whether a purge can still prove its URLs itself */
export function isCountedOn({ state }: Pick<FollowedPurge, 'state'>): boolean {
  return state.kind !== 'failed' && state.kind !== 'superseded';
}

/** @returns whether purges that may be counted on settle every entry of this one, too */
export function isReplaced(purge: FollowedPurge, others: readonly FollowedPurge[]): boolean {
  const later = countedOn(purge, others);
  return (
    purge.entryHashes?.every((hash) => later.some((other) => other.entryHashes?.includes(hash))) ?? false
  );
}

/**
 * @returns whether all that is to be purged once more after this purge is so after purges that may be counted on: one that
 * is itself a repeat, or covers a file by a directory, is not followed by another purge of it, and one of bulk is so only
 * while more tokens are left than others need
 */
export function isRepeatedLater(purge: FollowedPurge, others: readonly FollowedPurge[]): boolean {
  const later = countedOn(purge, others)
    .filter(({ lane }) => isRepeatedAsLong(lane, purge.lane))
    .map(({ entryHashes = [], repeatable = 0, repeatableInLane = repeatable }) =>
      entryHashes.slice(0, repeatableInLane),
    );
  const own = purge.entryHashes?.slice(0, purge.repeatable);
  return own?.every((hash) => later.some((hashes) => hashes.includes(hash))) ?? false;
}

/** Answers may come in another order than purges are sent in. */
function isSentAfter(other: FollowedPurge, { acceptedMs }: FollowedPurge): boolean {
  // Where the clock was set back in between, it would be later than itself.
  const sentMs = Math.min(other.sentMs ?? other.acceptedMs - slowestAnswerMs, other.acceptedMs);
  return sentMs - clockDifferenceMs > acceptedMs;
}
