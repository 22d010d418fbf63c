import type { FollowedPurge } from './followed-purge.ts';
import { isRepeatedAsLong } from './repeats.ts';

/** The most that clocks are taken to differ, in milliseconds. */
const clockDifferenceMs = 2000;
/** No answer takes longer than this, in milliseconds. */
const slowestAnswerMs = 13_000;

/** @returns whether purges that were certainly sent after CDN Pro accepted this one settle every entry of it, too */
export function isReplaced(purge: FollowedPurge, others: readonly FollowedPurge[]): boolean {
  const { entryHashes: own } = purge;
  if (own === undefined) return false;
  const later = new Set(
    others.flatMap((other) => (isSentAfter(other, purge) ? (other.entryHashes ?? []) : [])),
  );
  return own.every((hash) => later.has(hash));
}

/**
 * @returns whether all that is to be purged once more after this purge is so after purges that were certainly sent later:
 * one that is itself a repeat, or covers a file by a directory, is not followed by another purge of it, and one of bulk is
 * so only while more tokens are left than others need
 */
export function isRepeatedLater(purge: FollowedPurge, others: readonly FollowedPurge[]): boolean {
  const repeated = ({ entryHashes = [], repeatable = 0, repeatableInLane = repeatable }: FollowedPurge) =>
    entryHashes.slice(0, repeatableInLane);
  const own = purge.entryHashes?.slice(0, purge.repeatable);
  if (own === undefined) return false;
  const isAsSure = ({ lane }: FollowedPurge) => isRepeatedAsLong(lane, purge.lane);
  const later = new Set(
    others.flatMap((other) => (isAsSure(other) && isSentAfter(other, purge) ? repeated(other) : [])),
  );
  return own.every((hash) => later.has(hash));
}

/** @returns whether a purge was certainly sent after another one: answers may come in another order than purges are sent in */
export function isSentAfter(other: FollowedPurge, { acceptedMs }: FollowedPurge): boolean {
  const sentMs = other.sentMs ?? other.acceptedMs - slowestAnswerMs;
  return sentMs - clockDifferenceMs > acceptedMs;
}
