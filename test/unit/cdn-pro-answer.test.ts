import { describe, expect, test } from 'vitest';
import { readAnswer } from '../../functions/cdn-pro/answer.ts';

const nowMs = Date.UTC(2026, 0, 1);
const location = 'https://open.chinanetcenter.com/cdn/purges/5dca2205f9e9cc0001df7b33';

function answerTo(status: number, headers: Record<string, string> = {}, body = '') {
  return readAnswer({ status, headers: new Headers({ 'x-cnc-request-id': 'r1', ...headers }), body }, nowMs);
}

test('201 with a Location that names a purge is accepted, with the purge id', () => {
  expect(answerTo(201, { location, 'x-rate-limit-remaining': '17' })).toEqual({
    kind: 'accepted',
    requestId: 'r1',
    remaining: 17,
    purgeId: '5dca2205f9e9cc0001df7b33',
  });
});

test.each([
  ['200 with a login page', 200, {}, '<html><form>Sign in</form></html>'],
  ['200 with a Location', 200, { location }, ''],
  ['201 without a Location', 201, {}, ''],
  ['201 with the Location of something else', 201, { location: 'https://portal.example/login' }, ''],
  ['202', 202, { location }, '{}'],
  ['204', 204, {}, ''],
  ['207', 207, {}, '[]'],
  ['302', 302, { location: 'https://portal.example/login' }, ''],
] as const)('%s is no verdict', (_, status, headers, body) => {
  expect(answerTo(status, headers, body)).toEqual({
    kind: 'unavailable',
    requestId: 'r1',
    status,
    reason: `HTTP ${status}: ${body}`,
  });
});

test('an error of the API under 500 is a refusal, with its code', () => {
  const message = "The host 'test.domain.info' has not been deployed in the 'production' environment.";
  const body = JSON.stringify({ code: 'InvalidPurgeUrl', message });
  expect(answerTo(400, {}, body)).toEqual({
    kind: 'refused',
    requestId: 'r1',
    status: 400,
    code: 'InvalidPurgeUrl',
    message,
  });
  expect(answerTo(422, {}, '{"message":"no"}')).toEqual({
    kind: 'refused',
    requestId: 'r1',
    status: 422,
    message: 'no',
  });
});

test("a proxy's page is no verdict, except that 413 always means the request's size", () => {
  const page = '<html><body>maintenance</body></html>';
  expect(answerTo(400, {}, page)).toMatchObject({ kind: 'unavailable', reason: `HTTP 400: ${page}` });
  expect(answerTo(413, {}, page)).toMatchObject({ kind: 'refused', status: 413 });
});

test('words of size in a refusal mean nothing by themselves', () => {
  const body = JSON.stringify({ code: 'InvalidPurgeUrl', message: 'Too many unlimited quantifiers.' });
  expect(answerTo(400, {}, body)).toMatchObject({ kind: 'refused', status: 400 });
});

test('401 refuses the credentials; 403 may be about anything', () => {
  expect(answerTo(401, {}, '{"message":"no"}')).toEqual({
    kind: 'unauthorized',
    requestId: 'r1',
    status: 401,
    message: 'no',
  });
  expect(answerTo(403, {}, '<html>blocked</html>')).toEqual({
    kind: 'forbidden',
    requestId: 'r1',
    status: 403,
    message: '<html>blocked</html>',
  });
});

describe('429', () => {
  test.each([
    ['120', 120_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['0', 1000],
    ['-5', 1000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 1000],
    ['300000', 300_000],
    ['99999999', 300_000],
    ['Thu, 01 Jan 2105 00:00:00 GMT', 300_000],
  ])('with Retry-After: %s, from a second to a window', (value, retryAfterMs) => {
    expect(answerTo(429, { 'retry-after': value })).toEqual({
      kind: 'throttled',
      requestId: 'r1',
      retryAfterMs,
    });
  });

  test("with CDN Pro's own header", () => {
    const headers = { 'x-rate-limit-remaining': '0', 'x-rate-limit-retry-after-seconds': '7' };
    expect(answerTo(429, headers)).toEqual({
      kind: 'throttled',
      requestId: 'r1',
      remaining: 0,
      retryAfterMs: 7000,
    });
  });

  test('with what it says', () => {
    const body = JSON.stringify({ code: 'TooManyRequests', message: 'The limit has been reached.' });
    expect(answerTo(429, {}, body)).toEqual({
      kind: 'throttled',
      requestId: 'r1',
      message: 'The limit has been reached.',
    });
  });

  test.each([undefined, 'soon'])('with Retry-After %s says nothing of when', (value) => {
    expect(answerTo(429, value === undefined ? {} : { 'retry-after': value })).toEqual({
      kind: 'throttled',
      requestId: 'r1',
    });
  });
});

test.each([500, 502, 503, 504, 302, 404, 405, 408])('%d says nothing of the content', (status) => {
  const body = JSON.stringify({ code: 'X', message: 'x' });
  expect(answerTo(status, {}, body)).toEqual({
    kind: 'unavailable',
    requestId: 'r1',
    status,
    reason: `HTTP ${status}: x`,
  });
});
