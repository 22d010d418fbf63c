import type { Progress } from '../../../functions/aws/journal/progress-notes.ts';
import { isLate, lateMs } from '../../../functions/core/following/asking.ts';
import { type FollowedPurge, isToProve } from '../../../functions/core/following/followed-purge.ts';
import { counted } from '../counted.ts';
import type { NextCommand } from '../next.ts';

/** How far a purge is that CDN Pro has accepted and not finished. Times are ISO 8601. */
export interface PurgeProgress {
  readonly purgeId: string;
  readonly acceptedAt: string;
  /** How long ago that was. */
  readonly minutes: number;
  /** Whether it takes longer than it should, by the measure of the alarm `purges-late`. */
  readonly isLate: boolean;
  /** From when on it is. */
  readonly lateAt: string;
  /** The share of the servers that had obeyed, as a percentage; missing where CDN Pro has not said it of a slow purge. */
  readonly successRate?: number;
  /** When CDN Pro said so. */
  readonly seenAt?: string;
  /** When CDN Pro was last asked about slow purges; where that is later, it has not answered of this one. */
  readonly askedAt?: string;
}

type AcceptedPurge = Pick<FollowedPurge, 'purgeId' | 'acceptedMs' | 'state'>;

/** @returns how far a purge is; undefined where CDN Pro has finished it */
export function progressOf(
  purge: AcceptedPurge,
  { seen, askedMs }: Progress,
  nowMs: number,
): PurgeProgress | undefined {
  const { purgeId, acceptedMs, state } = purge;
  if (state.kind !== 'purging' || isToProve(purge)) return undefined;
  const { atMs, successRate } = seen[purgeId] ?? {};
  return {
    purgeId,
    acceptedAt: iso(acceptedMs),
    minutes: Math.max(0, Math.floor((nowMs - acceptedMs) / 60_000)),
    isLate: isLate(purge, nowMs),
    lateAt: iso(acceptedMs + lateMs),
    ...(successRate !== undefined && { successRate }),
    ...(atMs !== undefined && { seenAt: iso(atMs) }),
    // What was noted before it was accepted is about others.
    ...(askedMs !== undefined && askedMs > acceptedMs && { askedAt: iso(askedMs) }),
  };
}

/** @returns how far the purge is that was accepted first; undefined where CDN Pro has finished all of them */
export function oldestProgress(
  open: readonly AcceptedPurge[],
  progress: Progress,
  nowMs: number,
): PurgeProgress | undefined {
  const [oldest] = open
    .flatMap((purge) => progressOf(purge, progress, nowMs) ?? [])
    .toSorted((a, b) => a.acceptedAt.localeCompare(b.acceptedAt));
  return oldest;
}

/** @returns how long ago a purge was accepted, and how far it is, in words */
export function describeProgress({ minutes, isLate, successRate, seenAt, askedAt }: PurgeProgress): string {
  return [
    `accepted ${minutes === 0 ? 'less than a minute' : counted(minutes, 'minute')} ago${isLate ? ', more than 15' : ''}`,
    ...(successRate === undefined ? [] : [`${successRate}% of the servers had obeyed at ${seenAt}`]),
    ...(askedAt === undefined || askedAt === seenAt
      ? []
      : [`CDN Pro was asked at ${askedAt} and did not say how far it is`]),
  ].join('; ');
}

/** What to do about a purge that is late. */
export const nextOfLate: NextCommand = [
  'doctor',
  'whether CDN Pro answers; docs/operations.md#purges-late has the rest',
];

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
