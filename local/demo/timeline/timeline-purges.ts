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

/** @returns how a purge has ended as the purger says, waiting for it; undefined after `timeoutMs` */
export function findEnd(
  timeline: Timeline,
  { purgeId, atMs }: Accepted,
  timeoutMs: number,
): Promise<Ended | undefined> {
  const isOurs = (entry: Entry): entry is Ended => entry.kind === 'ended' && entry.purgeId === purgeId;
  return timeline.find(isOurs, atMs - timeoutMs, timeoutMs);
}

/** What the purger says of a purge, or does about it. */
export type Followed = Extract<Entry, { readonly kind: 'ended' | 'repeated' | 'repaired' }>;
type Ended = Extract<Entry, { readonly kind: 'ended' }>;

/** @returns a word for what the purger has found out of a purge or does about it, and the rest in a few words */
export function describeFollowed(entry: Followed): readonly [what: string, text: string] {
  const purge = `purge ${entry.purgeId}`;
  if (entry.kind !== 'ended') {
    const why = entry.kind === 'repaired' ? entry.reason : 'an edge may have fetched the old content again';
    return [entry.kind, `${purge}: ${why}`];
  }
  const { end, reason, proof } = entry;
  if (end === 'fresh') return [end, `${purge}: ${proof}`];
  if (end === 'completed')
    return [end, `${purge}, as CDN Pro says${reason === undefined ? '' : `; ${reason}`}`];
  return [end, `${purge}: ${reason}`];
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
