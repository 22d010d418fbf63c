import { randomBytes } from 'node:crypto';
import type { PurgeRequest } from './purge-request.ts';

/** A purge request that was accepted. */
export interface AcceptedPurge {
  /** 24 hexadecimal digits, as the vendor's. */
  readonly id: string;
  /** The `x-cnc-request-id` of the answer that accepted it. */
  readonly requestId: string;
  readonly submittedMs: number;
  readonly body: PurgeRequest;
}

/** @returns an accepted purge with a new id */
export function acceptPurge(body: PurgeRequest, requestId: string, nowMs: number): AcceptedPurge {
  return { id: randomBytes(12).toString('hex'), requestId, submittedMs: nowMs, body };
}

/**
 * A purge waits during the first half of `processingMs`, is in progress during the second, and then has finished.
 * @returns the body of GET /cdn/purges/{id}, with the fields of the vendor's page "Get a purge request"
 */
export function describePurge(purge: AcceptedPurge, processingMs: number, nowMs: number) {
  const { name, webhook, target, action = 'invalidate' } = purge.body;
  const { fileUrls = [], fileHeaders = [], dirUrls = [], regexPatterns = [] } = purge.body;
  const finishedMs = purge.submittedMs + processingMs;
  const finished = nowMs >= finishedMs;
  return {
    ...(name === undefined ? {} : { name }),
    fileUrls,
    fileHeaders,
    dirUrls,
    dirHeaders: [],
    regexPatterns,
    target,
    action,
    submissionTime: new Date(purge.submittedMs).toISOString(),
    ...(finished ? { finishTime: new Date(finishedMs).toISOString() } : {}),
    status: finished ? 'finished' : nowMs >= finishedMs - processingMs / 2 ? 'inprogress' : 'waiting',
    successRate: finished ? 100 : 0,
    apiRequestId: purge.requestId,
    ...(webhook === undefined ? {} : { webhook }),
  };
}
