import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import type { Step } from '../../core/following/decide-purge.ts';
import { isToProve, type PurgeEnd } from '../../core/following/followed-purge.ts';
import type { Repeats } from '../../core/following/repeats.ts';
import type { PurgeMessage } from '../../core/model/purge-message.ts';
import { sampleOf } from '../../core/proving/choose.ts';
import { describeError } from '../../lambda/log.ts';
import { followEvents } from '../../lambda/log-events.ts';
import type { FollowPorts } from './follow-ports.ts';
import { purgeEnded, purgeEndedType } from './purge-ended-event.ts';
import { rejectAll, repeatFiles, type Settled, sendAgain, splitByStale } from './send-again.ts';

/**
 * Does what was decided on a purge, unless somebody else has written of it since it was read.
 * @param repeats decides what is purged once more where it has completed; undefined where a later purge does that
 */
export async function carryOut(
  purge: OpenPurge,
  step: Step,
  repeats: Repeats | undefined,
  ports: FollowPorts,
): Promise<void> {
  const isNews = purge.state.kind === 'purging' && !isToProve(purge);
  const state = step.kind === 'repair' ? step.state : step.end;
  const written = await ports.journal.write(purge, state);
  if (written === undefined) return;
  if (isNews && state.successRate !== undefined && state.successRate < 100) ports.measure('PurgesPartial', 1);
  const settled = settledBy(written, ports);
  if (step.kind === 'end') {
    if (await prepareEnd(settled, step.end, repeats, ports)) await conclude(settled, step.end, ports);
    return;
  }
  const end = await sendAgain(settled, step.state, repeats, ports);
  const ended = end && (await ports.journal.write(written, end));
  if (end !== undefined && ended !== undefined) await conclude({ ...settled, purge: ended }, end, ports);
}

/** @returns a purge with its messages, which are read once, if at all */
function settledBy(purge: OpenPurge, { journal }: FollowPorts): Settled {
  let messages: Promise<readonly PurgeMessage[]> | undefined;
  return {
    purge,
    messages() {
      messages ??= journal.messages(purge.purgeId);
      return messages;
    },
  };
}

/** @returns whether all is done that has to be before an end is announced; where not, the next tick tries again */
async function prepareEnd(
  settled: Settled,
  { kind, reason = kind, stale, isRepeatLeft }: PurgeEnd,
  repeats: Repeats | undefined,
  ports: FollowPorts,
): Promise<boolean> {
  if (kind === 'completed' || kind === 'fresh' || isRepeatLeft) return repeatFiles(settled, repeats, ports);
  if (kind === 'superseded') return true;
  const messages = await settled.messages();
  const { purgeId } = settled.purge;
  if (stale === undefined) return rejectAll(messages, purgeId, reason, ports);
  if (!(await rejectAll(splitByStale(messages, stale).old, purgeId, reason, ports))) return false;
  return repeatFiles(settled, repeats, ports, stale);
}

/** Announces how a purge has ended, and follows it no longer. */
async function conclude(
  settled: Settled,
  { kind: end, stale, isRepeatLeft: _, ...outcome }: PurgeEnd,
  ports: FollowPorts,
): Promise<void> {
  const { journal, log, measure, nowMs } = ports;
  const { purge } = settled;
  await putEnd(settled, { kind: end, ...outcome, ...(stale !== undefined && { stale }) }, ports);
  const { purgeId, acceptedMs, urls, repair } = purge;
  const { finishedMs } = outcome;
  const took =
    finishedMs === undefined ? {} : { completionSeconds: Math.max(0, finishedMs - acceptedMs) / 1000 };
  const changedMs = end === 'fresh' ? oldestChangeMs(await settled.messages()) : undefined;
  const fresh = changedMs === undefined ? {} : { freshSeconds: Math.max(0, nowMs() - changedMs) / 1000 };
  const line = { purgeId, end, ...outcome, ...took, ...fresh, urls, repair };
  if (end === 'failed') {
    measure('PurgesFailed', 1);
    log.error(followEvents.purgeFailed, line);
  } else log.info(followEvents.purgeEnded, line);
  if ((end === 'completed' || end === 'fresh') && took.completionSeconds !== undefined) {
    measure('CompletionSeconds', took.completionSeconds);
  }
  if (fresh.freshSeconds !== undefined) measure('FreshSeconds', fresh.freshSeconds);
  await journal.close(purge);
}

/** @returns when the oldest change of files happened that this purge is the first to prove; a second purge proves them again */
function oldestChangeMs(messages: readonly PurgeMessage[]): number | undefined {
  const first = messages.filter(({ repeats, repair = 0 }) => repeats === undefined || repair > 0);
  const times = sampleOf(first.flatMap(({ entries }) => entries)).files.map(({ shows }) => shows.sinceMs);
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * Puts an end onto the event bus, for who waits for it. Where EventBridge does not take it, the purge has ended all the same.
 * @throws what reading its messages throws: the next tick tries again
 */
async function putEnd(
  { purge, messages }: Settled,
  end: PurgeEnd,
  { putEvent, purger, log }: FollowPorts,
): Promise<void> {
  const { old, rest } = splitByStale(await messages(), end.stale);
  try {
    await putEvent(purgeEndedType, purgeEnded(purge, end, old, rest, purger));
  } catch (error) {
    log.warn(followEvents.endNotPut, { purgeId: purge.purgeId, error: describeError(error) });
  }
}
