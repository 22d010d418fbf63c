import type { Target } from '../../model/types.ts';
import type { PlannedRequest } from '../planned-request.ts';
import { faultKey } from './evidence.ts';
import type { Failure } from './failure.ts';
import type { BodySize } from './learned-limits.ts';
import type { Turn } from './scopes.ts';

/** A request that was not accepted, a part of one, or one that is kept apart for what was seen before. */
export interface Suspect {
  readonly request: PlannedRequest;
  /** See `faultKey`. */
  readonly key: string;
  /** `ready` to be sent, `held` while its scope is in question, or `failed`, with a decision to be made. */
  readonly state: 'ready' | 'held' | 'failed';
  /** Since when acceptances speak against it, in milliseconds: it failed then, or what it was a part of. */
  readonly sinceMs?: number;
  /** How it failed, or what it was a part of. */
  readonly failure?: Failure;
  /** Times that this very request has failed. */
  readonly times: number;
  /** In whose turn it was tried alone. */
  readonly turn?: Turn;
  /** Whether something like it was accepted between its failure before and the last one. */
  readonly isSandwiched?: boolean;
  /** Whether it is kept apart, so that it must not meet innocents again. */
  readonly isPart: boolean;
  /** Whether a message names it: it is tried once the rest of its request is settled. */
  readonly isNamed: boolean;
  readonly whole?: Whole;
}

/** A request that was refused and taken apart. */
export interface Whole {
  readonly size: BodySize;
  /** How many of its parts are not accepted yet. */
  open: number;
  hasFailedPart: boolean;
  largestAccepted: BodySize;
}

/** @returns a part of a suspect, under the same suspicion */
export function partOf(
  { sinceMs, failure, whole }: Suspect,
  request: PlannedRequest,
  state: Suspect['state'],
): Suspect {
  return {
    request,
    key: faultKey(request),
    state,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(failure === undefined ? {} : { failure }),
    times: 0,
    isPart: true,
    isNamed: false,
    ...(whole === undefined ? {} : { whole }),
  };
}

/** @returns the target of a suspect's request */
export function targetOf({ request }: Suspect): Target {
  return request.entries[0]?.entry.target ?? 'production';
}

/** @returns whether a suspect has failed alone, or without a verdict, so that it would spend the tokens of others again */
export function isSuspicious(suspect: Suspect): boolean {
  return suspect.failure?.kind === 'no-verdict' || hasFailedAlone(suspect);
}

/** @returns whether a suspect is one entry that was tried by itself */
export function hasFailedAlone({ request, times }: Suspect): boolean {
  return times > 0 && request.entries.length === 1;
}
