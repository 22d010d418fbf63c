import { hashOf } from '../../aws/journal/purge-recorder.ts';
import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import type { PurgeEnd, PurgeState } from '../../core/following/followed-purge.ts';
import { mostRepairs, namedIn } from '../../core/following/repairs.ts';
import type { Repeats } from '../../core/following/repeats.ts';
import { fileKey } from '../../core/model/entry-key.ts';
import { writeMessages } from '../../core/model/messages/combined-messages.ts';
import { maxMessageBytes, type PurgeMessage, writeInParts } from '../../core/model/purge-message.ts';
import type { PurgeEntry } from '../../core/model/types.ts';
import { followEvents } from '../../lambda/log-events.ts';
import type { FollowPorts } from './follow-ports.ts';

/** SQS counts the message attribute with the reason, too, in bytes. */
const reasonBytes = 4096;

/** A purge, and what it has settled. */
export interface Settled {
  readonly purge: OpenPurge;
  readonly messages: () => Promise<readonly PurgeMessage[]>;
}

/**
 * Puts what a purge has left out, or has left old, into the purge queue again, and what was repaired too often into the
 * dead letter queue. Where a part of its files was left old, the others have their second purge.
 * @returns the purge's end; undefined where the next tick has to try again
 */
export async function sendAgain(
  { purge, messages }: Settled,
  { kind: _, stale, namedAlone, ...outcome }: PurgeState & { readonly kind: 'partial' },
  repeats: Repeats | undefined,
  ports: FollowPorts,
): Promise<PurgeEnd | undefined> {
  const { purgeId, urls, repair } = purge;
  const { log, measure, nowMs } = ports;
  const all = await messages();
  if (all.length === 0) {
    return { kind: 'failed', ...outcome, reason: 'its entries are not in the journal' };
  }
  const { old } = splitByStale(namedAlone ? namedIn(all, purge) : all, stale);
  const isSpent = (message: PurgeMessage) => (message.repair ?? 0) >= mostRepairs;
  const spent = old.filter(isSpent);
  const reason = `some of its changes were repaired ${mostRepairs} times: they are in the dead letter queue, and the others were sent again`;
  if (!(await rejectAll(spent, purgeId, reason, ports))) return undefined;
  const again = old
    .filter((message) => !isSpent(message))
    .map(({ tries: _, rejected: __, covered: ___, ...message }) => ({
      ...message,
      repair: (message.repair ?? 0) + 1,
      // What was purged everywhere before this repair needs no second purge after it.
      ...(stale !== undefined && { repeats: message.repeats ?? purgeId }),
      // What was purged once is not late: how long it has waited counts from now on.
      released: nowMs(),
    }));
  const second = stale === undefined ? [] : splitByStale(repeats?.of(purgeId, all) ?? [], stale).rest;
  if (!(await sendAll([...again, ...second], purgeId, ports))) return undefined;
  measure('Repairs', 1);
  log.info(followEvents.purgeSentAgain, { purgeId, ...outcome, urls, repair: repair + 1 });
  const end = { ...outcome, ...(stale !== undefined && { stale }) };
  return spent.length > 0 ? { kind: 'failed', ...end, reason } : { kind: 'superseded', ...end };
}

/**
 * Puts the files of a purge that has completed into the purge queue once more.
 * @param stale hashes of files that are left out, since they were seen to be old, and that is dealt with
 * @returns whether that is done
 */
export async function repeatFiles(
  { purge: { purgeId }, messages }: Settled,
  repeats: Repeats | undefined,
  ports: FollowPorts,
  stale: readonly string[] = [],
): Promise<boolean> {
  const again = splitByStale(repeats?.of(purgeId, await messages()) ?? [], stale).rest;
  if (again.length === 0) return true;
  if (!(await sendAll(again, purgeId, ports))) return false;
  const urls = again.reduce((sum, { entries }) => sum + entries.length, 0);
  ports.log.info(followEvents.purgeRepeated, { purgeId, urls });
  return true;
}

/**
 * @param stale hashes of files; undefined where all entries are meant
 * @returns messages with these entries alone, and with the others
 */
export function splitByStale(
  messages: readonly PurgeMessage[],
  stale: readonly string[] | undefined,
): { readonly old: readonly PurgeMessage[]; readonly rest: readonly PurgeMessage[] } {
  if (stale === undefined) return { old: messages, rest: [] };
  const hashes = new Set(stale);
  const isOld = (entry: PurgeEntry) => entry.kind === 'file' && hashes.has(hashOf(fileKey(entry)));
  const only = (isMeant: (entry: PurgeEntry) => boolean) =>
    messages
      .map((message) => ({ ...message, entries: message.entries.filter(isMeant) }))
      .filter(({ entries }) => entries.length > 0);
  return { old: only(isOld), rest: only((entry) => !isOld(entry)) };
}

/** @returns whether all of them are in the purge queue */
async function sendAll(
  messages: readonly PurgeMessage[],
  purgeId: string,
  { send, log }: Pick<FollowPorts, 'send' | 'log'>,
): Promise<boolean> {
  const unsent = await send(writeMessages(messages).map(({ body }) => ({ body })));
  if (unsent.length === 0) return true;
  log.warn(followEvents.notSentAgain, { purgeId, messages: unsent.length, reason: unsent[0]?.reason });
  return false;
}

/**
 * Puts what is not purged any more into the dead letter queue, from where it can be redriven.
 * @returns whether all of it is there
 */
export async function rejectAll(
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
  // When it is redriven, something was done about it: it is tried, repaired and repeated anew.
  const bodies = messages.flatMap(({ tries: _, repair: __, covered: ___, repeats: ____, ...message }) =>
    writeInParts({ ...message, rejected }, maxMessageBytes - reasonBytes),
  );
  const unsent = await reject(bodies.map((body) => ({ body, reason: rejected.reason })));
  if (unsent.length === 0) return true;
  log.warn(followEvents.notInDeadLetters, { purgeId, messages: unsent.length, reason: unsent[0]?.reason });
  return false;
}
