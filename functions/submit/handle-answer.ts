import type { Answer } from '../cdn-pro/answer.ts';
import { unauthorizedDelaySeconds } from '../core/limits/window.ts';
import { backoffMs } from '../core/model/backoff.ts';
import { entryText } from '../core/model/entry-text.ts';
import { isolate } from '../core/planning/isolate.ts';
import { planEntries, type RequestLimits } from '../core/planning/plan.ts';
import { bodyOf, halve, type PlannedRequest, settledBy } from '../core/planning/planned-request.ts';
import { describeError } from '../lambda/log.ts';
import { submitEvents } from '../lambda/log-events.ts';
import type { Batch, SubmitPorts } from './ports.ts';
import { oldestChangeMs, recordRejected } from './return-messages.ts';

/** The first and the longest pause after a 429 that names none, in milliseconds. The longest is CDN Pro's window. */
const firstPauseMs = 10_000;
const longestPauseMs = 300_000;

/** How this run has gone so far. */
export interface Run {
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
export interface Step {
  /** Requests to send next. */
  readonly again: readonly PlannedRequest[];
  /** When to go on; at once where it is missing. */
  readonly pauseUntilMs?: number;
  /** Stop for now; what is left stays away for this long. */
  readonly stopForSeconds?: number;
}

/**
 * Draws the conclusions from an answer: settles what it settles, and says how to go on.
 * @param isNews whether the request was sent after the last failure was known: those that were under way with it fail
 *   for the same reason
 */
export async function afterAnswer(
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
  ports.log.warn(submitEvents.requestFailed, { ...answer, ...about(request) });
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
  ports.log.warn(submitEvents.requestRefused, {
    status,
    reason: message,
    requestId,
    ...about(request),
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
  ports.log.warn(submitEvents.fewerFileUrls, {
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
  // Not "message": that is the line's own.
  const fields = { status, reason: message, requestId, ...about(request) };
  if (run.refusals === 1) {
    ports.log.warn(submitEvents.credentialsRefusedOnce, fields);
    return { again: [request] };
  }
  ports.log.error(submitEvents.credentialsRefused, fields);
  // Others who share the ledger may have credentials of their own, which are as good as before.
  await closeLedger(ports.nowMs() + unauthorizedDelaySeconds * 1000, 'this deployment', ports);
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
  ports.log.warn(submitEvents.throttled, { pauseMs, requestId, ...about(request) });
  await closeLedger(pauseUntilMs, 'everyone', ports);
  return { again: [request], pauseUntilMs };
}

/** What a line says of a request that may hold thousands of URLs. */
function about({ entries }: PlannedRequest): { readonly urls: number; readonly firstUrl: string } {
  return { urls: entries.length, firstUrl: entries[0] === undefined ? '' : entryText(entries[0].entry) };
}

async function closeLedger(
  untilMs: number,
  forWhom: 'everyone' | 'this deployment',
  { ledger, log }: SubmitPorts,
): Promise<void> {
  try {
    await ledger.close(untilMs, forWhom);
  } catch (error) {
    log.warn(submitEvents.windowNotClosed, {
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
  const covered = settled.filter((planned) => !sent.has(planned)).map(({ entry }) => entryText(entry));
  const oldestMs = oldestChangeMs(request, batch);
  const oldestChangeSeconds = (nowMs() - oldestMs) / 1000;
  measure('RequestsAccepted', 1);
  measure('EntriesPurged', settled.length);
  if (Number.isFinite(oldestMs)) measure('FreshnessSeconds', oldestChangeSeconds);
  log.info(submitEvents.purgeAccepted, {
    purgeId,
    requestId,
    ...purge,
    ...(covered.length > 0 ? { covered } : {}),
    messages: new Set(settled.flatMap(({ messages }) => messages)).size,
    ...(Number.isFinite(oldestMs) ? { oldestChangeSeconds } : {}),
  });
}
