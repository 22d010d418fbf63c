import { type Entry, purgedBy, type Timeline } from './timeline.ts';

/** A purge that CDN Pro has accepted. */
export type Accepted = Entry & { readonly kind: 'accepted' };
/** The end of a purge. */
export type Finished = Entry & { readonly kind: 'finished' };

/** @returns the first accepted purge of a URL since a time, waiting for it; undefined after `timeoutMs` */
export function findAccepted(
  timeline: Timeline,
  url: string,
  sinceMs: number,
  timeoutMs: number,
): Promise<Accepted | undefined> {
  const isOurs = (entry: Entry): entry is Accepted =>
    entry.kind === 'accepted' && purgedBy(entry.purge).includes(url);
  return timeline.find(isOurs, sinceMs, timeoutMs);
}

/** @returns the end of a purge, waiting for it; undefined after `timeoutMs` */
export function findFinished(
  timeline: Timeline,
  { purgeId, atMs }: Accepted,
  timeoutMs: number,
): Promise<Finished | undefined> {
  const isOurs = (entry: Entry): entry is Finished => entry.kind === 'finished' && entry.purgeId === purgeId;
  // The purge may finish before the functions have logged that it was accepted.
  return timeline.find(isOurs, atMs - timeoutMs, timeoutMs);
}

/** @returns the end of a purge in a few words */
export function describeFinish({ purgeId, successRate }: Finished): string {
  return `purge ${purgeId}: ${successRate}% of the servers have obeyed`;
}

/** @returns a purge request in a few words */
export function describePurge({ purgeId, purge }: Accepted): string {
  const { fileUrls = [], dirUrls = [], regexPatterns = [], covered = [], action, target } = purge;
  const counts = [
    [fileUrls.length, 'file URL'],
    [dirUrls.length, 'directory URL'],
    [regexPatterns.length, 'regex pattern'],
  ] as const;
  const parts = counts.flatMap(([count, noun]) =>
    count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`],
  );
  const more = covered.length === 0 ? '' : ` (which covers ${covered.length} more)`;
  return `purge ${purgeId}: ${action} ${parts.join(', ')}${more} in ${target}`;
}
