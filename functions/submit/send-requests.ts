import type { LimitsGrant } from '../aws/tables/limits-table.ts';
import type { Answer } from '../cdn-pro/answer.ts';
import type { PreparedClient } from '../cdn-pro/client.ts';
import type { GrantedSlot } from '../core/limits/limits.ts';
import { backoffMs } from '../core/model/backoff.ts';
import { fillRatio } from '../core/planning/fill-ratio.ts';
import { bodyOf, type PlannedEntry, type PlannedRequest } from '../core/planning/planned-request.ts';
import { Isolation } from '../core/planning/refusals/isolate.ts';
import { keepApart } from '../core/planning/refusals/keep-apart.ts';
import { describeError } from '../lambda/log.ts';
import * as submitEvents from '../lambda/submit-events.ts';
import { type ConcludeContext, concludeAnswers, type ShortRequests } from './answers/conclude.ts';
import { handleAnswer, type SendContext, type SentRequest } from './answers/handle-answer.ts';
import { recordPurge } from './answers/record-purge.ts';
import { type Batch, laneOf, oldestChangeMs, triesOf } from './batch.ts';
import type { LeftRequests } from './messages/return-messages.ts';
import type { SubmitOptions, SubmitPorts } from './ports.ts';
import { Run } from './run.ts';
import { askTokens } from './tokens/ask-tokens.ts';
import type { LimitsNote } from './tokens/limits-note.ts';
import { limitsRequest, tokensFor } from './tokens/limits-request.ts';
import { findPurged, removeParked } from './tokens/park-entries.ts';
import { takeShort } from './tokens/take-short.ts';

/** A request that would wait longer than this for its pace is requeued, to carry changes that come after it. */
const longestPaceWaitMs = 2000;
/** For how long it then stays away, in seconds. */
const paceDelaySeconds = 1;

/**
 * A batch that waits for slots keeps a consumer from what comes after it. It keeps a few partial requests, and the others
 * are requeued for so long, in seconds, where they can grow. A wait is one from so many milliseconds on.
 */
const mostPartialHeld = 4;
const heldBackSeconds = 5;
const shortWaitMs = 300;

/** What could not be sent. */
export interface Leftover {
  readonly left: readonly LeftRequests[];
  /** These have too few of the day's tokens by now: others have spent them. */
  readonly short: readonly ShortRequests[];
}

/**
 * Sends requests until all are settled or time is up, each in a slot of the rate limit's window, several at once.
 * @param requests in the order in which to send them
 * @param note is written with the first slot
 * @returns the requests that are not settled
 */
export async function sendRequests(
  requests: readonly PlannedRequest[],
  batch: Batch,
  ports: SubmitPorts,
  { limits, contract, deadlineMs }: SubmitOptions,
  note: LimitsNote,
): Promise<Leftover> {
  const startMs = ports.nowMs();
  const isMarked = (planned: PlannedEntry) => triesOf(planned, batch) !== undefined;
  const { innocent, suspect } = keepApart(requests, ports.evidence, isMarked, startMs);
  const isolation = new Isolation({
    evidence: ports.evidence,
    triesOf: (planned) => triesOf(planned, batch),
    // Where a scope is in doubt, a takedown goes before all others, too.
    changedMsOf: (planned) => {
      const isTakedown = laneOf({ entries: [planned] }, batch) === 'takedown';
      return isTakedown ? Number.POSITIVE_INFINITY : oldestChangeMs({ entries: [planned] }, batch);
    },
    priceOf: (request) => tokensFor(request.entries, contract),
  });
  for (const request of suspect) isolation.hold(request, 'suspect', startMs);
  const run = new Run(innocent, { limits, deadlineMs, isolation });
  // Where a scope is in doubt, what has not failed is tried before what has.
  run.holdQuestioned(startMs);
  const context: SlotContext = {
    run,
    isolation,
    batch,
    ports,
    contract,
    note,
    short: [],
    shelved: [],
    waitedFor: new Set(),
  };
  for (;;) {
    await concludeAnswers(context);
    const step = run.nextStep(ports.nowMs());
    switch (step.kind) {
      case 'send':
        await sendInSlots(step.requests, context);
        break;
      case 'ask-tokens':
        await askTokens(step.target, context);
        break;
      case 'await-answer':
        await run.nextAnswer();
        break;
      case 'sleep':
        await ports.sleep(step.ms);
        break;
      case 'end':
        return { left: [...leftIn(context, step.delaySeconds), ...context.shelved], short: context.short };
    }
  }
}

function leftIn({ run, isolation, waitedFor }: SlotContext, delaySeconds: number): readonly LeftRequests[] {
  const apart = new Set(isolation.apart);
  const innocent = run.waiting.filter((request) => !apart.has(request));
  return [
    { requests: innocent, delaySeconds, isApart: false, waitedFor: [...waitedFor] },
    { requests: [...apart], delaySeconds, isApart: true, waitedFor: [...waitedFor] },
  ];
}

type WaitReason = (LimitsGrant & { readonly kind: 'wait' })['for'];

/** What acquiring slots works with. */
interface SlotContext extends ConcludeContext, Pick<SubmitOptions, 'contract'> {
  readonly note: LimitsNote;
  /** The limits that requests had to wait for. */
  readonly waitedFor: Set<WaitReason>;
}

/** Sends as many of the requests as get a slot, without waiting for their answers. */
async function sendInSlots(requests: readonly PlannedRequest[], context: SlotContext): Promise<void> {
  const { run, ports } = context;
  const acquired = await acquireSlots(requests, context);
  if (acquired === undefined) return;
  const { client, grant } = acquired;
  if (grant.kind === 'short') return takeShort(requests[0], grant, context);
  ports.measure('BudgetUsedPercent', grant.usedShare * 100);
  if (grant.kind === 'wait') await waitForSlot(grant, requests, context);
  if (grant.kind !== 'granted') return;
  const { slots, sentByMs } = grant;
  for (const [index, slot] of slots.entries()) {
    const request = requests[index];
    // An answer may have come in the meantime. The slots are spent either way, and the tokens are not.
    const isStarted =
      request !== undefined &&
      run.maySend(ports.nowMs()) &&
      run.start(request, () => sendOne(request, { client, slot, sentByMs }, context));
    if (!isStarted) ports.limitsTable.answered(slot, { isUnsent: true });
  }
}

/** What a request is sent with. */
interface Sending {
  readonly client: PreparedClient;
  /** See {@link import('../cdn-pro/client.ts').SendOptions}. */
  readonly sentByMs: number;
  readonly slot: GrantedSlot;
}

/**
 * Acquires slots of the window. The credentials are fetched first, so that nothing is left to do between a slot and
 * its request.
 * @returns undefined where the ledger or the credentials could not be read: nothing is sent for a while
 */
async function acquireSlots(
  requests: readonly PlannedRequest[],
  context: SlotContext,
): Promise<{ readonly client: PreparedClient; readonly grant: LimitsGrant } | undefined> {
  const { run, ports, note } = context;
  try {
    const client = await ports.cdnPro.prepare();
    const wanted = requests.map((request) => limitsRequest(request, context));
    const grant = await ports.limitsTable.reserve(wanted, note.change);
    note.written();
    return { client, grant };
  } catch (error) {
    ports.log.warn(submitEvents.slotsUnavailable, { reason: reasonOf(error) });
    run.noteUnsent();
    run.pauseUntil(ports.nowMs() + backoffMs(run.failures, ports.random()));
    return undefined;
  }
}

async function waitForSlot(
  grant: LimitsGrant & { kind: 'wait' },
  [first]: readonly PlannedRequest[],
  context: SlotContext,
): Promise<void> {
  const { run, isolation, ports, batch, waitedFor } = context;
  waitedFor.add(grant.for);
  const lane = first && laneOf(first, batch);
  const isFull = (request: PlannedRequest) => fillRatio(request, run.limits) >= 1;
  const isFullOfLane = (request: PlannedRequest) => isFull(request) && laneOf(request, batch) === lane;
  // A partial request that has to wait for its pace keeps no full one of its lane from a slot.
  if (grant.for === 'pace' && run.sendFirst(isFullOfLane)) return;
  const waitMs = grant.untilMs - ports.nowMs();
  if (waitMs > shortWaitMs) requeuePartial(grant.for, isFull, context);
  // A few partial requests gain nothing by going back together; they wait for their turns in here. So do those that
  // failed, and those that may: what is known about them would be lost.
  const isLast = run.waiting.length === 1 && isolation.waiting.length === 0;
  const isLong = grant.for === 'pace' && waitMs > longestPaceWaitMs;
  if (!isLast || !isLong) run.pauseUntil(grant.untilMs);
  else if (run.isUnderWay) await run.nextAnswer();
  else run.stopFor(paceDelaySeconds);
}

/**
 * Requeues partial requests behind the first few, so that another sender's changes do not wait for all of them, and what is
 * behind those, which has to wait for its lane and turn.
 */
function requeuePartial(
  reason: WaitReason,
  isFull: (request: PlannedRequest) => boolean,
  { run, batch, shelved }: SlotContext,
): void {
  const requests = run.takeBehind(
    mostPartialHeld,
    (request) => !isFull(request),
    (request) => laneOf(request, batch) === 'takedown',
  );
  if (requests.length === 0) return;
  shelved.push({ requests, delaySeconds: heldBackSeconds, isApart: false, waitedFor: [reason] });
}

/** Sends a request in its slot, and draws the conclusions from the answer. */
async function sendOne(
  request: PlannedRequest,
  { client, slot, sentByMs }: Sending,
  context: SendContext,
): Promise<void> {
  const { run, ports } = context;
  const sentMs = ports.nowMs();
  const answer = await client.submit(bodyOf(request), { sentByMs });
  if (answer.kind === 'not-sent') {
    ports.log.warn(submitEvents.slotTooOld, { sentByMs });
    ports.limitsTable.answered(slot, { isUnsent: true });
    return run.retry([request]);
  }
  if (answer.kind === 'observed') return settleObserved(answer.purgeId, { request, sentMs }, slot, context);
  // Without an answer, the request may still be on its way.
  if (answer.kind !== 'unavailable' || answer.status !== undefined) {
    ports.limitsTable.answered(slot, { remaining: answer.remaining, isRefused: isPurgeless(answer) });
  }
  await handleAnswer(answer, { request, sentMs }, context);
  if (answer.kind !== 'accepted') return;
  // What waited is in the journal before it is removed: nothing else has its change then.
  const parked = await findPurged(request, sentMs, context.batch, ports);
  await recordPurge(answer.purgeId, { request, sentMs, parked }, context);
  await removeParked(parked, ports);
}

/** It counts as if it had been accepted, in limits and in what is parked, and as nothing in metrics. */
async function settleObserved(
  purgeId: string,
  sent: SentRequest,
  slot: GrantedSlot,
  context: SendContext,
): Promise<void> {
  const { run, batch, ports } = context;
  const { name: _, ...purge } = bodyOf(sent.request);
  ports.limitsTable.answered(slot, {});
  run.accepted(sent.request, ports.nowMs());
  ports.log.info(submitEvents.purgeObserved, { purgeId, ...purge });
  const parked = await findPurged(sent.request, sent.sentMs, batch, ports);
  await recordPurge(purgeId, { ...sent, parked }, context, true);
  await removeParked(parked, ports);
}

/** Whether CDN Pro has answered that it did not make a purge, so that no tokens are spent. */
function isPurgeless(answer: Answer): boolean {
  if (answer.kind === 'unavailable') return answer.status !== undefined && answer.status >= 400;
  return answer.kind !== 'accepted';
}

function reasonOf(error: unknown): string {
  const { name, message } = describeError(error);
  return `${name}: ${message}`;
}
