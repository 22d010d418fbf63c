import { describe, expect, test } from 'vitest';
import { readAnswer } from '../../functions/cdn-pro/answer.ts';

const nowMs = Date.UTC(2026, 0, 1);

function answerTo(status: number, headers: Record<string, string> = {}, body = '') {
  return readAnswer({ status, headers: new Headers({ 'x-cnc-request-id': 'r1', ...headers }), body }, nowMs);
}

test('201 with a Location is accepted, with the purge id', () => {
  expect(
    answerTo(201, { location: 'https://open.chinanetcenter.com/cdn/purges/5dca2205f9e9cc0001df7b33' }),
  ).toEqual({
    kind: 'accepted',
    requestId: 'r1',
    purgeId: '5dca2205f9e9cc0001df7b33',
  });
  expect(answerTo(201)).toEqual({ kind: 'accepted', requestId: 'r1' });
});

test('400 is a refusal with the server message', () => {
  const message = "The host 'test.domain.info' has not been deployed in the 'production' environment.";
  const body = JSON.stringify({ code: 'InvalidPurgeUrl', message });
  expect(answerTo(400, {}, body)).toEqual({ kind: 'refused', requestId: 'r1', status: 400, message });
  expect(answerTo(422, {}, '<html>')).toMatchObject({ kind: 'refused', message: '<html>' });
});

test('413, and a 400 about size, is too large; a URL in the message that sounds like it is not', () => {
  expect(answerTo(413)).toMatchObject({ kind: 'too-large' });
  expect(answerTo(400, {}, '{"message":"Too many fileUrls"}')).toMatchObject({ kind: 'too-large' });
  expect(
    answerTo(400, {}, JSON.stringify({ message: "The purge URL 'https://h/too large' is invalid." })),
  ).toMatchObject({
    kind: 'refused',
  });
});

test.each([401, 403])('%d is a refusal of the credentials', (status) => {
  expect(answerTo(status, {}, '{"message":"no"}')).toEqual({
    kind: 'unauthorized',
    requestId: 'r1',
    status,
    message: 'no',
  });
});

describe('429', () => {
  test.each([
    ['120', 120_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ])('with Retry-After: %s', (value, retryAfterMs) => {
    expect(answerTo(429, { 'retry-after': value })).toEqual({
      kind: 'throttled',
      requestId: 'r1',
      retryAfterMs,
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
  expect(answerTo(status, {}, 'x')).toEqual({
    kind: 'unavailable',
    requestId: 'r1',
    reason: `HTTP ${status}: x`,
  });
});
