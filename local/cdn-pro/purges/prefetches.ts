import { z } from 'zod';
import { type Answer, failure, type RequestFault } from '../answers.ts';
import { readJson } from '../json-body.ts';
import { formatTime, timeOf } from '../query.ts';
import { progressOf, type Task } from './tasks.ts';
import { hostFault, hostOf, urlFault } from './url-rules.ts';

const startsWithinMs = 24 * 3_600_000;
const regions = [
  'Africa',
  'Asia',
  'Europe',
  'North America',
  'Oceania',
  'South America',
  'Mainland China',
] as const;

const prefetchRequest = z.strictObject({
  name: z.string().max(1000).optional(),
  fileList: z.array(
    z.strictObject({
      url: z.string(),
      headers: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
    }),
  ),
  regions: z.array(z.string()).optional(),
  startTime: z.string().optional(),
  webhook: z.string().optional(),
});

/** The JSON of POST /cdn/prefetches. */
export type PrefetchRequest = Readonly<z.infer<typeof prefetchRequest>>;

/** A prefetch request that was accepted. */
export interface AcceptedPrefetch extends Task {
  readonly body: PrefetchRequest;
}

/** The result of reading a request's body. */
export type ParsedPrefetch =
  | { readonly ok: true; readonly request: PrefetchRequest; readonly fromMs: number }
  | { readonly ok: false; readonly fault: RequestFault };

/**
 * Validates the body of a prefetch request. Only hosts that are deployed in production can be prefetched.
 * @returns the request and when it is to begin, or the first fault in it
 */
export function parsePrefetchRequest(
  body: Buffer,
  productionHosts: readonly string[],
  nowMs: number,
): ParsedPrefetch {
  const parsed = readJson(body, prefetchRequest);
  if (!parsed.ok) return { ok: false, fault: { code: 'InvalidRequest', message: parsed.message } };
  const request = parsed.value;
  const fromMs = request.startTime === undefined ? nowMs : (timeOf(request.startTime) ?? Number.NaN);
  const [fault] = findFaults(request, productionHosts, fromMs - nowMs);
  return fault === undefined ? { ok: true, request, fromMs } : { ok: false, fault };
}

function* findFaults(
  request: PrefetchRequest,
  hosts: readonly string[],
  delayMs: number,
): Generator<RequestFault> {
  if (request.fileList.length === 0) {
    yield { code: 'InvalidPrefetchUrl', message: "The file list shouldn't be empty." };
  }
  for (const [index, { url, headers = [] }] of request.fileList.entries()) {
    const fault = urlFault('fileUrls', index, url);
    if (fault !== undefined) yield { code: 'InvalidPrefetchUrl', message: fault.message };
    if (headers.some(({ name }) => name === '')) {
      const message = "Invalid prefetch header. The header name shouldn't be empty.";
      yield { code: 'InvalidPrefetchUrl', message };
    }
    const unknown = hostFault(hostOf(url) ?? '', 'production', hosts);
    if (unknown !== undefined) yield { code: 'NoSuchDomain', message: unknown.message };
  }
  const region = request.regions?.find((name) => !regions.some((known) => known === name));
  if (region !== undefined) yield { code: 'InvalidRegion', message: `Invalid region: ${region}.` };
  if (!(delayMs >= 0 && delayMs <= startsWithinMs)) {
    yield { code: 'InvalidTime', message: 'The start time has to be within 24 hours in the future.' };
  }
}

/** @returns the answer to GET /cdn/prefetches/{id} */
export function readPrefetch(
  prefetches: readonly AcceptedPrefetch[],
  id: string,
  customerId: number,
  nowMs: number,
): Answer {
  const prefetch = prefetches.find((candidate) => candidate.id === id);
  if (prefetch !== undefined) return { status: 200, body: describe(prefetch, customerId, nowMs) };
  const message = 'The specified prefetch task ID does not exist or has been deleted.';
  return failure(404, 'InvalidPrefetchTaskId', message);
}

/** The OpenAPI file's example says `metaData`, its schema `metadata`: as in the example. */
function describe(prefetch: AcceptedPrefetch, customerId: number, nowMs: number) {
  const { status, successRate, finishMs } = progressOf(prefetch, nowMs);
  return {
    ...prefetch.body,
    metaData: {
      id: prefetch.id,
      submissionTime: formatTime(prefetch.submittedMs),
      ...(finishMs === undefined ? {} : { finishTime: formatTime(finishMs) }),
      successRate,
      status,
      apiRequestId: prefetch.requestId,
      customerId,
    },
    prefetchLevel: 'Parent',
  };
}
