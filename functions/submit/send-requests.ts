import type { Permit, Place } from '../aws/ledger.ts';
import { type Answer, isolate } from '../core/outcome.ts';
import { type Ask, fillOf } from '../core/pacing.ts';
import {
  bodyOf,
  halve,
  type PlannedRequest,
  planEntries,
  type RequestLimits,
  settledBy,
  textOf,
} from '../core/plan.ts';
import { backoffMs } from '../core/throttle.ts';
import { describeError } from '../log.ts';
import type { Batch, SubmitOptions, SubmitPorts } from './ports.ts';
import { recordRejected } from './settle.ts';

/** How long messages stay away after CDN Pro refused the credentials twice, in seconds. */
const unauthorizedDelaySeconds = 60;
/** The first and the longest pause after a 429 that names none, in milliseconds. The longest is CDN Pro's window. */
const firstPauseMs = 10_000;
const longestPauseMs = 300_000;

/** Most requests under way at once: enough to empty a full batch in about a second. */
const maxUnderWay = 8;
/** Who would wait longer than this for the pace gives its changes back, to go with those that come after them. */
const longestPaceWaitMs = 2000;

/** What could not be sent, and how long it should stay away. */
export interface Leftover {
  readonly left: readonly PlannedRequest[];
  readonly delaySeconds: number;
}

/** How this run has gone so far. */
interface Run {
  /** What a request may carry; less once CDN Pro has called one too large. */
  limits: RequestLimits;
  /** Requests to send, in this order. */
  queue: PlannedRequest[];
  readonly underWay: Set<Promise<void>>;
  /** Answers without a verdict in a row; several that were under way at once count as one. */
  failures: number;
  /** Times that the credentials were refused, counted the same way. */
  refusals: number;
  /** When the last of these two came in. */
  failedMs: number;
  /** No request before this time. */
  pauseUntilMs: number;
  /** Stop for now; what is left stays away for this long. */
  stopForSeconds?: number;
}

/** What follows from an answer. */
interface Step {
  /** Requests to send next. */
  readonly again: readonly PlannedRequest[];
  /** When to go on; at once where it is missing. */
  readonly pauseUntilMs?: number;
  /** Stop for now; what is left stays away for this long. */
  readonly stopForSeconds?: number;
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
  const isFull = (request: PlannedRequest) => fillOf(request, limits) >= 1;
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
    const [request] = run.queue;
    if (request === undefined || nowMs >= deadlineMs) return 0;
    if (run.pauseUntilMs > nowMs) {
      const pauseMs = run.pauseUntilMs - nowMs;
      if (run.pauseUntilMs >= deadlineMs) return Math.min(900, Math.ceil(pauseMs / 1000));
      await ports.sleep(pauseMs);
      continue;
    }
    const ask = {
      fill: fillOf(request, run.limits),
      oldestChangeMs: Math.min(nowMs, oldestChangeMs(request, batch)),
    };
    const permit = await takePlace(ask, run, ports);
    if (permit.kind === 'wait') {
      // Several partial requests gain nothing by going back together; they wait for their turns in here.
      const isLast = run.queue.length === 1;
      if (isLast && permit.for === 'pace' && permit.untilMs > ports.nowMs() + longestPaceWaitMs) return 1;
      run.pauseUntilMs = permit.untilMs;
      continue;
    }
    // An answer may have come in the meantime. The place is spent either way.
    if (run.stopForSeconds !== undefined || run.pauseUntilMs > ports.nowMs()) continue;
    const index = run.queue.indexOf(request);
    // It was split in the meantime.
    if (index < 0) continue;
    run.queue.splice(index, 1);
    const sending = sendOne(request, permit.place, run, batch, ports).finally(() =>
      run.underWay.delete(sending),
    );
    run.underWay.add(sending);
  }
}

/** Asks for a place in the window. A fault of our own stores counts as unavailability. */
async function takePlace(ask: Ask, run: Run, { cdnPro, ledger, ...ports }: SubmitPorts): Promise<Permit> {
  try {
    await cdnPro.prepare();
    return await ledger.reserve(ask);
  } catch (error) {
    const { name, message } = describeError(error);
    ports.log.warn('no purge request can be sent for now', { reason: `${name}: ${message}` });
    run.failures++;
    return { kind: 'wait', untilMs: ports.nowMs() + backoffMs(run.failures, ports.random()) };
  }
}

/** Sends a request in the place that was taken for it, and draws the conclusions. */
async function sendOne(
  request: PlannedRequest,
  place: Place | undefined,
  run: Run,
  batch: Batch,
  ports: SubmitPorts,
): Promise<void> {
  const sentMs = ports.nowMs();
  const answer = await trySubmit(request, ports);
  // Without an answer, the request may still be on its way.
  if (place !== undefined && answer.kind !== 'unavailable') ports.ledger.answered?.(place);
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

async function afterAnswer(
  request: PlannedRequest,
  answer: Answer,
  isNews: boolean,
  run: Run,
  batch: Batch,
  ports: SubmitPorts,
): Promise<Step> {
  if (answer.kind === 'accepted') {
    run.failures = 0;
    logAccepted(request, answer, batch, ports);
    return { again: [] };
  }
  if (answer.kind === 'refused' || answer.kind === 'too-large') {
    return afterRefusal(request, answer, run, batch, ports);
  }
  run.failedMs = ports.nowMs();
  if (answer.kind === 'unauthorized') return afterUnauthorized(request, answer, isNews, run, ports);
  if (isNews) run.failures++;
  if (answer.kind === 'throttled') return afterThrottling(request, answer, run, ports);
  ports.measure('RequestsUnavailable', 1);
  ports.log.warn('purge request failed: it will be sent again', { ...answer, urls: request.entries.length });
  return { again: [request], pauseUntilMs: ports.nowMs() + backoffMs(run.failures, ports.random()) };
}

async function afterRefusal(
  request: PlannedRequest,
  answer: Answer & { kind: 'refused' | 'too-large' },
  run: Run,
  batch: Batch,
  ports: SubmitPorts,
): Promise<Step> {
  const isTooLarge = answer.kind === 'too-large' && request.entries.length > 1;
  const { rejected, again } = isTooLarge
    ? { rejected: [], again: halve(request) }
    : isolate(request, answer.message);
  if (isTooLarge) shrink(run, request, ports);
  const { message, status, requestId } = answer;
  ports.measure('RequestsRefused', 1);
  ports.log.warn('purge refused: what is at fault is taken out, the rest is sent again', {
    status,
    message,
    requestId,
    urls: request.entries.length,
    rejected: rejected.length,
  });
  await recordRejected(rejected, answer, batch, ports);
  // What a rejected entry covers is not at fault for it. Coalesced again, it would only be refused again.
  const { coalesce: _, ...uncoalesced } = run.limits;
  const uncovered = planEntries(
    rejected.flatMap(({ covered = [] }) => covered),
    uncoalesced,
  );
  return { again: [...again, ...uncovered] };
}

/** Lets no request carry more than half of what CDN Pro has just called too large, in this run and in later ones. */
function shrink(run: Run, { entries }: PlannedRequest, ports: SubmitPorts): void {
  const files = entries.filter(({ entry }) => entry.kind === 'file').length;
  const maxFileUrls = Math.max(1, Math.ceil(files / 2));
  if (files < 2 || maxFileUrls >= run.limits.maxFileUrls) return;
  const { coalesce: _, ...uncoalesced } = run.limits;
  run.limits = { ...uncoalesced, maxFileUrls };
  run.queue = run.queue.flatMap((waiting) => planEntries(waiting.entries, run.limits));
  ports.learn({ maxFileUrls });
  ports.log.warn('CDN Pro takes fewer file URLs in a request than configured: set maxFileUrls', {
    maxFileUrls,
  });
}

/**
 * The secret may have been rotated, so it is read again, once. After that nothing is gained by hammering, by this
 * consumer or another.
 */
async function afterUnauthorized(
  request: PlannedRequest,
  { status, message, requestId }: Answer & { kind: 'unauthorized' },
  isNews: boolean,
  run: Run,
  ports: SubmitPorts,
): Promise<Step> {
  ports.measure('CredentialsRefused', 1);
  if (!isNews) return { again: [request] };
  ports.forgetCredentials();
  run.refusals++;
  const fields = { status, message, requestId, urls: request.entries.length };
  if (run.refusals === 1) {
    ports.log.warn('credentials refused by CDN Pro: the secret is read again', fields);
    return { again: [request] };
  }
  ports.log.error('credentials refused by CDN Pro: put valid ones into the credentials secret', fields);
  await closeLedger(ports.nowMs() + unauthorizedDelaySeconds * 1000, ports);
  return { again: [request], stopForSeconds: unauthorizedDelaySeconds };
}

async function afterThrottling(
  request: PlannedRequest,
  { retryAfterMs, requestId }: Answer & { kind: 'throttled' },
  run: Run,
  ports: SubmitPorts,
): Promise<Step> {
  const growingMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.max(0, run.failures - 1));
  const pauseMs = retryAfterMs ?? growingMs * (0.5 + ports.random() / 2);
  const pauseUntilMs = ports.nowMs() + pauseMs;
  ports.measure('RequestsThrottled', 1);
  ports.log.warn('throttled by CDN Pro: no requests for a while', { pauseMs, requestId });
  await closeLedger(pauseUntilMs, ports);
  return { again: [request], pauseUntilMs };
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

async function closeLedger(untilMs: number, { ledger, log }: SubmitPorts): Promise<void> {
  try {
    await ledger.close(untilMs);
  } catch (error) {
    log.warn('the ledger could not be closed: other consumers do not know of the throttling', {
      error: describeError(error),
    });
  }
}

function logAccepted(
  request: PlannedRequest,
  { purgeId, requestId }: Answer & { kind: 'accepted' },
  batch: Batch,
  { log, nowMs, measure }: SubmitPorts,
): void {
  const { name: _, ...purge } = bodyOf(request);
  const settled = settledBy(request);
  const sent = new Set(request.entries);
  const covered = settled.filter((planned) => !sent.has(planned)).map(({ entry }) => textOf(entry));
  const oldestMs = oldestChangeMs(request, batch);
  const oldestChangeSeconds = (nowMs() - oldestMs) / 1000;
  measure('RequestsAccepted', 1);
  measure('EntriesPurged', settled.length);
  if (Number.isFinite(oldestMs)) measure('FreshnessSeconds', oldestChangeSeconds);
  log.info('purge accepted', {
    purgeId,
    requestId,
    ...purge,
    ...(covered.length > 0 ? { covered } : {}),
    messages: new Set(settled.flatMap(({ messages }) => messages)).size,
    ...(Number.isFinite(oldestMs) ? { oldestChangeSeconds } : {}),
  });
}

/** @returns when the oldest change in a request happened, in milliseconds; infinite where none says so */
function oldestChangeMs(request: PlannedRequest, { messages }: Batch): number {
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const index of new Set(settledBy(request).flatMap((planned) => planned.messages))) {
    const changedMs = Date.parse(messages[index]?.message.change?.occurredAt ?? '');
    if (changedMs < oldestMs) oldestMs = changedMs;
  }
  return oldestMs;
}
