import { lateMs } from '../../core/following/asking.ts';
import type { FollowPorts } from './follow-ports.ts';

/** How often it is looked for them, in milliseconds: in each period of the alarm. */
const everyMs = 5 * 60_000;
/** Ticks do not come at equal distances. */
const earlyMs = 10_000;

/** @returns what counts purges that nobody follows as late, for a day: how they end is never known */
export function createUnfollowedMeasure({
  unfollowed,
  measure,
  nowMs,
}: Pick<FollowPorts, 'unfollowed' | 'measure' | 'nowMs'>): () => Promise<void> {
  let lookedMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (nowMs() - lookedMs < everyMs - earlyMs) return;
    lookedMs = nowMs();
    const known = await unfollowed.read();
    if (known !== undefined && nowMs() - known.sinceMs >= lateMs) measure('PurgesLate', known.count);
  };
}
