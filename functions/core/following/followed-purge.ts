import type { Tokens } from '../limits/tokens/quota.ts';
import type { Lane, PurgeEntry, Target } from '../model/types.ts';

/** A purge that CDN Pro has accepted, as far as following it to its end needs it. */
export interface FollowedPurge {
  readonly purgeId: string;
  readonly target: Target;
  readonly lane: Lane;
  /** When CDN Pro accepted it, in milliseconds. */
  readonly acceptedMs: number;
  /** When it was sent, in milliseconds; missing where an older version has written it down. */
  readonly sentMs?: number;
  /** The URLs that it names. */
  readonly urls: Tokens;
  /** What it costs at most to send all again that it settles, where that is more than `urls`; an older version has not written it down. */
  readonly again?: Tokens;
  /** What it costs at most to send again what it names alone, where that is less than `again` and purges what was covered, too. */
  readonly againNamed?: Tokens;
  /** Directories that it names in place of files, and that no message asks for; missing where there are none, or `againNamed` is. */
  readonly instead?: readonly PurgeEntry[];
  /** n for the n-th repair; 0 where it has changes that were not repaired yet. */
  readonly repair: number;
  /** Hashes of the entries that it settles; missing where there are more than {@link mostHashes}. */
  readonly entryHashes?: readonly string[];
  /** So many of the hashes, the first ones, are of files that are purged once more when it has completed; missing where an older version has written it down. */
  readonly repeatable?: number;
  /** So many of these, the first ones, are so as surely as the purge's lane says: others are of changes of bulk; missing where all are. */
  readonly repeatableInLane?: number;
  /** Whether it has files of which it is known what they show; missing where it has none, or an older version has written it down. */
  readonly provable?: true;
  readonly state: PurgeState;
}

/** How far a purge is, as far as that is written down. */
export type PurgeState =
  | FollowedState
  /** Nothing was sent to CDN Pro: the purger observes. It is not followed, and comes to no end. */
  | (Outcome & { readonly kind: 'observed' });

/** How far a purge is that was sent. */
export type FollowedState =
  /** With a success rate, CDN Pro has finished it in full, and the edge is to be asked. */
  | (Outcome & {
      readonly kind: 'purging';
      /** When that was first written down, in milliseconds; missing where it was not, or by an older version. */
      readonly provingMs?: number;
    })
  /** Something of it was left out, or seen to be old: that has to be sent again. */
  | (Outcome & { readonly kind: 'partial' })
  | PurgeEnd;

/** What CDN Pro has said of a purge at last. */
interface Outcome {
  /** Why, in a few words; missing where it went well. */
  readonly reason?: string;
  /** The share of the servers that have obeyed, as a percentage. */
  readonly successRate?: number;
  /** When CDN Pro finished it, in milliseconds. */
  readonly finishedMs?: number;
  /** What was seen of it at the edge, and where. */
  readonly proof?: string;
  /** Hashes of the entries that were seen to be old: nothing else of it went wrong. */
  readonly stale?: readonly string[];
  /** Only what it names is sent again, which purges what was covered, too. */
  readonly namedAlone?: true;
  /** A later purge takes its place, and is not repeated: what may have been left to it is purged once more for itself. */
  readonly isRepeatLeft?: true;
}

/** The end of a purge. Each purge comes to exactly one. */
export interface PurgeEnd extends Outcome {
  /**
   * `completed`: CDN Pro finished it in full. `fresh`: and each probe saw the new version. `superseded`: a later purge of the same URLs takes its place, or will, since
   * they were sent again. `failed`: some servers may keep the old content; what is not sent again any more is in the
   * dead letter queue.
   */
  readonly kind: 'completed' | 'fresh' | 'failed' | 'superseded';
}

/** @returns whether CDN Pro has finished a purge in full, which is only to be proven */
export function isToProve({ state }: Pick<FollowedPurge, 'state'>): boolean {
  return state.kind === 'purging' && state.successRate !== undefined;
}

/** Of more entries than this, a purge has no hashes: its item would not stay small. */
export const mostHashes = 50;
