import { oldestProgress } from '../queries/progress.ts';
import { quotaReport } from '../queries/quota.ts';
import type { StatusFacts } from '../queries/status.ts';
import { waitReasons } from '../queries/waiting.ts';
import { readAlarms } from './alarms.ts';
import type { Purger } from './connect.ts';
import { readProgress, readUnfollowed } from './journal.ts';
import { openLimits } from './limits.ts';
import { readPause } from './pause.ts';
import { readSwitches } from './switches.ts';
import { readWork, type Work } from './work.ts';

/** @returns what a status is made from, with each parked URL */
export async function readStatusFacts(
  purger: Purger,
  nowMs: number,
): Promise<Omit<StatusFacts, 'parked'> & Pick<Work, 'parked'>> {
  const [work, state, switches, alarms, unfollowed] = await Promise.all([
    readWork(purger),
    openLimits(purger).then((limits) => limits.read()),
    readSwitches(purger),
    readAlarms(purger),
    readUnfollowed(purger),
  ]);
  const quota = quotaReport(state, purger, nowMs);
  const pause = await readPause(purger, switches);
  const oldestOpen =
    work.open.length === 0 ? undefined : oldestProgress(work.open, await readProgress(purger), nowMs);
  const reasons = [...waitReasons(work.parked, state, purger.limits, nowMs).values()];
  const beyondShare = reasons.filter((reason) => reason === 'share').length;
  return {
    ...work,
    ...(oldestOpen !== undefined && { oldestOpen }),
    beyondShare,
    ...(unfollowed !== undefined && { unfollowed }),
    unread: purger.queues.watchedLeftOut ?? 0,
    quota,
    switches,
    ...(pause !== undefined && { pause }),
    observing: purger.mode === 'observe',
    alarms,
  };
}
