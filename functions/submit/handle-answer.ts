import type { Answer } from '../cdn-pro/answer.ts';
import { unauthorizedDelaySeconds } from '../core/limits/window.ts';
import { backoffMs } from '../core/model/backoff.ts';
import { entryText } from '../core/model/entry-text.ts';
import { isolate } from '../core/planning/isolate.ts';
import { planEntries } from '../core/planning/plan.ts';
import { bodyOf, halve, type PlannedRequest, settledBy } from '../core/planning/planned-request.ts';
import { describeError } from '../lambda/log.ts';
import { submitEvents } from '../lambda/log-events.ts';
import { type Batch, oldestChangeMs, sendableSinceMs } from './batch.ts';
import type { SubmitPorts } from './ports.ts';
import { recordRejected } from './return-messages.ts';
import type { Run } from './run.ts';

/** The first and the longest pause after a 429, in milliseconds. The longest is CDN Pro's window. */
const firstPauseMs = 10_000;
const longestPauseMs = 300_000;
/** Added to the time that a 429 tells, which is in whole seconds. */
const retryMarginMs = 1000;

/** What sending works with. */
export interface SendContext {
  readonly run: Run;
  readonly batch: Batch;
  readonly ports: SubmitPorts;
}

/** A request that was sent. */
export interface SentRequest {
  readonly request: PlannedRequest;
  readonly sentMs: number;
}

type AnswerOf<Kind extends Answer['kind']> = Answer & { readonly kind: Kind };

/** Settles what an answer settles, and tells the run how to go on. */
export async function handleAnswer(answer: Answer, sent: SentRequest, context: SendContext): Promise<void> {
  switch (answer.kind) {
    case 'accepted':
      context.run.noteAccepted();
      return reportAccepted(answer, sent.request, context);
    case 'refused':
      return handleRefused(answer, sent.request, context);
    case 'unauthorized':
    case 'forbidden':
      return handleUnauthorized(answer, sent, context);
    case 'throttled':
      return handleThrottled(answer, sent, context);
    case 'unavailable':
      return handleUnavailable(answer, sent, context);
  }
}

function reportAccepted(
  { purgeId, requestId }: AnswerOf<'accepted'>,
  request: PlannedRequest,
  { batch, ports: { log, nowMs, measure } }: SendContext,
): void {
  const { name: _, ...purge } = bodyOf(request);
  const settled = settledBy(request);
  const sent = new Set(request.entries);
  const covered = settled.filter((planned) => !sent.has(planned)).map(({ entry }) => entryText(entry));
  const oldestMs = oldestChangeMs(request, batch);
  const oldestChangeSeconds = (nowMs() - oldestMs) / 1000;
  measure('RequestsAccepted', 1);
  measure('EntriesPurged', settled.length);
  if (Number.isFinite(oldestMs)) {
    measure('FreshnessSeconds', (nowMs() - sendableSinceMs(request, batch)) / 1000);
  }
  log.info(submitEvents.purgeAccepted, {
    purgeId,
    requestId,
    ...purge,
    ...(covered.length > 0 ? { covered } : {}),
    messages: new Set(settled.flatMap(({ messages }) => messages)).size,
    ...(Number.isFinite(oldestMs) ? { oldestChangeSeconds } : {}),
  });
}

async function handleRefused(
  answer: AnswerOf<'refused'>,
  request: PlannedRequest,
  { run, batch, ports }: SendContext,
): Promise<void> {
  const isTooLarge = answer.status === 413 && request.entries.length > 1;
  const { rejected, again } = isTooLarge
    ? { rejected: [], again: halve(request) }
    : isolate(request, answer.message);
  if (isTooLarge) learnMaxFileUrls(request, run, ports);
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
  // The entries that a rejected one covers are not at fault. Coalesced again, they would only be refused again.
  const { coalesce: _, ...uncoalesced } = run.limits;
  const uncovered = planEntries(
    rejected.flatMap(({ covered = [] }) => covered),
    uncoalesced,
  );
  run.retry([...again, ...uncovered]);
}

/** Lets no request carry more than half of what CDN Pro has just called too large, in this run and in later ones. */
function learnMaxFileUrls({ entries }: PlannedRequest, run: Run, ports: SubmitPorts): void {
  const files = entries.filter(({ entry }) => entry.kind === 'file').length;
  const maxFileUrls = Math.max(1, Math.ceil(files / 2));
  if (files < 2 || maxFileUrls >= run.limits.maxFileUrls) return;
  run.lowerMaxFileUrls(maxFileUrls);
  ports.learn({ maxFileUrls });
  ports.log.warn(submitEvents.fewerFileUrls, { maxFileUrls });
}

/**
 * The secret may have been rotated, so it is read again, once. After that nothing is gained by hammering, by this
 * consumer or another.
 */
async function handleUnauthorized(
  { status, message, requestId }: AnswerOf<'unauthorized' | 'forbidden'>,
  { request, sentMs }: SentRequest,
  { run, ports }: SendContext,
): Promise<void> {
  const isNews = run.isNews(sentMs);
  run.noteRefusal(sentMs, ports.nowMs());
  ports.measure('CredentialsRefused', 1);
  if (isNews) {
    ports.forgetCredentials();
    // Not "message": that is the line's own.
    const fields = { status, reason: message, requestId, ...about(request) };
    if (run.refusals === 1) ports.log.warn(submitEvents.credentialsRefusedOnce, fields);
    else {
      ports.log.error(submitEvents.credentialsRefused, fields);
      // Others who share the ledger may have credentials of their own, which are as good as before.
      await closeLedger(ports.nowMs() + unauthorizedDelaySeconds * 1000, 'this deployment', ports);
      run.stopFor(unauthorizedDelaySeconds);
    }
  }
  run.retry([request]);
}

async function handleThrottled(
  { retryAfterMs, requestId }: AnswerOf<'throttled'>,
  { request, sentMs }: SentRequest,
  { run, ports }: SendContext,
): Promise<void> {
  run.noteFailure(sentMs, ports.nowMs());
  const growingMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.max(0, run.failures - 1));
  const toldMs = retryAfterMs === undefined ? 0 : retryAfterMs + retryMarginMs;
  const pauseMs = Math.min(longestPauseMs, Math.max(toldMs, growingMs * (0.5 + ports.random() / 2)));
  const pauseUntilMs = ports.nowMs() + pauseMs;
  ports.measure('RequestsThrottled', 1);
  ports.log.warn(submitEvents.throttled, { pauseMs, requestId, ...about(request) });
  await closeLedger(pauseUntilMs, 'everyone', ports);
  run.pauseUntil(pauseUntilMs);
  run.retry([request]);
}

function handleUnavailable(
  answer: AnswerOf<'unavailable'>,
  { request, sentMs }: SentRequest,
  { run, ports }: SendContext,
): void {
  run.noteFailure(sentMs, ports.nowMs());
  ports.measure('RequestsUnavailable', 1);
  ports.log.warn(submitEvents.requestFailed, { ...answer, ...about(request) });
  run.pauseUntil(ports.nowMs() + backoffMs(run.failures, ports.random()));
  run.retry([request]);
}

/** What a log line says of a request that may hold thousands of URLs. */
function about({ entries }: PlannedRequest): { readonly urls: number; readonly firstUrl: string } {
  return { urls: entries.length, firstUrl: entries[0] === undefined ? '' : entryText(entries[0].entry) };
}

async function closeLedger(
  untilMs: number,
  forWhom: 'everyone' | 'this deployment',
  { limitsTable, log }: SubmitPorts,
): Promise<void> {
  try {
    await limitsTable.close(untilMs, forWhom);
  } catch (error) {
    log.warn(submitEvents.windowNotClosed, { error: describeError(error) });
  }
}
