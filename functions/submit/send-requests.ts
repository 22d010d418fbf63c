import type { SlotGrant } from '../aws/rate-limit-table.ts';
import type { Answer } from '../cdn-pro/answer.ts';
import type { Slot } from '../core/limits/window.ts';
import { backoffMs } from '../core/model/backoff.ts';
import { fillRatio } from '../core/planning/fill-ratio.ts';
import type { RequestLimits } from '../core/planning/plan.ts';
import { bodyOf, type PlannedRequest } from '../core/planning/planned-request.ts';
import { describeError } from '../lambda/log.ts';
import { submitEvents } from '../lambda/log-events.ts';
import { afterAnswer, type Run } from './handle-answer.ts';
import type { Batch, SubmitOptions, SubmitPorts } from './ports.ts';
import { oldestChangeMs } from './return-messages.ts';

/** Most requests under way at once: enough to empty a full batch in about a second. */
const maxUnderWay = 8;
/** Who would wait longer than this for the pace gives its changes back, to go with those that come after them. */
const longestPaceWaitMs = 2000;

/** What could not be sent, and how long it should stay away. */
export interface Leftover {
  readonly left: readonly PlannedRequest[];
  readonly delaySeconds: number;
}

/**
 * Sends requests until all are settled or time is up, each in a place of the rate limit's window; full ones first,
 * several at once.
 * @param requests in the order in which to send them
 * @returns the requests that are not settled
 */
export async function sendRequests(
  requests: readonly PlannedRequest[],
  batch: Batch,
  ports: SubmitPorts,
  options: SubmitOptions,
): Promise<Leftover> {
  const run: Run = {
    limits: options.limits,
    queue: fullFirst(requests, options.limits),
    underWay: new Set(),
    failures: 0,
    refusals: 0,
    failedMs: Number.NEGATIVE_INFINITY,
    pauseUntilMs: 0,
  };
  const delaySeconds = await sendUntilDone(run, batch, ports, options);
  await Promise.all(run.underWay);
  return { left: run.queue, delaySeconds: run.stopForSeconds ?? delaySeconds };
}

/** A partial request may have to wait for its turn, which must not keep a full one from its own. */
function fullFirst(requests: readonly PlannedRequest[], limits: RequestLimits): PlannedRequest[] {
  const isFull = (request: PlannedRequest) => fillRatio(request, limits) >= 1;
  return [...requests.filter(isFull), ...requests.filter((request) => !isFull(request))];
}

/** @returns for how long what is left should stay away, in seconds */
async function sendUntilDone(
  run: Run,
  batch: Batch,
  ports: SubmitPorts,
  { deadlineMs }: SubmitOptions,
): Promise<number> {
  for (;;) {
    if (run.stopForSeconds !== undefined) return 0;
    const nowMs = ports.nowMs();
    const mustWait = run.queue.length === 0 || run.pauseUntilMs > nowMs || run.failures > 0;
    if (run.underWay.size >= (mustWait ? 1 : maxUnderWay)) {
      await Promise.race(run.underWay);
      continue;
    }
    if (run.queue.length === 0 || nowMs >= deadlineMs) return 0;
    if (run.pauseUntilMs > nowMs) {
      const pauseMs = run.pauseUntilMs - nowMs;
      if (run.pauseUntilMs >= deadlineMs) return Math.min(900, Math.ceil(pauseMs / 1000));
      await ports.sleep(pauseMs);
      continue;
    }
    // As many as may be under way, by one write; after a failure, one to see whether all is well again.
    const next = run.queue.slice(0, run.failures > 0 ? 1 : maxUnderWay - run.underWay.size);
    const permit = await acquireSlots(next, run, batch, ports);
    if (permit.usedShare !== undefined) ports.measure('BudgetUsedPercent', permit.usedShare * 100);
    if (permit.kind === 'wait') {
      // Several partial requests gain nothing by going back together; they wait for their turns in here.
      const isLast = run.queue.length === 1;
      if (isLast && permit.for === 'pace' && permit.untilMs > ports.nowMs() + longestPaceWaitMs) return 1;
      run.pauseUntilMs = permit.untilMs;
      continue;
    }
    // An answer may have come in the meantime. The places are spent either way.
    if (run.stopForSeconds !== undefined || run.pauseUntilMs > ports.nowMs()) continue;
    for (const [index, place] of permit.slots.entries()) {
      const request = next[index];
      if (request !== undefined) launch(request, place, run, batch, ports);
    }
  }
}

/** Sends a request without waiting for its answer, unless it was split while its place was being taken. */
function launch(request: PlannedRequest, place: Slot, run: Run, batch: Batch, ports: SubmitPorts): void {
  const index = run.queue.indexOf(request);
  if (index < 0) return;
  run.queue.splice(index, 1);
  const sending = sendOne(request, place, run, batch, ports).finally(() => run.underWay.delete(sending));
  run.underWay.add(sending);
}

/** Asks for places in the window. A fault of our own stores counts as unavailability. */
async function acquireSlots(
  requests: readonly PlannedRequest[],
  run: Run,
  batch: Batch,
  { cdnPro, ledger, ...ports }: SubmitPorts,
): Promise<SlotGrant> {
  try {
    await cdnPro.prepare();
    const nowMs = ports.nowMs();
    const asks = requests.map((request) => ({
      fillRatio: fillRatio(request, run.limits),
      oldestChangeMs: Math.min(nowMs, oldestChangeMs(request, batch)),
    }));
    return await ledger.reserve(asks);
  } catch (error) {
    const { name, message } = describeError(error);
    ports.log.warn(submitEvents.slotsUnavailable, { reason: `${name}: ${message}` });
    run.failures++;
    return { kind: 'wait', untilMs: ports.nowMs() + backoffMs(run.failures, ports.random()) };
  }
}

/** Sends a request in the place that was taken for it, and draws the conclusions. */
async function sendOne(
  request: PlannedRequest,
  place: Slot,
  run: Run,
  batch: Batch,
  ports: SubmitPorts,
): Promise<void> {
  const sentMs = ports.nowMs();
  const answer = await trySubmit(request, ports);
  // Without an answer, the request may still be on its way.
  if (answer.kind !== 'unavailable') ports.ledger.noteAnswer(place);
  const isNews = sentMs >= run.failedMs;
  const {
    again,
    pauseUntilMs = 0,
    stopForSeconds,
  } = await afterAnswer(request, answer, isNews, run, batch, ports);
  run.queue.unshift(...again);
  run.pauseUntilMs = Math.max(run.pauseUntilMs, pauseUntilMs);
  if (stopForSeconds !== undefined) run.stopForSeconds = stopForSeconds;
}

/** A fault before the request could be sent counts as unavailability. */
async function trySubmit(request: PlannedRequest, { cdnPro }: SubmitPorts): Promise<Answer> {
  try {
    return await cdnPro.submit(bodyOf(request));
  } catch (error) {
    const { name, message } = describeError(error);
    return { kind: 'unavailable', reason: `${name}: ${message}` };
  }
}
