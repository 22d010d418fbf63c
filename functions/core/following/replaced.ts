import type { FollowedPurge } from './followed-purge.ts';

/** @returns whether purges that were accepted later settle every entry of this one, too */
export function isReplaced(purge: FollowedPurge, others: readonly FollowedPurge[]): boolean {
  const { entryHashes: own, acceptedMs } = purge;
  if (own === undefined) return false;
  const later = new Set(
    others.flatMap((other) => (other.acceptedMs > acceptedMs ? (other.entryHashes ?? []) : [])),
  );
  return own.every((hash) => later.has(hash));
}
