import { randomBytes, randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import { closeServer, listen } from './emulators.ts';
import { isRecord } from './intrinsics.ts';
import { type InvocationResult, type LocalFunction, PayloadTooLargeError } from './lambda.ts';
import { localAccountId } from './template.ts';

/** A route of an HTTP API and the function behind it. */
export interface Route {
  /** `POST /webhooks/{source}`, `ANY /{proxy+}`, `$default`, ... */
  readonly routeKey: string;
  readonly target: LocalFunction;
  /** How long the integration waits for the function. */
  readonly timeoutMs: number;
}

/** A stage of an HTTP API. `$default` is served at the root, any other under its name. */
export interface HttpApiSettings {
  readonly apiId: string;
  readonly stageNames: readonly string[];
  readonly routes: readonly Route[];
}

/** An HTTP API that listens. */
export interface HttpApi {
  /** Without a slash at its end. */
  readonly url: string;
  /** Begins to serve; what comes earlier is answered 503. */
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
  const server = createServer(async (request, response) => {
    const startedMs = Date.now();
    const answered = await answerRequest(request, settings).catch(() =>
      message(500, 'Internal Server Error'),
    );
    const { statusCode } = send(request, response, answered);
    const durationMs = Date.now() - startedMs;
    onAnswer({ method: request.method ?? '', path: request.url ?? '/', statusCode, durationMs });
  });
  const url = await listen(server, port, purpose);
  return {
    url,
    serve(given) {
      settings = given;
    },
    stop: () => closeServer(server),
  };
}

/** What goes back to the client. */
export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

async function answerRequest(
  request: IncomingMessage,
  settings: HttpApiSettings | undefined,
): Promise<HttpAnswer> {
  const body = await readBody(request);
  if (body === undefined) return message(413, 'Request Entity Too Large');
  if (settings === undefined) return message(503, 'Service Unavailable');
  const { path, query } = splitUrl(request.url ?? '/');
  const stage = settings.stageNames.find((name) => name !== '$default' && isUnder(path, name)) ?? '$default';
  if (!settings.stageNames.includes(stage)) return message(404, 'Not Found');
  const routedPath = stage === '$default' ? path : path.slice(stage.length + 1) || '/';
  const match = matchRoute(settings.routes, request.method ?? '', routedPath);
  if (match === undefined) return message(404, 'Not Found');
  const event = proxyEvent(
    {
      method: request.method ?? '',
      path,
      query,
      rawHeaders: request.rawHeaders,
      body,
      ...connectionOf(request),
    },
    { apiId: settings.apiId, stage, routeKey: match.route.routeKey, pathParameters: match.pathParameters },
    Date.now(),
  );
  return runIntegration(match.route, event);
}

async function runIntegration({ target, timeoutMs }: Route, event: object): Promise<HttpAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<undefined>((settle) => {
    timer = setTimeout(settle, timeoutMs);
  });
  try {
    const result = await Promise.race([target.invoke(event, 'http'), timedOut]);
    return result === undefined ? message(503, 'Service Unavailable') : readProxyResponse(result);
  } catch (error) {
    if (error instanceof PayloadTooLargeError) return message(413, 'Request Entity Too Large');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The bytes of a body; undefined where they are over the limit. What is over is read all the same, and thrown away. */
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

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isUnder(path: string, stageName: string): boolean {
  return path === `/${stageName}` || path.startsWith(`/${stageName}/`);
}

/** Routes */

/**
 * The route that serves a request, the most specific first: one that names the whole path, one with variables, one
 * with a greedy variable, `$default`; its own method before `ANY`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
 * @returns undefined where no route fits.
 */
export function matchRoute<Kind extends { readonly routeKey: string }>(
  routes: readonly Kind[],
  method: string,
  path: string,
): { readonly route: Kind; readonly pathParameters: Record<string, string> } | undefined {
  const fitting = routes.flatMap((route) => {
    const pathParameters = matchRouteKey(route.routeKey, method, path);
    return pathParameters === undefined ? [] : [{ route, pathParameters }];
  });
  return fitting.sort((one, other) => generality(one.route.routeKey) - generality(other.route.routeKey))[0];
}

function matchRouteKey(routeKey: string, method: string, path: string): Record<string, string> | undefined {
  if (routeKey === '$default') return {};
  const [routeMethod, template = '/'] = routeKey.split(' ');
  if (routeMethod !== 'ANY' && routeMethod !== method) return undefined;
  const names: string[] = [];
  const source = template.replace(/\{([^}+]+)(\+?)\}|[^{]+/g, (part, name?: string, greedy?: string) => {
    if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    names.push(name);
    return greedy ? '(.+)' : '([^/]+)';
  });
  const found = new RegExp(`^${source}$`).exec(path);
  return found ? Object.fromEntries(names.map((name, index) => [name, found[index + 1] ?? ''])) : undefined;
}

function generality(routeKey: string): number {
  if (routeKey === '$default') return Number.POSITIVE_INFINITY;
  const variables = routeKey.match(/\{/g)?.length ?? 0;
  return (routeKey.includes('+}') ? 1000 : 0) + 10 * variables + (routeKey.startsWith('ANY ') ? 1 : 0);
}

/** Events */

/** A request as it came in. */
export interface ProxyRequest {
  readonly method: string;
  /** Decoded. */
  readonly path: string;
  /** As it came, without its question mark. */
  readonly query: string;
  /** Names and values in turn, as Node.js gives them. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly protocol: string;
  readonly sourceIp: string;
  readonly port: number;
}

function connectionOf(request: IncomingMessage): Pick<ProxyRequest, 'protocol' | 'sourceIp' | 'port'> {
  return {
    protocol: `HTTP/${request.httpVersion}`,
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
    port: request.socket.localPort ?? 80,
  };
}

/**
 * The event of payload format 2.0:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function proxyEvent(
  request: ProxyRequest,
  route: {
    readonly apiId: string;
    readonly stage: string;
    readonly routeKey: string;
    readonly pathParameters: Readonly<Record<string, string>>;
  },
  nowMs: number,
) {
  const { cookie: cookies, ...headers } = joinHeaders(request.rawHeaders);
  const domainName = headers.host ?? '127.0.0.1';
  const isText = isTextType(headers['content-type']);
  const queryEntries = groupValues(new URLSearchParams(request.query), () => ',');
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: request.path,
    rawQueryString: request.query,
    ...(cookies && { cookies: cookies.split(/;\s*/) }),
    headers: {
      'content-length': String(request.body.length),
      ...headers,
      'x-amzn-trace-id': `Root=1-${Math.floor(nowMs / 1000).toString(16)}-${randomBytes(12).toString('hex')}`,
      'x-forwarded-for': [headers['x-forwarded-for'], request.sourceIp].filter(Boolean).join(', '),
      'x-forwarded-port': String(request.port),
      'x-forwarded-proto': 'http',
    },
    ...(Object.keys(queryEntries).length > 0 && { queryStringParameters: queryEntries }),
    requestContext: {
      accountId: localAccountId,
      apiId: route.apiId,
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method: request.method,
        path: request.path,
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: route.routeKey,
      stage: route.stage,
      time: commonLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(Object.keys(route.pathParameters).length > 0 && { pathParameters: route.pathParameters }),
    ...(request.body.length > 0 && { body: request.body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

/** Headers that concern one connection alone, which API Gateway does not pass on. */
const hopByHop = ['connection', 'expect', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** Header names in lower case, the values of repeated ones joined by a comma; those of cookies by a semicolon. */
function joinHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const entries: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!hopByHop.includes(name)) entries.push([name, rawHeaders[index + 1] ?? '']);
  }
  return groupValues(entries, (name) => (name === 'cookie' ? '; ' : ','));
}

function groupValues(
  entries: Iterable<[string, string]>,
  separatorOf: (name: string) => string,
): Record<string, string> {
  const groups = Map.groupBy(entries, ([name]) => name);
  return Object.fromEntries(
    [...groups].map(([name, values]) => [name, values.map(([, value]) => value).join(separatorOf(name))]),
  );
}

/** The media types whose bodies API Gateway passes on as text; all others are encoded as base64. */
function isTextType(contentType = ''): boolean {
  const mediaType = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  return mediaType.startsWith('text/') || /^application\/(json|javascript|xml)$/.test(mediaType);
}

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(nowMs: number): string {
  const [, day, month, year, time] =
    /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(nowMs).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

/** Responses */

/** What the result of a function means to the client: what payload format 2.0 says, or the error that AWS answers. */
export function readProxyResponse(result: InvocationResult): HttpAnswer {
  if (result.outcome === 'stopped') return message(503, 'Service Unavailable');
  if (result.outcome === 'failed') return message(500, 'Internal Server Error');
  const { payload } = result;
  if (!isRecord(payload) || payload.statusCode === undefined) {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return answer(200, { 'content-type': 'application/json' }, body);
  }
  const statusCode = Number(payload.statusCode);
  const { headers = {}, body = '', cookies = [] } = withoutNulls(payload);
  const isValid = Number.isInteger(statusCode) && statusCode >= 200 && statusCode <= 599;
  if (!isValid || typeof body !== 'string' || !isRecord(headers) || !Array.isArray(cookies)) {
    return message(500, 'Internal Server Error');
  }
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  const bytes = Buffer.from(body, payload.isBase64Encoded === true ? 'base64' : 'utf8');
  const all = { 'content-type': 'text/plain; charset=utf-8', ...Object.fromEntries(named) };
  return { ...answer(statusCode, all, bytes), cookies: cookies.map(String) };
}

function withoutNulls(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}

function answer(statusCode: number, headers: Record<string, string>, body: string | Buffer): HttpAnswer {
  return { statusCode, headers, cookies: [], body: typeof body === 'string' ? Buffer.from(body) : body };
}

function message(statusCode: number, text: string): HttpAnswer {
  return answer(statusCode, { 'content-type': 'application/json' }, JSON.stringify({ message: text }));
}

/** Sends an answer, or the error that stands for one that HTTP does not allow. Returns what was sent. */
function send(request: IncomingMessage, response: ServerResponse, wanted: HttpAnswer): HttpAnswer {
  const sent = isSendable(wanted) ? wanted : message(500, 'Internal Server Error');
  response.writeHead(sent.statusCode, {
    ...sent.headers,
    ...(sent.cookies.length > 0 && { 'set-cookie': [...sent.cookies] }),
    'apigw-requestid': randomBytes(8).toString('base64url'),
    'content-length': sent.body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : sent.body);
  return sent;
}

function isSendable({ headers, cookies }: HttpAnswer): boolean {
  try {
    for (const [name, value] of [
      ...Object.entries(headers),
      ...cookies.map((cookie) => ['set-cookie', cookie]),
    ]) {
      validateHeaderName(name ?? '');
      validateHeaderValue(name ?? '', value ?? '');
    }
    return true;
  } catch {
    return false;
  }
}
