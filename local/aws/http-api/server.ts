import { randomBytes } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import { refuseOtherHosts } from '../../loopback/hosts.ts';
import { closeServer, listen } from '../emulators/server.ts';
import { type LocalFunction, PayloadTooLargeError } from '../lambda/invocation.ts';
import { type ProxyRequest, proxyEvent } from './proxy-event.ts';
import { errorAnswer, type HttpAnswer, readProxyResponse } from './proxy-response.ts';
import { matchRoute } from './routes.ts';
import { createThrottle, type RouteThrottle } from './throttle.ts';

/** A route of an HTTP API and the function behind it. */
export interface Route {
  /** Such as `POST /webhooks/blog`. */
  readonly routeKey: string;
  readonly target: LocalFunction;
  /** How long the integration waits for the function. */
  readonly timeoutMs: number;
  /** Its own limit; undefined where there is none. */
  readonly throttle: RouteThrottle | undefined;
}

/** An HTTP API with the stage `$default`. */
export interface HttpApiSettings {
  readonly apiId: string;
  readonly routes: readonly Route[];
}

/** An HTTP API that listens. */
export interface HttpApi {
  /** Without a trailing slash. */
  readonly url: string;
  /** Starts to serve; earlier requests are answered 503. */
  readonly serve: (settings: HttpApiSettings) => void;
  readonly stop: () => Promise<void>;
}

/** One request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  readonly path: string;
  readonly statusCode: number;
  readonly durationMs: number;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const maxBodyBytes = 10 * 1024 * 1024;

/**
 * Starts the endpoint of an HTTP API on 127.0.0.1.
 * @throws {PortInUseError} for a port that is taken.
 */
export async function startHttpApi(
  port: number | undefined,
  purpose: string,
  onAnswer: (request: AnsweredRequest) => void,
): Promise<HttpApi> {
  let settings: HttpApiSettings | undefined;
  const throttles = new Map<string, (nowMs: number) => boolean>();
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const startedMs = Date.now();
    const answered = await answerRequest(request, settings, throttles).catch(() =>
      errorAnswer(500, 'Internal Server Error'),
    );
    const { statusCode } = send(request, response, answered);
    const durationMs = Date.now() - startedMs;
    onAnswer({ method: request.method ?? '', path: request.url ?? '/', statusCode, durationMs });
  };
  const server = createServer(refuseOtherHosts((request, response) => void respond(request, response)));
  const url = await listen(server, port, purpose);
  return {
    url,
    serve(given) {
      settings = given;
      for (const { routeKey, throttle } of given.routes) {
        if (throttle !== undefined) throttles.set(routeKey, createThrottle(throttle));
      }
    },
    stop: () => closeServer(server),
  };
}

async function answerRequest(
  request: IncomingMessage,
  settings: HttpApiSettings | undefined,
  throttles: ReadonlyMap<string, (nowMs: number) => boolean>,
): Promise<HttpAnswer> {
  const body = await readBody(request);
  if (body === undefined) return errorAnswer(413, 'Request Entity Too Large');
  if (settings === undefined) return errorAnswer(503, 'Service Unavailable');
  const { path, query } = splitUrl(request.url ?? '/');
  const match = matchRoute(settings.routes, request.method ?? '', path);
  if (match === undefined) return errorAnswer(404, 'Not Found');
  const { routeKey } = match.route;
  if (throttles.get(routeKey)?.(Date.now()) === false) return errorAnswer(429, 'Too Many Requests');
  const event = proxyEvent(
    {
      method: request.method ?? '',
      path,
      query,
      rawHeaders: request.rawHeaders,
      body,
      ...connectionOf(request),
    },
    { apiId: settings.apiId, routeKey, pathParameters: match.pathParameters },
    Date.now(),
  );
  return runIntegration(match.route, event);
}

async function runIntegration({ target, timeoutMs }: Route, event: object): Promise<HttpAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<undefined>((settle) => {
    timer = setTimeout(() => settle(undefined), timeoutMs);
  });
  try {
    const result = await Promise.race([target.invoke(event, 'http'), timedOut]);
    return result === undefined ? errorAnswer(503, 'Service Unavailable') : readProxyResponse(result);
  } catch (error) {
    if (error instanceof PayloadTooLargeError) return errorAnswer(413, 'Request Entity Too Large');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a body; undefined where it is over the limit. What is over is read, too, and dropped. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= maxBodyBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return sizeBytes <= maxBodyBytes ? Buffer.concat(chunks) : undefined;
}

/** API Gateway decodes the path of an HTTP API before it routes, `rawPath` included, and leaves the query as it is. */
function splitUrl(url: string): { path: string; query: string } {
  const [path = '/', ...query] = url.split('?');
  return { path: decode(path), query: query.join('?') };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function connectionOf(request: IncomingMessage): Pick<ProxyRequest, 'protocol' | 'sourceIp' | 'port'> {
  return {
    protocol: `HTTP/${request.httpVersion}`,
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
    port: request.socket.localPort ?? 80,
  };
}

/** Sends an answer, or an error instead of one that HTTP does not allow. @returns what was sent */
function send(request: IncomingMessage, response: ServerResponse, wanted: HttpAnswer): HttpAnswer {
  const sent = isSendable(wanted) ? wanted : errorAnswer(500, 'Internal Server Error');
  response.writeHead(sent.statusCode, {
    ...sent.headers,
    'apigw-requestid': randomBytes(8).toString('base64url'),
    'content-length': sent.body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : sent.body);
  return sent;
}

function isSendable({ headers }: HttpAnswer): boolean {
  try {
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return true;
  } catch {
    return false;
  }
}
