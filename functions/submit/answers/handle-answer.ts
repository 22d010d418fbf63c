import type { Answer } from '../../cdn-pro/answer.ts';
import type { ThrottleAnswer } from '../../core/limits/limits.ts';
import { firstPauseMs, pauseAfterThrottle } from '../../core/limits/requests/throttled.ts';
import { unauthorizedDelaySeconds } from '../../core/limits/requests/window.ts';
import { backoffMs } from '../../core/model/backoff.ts';
import { entryText } from '../../core/model/entry-text.ts';
import { bodyOf, type PlannedRequest, settledBy } from '../../core/planning/planned-request.ts';
import { bodySize } from '../../core/planning/refusals/learned-limits.ts';
import { describeError } from '../../lambda/log.ts';
import * as submitEvents from '../../lambda/submit-events.ts';
import { type Batch, oldestChangeMs, sendableSinceMs } from '../batch.ts';
import type { SubmitPorts } from '../ports.ts';
import type { Run } from '../run.ts';

/** The longest pause after a 429, in milliseconds: CDN Pro's window. */
const longestPauseMs = 300_000;
/** After so many 429s in a row it may be the day's tokens that are used up. */
const throttlesBeforeAsking = 2;

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

/** Notes what an answer says, and tells the run how to go on. What follows for the entries, the run concludes. */
export async function handleAnswer(answer: Answer, sent: SentRequest, context: SendContext): Promise<void> {
  switch (answer.kind) {
    case 'accepted':
      return handleAccepted(answer, sent.request, context);
    case 'refused':
    case 'forbidden':
      return handleRefused(answer, sent, context);
    case 'unauthorized':
      await handleUnauthorized(answer, sent, context);
      return context.run.retry([sent.request]);
    case 'throttled':
      return handleThrottled(answer, sent, context);
    case 'unavailable':
      return handleUnavailable(answer, sent, context);
  }
}

function handleAccepted(
  { purgeId, requestId }: AnswerOf<'accepted'>,
  request: PlannedRequest,
  { run, batch, ports: { log, nowMs, measure, learnedLimits } }: SendContext,
): void {
  run.accepted(request, nowMs());
  learnedLimits.noteAccepted(bodySize(request), nowMs());
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

/** Whether it is the content, the scope, the day's tokens or the credentials, is for evidence to say. */
function handleRefused(
  { kind: _, remaining: __, ...refusal }: AnswerOf<'refused' | 'forbidden'>,
  { request }: SentRequest,
  { run, ports }: SendContext,
): void {
  const { message, ...fields } = refusal;
  ports.measure('RequestsRefused', 1);
  // Not "message": that is the line's own.
  ports.log.warn(submitEvents.requestRefused, { ...fields, reason: message, ...about(request) });
  run.failed(request, { kind: 'refused', ...refusal }, ports.nowMs());
}

/**
 * The secret may have been rotated, so it is read again, once. After that nothing is gained by hammering, by this
 * consumer or another.
 * @param refusal of a purge request, or of another one that shows that it is the credentials
 */
export async function handleUnauthorized(
  {
    status,
    message,
    requestId,
  }: { readonly status: number; readonly message: string; readonly requestId?: string },
  { request, sentMs }: SentRequest,
  { run, ports }: SendContext,
): Promise<void> {
  const isNews = run.isNews(sentMs);
  run.noteRefusal(sentMs, ports.nowMs());
  ports.measure('CredentialsRefused', 1);
  if (!isNews) return;
  ports.forgetCredentials();
  const fields = { status, reason: message, requestId, ...about(request) };
  if (run.refusals === 1) {
    ports.log.warn(submitEvents.credentialsRefusedOnce, fields);
    return;
  }
  ports.log.error(submitEvents.credentialsRefused, fields);
  // Others who share the ledger may have credentials of their own, which are as good as before.
  await closeLedger(ports.nowMs() + unauthorizedDelaySeconds * 1000, 'this deployment', ports);
  run.stopFor(unauthorizedDelaySeconds);
}

async function handleThrottled(
  { kind: _, retryAfterMs, ...answer }: AnswerOf<'throttled'>,
  { request, sentMs }: SentRequest,
  { run, ports }: SendContext,
): Promise<void> {
  const pauseMs = await pauseThrottled({ sentMs, retryAfterMs, answer }, { run, ports });
  ports.measure('RequestsThrottled', 1);
  ports.log.warn(submitEvents.throttled, {
    pauseMs,
    requestId: answer.requestId,
    reason: answer.message,
    ...about(request),
  });
  const { target } = bodyOf(request);
  const isAsked = ports.evidence.tokensOf(target, ports.nowMs()) !== undefined;
  if (run.throttles >= throttlesBeforeAsking && !isAsked) run.askTokens(target);
  run.retry([request]);
}

/** Pauses everybody for as long as a 429 says, and never for less than the own growing pause. @returns for how long */
export async function pauseThrottled(
  {
    sentMs,
    retryAfterMs,
    answer,
  }: {
    readonly sentMs: number;
    readonly retryAfterMs: number | undefined;
    readonly answer?: ThrottleAnswer;
  },
  { run, ports }: Pick<SendContext, 'run' | 'ports'>,
): Promise<number> {
  run.noteThrottled(sentMs, ports.nowMs());
  const growingMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.max(0, run.failures - 1));
  const ownMs = growingMs * (0.5 + ports.random() / 2);
  const pauseMs = Math.min(longestPauseMs, pauseAfterThrottle(retryAfterMs, ownMs));
  const pauseUntilMs = ports.nowMs() + pauseMs;
  await closeLedger(pauseUntilMs, 'everyone', ports, answer);
  run.pauseUntil(pauseUntilMs);
  return pauseMs;
}

function handleUnavailable(
  answer: AnswerOf<'unavailable'>,
  { request, sentMs }: SentRequest,
  { run, ports }: SendContext,
): void {
  const { reason, status, requestId } = answer;
  run.noteFailure(sentMs, ports.nowMs());
  ports.measure('RequestsUnavailable', 1);
  ports.log.warn(submitEvents.requestFailed, { ...answer, ...about(request) });
  run.pauseUntil(ports.nowMs() + backoffMs(run.failures, ports.random()));
  run.failed(
    request,
    {
      kind: 'no-verdict',
      message: reason,
      ...(status === undefined ? {} : { status }),
      ...(requestId === undefined ? {} : { requestId }),
    },
    ports.nowMs(),
  );
}

/** What a log line says of a request that may hold thousands of URLs. */
export function about({ entries }: PlannedRequest): { readonly urls: number; readonly firstUrl: string } {
  return { urls: entries.length, firstUrl: entries[0] === undefined ? '' : entryText(entries[0].entry) };
}

async function closeLedger(
  untilMs: number,
  forWhom: 'everyone' | 'this deployment',
  { limitsTable, log }: SubmitPorts,
  answer?: ThrottleAnswer,
): Promise<void> {
  try {
    await limitsTable.close(untilMs, forWhom, answer);
  } catch (error) {
    log.warn(submitEvents.windowNotClosed, { error: describeError(error) });
  }
}
