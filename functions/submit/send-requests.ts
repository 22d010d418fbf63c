import { type Answer, isolate } from '../core/outcome.ts';
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

/** What could not be sent, and how long it should stay away. */
export interface Leftover {
  readonly left: readonly PlannedRequest[];
  readonly delaySeconds: number;
}

/** How this run has gone so far. */
interface Run {
  readonly limits: RequestLimits;
  /** Answers without a verdict in a row. */
  failures: number;
  /** Times that the credentials were refused. */
  refusals: number;
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
 * Sends requests until all are settled or time is up, each in a place of the rate limit's window.
 * @param requests in the order in which to send them
 * @returns the requests that are not settled
 */
export async function sendRequests(
  requests: readonly PlannedRequest[],
  batch: Batch,
  ports: SubmitPorts,
  { limits, deadlineMs }: SubmitOptions,
): Promise<Leftover> {
  const run: Run = { limits, failures: 0, refusals: 0 };
  let queue = requests;
  while (queue[0] !== undefined) {
    if (ports.nowMs() >= deadlineMs) return { left: queue, delaySeconds: 0 };
    const [request, ...others] = queue;
    const { again, pauseUntilMs, stopForSeconds } = await sendOne(request, run, batch, ports);
    queue = [...again, ...others];
    if (stopForSeconds !== undefined) return { left: queue, delaySeconds: stopForSeconds };
    if (pauseUntilMs === undefined) continue;
    const pauseMs = Math.max(0, pauseUntilMs - ports.nowMs());
    if (pauseUntilMs >= deadlineMs)
      return { left: queue, delaySeconds: Math.min(900, Math.ceil(pauseMs / 1000)) };
    await ports.sleep(pauseMs);
  }
  return { left: [], delaySeconds: 0 };
}

async function sendOne(request: PlannedRequest, run: Run, batch: Batch, ports: SubmitPorts): Promise<Step> {
  const answer = await trySubmit(request, ports);
  switch (answer.kind) {
    case 'wait':
      return { again: [request], pauseUntilMs: answer.untilMs };
    case 'accepted':
      run.failures = 0;
      logAccepted(request, answer, batch, ports);
      return { again: [] };
    case 'refused':
    case 'too-large':
      return afterRefusal(request, answer, run, batch, ports);
    case 'unauthorized':
      return afterUnauthorized(request, answer, run, ports);
    case 'throttled':
      return afterThrottling(request, answer, run, ports);
    case 'unavailable':
      run.failures++;
      ports.measure('RequestsUnavailable', 1);
      ports.log.warn('purge request failed: it will be sent again', {
        ...answer,
        urls: request.entries.length,
      });
      return { again: [request], pauseUntilMs: ports.nowMs() + backoffMs(run.failures, ports.random()) };
  }
}

async function afterRefusal(
  request: PlannedRequest,
  answer: Answer & { kind: 'refused' | 'too-large' },
  { limits }: Run,
  batch: Batch,
  ports: SubmitPorts,
): Promise<Step> {
  const { rejected, again } =
    answer.kind === 'too-large' && request.entries.length > 1
      ? { rejected: [], again: halve(request) }
      : isolate(request, answer.message);
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
  const { coalesce: _, ...uncoalesced } = limits;
  const uncovered = planEntries(
    rejected.flatMap(({ covered = [] }) => covered),
    uncoalesced,
  );
  return { again: [...again, ...uncovered] };
}

/**
 * The secret may have been rotated, so it is read again, once. After that nothing is gained by hammering, by this
 * consumer or another.
 */
async function afterUnauthorized(
  request: PlannedRequest,
  { status, message, requestId }: Answer & { kind: 'unauthorized' },
  run: Run,
  ports: SubmitPorts,
): Promise<Step> {
  ports.forgetCredentials();
  ports.measure('CredentialsRefused', 1);
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
  run.failures++;
  const growingMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (run.failures - 1));
  const pauseMs = retryAfterMs ?? growingMs * (0.5 + ports.random() / 2);
  const pauseUntilMs = ports.nowMs() + pauseMs;
  ports.measure('RequestsThrottled', 1);
  ports.log.warn('throttled by CDN Pro: no requests for a while', { pauseMs, requestId });
  await closeLedger(pauseUntilMs, ports);
  return { again: [request], pauseUntilMs };
}

/** Sends one request if the window has a place for it. A fault of our own stores counts as unavailability. */
async function trySubmit(
  request: PlannedRequest,
  { ledger, cdnPro }: SubmitPorts,
): Promise<Answer | { readonly kind: 'wait'; readonly untilMs: number }> {
  try {
    await cdnPro.prepare();
    const permit = await ledger.reserve();
    return permit.kind === 'wait' ? permit : await cdnPro.submit(bodyOf(request));
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
  { messages }: Batch,
  { log, nowMs, measure }: SubmitPorts,
): void {
  const { name: _, ...purge } = bodyOf(request);
  const settled = settledBy(request);
  const indices = new Set(settled.flatMap((planned) => planned.messages));
  const sent = new Set(request.entries);
  const covered = settled.filter((planned) => !sent.has(planned)).map(({ entry }) => textOf(entry));
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const index of indices) {
    const changedMs = Date.parse(messages[index]?.message.change?.occurredAt ?? '');
    if (changedMs < oldestMs) oldestMs = changedMs;
  }
  const oldestChangeSeconds = (nowMs() - oldestMs) / 1000;
  measure('RequestsAccepted', 1);
  measure('EntriesPurged', settled.length);
  if (Number.isFinite(oldestMs)) measure('FreshnessSeconds', oldestChangeSeconds);
  log.info('purge accepted', {
    purgeId,
    requestId,
    ...purge,
    ...(covered.length > 0 ? { covered } : {}),
    messages: indices.size,
    ...(Number.isFinite(oldestMs) ? { oldestChangeSeconds } : {}),
  });
}
