import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import type { Decision } from '../../core/following/decide-purge.ts';
import type { PurgeEnd, PurgeState } from '../../core/following/followed-purge.ts';
import { mostRepairs } from '../../core/following/repairs.ts';
import type { Repeats } from '../../core/following/repeats.ts';
import { maxMessageBytes, type PurgeMessage, writeInParts } from '../../core/model/purge-message.ts';
import { describeError } from '../../lambda/log.ts';
import { followEvents } from '../../lambda/log-events.ts';
import type { FollowPorts } from './follow-ports.ts';
import { purgeEnded, purgeEndedType } from './purge-ended-event.ts';

/** SQS counts the message attribute with the reason, too, in bytes. */
const reasonBytes = 4096;

/**
 * Does what was decided on a purge, unless somebody else has written of it since it was read.
 * @param repeats decides what is purged once more where it has completed; undefined where a later purge does that
 */
export async function carryOut(
  purge: OpenPurge,
  decision: Decision,
  repeats: Repeats | undefined,
  ports: FollowPorts,
): Promise<void> {
  if (decision.kind === 'wait') return;
  const isNews = purge.state.kind === 'purging';
  const state = decision.kind === 'repair' ? decision.state : decision.end;
  const written = await ports.journal.write(purge, state);
  if (written === undefined) return;
  if (isNews && state.successRate !== undefined && state.successRate < 100) ports.measure('PurgesPartial', 1);
  if (decision.kind === 'end') {
    if (await prepareEnd(written, decision.end, repeats, ports)) await conclude(written, decision.end, ports);
    return;
  }
  const end = await sendAgain(written, decision.state, ports);
  const ended = end && (await ports.journal.write(written, end));
  if (end !== undefined && ended !== undefined) await conclude(ended, end, ports);
}

/** @returns whether all is done that has to be before an end is announced; where not, the next tick tries again */
async function prepareEnd(
  purge: OpenPurge,
  { kind, reason = kind }: PurgeEnd,
  repeats: Repeats | undefined,
  ports: FollowPorts,
): Promise<boolean> {
  if (kind === 'completed') return repeat(purge, repeats, ports);
  if (kind === 'superseded') return true;
  return rejectAll(await ports.journal.messages(purge.purgeId), purge.purgeId, reason, ports);
}

/**
 * Puts the entries of a purge into the purge queue again, and those that were repaired too often into the dead letter queue.
 * @returns the purge's end; undefined where the next tick has to try again
 */
async function sendAgain(
  { purgeId, urls, repair }: OpenPurge,
  { kind: _, ...outcome }: PurgeState & { readonly kind: 'partial' },
  ports: FollowPorts,
): Promise<PurgeEnd | undefined> {
  const { journal, send, log, measure, nowMs } = ports;
  const messages = await journal.messages(purgeId);
  if (messages.length === 0) {
    return { kind: 'failed', ...outcome, reason: 'its entries are not in the journal' };
  }
  const isSpent = (message: PurgeMessage) => (message.repair ?? 0) >= mostRepairs;
  const spent = messages.filter(isSpent);
  const reason = `some of its changes were repaired ${mostRepairs} times: they are in the dead letter queue, and the others were sent again`;
  if (!(await rejectAll(spent, purgeId, reason, ports))) return undefined;
  const rest = messages.filter((message) => !isSpent(message));
  const again = rest.map(({ tries: _, rejected: __, covered: ___, ...message }) => ({
    ...message,
    repair: (message.repair ?? 0) + 1,
    // What was purged once is not late: how long it has waited counts from now on.
    released: nowMs(),
  }));
  if (!(await sendAll(again, purgeId, { send, log }))) return undefined;
  measure('Repairs', 1);
  log.info(followEvents.purgeSentAgain, { purgeId, ...outcome, urls, repair: repair + 1 });
  return spent.length > 0 ? { kind: 'failed', ...outcome, reason } : { kind: 'superseded', ...outcome };
}

/**
 * Puts the files of a purge that has completed into the purge queue once more.
 * @returns whether that is done
 */
async function repeat(
  { purgeId }: OpenPurge,
  repeats: Repeats | undefined,
  { journal, send, log }: FollowPorts,
): Promise<boolean> {
  const messages = repeats?.of(purgeId, await journal.messages(purgeId)) ?? [];
  if (messages.length === 0) return true;
  if (!(await sendAll(messages, purgeId, { send, log }))) return false;
  log.info(followEvents.purgeRepeated, {
    purgeId,
    urls: messages.reduce((sum, { entries }) => sum + entries.length, 0),
  });
  return true;
}

/** @returns whether all of them are in the purge queue */
async function sendAll(
  messages: readonly PurgeMessage[],
  purgeId: string,
  { send, log }: Pick<FollowPorts, 'send' | 'log'>,
): Promise<boolean> {
  const bodies = messages.flatMap((message) => writeInParts(message));
  const unsent = await send(bodies.map((body) => ({ body })));
  if (unsent.length === 0) return true;
  log.warn(followEvents.notSentAgain, { purgeId, messages: unsent.length, reason: unsent[0]?.reason });
  return false;
}

/**
 * Puts what is not purged any more into the dead letter queue, from where it can be redriven.
 * @returns whether all of it is there
 */
async function rejectAll(
  messages: readonly PurgeMessage[],
  purgeId: string,
  reason: string,
  { reject, log, nowMs }: FollowPorts,
): Promise<boolean> {
  if (messages.length === 0) return true;
  const rejected = {
    reason: `purge '${purgeId}' failed: ${reason}`,
    rejectedAt: new Date(nowMs()).toISOString(),
  };
  // When it is redriven, something was done about it: it is tried and repaired anew.
  const bodies = messages.flatMap(({ tries: _, repair: __, covered: ___, ...message }) =>
    writeInParts({ ...message, rejected }, maxMessageBytes - reasonBytes),
  );
  const unsent = await reject(bodies.map((body) => ({ body, reason: rejected.reason })));
  if (unsent.length === 0) return true;
  log.warn(followEvents.notInDeadLetters, { purgeId, messages: unsent.length, reason: unsent[0]?.reason });
  return false;
}

/** Announces how a purge has ended, and follows it no longer. */
async function conclude(
  purge: OpenPurge,
  { kind: end, ...outcome }: PurgeEnd,
  ports: FollowPorts,
): Promise<void> {
  const { journal, log, measure } = ports;
  await putEnd(purge, { kind: end, ...outcome }, ports);
  const { purgeId, acceptedMs, urls, repair } = purge;
  const { finishedMs } = outcome;
  const took =
    finishedMs === undefined ? {} : { completionSeconds: Math.max(0, finishedMs - acceptedMs) / 1000 };
  const line = { purgeId, end, ...outcome, ...took, urls, repair };
  if (end === 'failed') {
    measure('PurgesFailed', 1);
    log.error(followEvents.purgeFailed, line);
  } else log.info(followEvents.purgeEnded, line);
  if (end === 'completed' && took.completionSeconds !== undefined) {
    measure('CompletionSeconds', took.completionSeconds);
  }
  await journal.close(purge);
}

/** Puts an end onto the event bus, for who waits for it. Where that fails, the purge has ended all the same. */
async function putEnd(
  purge: OpenPurge,
  end: PurgeEnd,
  { journal, putEvent, purger, log }: FollowPorts,
): Promise<void> {
  try {
    const messages = await journal.messages(purge.purgeId);
    await putEvent(purgeEndedType, purgeEnded(purge, end, messages, purger));
  } catch (error) {
    log.warn(followEvents.endNotPut, { purgeId: purge.purgeId, error: describeError(error) });
  }
}
