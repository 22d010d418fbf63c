import { randomBytes, randomUUID } from 'node:crypto';
import { localAccountId } from '../template/identifiers.ts';

/** A request as it was received. */
export interface ProxyRequest {
  readonly method: string;
  /** Decoded. */
  readonly path: string;
  /** As received, without the question mark. */
  readonly query: string;
  /** Names and values in turn, as in Node.js. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly protocol: string;
  readonly sourceIp: string;
  readonly port: number;
}

/**
 * The event of payload format 2.0:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function proxyEvent(
  request: ProxyRequest,
  route: {
    readonly apiId: string;
    readonly routeKey: string;
    readonly pathParameters: Readonly<Record<string, string>>;
  },
  nowMs: number,
) {
  const headers = joinHeaders(request.rawHeaders);
  const domainName = headers.host ?? '127.0.0.1';
  const isText = isTextType(headers['content-type']);
  const queryEntries = joinValues(new URLSearchParams(request.query));
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: request.path,
    rawQueryString: request.query,
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
      domainPrefix: route.apiId,
      http: {
        method: request.method,
        path: request.path,
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: route.routeKey,
      stage: '$default',
      time: commonLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(Object.keys(route.pathParameters).length > 0 && { pathParameters: route.pathParameters }),
    ...(request.body.length > 0 && { body: request.body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

/** Headers of one connection, which API Gateway does not pass on; nor cookies, which no webhook has. */
const notPassedOn = [
  ...['connection', 'expect', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  'cookie',
];

/** Header names in lower case, the values of repeated ones joined by a comma. */
function joinHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const entries: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!notPassedOn.includes(name)) entries.push([name, rawHeaders[index + 1] ?? '']);
  }
  return joinValues(entries);
}

function joinValues(entries: Iterable<[string, string]>): Record<string, string> {
  const groups = Map.groupBy(entries, ([name]) => name);
  return Object.fromEntries(
    [...groups].map(([name, values]) => [name, values.map(([, value]) => value).join(',')]),
  );
}

/** Whether API Gateway passes a body of this media type on as a string; all others are encoded as base64. */
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
