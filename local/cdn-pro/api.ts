import { type Answer, badRequest, failure } from './answers.ts';
import { listHostnames } from './hostnames.ts';
import { defaultServiceQuota, exhaustedAnswer, serviceQuota } from './limits/quota-answers.ts';
import { createQuotaMeter } from './limits/quota-meter.ts';
import { createQuotas, defaultPrefetchQuota, type Quotas } from './limits/quotas.ts';
import type { CompleteOptions } from './options.ts';
import { type AcceptedPrefetch, parsePrefetchRequest, readPrefetch } from './purges/prefetches.ts';
import { listPurges } from './purges/purge-list.ts';
import { parsePurgeRequest } from './purges/purge-request.ts';
import { type AcceptedPurge, readPurge, readTarget, summarizePurges } from './purges/purges.ts';
import { newTask } from './purges/tasks.ts';
import type { Endpoint } from './routes.ts';

/** The customer that the one user belongs to. */
const customerId = 10_000_021;

/** A request that is authenticated and within the limits. */
export interface Call {
  readonly endpoint: Endpoint;
  /** The variable part of its path. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly requestId: string;
  /** The base URL of the API. */
  readonly url: string;
}

/** What the API does, without HTTP, limits and authentication. */
export interface Api {
  readonly purges: readonly AcceptedPurge[];
  readonly prefetches: readonly AcceptedPrefetch[];
  readonly quotas: Quotas;
  readonly answer: (call: Call) => Answer;
}

/** @returns an API that nobody has used */
export function createApi(options: CompleteOptions): Api {
  const { nowMs, deployedHosts, overdraft, dayMs, exhausted } = options;
  const purges: AcceptedPurge[] = [];
  const prefetches: AcceptedPrefetch[] = [];
  const quotas = createQuotas(options);
  const prefetchMeter = createQuotaMeter({ quota: defaultPrefetchQuota, overdraft, dayMs });

  function createPurge({ body, requestId, url }: Call): Answer {
    const parsed = parsePurgeRequest(body, options);
    if (!parsed.ok) return badRequest(parsed.fault);
    const { request } = parsed;
    if (!quotas.pay(request.target, request, nowMs())) return exhaustedAnswer(exhausted);
    const plan = {
      fromMs: nowMs(),
      processingMs: options.processingMs(request),
      successRate: options.successRate(request),
    };
    const purge = { ...newTask(requestId, plan, nowMs()), body: request };
    options.onAccepted(purge);
    purges.push(purge);
    return created(`${url}/cdn/purges/${purge.id}`);
  }

  function createPrefetch({ body, requestId, url }: Call): Answer {
    const parsed = parsePrefetchRequest(body, deployedHosts.production, nowMs());
    if (!parsed.ok) return badRequest(parsed.fault);
    const { request, fromMs } = parsed;
    if (!prefetchMeter.affords(request.fileList.length, nowMs())) return exhaustedAnswer(exhausted);
    prefetchMeter.spend(request.fileList.length, nowMs());
    const processingMs = options.processingMs({ target: 'production' });
    const prefetch = {
      ...newTask(requestId, { fromMs, processingMs, successRate: 100 }, nowMs()),
      body: request,
    };
    options.onPrefetch(prefetch);
    prefetches.push(prefetch);
    return created(`${url}/cdn/prefetches/${prefetch.id}`);
  }

  function readTokens({ query }: Call): Answer {
    const target = readTarget(query);
    if (!target.ok) return badRequest(target.fault);
    const { files, dirs } = quotas.left(target.value ?? 'production', nowMs());
    return { status: 200, body: { filePurgeTokens: files, dirPurgeTokens: dirs } };
  }

  function readServiceQuota({ id }: Call): Answer {
    if (!options.hasServiceQuotas) return failure(404, 'NotFound', 'There is nothing at this path.');
    if (id !== 'me' && id !== String(customerId)) {
      const message =
        'The provided customer ID does not exist or the caller does not have permission to access it.';
      return badRequest({ code: 'InvalidCustomerId', message });
    }
    const { hasContract, maxFileUrls } = options;
    return hasContract
      ? serviceQuota({ customerId, quotas: options.quotas, maxFileUrls })
      : defaultServiceQuota(customerId);
  }

  function readPrefetchTokens(): Answer {
    return { status: 200, body: { prefetchTokens: Math.max(0, prefetchMeter.left(nowMs())) } };
  }

  const handlers: Readonly<Record<Endpoint, (call: Call) => Answer>> = {
    'POST /cdn/purges': createPurge,
    'GET /cdn/purges': ({ query }) => listPurges(purges, query, options.unseenMs, nowMs()),
    'GET /cdn/purges/purgeTokens': readTokens,
    'GET /cdn/purges/purgeSummary': ({ query }) => summarizePurges(purges, query),
    'GET /cdn/purges/{id}': ({ id }) => readPurge(purges, id, customerId, nowMs()),
    'POST /cdn/prefetches': createPrefetch,
    'GET /cdn/prefetches/prefetchTokens': readPrefetchTokens,
    'GET /cdn/prefetches/{id}': ({ id }) => readPrefetch(prefetches, id, customerId, nowMs()),
    'GET /cdn/serviceQuotas/customer/{id}': readServiceQuota,
    'GET /cdn/hostnames': ({ query }) => listHostnames(deployedHosts, query),
  };
  return { purges, prefetches, quotas, answer: (call) => handlers[call.endpoint](call) };
}

function created(location: string): Answer {
  return { status: 201, headers: { location } };
}
