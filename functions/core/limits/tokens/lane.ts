import type { ChangeReference } from '../../model/purge-message.ts';
import type { Lane } from '../../model/types.ts';

/** How much of a sender (a webhook or a bucket) still counts as made by people, or as a takedown. */
export interface LaneAllowance {
  /** Entries of a sender that are people's, in {@link LaneAllowance.peopleSeconds}. */
  readonly peopleEntries: number;
  readonly peopleSeconds: number;
  /** Deletes of a bucket that are takedowns, in {@link LaneAllowance.deletesSeconds}. */
  readonly bucketDeletes: number;
  readonly deletesSeconds: number;
}

/**
 * More than this at a time is made by machines: a deployment, an import, an expiry (`docs/quota.md`). A CMS's
 * unpublish or delete is always somebody's decision, and a takedown.
 */
export const laneAllowance: LaneAllowance = {
  peopleEntries: 100,
  peopleSeconds: 600,
  bucketDeletes: 20,
  deletesSeconds: 300,
};

/** A count that starts again once its time is over. */
export interface Tally {
  readonly sinceMs: number;
  readonly count: number;
}

/** What was seen of one sender lately. */
export interface SenderTallies {
  readonly entries: Tally;
  readonly deletes: Tally;
}

const nothing: Tally = { sinceMs: 0, count: 0 };

/** What was seen of a sender that is not known yet. */
export const noTallies: SenderTallies = { entries: nothing, deletes: nothing };

/** The source of what somebody purges by hand, who waits for it and is nobody's sender. */
export const byHandSource = 'cdn-purger';

/** @returns which webhook or bucket a change came from; undefined for what was asked for by hand */
export function senderOf(change: ChangeReference | undefined): string | undefined {
  if (change === undefined || change.source === byHandSource) return undefined;
  if (change.webhook !== undefined) return `webhook:${change.webhook}`;
  const bucket = /^s3:\/\/([^/]+)/.exec(change.id)?.[1];
  return bucket === undefined ? `source:${change.source}` : `bucket:${bucket}`;
}

/**
 * Pays for all entries that have failed alone, so that they do not spend the share of the sender that they come from. It
 * keeps their lane, but has no more tokens than people: takedowns that do not fail keep theirs.
 */
export const failedSender = 'failed';

/**
 * Classifies the entries of one message of a sender.
 * @param entries how many entries it has
 * @returns its lane, and the sender's tallies with it counted in
 */
export function classify(
  change: ChangeReference | undefined,
  entries: number,
  tallies: SenderTallies,
  nowMs: number,
  allowance: LaneAllowance = laneAllowance,
): { readonly lane: Lane; readonly tallies: SenderTallies } {
  // Who writes a message by hand waits for it.
  if (change === undefined) return { lane: 'people', tallies };
  const isDelete = change.action === 'delete';
  if (isDelete && change.webhook !== undefined) return { lane: 'takedown', tallies };
  if (isDelete) {
    const deletes = add(tallies.deletes, 1, allowance.deletesSeconds, nowMs);
    if (deletes.count <= allowance.bucketDeletes)
      return { lane: 'takedown', tallies: { ...tallies, deletes } };
    return { lane: 'bulk', tallies: { ...tallies, deletes } };
  }
  const counted = add(tallies.entries, entries, allowance.peopleSeconds, nowMs);
  return {
    lane: counted.count <= allowance.peopleEntries ? 'people' : 'bulk',
    tallies: { ...tallies, entries: counted },
  };
}

function add({ sinceMs, count }: Tally, more: number, seconds: number, nowMs: number): Tally {
  const isOver = nowMs - sinceMs >= seconds * 1000 || nowMs < sinceMs;
  return isOver ? { sinceMs: nowMs, count: more } : { sinceMs, count: count + more };
}
