import type { SeenProgress } from '../../aws/journal/progress-notes.ts';
import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import type { Observation } from '../../core/following/decide-purge.ts';
import { describeError } from '../../lambda/log.ts';
import { followEvents } from '../../lambda/log-events.ts';
import type { FollowPorts } from './follow-ports.ts';

/** From this age on, in milliseconds, a purge is slow: most have finished by then, so that they cost no write. */
export const slowMs = 5 * 60_000;
/** Of more than these, the oldest, nothing is noted, so that the item stays small. */
const mostNoted = 100;

/**
 * Notes how far slow purges are, for who asks meanwhile.
 * @param purging those that CDN Pro was asked about, the ones accepted first in front
 */
export async function noteProgress(
  purging: readonly OpenPurge[],
  observations: ReadonlyMap<string, Observation>,
  { progress, nowMs, log }: Pick<FollowPorts, 'progress' | 'nowMs' | 'log'>,
): Promise<void> {
  const atMs = nowMs();
  const slow = purging.filter(({ acceptedMs }) => atMs - acceptedMs >= slowMs).slice(0, mostNoted);
  if (slow.length === 0) return;
  try {
    const before = await progress.read();
    const seen = slow.flatMap(({ purgeId }): readonly (readonly [string, SeenProgress])[] => {
      const observation = observations.get(purgeId);
      if (observation?.kind !== 'underway') {
        const known = before.seen[purgeId];
        return known === undefined ? [] : [[purgeId, known]];
      }
      const { successRate } = observation;
      return [[purgeId, { atMs, ...(successRate !== undefined && { successRate }) }]];
    });
    await progress.write({ askedMs: atMs, seen: Object.fromEntries(seen) });
  } catch (error) {
    log.warn(followEvents.progressNotNoted, { error: describeError(error) });
  }
}
