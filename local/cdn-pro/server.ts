import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, cut, failure, notAllowed, send } from './answers.ts';
import { type Api, createApi } from './api.ts';
import { type Authentication, type Credentials, createAuthentication, namesUser } from './authentication.ts';
import { createFaultQueue, type FaultQueue, type InjectedFault, injectedAnswer } from './fault-injection.ts';
import type { Tokens } from './limits/quotas.ts';
import { type Admission, createRequestLimits, type RequestLimits } from './limits/request-limits.ts';
import { readBody, startLoopbackServer } from './loopback-server.ts';
import { type CdnProOptions, type CompleteOptions, withDefaults } from './options.ts';
import type { AcceptedPrefetch } from './purges/prefetches.ts';
import type { Target } from './purges/purge-request.ts';
import type { AcceptedPurge } from './purges/purges.ts';
import { type Endpoint, type Route, routeOf } from './routes.ts';

/** One POST /cdn/purges, in the order of arrival. */
interface LoggedRequest {
  /** When its headers arrived: the time that counts for the limits. */
  readonly arrivedMs: number;
  readonly requestId: string;
  /** Whether it counted in the limits: it did if it named the user, accepted or not. */
  readonly counted: boolean;
  /** The status of the answer; missing while there is none, as when the connection was reset or left hanging. */
  readonly status?: number;
  /** The JSON of its body, or the string where that is not JSON; missing until the body has arrived. */
  readonly body?: unknown;
}

/** One request to another endpoint, in the order of arrival. */
interface OtherRequest extends LoggedRequest {
  readonly endpoint: Endpoint;
}

/** A running simulator of the CDN Pro API. */
export interface CdnPro {
  /** The base URL of the API: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly requests: readonly LoggedRequest[];
  readonly otherRequests: readonly OtherRequest[];
  readonly purges: readonly AcceptedPurge[];
  readonly prefetches: readonly AcceptedPrefetch[];
  /** Makes the next `times` (1 if missing) requests to an endpoint (POST /cdn/purges if missing) go wrong; they still count. */
  readonly injectFault: (fault: InjectedFault, times?: number, endpoint?: Endpoint) => void;
  /** Makes every request go wrong, until it is called without a fault; they still count. */
  readonly breakDown: (fault?: InjectedFault) => void;
  /** Purges in the name of another user of the same customer: takes tokens, and a request from the bucket. */
  readonly purgeElsewhere: (target: Target, tokens: Tokens) => void;
  /** Replaces the credentials of the user, as when a key is rotated. */
  readonly replaceCredentials: (credentials: Credentials) => void;
  readonly stop: () => Promise<void>;
}

type OpenRequest = { -readonly [Field in keyof LoggedRequest]: LoggedRequest[Field] };

interface State {
  readonly options: CompleteOptions;
  readonly api: Api;
  readonly authentication: Authentication;
  readonly limits: RequestLimits;
  readonly faults: FaultQueue;
  readonly requests: LoggedRequest[];
  readonly otherRequests: OtherRequest[];
  credentials: Credentials;
  /** What goes wrong with every request. */
  breakdown: InjectedFault | undefined;
  url: string;
}

/**
 * Starts a simulator of the parts of CDN Pro's API that concern purges, on 127.0.0.1. It is written from the vendor's
 * page "Create a purge request" (2025-08-13) and OpenAPI file (2026-06), and shares no code with the client under test.
 *
 * Codes of errors are the vendor's; where the vendor documents none, 400 `InvalidRequest`, 401 `Unauthorized`, 404
 * `NotFound`, 405 `MethodNotAllowed`, 413 `RequestTooLarge`, 429 `TooManyRequests` and 500 `InternalError`
 * (`onAccepted` threw). Every answer has an `x-cnc-request-id`.
 * @returns the simulator, once it listens; rejects when the port is in use
 */
export async function startCdnPro(options: CdnProOptions): Promise<CdnPro> {
  const state = initialState(options);
  const server = await startLoopbackServer((request, response) => {
    handle(state, request, response).catch((error: Error) => {
      // The client has disconnected, or `onAccepted` has failed.
      send(response, failure(500, 'InternalError', error.message));
    });
  }, options.port);
  state.url = server.url;
  const { api, limits, faults } = state;
  const { nowMs } = state.options;
  return {
    url: server.url,
    requests: state.requests,
    otherRequests: state.otherRequests,
    purges: api.purges,
    prefetches: api.prefetches,
    injectFault: (fault, times = 1, endpoint = 'POST /cdn/purges') => faults.add(endpoint, fault, times),
    breakDown: (fault) => {
      state.breakdown = fault;
    },
    purgeElsewhere(target, tokens) {
      limits.arriveOther(nowMs());
      api.quotas.spend(target, tokens, nowMs());
    },
    replaceCredentials: (credentials) => {
      state.credentials = credentials;
    },
    stop: server.stop,
  };
}

function initialState(given: CdnProOptions): State {
  const options = withDefaults(given);
  const { limit: window, bucket, retryAfter, refuseReplays, credentials } = options;
  return {
    options,
    api: createApi(options),
    authentication: createAuthentication({ refuseReplays }),
    limits: createRequestLimits({ window, bucket, retryAfter }),
    faults: createFaultQueue(),
    requests: [],
    otherRequests: [],
    credentials,
    breakdown: undefined,
    url: '',
  };
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = randomUUID();
  response.setHeader('x-cnc-request-id', requestId);
  const { path } = targetOf(request);
  const route = routeOf(request.method ?? '', path);
  switch (route.kind) {
    case 'endpoint':
      return serve(state, route, request, response, requestId);
    case 'method-not-allowed':
      return send(response, notAllowed(route.methods));
    case 'not-found':
      return send(response, failure(404, 'NotFound', `There is nothing at '${path}'.`));
  }
}

async function serve(
  state: State,
  route: Route & { kind: 'endpoint' },
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<void> {
  const { options, limits, faults } = state;
  const arrivedMs = options.nowMs();
  const counted = namesUser(request.headers, state.credentials);
  const admission = counted ? limits.arrive(options.costs[route.endpoint] ?? 1, arrivedMs) : { headers: {} };
  const logged = logRequest(state, route.endpoint, { arrivedMs, requestId, counted });
  const fault = state.breakdown ?? faults.next(route.endpoint);
  const body = await readBody(request, options.maxBodyBytes);
  if (body !== undefined && body.length > 0) logged.body = readable(body);
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'reset') return cut(response);
  const answer =
    fault?.kind === 'answer'
      ? injectedAnswer(fault)
      : judge(state, route, request, body, admission, requestId);
  logged.status = answer.status;
  if (fault?.kind === 'lost-answer') return cut(response);
  send(response, { ...answer, headers: { ...admission.headers, ...answer.headers } });
}

function logRequest(state: State, endpoint: Endpoint, logged: OpenRequest): OpenRequest {
  if (endpoint === 'POST /cdn/purges') {
    state.requests.push(logged);
    return logged;
  }
  const other = { ...logged, endpoint };
  state.otherRequests.push(other);
  return other;
}

function judge(
  state: State,
  { endpoint, id }: Route & { kind: 'endpoint' },
  request: IncomingMessage,
  body: Buffer | undefined,
  { refusal }: Admission,
  requestId: string,
): Answer {
  const { options, authentication, credentials, url, api } = state;
  if (body === undefined) {
    return failure(413, 'RequestTooLarge', `A body can be up to ${options.maxBodyBytes} bytes.`);
  }
  const target = targetOf(request);
  const signed = { method: request.method ?? '', ...target, headers: request.headers, body };
  const message = authentication.faultOf(signed, credentials, options.nowMs());
  if (message !== undefined) return failure(401, 'Unauthorized', message);
  if (refusal !== undefined) return refusal;
  return api.answer({ endpoint, id, query: new URLSearchParams(target.query), body, requestId, url });
}

function targetOf(request: IncomingMessage) {
  const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
  return { path, query };
}

function readable(body: Buffer): unknown {
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
