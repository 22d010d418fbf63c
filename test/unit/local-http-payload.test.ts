import { describe, expect, it } from 'vitest';
import { type ProxyRequest, proxyEvent } from '../../local/aws/http-api/proxy-event.ts';
import { readProxyResponse } from '../../local/aws/http-api/proxy-response.ts';
import { matchRoute } from '../../local/aws/http-api/routes.ts';

const route = {
  apiId: 'abc1234567',
  stage: '$default',
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
  ])('passes a body of %s on as text', (type) => {
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

  it('joins repeated headers, and takes cookies out of them', () => {
    const rawHeaders = ['X-A', '1', 'x-a', '2', 'Cookie', 'a=1; b=2', 'cookie', 'c=3', 'Connection', 'close'];
    const event = proxyEvent(request({ rawHeaders }), route, nowMs);
    expect(event.cookies).toEqual(['a=1', 'b=2', 'c=3']);
    expect(event.headers).toMatchObject({ 'x-a': '1,2' });
    expect(Object.keys(event.headers)).not.toEqual(expect.arrayContaining(['cookie', 'connection']));
  });

  it('decodes query parameters, and joins repeated ones', () => {
    const event = proxyEvent(request({ query: 'a=1&a=2&cookie=x&cookie=y&b=c%20d+e' }), route, nowMs);
    expect(event.queryStringParameters).toEqual({ a: '1,2', cookie: 'x,y', b: 'c d e' });
    expect(event.rawQueryString).toBe('a=1&a=2&cookie=x&cookie=y&b=c%20d+e');
  });

  it('leaves out what a request does not have', () => {
    const event = proxyEvent(request({ body: Buffer.alloc(0) }), { ...route, pathParameters: {} }, nowMs);
    expect(event).not.toHaveProperty('body');
    expect(event).not.toHaveProperty('cookies');
    expect(event).not.toHaveProperty('pathParameters');
    expect(event).not.toHaveProperty('queryStringParameters');
    expect(event.isBase64Encoded).toBe(false);
  });
});

describe('matchRoute', () => {
  const routes = [
    '$default',
    'ANY /{proxy+}',
    'GET /pets/{proxy+}',
    'GET /pets/{id}',
    'ANY /pets/dog',
    'GET /pets/dog',
    'GET /a.b',
  ].map((routeKey) => ({ routeKey }));

  it.each([
    ['GET', '/pets/dog', 'GET /pets/dog', {}],
    ['PUT', '/pets/dog', 'ANY /pets/dog', {}],
    ['GET', '/pets/cat', 'GET /pets/{id}', { id: 'cat' }],
    ['GET', '/pets/cat/1', 'GET /pets/{proxy+}', { proxy: 'cat/1' }],
    ['PUT', '/pets/cat', 'ANY /{proxy+}', { proxy: 'pets/cat' }],
    ['GET', '/axb', 'ANY /{proxy+}', { proxy: 'axb' }],
    ['GET', '/', '$default', {}],
  ])('sends %s %s to %s', (method, path, routeKey, pathParameters) => {
    expect(matchRoute(routes, method, path)).toEqual({ route: { routeKey }, pathParameters });
  });

  it('finds no route for what none serves', () => {
    expect(matchRoute([{ routeKey: 'POST /webhooks/{source}' }], 'GET', '/webhooks/x')).toBeUndefined();
    expect(matchRoute([{ routeKey: 'POST /webhooks/{source}' }], 'POST', '/webhooks/x/y')).toBeUndefined();
    expect(matchRoute([{ routeKey: 'POST /webhooks/{source}' }], 'POST', '/webhooks/')).toBeUndefined();
  });
});

describe('readProxyResponse', () => {
  const read = (payload: unknown) => {
    const { body, ...rest } = readProxyResponse({ outcome: 'returned', payload });
    return { ...rest, body: body.toString() };
  };
  const internalError = { statusCode: 500, body: '{"message":"Internal Server Error"}' };

  it('takes a response object at its word', () => {
    const payload = {
      statusCode: 202,
      headers: { 'X-Count': 3, 'Content-Type': 'text/csv' },
      cookies: ['a=1'],
      body: 'aGk=',
      isBase64Encoded: true,
    };
    expect(read(payload)).toEqual({
      statusCode: 202,
      headers: { 'x-count': '3', 'content-type': 'text/csv' },
      cookies: ['a=1'],
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
      cookies: [],
      body,
    });
  });

  it.each([
    { statusCode: 'ok' },
    { statusCode: 99 },
    { statusCode: 200, body: { not: 'a text' } },
    { statusCode: 200, headers: [] },
  ])('answers 500 for %j', (payload) => {
    expect(read(payload)).toMatchObject(internalError);
  });

  it('answers 500 for a function that failed, without a word of its error', () => {
    const error = { errorType: 'Error', errorMessage: 'secret' };
    const { statusCode, body } = readProxyResponse({ outcome: 'failed', cause: 'error', error });
    expect({ statusCode, body: body.toString() }).toEqual(internalError);
  });
});
