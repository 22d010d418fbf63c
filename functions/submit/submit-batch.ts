import type { LimitsState } from '../core/limits/limits.ts';
import { inTurns } from '../core/limits/requests/turns.ts';
import { isWaiting } from '../core/limits/tokens/senders.ts';
import { entryText } from '../core/model/entry-text.ts';
import { groupBy } from '../core/model/group-by.ts';
import { readMessages as readBody } from '../core/model/messages/combined-messages.ts';
import type { PurgeMessage } from '../core/model/purge-message.ts';
import type { ObjectChange } from '../core/model/types.ts';
import { filesPerRequest, requestsToSpare } from '../core/planning/files-per-request.ts';
import { fillRatio } from '../core/planning/fill-ratio.ts';
import { packRequests } from '../core/planning/pack.ts';
import type { RequestLimits } from '../core/planning/plan.ts';
import { type PlannedEntry, type PlannedRequest, settledBy } from '../core/planning/planned-request.ts';
import { describeError } from '../lambda/log.ts';
import * as submitEvents from '../lambda/submit-events.ts';
import { type Batch, createBatch, laneOf, type MessageInHand, originOf, sendersOf } from './batch.ts';
import { decide, notingDecision, readLimits } from './decide.ts';
import { classifyMessages, tallyMessages } from './messages/classify-messages.ts';
import type { Recovered } from './messages/recover-s3-event.ts';
import { type LeftRequests, requeueUnsent } from './messages/return-messages.ts';
import type { BufferedMessage, SubmitOptions, SubmitPorts } from './ports.ts';
import { sendRequests } from './send-requests.ts';
import { type LimitsNote, noteOnce } from './tokens/limits-note.ts';
import { noteRefusedTakedowns, refusedTakedowns } from './tokens/note-refused-takedowns.ts';
import { parkEntries, removingFilesOnlyIf } from './tokens/park-entries.ts';

/** What others have left too few tokens for and could not be parked stays away for so long, in seconds. */
const unparkedDelaySeconds = 60;

/**
 * Submits what a batch of messages asks for, with as few tokens and then in as few requests as possible, and inside
 * all limits. What has to wait for seconds waits here and in the queue, what has to wait for tokens is parked.
 *
 * A message is settled when each of its entries was accepted, is parked, or is in the dead letter queue with a reason.
 * What is left at the deadline is requeued as a new message, so that waiting uses up no receives.
 * @returns IDs of the messages that are not settled and have to be delivered again
 */
export async function submitBatch(
  records: readonly BufferedMessage[],
  ports: SubmitPorts,
  options: SubmitOptions,
): Promise<readonly string[]> {
  const read = await readMessages(records, ports, options.hasTime);
  if (read.messages.length === 0) return read.failedIds;
  const state = await readLimits(ports, options);
  const atMs = ports.nowMs();
  const unclassified = createBatch(read.messages, read.failedIds);
  const batch = { ...unclassified, messages: classifyMessages(unclassified.messages, state, atMs) };
  const decided = await decide(batch, state, ports, options);
  const noteDecided = notingDecision(decided, batch, atMs);
  const note = noteOnce((noted) => {
    const senders = tallyMessages(unclassified.messages, noted.senders, atMs);
    return noteDecided(senders === noted.senders ? noted : { ...noted, senders });
  });
  logCoalesced(decided.send, ports);
  const limits = limitsFor(decided.send, state, ports, options);
  const requests = requestsInTurns(decided.send, batch, limits, atMs);
  if (requests.length === 0) await writeNote(note, ports);
  const [unparked, { left, short }] = await Promise.all([
    parkEntries(decided.park, batch, ports),
    sendRequests(
      requests,
      batch,
      removingFilesOnlyIf(isWaiting(state.senders, atMs), ports),
      { ...options, limits },
      note,
    ),
  ]);
  // No slot was asked for, as where all of a scope waits: what comes next would be people's again.
  if (requests.length > 0 && !note.isWritten()) await writeNote(note, ports);
  const targets = refusedTakedowns(short, batch);
  if (targets.length > 0) {
    await noteAlone((noted) => noteRefusedTakedowns(noted, targets, ports.nowMs()), ports);
  }
  const shortEntries = short.flatMap(({ requests, isApart, reason = 'tokens' }) =>
    requests.flatMap(settledEntries).map((planned) => ({ planned, reason, isApart })),
  );
  const stillUnparked = await parkEntries(shortEntries, batch, ports);
  const unparkedRequests = [...unparked, ...stillUnparked];
  const unsent = { requests: unparkedRequests, delaySeconds: unparkedDelaySeconds, isApart: false };
  for (const requests of together([...left, unsent])) {
    await requeueUnsent(requests, batch, ports, options.hasTime);
  }
  return [...batch.failed];
}

/** @returns those that come again alike as one, so that each message is written once */
function together(left: readonly LeftRequests[]): readonly LeftRequests[] {
  const alike = groupBy(left, ({ requests: _, ...how }) => JSON.stringify(how));
  return [...alike.values()].map((group) => ({
    ...group[0],
    requests: group.flatMap(({ requests }) => requests),
  }));
}

/** Few files in a request while requests are plentiful, and up to the most that one carries while they are scarce. */
function limitsFor(
  entries: readonly PlannedEntry[],
  state: LimitsState,
  { learnedLimits, nowMs }: SubmitPorts,
  { limits: configured, contract }: SubmitOptions,
): RequestLimits {
  const limits = learnedLimits.applyTo(configured, nowMs());
  const files = entries.filter(({ entry }) => entry.kind === 'file').length;
  const left = requestsToSpare(state, contract, nowMs());
  return { ...limits, maxFileUrls: filesPerRequest(files, left, limits.maxFileUrls) };
}

/**
 * Packs entries and requests as senders take turns, so that what is behind is not always the same sender's. Of those of one
 * turn, full requests go first: a partial one may have to wait for its pace.
 */
function requestsInTurns(
  entries: readonly PlannedEntry[],
  batch: Batch,
  limits: RequestLimits,
  nowMs: number,
): readonly PlannedRequest[] {
  const inTurn = inTurns(entries, (planned) => {
    const { lane, sender } = originOf(planned, batch, nowMs);
    return { lane, senders: [sender] };
  });
  const requests = packRequests(inTurn, limits);
  const isFull = (request: PlannedRequest) => fillRatio(request, limits) >= 1;
  const fullFirst = [...requests.filter(isFull), ...requests.filter((request) => !isFull(request))];
  return inTurns(fullFirst, (request) => ({
    lane: laneOf(request, batch),
    senders: sendersOf(request, batch, nowMs),
  }));
}

/** Entries that are parked by themselves: nobody asked for a coalesced directory, and none waits for its cover. */
function settledEntries(request: PlannedRequest): readonly PlannedEntry[] {
  return settledBy(request)
    .filter(({ isCoalesced }) => !isCoalesced)
    .map(({ covered: _, ...planned }) => planned);
}

async function writeNote(note: LimitsNote, ports: SubmitPorts): Promise<void> {
  await noteAlone(note.change, ports);
  note.written();
}

async function noteAlone(
  change: (state: LimitsState) => LimitsState,
  { limitsTable, log }: SubmitPorts,
): Promise<void> {
  try {
    await limitsTable.note(change);
  } catch (error) {
    log.warn(submitEvents.limitsUnread, { error: describeError(error) });
  }
}

function logCoalesced(entries: readonly PlannedEntry[], { log }: SubmitPorts): void {
  for (const { entry, isCoalesced, covered = [] } of entries) {
    if (isCoalesced) {
      log.info(submitEvents.siblingsCoalesced, {
        dirUrl: entryText(entry),
        replaced: covered.map(({ entry }) => entryText(entry)),
      });
    }
  }
}

/** Reads the messages; what cannot be read goes to the dead letter queue as it is. */
async function readMessages(
  records: readonly BufferedMessage[],
  ports: SubmitPorts,
  hasTime: () => boolean = () => true,
) {
  const messages: MessageInHand[] = [];
  const unreadable: (BufferedMessage & { reason: string })[] = [];
  const failedIds: string[] = [];
  for (const record of records) {
    const { messageId, attributes } = record;
    const receives = Number(attributes?.ApproximateReceiveCount ?? 1);
    const { messages: read, recovered, rest } = await readRecord(record, ports);
    if (recovered !== undefined && !(await requeueRecovered(recovered, ports, hasTime))) {
      failedIds.push(messageId);
      continue;
    }
    for (const message of read) messages.push({ messageId, message, receives });
    for (const part of rest) unreadable.push({ messageId, ...part });
  }
  for (const { messageId, reason } of unreadable) {
    ports.log.error(submitEvents.messageUnreadable, { messageId, reason });
  }
  if (unreadable.length > 0) ports.measure('MessagesUnreadable', unreadable.length);
  const unsent = unreadable.length === 0 ? [] : await ports.reject(unreadable);
  const notMovedIds = unsent.flatMap(({ index }) => unreadable[index]?.messageId ?? []);
  return { messages, failedIds: [...failedIds, ...notMovedIds] };
}

/**
 * Queues what an S3 event makes stale, each part with its lane and delay.
 * @returns whether all of it is noted and queued; if not, the event has to be delivered again
 */
async function requeueRecovered(
  { changes, messages }: Recovered,
  ports: SubmitPorts,
  hasTime: () => boolean,
): Promise<boolean> {
  if (!(await noteRecovered(changes, ports))) return false;
  return messages.length === 0 || (await ports.requeue(messages, hasTime)).length === 0;
}

/** @returns whether it was noted; if not, the message has to be delivered again */
async function noteRecovered(changes: readonly ObjectChange[], ports: SubmitPorts): Promise<boolean> {
  try {
    await ports.noteRecovered(changes);
    return true;
  } catch (error) {
    ports.log.error(submitEvents.recoveredNotNoted, { error: describeError(error) });
    return false;
  }
}

interface ReadRecord {
  /** Those of a combined message are settled one by one, and delivered again together. */
  readonly messages: readonly PurgeMessage[];
  /** What the message is, where it is an S3 event. */
  readonly recovered?: Recovered;
  /** What of it cannot be read, and why. */
  readonly rest: readonly { readonly body: string; readonly reason: string }[];
}

/** Reads one message. Whatever it holds, its neighbors in the batch do not suffer from it. */
async function readRecord({ body }: BufferedMessage, { recover }: SubmitPorts): Promise<ReadRecord> {
  try {
    const parts = readBody(body);
    const messages = parts.flatMap((part) => (part.kind === 'message' ? [part.message] : []));
    const rest = parts.flatMap((part) =>
      part.kind === 'message' ? [] : [{ body: part.body, reason: part.reason }],
    );
    if (messages.length > 0) return { messages, rest };
    const recovered = await recover(body);
    if (recovered === undefined) return { messages, rest };
    return { messages, recovered, rest: recovered.unreadable };
  } catch (error) {
    const { name, message } = describeError(error);
    return { messages: [], rest: [{ body, reason: `${name}: ${message}` }] };
  }
}
