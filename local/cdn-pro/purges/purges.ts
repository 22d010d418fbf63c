import { type Answer, badRequest, failure } from '../answers.ts';
import { formatTime, type Period, readChoice, readPeriod } from '../query.ts';
import type { PurgeRequest, Target } from './purge-request.ts';
import { progressOf, type Task } from './tasks.ts';

/** How long a purge can be read by its id: the vendor keeps records for some weeks. */
const keptMs = 30 * 24 * 3_600_000;

/** A purge request that was accepted. */
export interface AcceptedPurge extends Task {
  readonly body: PurgeRequest;
}

/** @returns the answer to GET /cdn/purges/{id}, with the fields of the vendor's page "Get a purge request" */
export function readPurge(
  purges: readonly AcceptedPurge[],
  id: string,
  customerId: number,
  nowMs: number,
): Answer {
  const purge = purges.find((candidate) => candidate.id === id);
  if (purge === undefined || purge.submittedMs <= nowMs - keptMs) {
    const message = 'The specified purge task ID does not exist or has been deleted.';
    return failure(404, 'InvalidPurgeTaskId', message);
  }
  return { status: 200, body: describePurge(purge, customerId, nowMs) };
}

function describePurge(purge: AcceptedPurge, customerId: number, nowMs: number) {
  const { name, webhook, target, action = 'invalidate' } = purge.body;
  const { fileUrls = [], fileHeaders = [], dirUrls = [], regexPatterns = [] } = purge.body;
  const { status, successRate, finishMs } = progressOf(purge, nowMs);
  return {
    ...(name === undefined ? {} : { name }),
    fileUrls,
    fileHeaders,
    dirUrls,
    dirHeaders: [],
    regexPatterns,
    target,
    action,
    submissionTime: formatTime(purge.submittedMs),
    ...(finishMs === undefined ? {} : { finishTime: formatTime(finishMs) }),
    status,
    successRate,
    apiRequestId: purge.requestId,
    customerId,
    ...(webhook === undefined ? {} : { webhook }),
  };
}

/** @returns the answer to GET /cdn/purges/purgeSummary */
export function summarizePurges(purges: readonly AcceptedPurge[], query: URLSearchParams): Answer {
  const missing = ['startdate', 'enddate'].find((name) => !query.has(name));
  if (missing !== undefined) {
    return badRequest({ code: 'InvalidRequest', message: `The parameter '${missing}' is missing.` });
  }
  const period = readPeriod(query);
  if (!period.ok) return badRequest(period.fault);
  const target = readTarget(query);
  if (!target.ok) return badRequest(target.fault);
  return { status: 200, body: summaryOf(purgesIn(purges, period.value, target.value ?? 'production')) };
}

/** @returns `target` of a query, which may be missing */
export function readTarget(query: URLSearchParams) {
  return readChoice<Target>(query, 'target', ['staging', 'production'], {
    code: 'InvalidTarget',
    message: "An invalid target was specified. It must be either 'staging' or 'production' or left empty.",
  });
}

function purgesIn(purges: readonly AcceptedPurge[], { fromMs, beforeMs }: Period, target: Target) {
  return purges.filter(
    ({ submittedMs, body }) => body.target === target && submittedMs >= fromMs && submittedMs < beforeMs,
  );
}

function summaryOf(purges: readonly AcceptedPurge[]) {
  const files = purges.map(({ body }) => body.fileUrls?.length ?? 0);
  const dirs = purges.map(({ body }) => body.dirUrls?.length ?? 0);
  const regexes = purges.map(({ body }) => body.regexPatterns?.length ?? 0);
  return {
    requests: purges.length,
    fileRequests: nonZero(files),
    dirRequests: nonZero(dirs),
    fileEntries: sum(files),
    dirEntries: sum(dirs),
    regexRequests: nonZero(regexes),
    regexEntries: sum(regexes),
  };
}

function nonZero(counts: readonly number[]): number {
  return counts.filter((count) => count > 0).length;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
