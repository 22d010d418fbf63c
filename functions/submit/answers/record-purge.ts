import type { AcceptedPurge } from '../../aws/journal/purge-recorder.ts';
import type { CarriedMessage, IndexedPurge } from '../../aws/journal/url-index.ts';
import type { Parked } from '../../aws/tables/parked-table.ts';
import { priceOf } from '../../core/limits/price.ts';
import { entryKey } from '../../core/model/entry-key.ts';
import { messageVersion } from '../../core/model/purge-message.ts';
import { bodyOf, type PlannedRequest } from '../../core/planning/planned-request.ts';
import { describeError } from '../../lambda/log.ts';
import * as submitEvents from '../../lambda/submit-events.ts';
import { type Batch, laneOf } from '../batch.ts';
import { entriesByMessage } from '../messages/return-messages.ts';
import type { SubmitPorts } from '../ports.ts';
import type { SendContext, SentRequest } from './handle-answer.ts';

/** A request that CDN Pro has accepted. */
export interface AcceptedRequest extends SentRequest {
  /** What waits for tokens, and is purged by it. */
  readonly parked: readonly Parked[];
}

/**
 * Writes an accepted purge into the journal, from where `tick` follows it. Where that fails, it is accepted all the same.
 * @param isObserved whether nothing was sent, so that there is nothing to follow
 */
export async function recordPurge(
  purgeId: string,
  { request, sentMs, parked }: AcceptedRequest,
  { batch, ports }: Pick<SendContext, 'batch' | 'ports'>,
  isObserved = false,
): Promise<void> {
  const own = messagesOf(request, batch);
  const carried = [...own, ...messagesOfParked(parked, request, own)];
  const messages = carried.map(({ messageId: _, ...message }) => message);
  const instead = request.entries.flatMap(({ entry, messages }) => (messages.length === 0 ? [entry] : []));
  const purge: AcceptedPurge = {
    purgeId,
    target: bodyOf(request).target,
    lane: laneOf(request, batch),
    sentMs,
    acceptedMs: ports.nowMs(),
    urls: priceOf(
      request.entries.map(({ entry }) => entry),
      'url',
    ),
    // Of its changes the one that was repaired least often decides whether there is anything to send again.
    repair: messages.length === 0 ? 0 : Math.min(...messages.map(({ repair = 0 }) => repair)),
    messages,
    ...(instead.length > 0 && { instead }),
    ...(isObserved && { isObserved }),
  };
  await Promise.all([record(purge, ports), index({ ...purge, messages: carried }, ports)]);
}

async function record(purge: AcceptedPurge, ports: SubmitPorts): Promise<void> {
  const { journal, log, measure } = ports;
  try {
    await journal.record(purge);
  } catch (error) {
    measure('PurgesUnfollowed', 1);
    log.error(submitEvents.purgeNotRecorded, { purgeId: purge.purgeId, error: describeError(error) });
    if (!purge.isObserved) await note(purge, ports);
  }
}

/** So that `cdn-purger status` and an alarm say that it is not followed. */
async function note({ purgeId, acceptedMs }: AcceptedPurge, ports: SubmitPorts): Promise<void> {
  try {
    await ports.noteUnfollowed(purgeId, acceptedMs);
  } catch (error) {
    ports.log.error(submitEvents.unfollowedNotNoted, { purgeId, error: describeError(error) });
  }
}

/** Without it the purge is followed all the same, and `cdn-purger why` does not find it. */
async function index(purge: IndexedPurge, { indexUrls, log }: SubmitPorts): Promise<void> {
  try {
    await indexUrls(purge);
  } catch (error) {
    log.warn(submitEvents.purgeNotIndexed, { purgeId: purge.purgeId, error: describeError(error) });
  }
}

/** The messages that a request settles, each with its entries of the request: those that it names, then those they cover. */
function messagesOf(request: PlannedRequest, { messages }: Batch): readonly CarriedMessage[] {
  const named = entriesByMessage([{ entries: request.entries.map(({ covered: _, ...own }) => own) }]);
  const covered = entriesByMessage([{ entries: request.entries.flatMap(({ covered = [] }) => covered) }]);
  return [...entriesByMessage([request]).keys()].flatMap((index) => {
    const inHand = messages[index];
    if (inHand === undefined) return [];
    const { messageId } = inHand;
    const { covered: _, ...message } = inHand.message;
    const last = covered.get(index) ?? [];
    const entries = [...(named.get(index) ?? []), ...last];
    return [{ ...message, messageId, entries, ...(last.length > 0 && { covered: last.length }) }];
  });
}

/**
 * What waited is settled by the purge like what was in hand: its change is found, its version is the one to be proven, and it
 * has its own second purge and repairs.
 */
function messagesOfParked(
  parked: readonly Parked[],
  { entries }: PlannedRequest,
  own: readonly CarriedMessage[],
): readonly CarriedMessage[] {
  const covered = new Set(
    entries.flatMap((planned) => (planned.covered ?? []).map(({ entry }) => entryKey(entry))),
  );
  const keyOf = (change: CarriedMessage['change'], key: string) => JSON.stringify([change, key]);
  const known = new Set(
    own.flatMap(({ change, entries }) => entries.map((entry) => keyOf(change, entryKey(entry)))),
  );
  return parked.flatMap(({ entry, change, lane, sinceMs, byPrefix, repair, repeats }) => {
    const key = entryKey(entry);
    if (known.has(keyOf(change, key))) return [];
    return {
      v: messageVersion,
      ...(change !== undefined && { change }),
      entries: [entry],
      lane,
      since: sinceMs,
      ...(byPrefix && { byPrefix }),
      ...(repair !== undefined && { repair }),
      ...(repeats !== undefined && { repeats }),
      ...(covered.has(key) && { covered: 1 }),
    };
  });
}
