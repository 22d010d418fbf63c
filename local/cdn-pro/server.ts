import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, cut, failure, notAllowed, send } from './answers.ts';
import { authenticationFault, type Credentials, namesUser } from './authentication.ts';
import { createFaultQueue, type FaultQueue, type InjectedFault, injectedAnswer } from './fault-injection.ts';
import { readBody, startLoopbackServer } from './loopback-server.ts';
import { type DeployedHosts, parsePurgeRequest } from './purge-request.ts';
import { type AcceptedPurge, acceptPurge, describePurge } from './purge-tasks.ts';
import { type Admission, createRateWindow, type RateLimit, type RateWindow } from './rate-window.ts';

const maxBodyBytes = 10 * 1024 * 1024;
const purgesPath = '/cdn/purges';

/** Options of a simulator. */
export interface CdnProOptions {
  /** The credentials of the one user of this simulator. */
  readonly credentials: Credentials;
  readonly deployedHosts: DeployedHosts;
  /**
   * The rate limit of POST /cdn/purges.
   * @default the vendor's, 300 requests in 300 seconds
   */
  readonly limit?: RateLimit;
  /**
   * Whether a 429 has a Retry-After header; the vendor's page does not say.
   * @default true
   */
  readonly retryAfter?: boolean;
  /**
   * How long a purge takes until it is `finished`, in milliseconds.
   * @default 100
   */
  readonly processingMs?: number;
  /**
   * The clock.
   * @default `Date.now`
   */
  readonly nowMs?: () => number;
  /**
   * The port on 127.0.0.1.
   * @default any free one
   */
  readonly port?: number;
  /** Called with each purge that is accepted, before the client gets the answer. */
  readonly onAccepted?: (purge: AcceptedPurge) => void;
}

/** One POST /cdn/purges, in the order of arrival. */
interface LoggedRequest {
  /** When its headers arrived: the time that counts for the rate limit. */
  readonly arrivedMs: number;
  readonly requestId: string;
  /** Whether it counted in the user's rate limit window: it did if it named the user, accepted or not. */
  readonly counted: boolean;
  /** The status of the answer; missing while there is none, as when the connection was reset or left hanging. */
  readonly status?: number;
  /** The JSON of its body, or the string where that is not JSON; missing until the body has arrived. */
  readonly body?: unknown;
}

/** A running simulator of the CDN Pro API. */
export interface CdnPro {
  /** The base URL of the API: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly requests: readonly LoggedRequest[];
  readonly purges: readonly AcceptedPurge[];
  /** Makes the next `times` (1 if missing) POST /cdn/purges go wrong; they still count in the rate limit. */
  readonly injectFault: (fault: InjectedFault, times?: number) => void;
  /** Replaces the credentials of the user, as when a key is rotated. */
  readonly replaceCredentials: (credentials: Credentials) => void;
  readonly stop: () => Promise<void>;
}

type OpenRequest = { -readonly [Field in keyof LoggedRequest]: LoggedRequest[Field] };

interface State {
  readonly options: CdnProOptions;
  readonly nowMs: () => number;
  readonly window: RateWindow;
  readonly faults: FaultQueue;
  readonly requests: LoggedRequest[];
  readonly purges: AcceptedPurge[];
  credentials: Credentials;
  url: string;
}

/**
 * Starts a simulator of CDN Pro's POST /cdn/purges and GET /cdn/purges/{id} on 127.0.0.1. It validates requests by the
 * vendor's page "Create a purge request" (2025-08-13) and shares no code with the client under test.
 *
 * Codes of errors: 400 `InvalidPurgeUrl` with the vendor's messages; where the vendor documents none, 400
 * `InvalidRequest`, 401 `Unauthorized`, 404 `NotFound`, 405 `MethodNotAllowed`, 413 `RequestTooLarge` (over 10 MiB),
 * 429 `TooManyRequests` and 500 `InternalError` (`onAccepted` threw). Every answer has an `x-cnc-request-id`.
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
  return {
    url: server.url,
    requests: state.requests,
    purges: state.purges,
    injectFault: (fault, times = 1) => state.faults.add(fault, times),
    replaceCredentials: (credentials) => {
      state.credentials = credentials;
    },
    stop: server.stop,
  };
}

function initialState(options: CdnProOptions): State {
  return {
    options,
    nowMs: options.nowMs ?? Date.now,
    window: createRateWindow(options.limit ?? { requests: 300, perSeconds: 300 }),
    faults: createFaultQueue(),
    requests: [],
    purges: [],
    credentials: options.credentials,
    url: '',
  };
}

async function handle(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = randomUUID();
  response.setHeader('x-cnc-request-id', requestId);
  const { path } = targetOf(request);
  const [, id] = /^\/cdn\/purges\/([^/]+)$/.exec(path) ?? [];
  if (path === purgesPath) {
    if (request.method === 'POST') await createPurge(state, request, response, requestId);
    else send(response, notAllowed('POST'));
  } else if (id !== undefined) {
    send(response, request.method === 'GET' ? readPurge(state, request, id) : notAllowed('GET'));
  } else {
    send(response, failure(404, 'NotFound', `There is nothing at '${path}'.`));
  }
}

async function createPurge(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
) {
  const arrivedMs = state.nowMs();
  const counted = namesUser(request.headers, state.credentials);
  const admission: Admission = counted ? state.window.arrive(arrivedMs) : { admitted: true };
  const logged: OpenRequest = { arrivedMs, requestId, counted };
  state.requests.push(logged);
  const fault = state.faults.next();
  const body = await readBody(request, maxBodyBytes);
  if (body !== undefined) logged.body = readable(body);
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'reset') return cut(response);
  const answer =
    fault?.kind === 'answer' ? injectedAnswer(fault) : judge(state, request, body, admission, requestId);
  logged.status = answer.status;
  if (fault?.kind === 'lost-answer') return cut(response);
  send(response, answer);
}

function judge(
  state: State,
  request: IncomingMessage,
  body: Buffer | undefined,
  admission: Admission,
  requestId: string,
): Answer {
  if (body === undefined)
    return failure(413, 'RequestTooLarge', `A body can be up to ${maxBodyBytes} bytes.`);
  const unauthorized = authenticate(state, request, body);
  if (unauthorized !== undefined) return unauthorized;
  if (!admission.admitted) return tooManyRequests(state.options, admission.retryAfterSeconds);
  const parsed = parsePurgeRequest(body, state.options.deployedHosts);
  if (!parsed.ok) return failure(400, parsed.fault.code, parsed.fault.message);
  const purge = acceptPurge(parsed.request, requestId, state.nowMs());
  state.options.onAccepted?.(purge);
  state.purges.push(purge);
  return { status: 201, headers: { location: `${state.url}${purgesPath}/${purge.id}` } };
}

function readPurge(state: State, request: IncomingMessage, id: string): Answer {
  const unauthorized = authenticate(state, request, Buffer.alloc(0));
  if (unauthorized !== undefined) return unauthorized;
  const purge = state.purges.find((candidate) => candidate.id === id);
  if (purge === undefined) return failure(404, 'NotFound', `There is no purge request '${id}'.`);
  return { status: 200, body: describePurge(purge, state.options.processingMs ?? 100, state.nowMs()) };
}

function authenticate(state: State, request: IncomingMessage, body: Buffer): Answer | undefined {
  const signed = { method: request.method ?? '', ...targetOf(request), headers: request.headers, body };
  const message = authenticationFault(signed, state.credentials, state.nowMs());
  return message === undefined ? undefined : failure(401, 'Unauthorized', message);
}

function targetOf(request: IncomingMessage) {
  const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
  return { path, query };
}

function tooManyRequests(options: CdnProOptions, retryAfterSeconds: number): Answer {
  const answer = failure(429, 'TooManyRequests', 'The limit of the request rate per user has been reached.');
  return options.retryAfter === false
    ? answer
    : { ...answer, headers: { 'retry-after': `${retryAfterSeconds}` } };
}

function readable(body: Buffer): unknown {
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
