import { describe, expect, it } from 'vitest';
import { type ProxyRequest, proxyEvent } from '../../local/aws/http-api/proxy-event.ts';
import { readProxyResponse } from '../../local/aws/http-api/proxy-response.ts';
import { isSupportedRoute, matchRoute } from '../../local/aws/http-api/routes.ts';

const route = {
  apiId: 'abc1234567',
  routeKey: 'POST /webhooks/{source}',
  pathParameters: { source: 'contentful' },
};
const nowMs = Date.UTC(2020, 2, 12, 19, 3, 58, 390);

function request(overrides: Partial<ProxyRequest> = {}): ProxyRequest {
  return {
    method: 'POST',
    path: '/webhooks/contentful',
    query: '',
    rawHeaders: ['Host', 'api.example', 'User-Agent', 'curl'],
    body: Buffer.from('{"a":"é"}'),
    protocol: 'HTTP/1.1',
    sourceIp: '127.0.0.1',
    port: 4000,
    ...overrides,
  };
}

const withType = (type: string) => request({ rawHeaders: ['Content-Type', type] });

describe('proxyEvent', () => {
  it('has the form of payload format 2.0', () => {
    const event = proxyEvent(
      request({ rawHeaders: ['Host', 'h', 'Content-Type', 'application/json'] }),
      route,
      nowMs,
    );
    expect(event).toEqual({
      version: '2.0',
      routeKey: 'POST /webhooks/{source}',
      rawPath: '/webhooks/contentful',
      rawQueryString: '',
      headers: {
        host: 'h',
        'content-type': 'application/json',
        'content-length': '10',
        'x-amzn-trace-id': expect.stringMatching(/^Root=1-5e6a879e-[0-9a-f]{24}$/),
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': '4000',
        'x-forwarded-proto': 'http',
      },
      requestContext: {
        accountId: '000000000000',
        apiId: 'abc1234567',
        domainName: 'h',
        domainPrefix: 'abc1234567',
        http: {
          method: 'POST',
          path: '/webhooks/contentful',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: '',
        },
        requestId: expect.any(String),
        routeKey: 'POST /webhooks/{source}',
        stage: '$default',
        time: '12/Mar/2020:19:03:58 +0000',
        timeEpoch: nowMs,
      },
      pathParameters: { source: 'contentful' },
      body: '{"a":"é"}',
      isBase64Encoded: false,
    });
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/XML',
    'application/javascript',
    'text/plain',
    'text/x-anything;a=b',
  ])('passes a body of %s on as a string', (type) => {
    expect(proxyEvent(withType(type), route, nowMs)).toMatchObject({
      body: '{"a":"é"}',
      isBase64Encoded: false,
    });
  });

  it.each([
    'application/vnd.contentful.management.v1+json',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'image/png',
    '',
  ])('encodes a body of "%s"', (type) => {
    expect(proxyEvent(withType(type), route, nowMs)).toMatchObject({
      body: Buffer.from('{"a":"é"}').toString('base64'),
      isBase64Encoded: true,
    });
  });

  it('encodes a body without a type', () => {
    expect(proxyEvent(request(), route, nowMs).isBase64Encoded).toBe(true);
  });

  it('joins repeated headers, and leaves out cookies and those of the connection', () => {
    const rawHeaders = ['X-A', '1', 'x-a', '2', 'Cookie', 'a=1; b=2', 'Connection', 'close'];
    const { headers } = proxyEvent(request({ rawHeaders }), route, nowMs);
    expect(headers).toMatchObject({ 'x-a': '1,2' });
    expect(headers).not.toHaveProperty('cookie');
    expect(headers).not.toHaveProperty('connection');
  });

  it('decodes query parameters, and joins repeated ones', () => {
    const event = proxyEvent(request({ query: 'a=1&a=2&cookie=x&cookie=y&b=c%20d+e' }), route, nowMs);
    expect(event.queryStringParameters).toEqual({ a: '1,2', cookie: 'x,y', b: 'c d e' });
    expect(event.rawQueryString).toBe('a=1&a=2&cookie=x&cookie=y&b=c%20d+e');
  });

  it('leaves out what a request does not have', () => {
    const event = proxyEvent(request({ body: Buffer.alloc(0) }), { ...route, pathParameters: {} }, nowMs);
    expect(event).not.toHaveProperty('body');
    expect(event).not.toHaveProperty('pathParameters');
    expect(event).not.toHaveProperty('queryStringParameters');
    expect(event.isBase64Encoded).toBe(false);
  });
});

describe('matchRoute', () => {
  it.each([
    ['/webhooks/cms', '/webhooks/cms', {}],
    ['/webhooks/other', '/webhooks/{name}', { name: 'other' }],
    ['/a/b/c', '/a/{x}/c', { x: 'b' }],
    ['/a/b/d', '/{x}/b/{y}', { x: 'a', y: 'd' }],
  ])('%s is served by the most specific route, whatever the order', (path, template, pathParameters) => {
    const paths = ['/webhooks/{name}', '/{x}/b/{y}', '/{x}/{y}/c', '/a/{x}/c', '/webhooks/cms'];
    const routes = paths.map((each) => ({ routeKey: `POST ${each}` }));
    for (const ordered of [routes, routes.toReversed()]) {
      expect(matchRoute(ordered, 'POST', path)).toEqual({
        route: { routeKey: `POST ${template}` },
        pathParameters,
      });
    }
  });

  const routes = ['POST /webhooks/{source}', 'GET /webhooks/{source}', 'GET /a.b/{one}/{two}'].map(
    (routeKey) => ({ routeKey }),
  );

  it.each([
    ['POST', '/webhooks/x', 'POST /webhooks/{source}', { source: 'x' }],
    ['GET', '/webhooks/a b', 'GET /webhooks/{source}', { source: 'a b' }],
    ['GET', '/a.b/1/2', 'GET /a.b/{one}/{two}', { one: '1', two: '2' }],
  ])('sends %s %s to %s', (method, path, routeKey, pathParameters) => {
    expect(matchRoute(routes, method, path)).toEqual({ route: { routeKey }, pathParameters });
  });

  it.each([
    ['PUT', '/webhooks/x'],
    ['POST', '/webhooks/x/y'],
    ['POST', '/webhooks/'],
    ['GET', '/axb/1/2'],
  ])('finds no route for %s %s', (method, path) => {
    expect(matchRoute(routes, method, path)).toBeUndefined();
  });

  it.each(['$default', 'ANY /webhooks', 'GET /{proxy+}', 'GET /'])('does not support %s', (routeKey) => {
    expect(isSupportedRoute(routeKey)).toBe(false);
  });
});

describe('readProxyResponse', () => {
  const read = (payload: unknown) => {
    const { body, ...rest } = readProxyResponse({ outcome: 'returned', payload });
    return { ...rest, body: body.toString() };
  };
  const internalError = { statusCode: 500, body: '{"message":"Internal Server Error"}' };

  it('reads a response object', () => {
    const payload = {
      statusCode: 202,
      headers: { 'X-Count': 3, 'Content-Type': 'text/csv' },
      body: 'aGk=',
      isBase64Encoded: true,
    };
    expect(read(payload)).toEqual({
      statusCode: 202,
      headers: { 'x-count': '3', 'content-type': 'text/csv' },
      body: 'hi',
    });
  });

  it.each([
    [{ message: 'hi' }, '{"message":"hi"}'],
    ['Hello', 'Hello'],
    [[1], '[1]'],
  ])('answers %j without a status as 200 and JSON', (payload, body) => {
    expect(read(payload)).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body,
    });
  });

  it.each([
    { statusCode: 'ok' },
    { statusCode: 99 },
    { statusCode: 200, body: { not: 'a string' } },
    { statusCode: 200, headers: [] },
  ])('answers 500 for %j', (payload) => {
    expect(read(payload)).toMatchObject(internalError);
  });

  it('answers 500 for a function that failed, without its error', () => {
    const error = { errorType: 'Error', errorMessage: 'secret' };
    const { statusCode, body } = readProxyResponse({ outcome: 'failed', cause: 'error', error });
    expect({ statusCode, body: body.toString() }).toEqual(internalError);
  });
});
