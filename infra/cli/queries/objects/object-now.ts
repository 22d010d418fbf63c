import { counted } from '../../counted.ts';
import type { RejectedEvent } from './rejected-event.ts';

/** What S3 has of an object now, and what is known of its changes. */
export interface ObjectFacts {
  /** As changes name it, `s3://BUCKET/KEY`. */
  readonly id: string;
  /** Why it was not read. */
  readonly reason?: string;
  /** Missing where there is no such object. */
  readonly now?: { readonly etag: string; readonly lastModifiedMs: number };
  /** Its newest put and delete that the journal, the dead letters, or what waits has; none is long before all. */
  readonly putMs: number;
  readonly deleteMs: number;
  /** From when on all changes of the page are known, in milliseconds: of what came before, some were not looked at. */
  readonly knownSinceMs: number;
  /** What `receive-s3` has recorded as queued last, with `skipUnchanged`. */
  readonly recorded?: { readonly etag: string; readonly atMs: number };
  readonly rejected?: RejectedEvent;
  /** Messages in the queues, of which nobody knows what they are about. */
  readonly queued?: number;
  readonly paused?: boolean;
}

/** An object that a page comes from. Times are ISO 8601. */
export interface ObjectNow {
  readonly id: string;
  /** Why it was not read. */
  readonly reason?: string;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly recorded?: { readonly etag: string; readonly at: string };
  readonly rejected?: RejectedEvent;
  /** Whether its newest change is known here; undefined where that cannot be told. */
  readonly isKnown?: boolean;
  /** Where a change that is not known may wait: in the queues, or in the queues of a purger that is paused. */
  readonly mayWait?: 'queued' | 'paused';
  readonly meaning: string;
}

/** An event of S3 has its own time, which may be from a moment before. */
const differenceMs = 2000;
/** When there was no change. */
export const never = Number.NEGATIVE_INFINITY;

/** @returns whether the newest change of an object has arrived, as far as S3 tells */
export function objectNow(facts: ObjectFacts): ObjectNow {
  const { id, reason, now, recorded, rejected } = facts;
  return {
    id,
    ...(now !== undefined && { etag: now.etag, lastModified: iso(now.lastModifiedMs) }),
    ...(recorded !== undefined && { recorded: { etag: recorded.etag, at: iso(recorded.atMs) } }),
    ...(rejected !== undefined && { rejected }),
    ...(reason === undefined
      ? arrivalOf(facts)
      : { reason, meaning: `whether it has changed cannot be told: ${reason}` }),
  };
}

function arrivalOf(facts: ObjectFacts): Pick<ObjectNow, 'isKnown' | 'mayWait' | 'meaning'> {
  const { now, putMs, deleteMs, knownSinceMs, recorded } = facts;
  if (now === undefined) {
    if (putMs > deleteMs) return missing('it is not there any more', 'no delete of it is known here', facts);
    return deleteMs === never
      ? { meaning: 'there is no such object' }
      : { isKnown: true, meaning: 'it was deleted, which is known here' };
  }
  const isSince = (atMs: number) => atMs >= now.lastModifiedMs - differenceMs;
  if (isSince(putMs)) return { isKnown: true, meaning: 'its newest change is known here' };
  if (recorded !== undefined && recorded.etag === now.etag && isSince(recorded.atMs)) {
    const meaning =
      'its newest put was queued, or left out for the content that was queued last (skipUnchanged)';
    return { isKnown: true, meaning };
  }
  if (isSince(knownSinceMs)) {
    return {
      meaning: `it has not changed since ${iso(knownSinceMs)}: older changes of the page were not looked for`,
    };
  }
  return missing('it has changed since', 'no such change is known here', facts);
}

/** What is in the queues cannot be looked into: the change may be there. */
function missing(
  what: string,
  unknown: string,
  { queued = 0, paused = false, rejected }: ObjectFacts,
): Pick<ObjectNow, 'isKnown' | 'mayWait' | 'meaning'> {
  if (queued === 0 || rejected !== undefined) return { isKnown: false, meaning: `${what}, and ${unknown}` };
  const messages = counted(queued, 'message waits', 'messages wait');
  return {
    isKnown: false,
    mayWait: paused ? 'paused' : 'queued',
    meaning: `${what}, and ${unknown}; ${messages} in the queues${paused ? ' while it is paused' : ''}, where it may be`,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
