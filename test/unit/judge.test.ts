import { describe, expect, test } from 'vitest';
import {
  type Answer,
  isSameVersion,
  judge,
  judgeProbe,
  verdictOf,
} from '../../functions/core/proving/judge.ts';

const changedMs = Date.UTC(2026, 10, 26, 12);
const page = 'https://h.example/a.html';
const version = { etag: 'abc', sinceMs: changedMs };
const gone = { gone: true, sinceMs: changedMs } as const;
const old: Answer = { status: 206, etag: '"old"', lastModifiedMs: changedMs - 60_000 };
const ofVersion = (etag: string): Answer => ({ status: 206, etag, lastModifiedMs: changedMs });

describe('a file that was changed is proven by its ETag', () => {
  test.each(['"abc"', 'W/"abc"', 'abc', '"abc-gzip"', 'W/"abc-br"', '"abc--gzip"', '"abc;gzip"'])(
    '%s',
    (etag) => {
      expect(judge(page, version, ofVersion(etag))).toEqual({ kind: 'proven' });
    },
  );

  test('whatever Last-Modified says, and whether or not the server knows ranges', () => {
    expect(judge(page, version, { ...old, status: 200, etag: '"abc"' })).toEqual({ kind: 'proven' });
  });

  test.each(['"ABC"', '"abcd"', '"abc-2"', '"gzip"', '""', '"abc", "abc"', '"W/abc"', '"abc-gzip-gzip"'])(
    'and not by %s',
    (etag) => {
      expect(judge(page, version, ofVersion(etag)).kind).toBe('unproven');
    },
  );

  test('where the ETag of an upload in parts ends with their number, that is a part of it', () => {
    expect([isSameVersion('"abc-2-gzip"', 'abc-2'), isSameVersion('"abc-3"', 'abc-2')]).toEqual([
      true,
      false,
    ]);
  });
});

test('for headers there may be another file, which is proven or unproven, and never stale', () => {
  const probe = { target: 'production', url: 'https://h.example/photo.jpg', shows: version } as const;
  const headers = [{ name: 'Accept', value: 'image/webp' }];
  const webp: Answer = { ...old, contentType: 'image/webp' };
  expect(judgeProbe(probe, webp).kind).toBe('stale');
  expect(judgeProbe({ ...probe, headers }, webp)).toEqual({
    kind: 'unproven',
    reason:
      'it has another ETag, and a Last-Modified from before the change, and may be another file for these headers',
  });
  expect(judgeProbe({ ...probe, headers, shows: gone }, webp).kind).toBe('unproven');
  expect(judgeProbe({ ...probe, headers }, ofVersion('"abc"')).kind).toBe('proven');
});

describe('stale', () => {
  test('is another ETag with a Last-Modified from before the change', () => {
    expect(judge(page, version, old)).toEqual({
      kind: 'stale',
      reason: 'it has another ETag, and a Last-Modified from before the change',
    });
  });

  test('is a deleted file that is served, with a Last-Modified from before that', () => {
    expect(judge(page, gone, old)).toMatchObject({ kind: 'stale' });
  });

  test.each([
    ['two seconds before the change', 2000, 'stale'],
    ['less, which clocks and whole seconds explain', 1999, 'unproven'],
    ['after the change, by a newer one', -5000, 'unproven'],
  ])('is one from %s', (_, beforeMs, kind) => {
    const answer = { ...old, lastModifiedMs: changedMs - beforeMs };
    expect([judge(page, version, answer).kind, judge(page, gone, answer).kind]).toEqual([kind, kind]);
  });
});

describe('a file that was deleted is proven', () => {
  test.each([
    ['by a 404', { status: 404 }],
    ['by a 410', { status: 410 }],
    ["by S3's own 403", { status: 403, isOfS3: true }],
  ])('%s', (_, answer) => {
    expect(judge(page, gone, answer)).toEqual({ kind: 'proven' });
  });
});

describe('unproven, which is no reason to purge again, is', () => {
  const { lastModifiedMs: _, ...undated } = old;
  const { etag: __, ...withoutEtag } = old;
  test.each<[string, typeof version | typeof gone, Answer, string]>([
    ['a redirect', version, { ...old, status: 302 }, 'the answer is 302'],
    ['a login', version, { ...old, status: 401 }, 'the answer is 401'],
    ['a firewall', version, { ...old, status: 403 }, 'the answer is 403'],
    ['a firewall, for a deleted file', gone, { ...old, status: 403 }, 'the answer is 403'],
    ['a redirect, for a deleted file', gone, { ...old, status: 301 }, 'the answer is 301'],
    ['a missing file that should be there', version, { status: 404 }, 'the answer is 404'],
    [
      'a server that fails, whatever ETag it has',
      version,
      { ...ofVersion('"abc"'), status: 500 },
      'the answer is 500',
    ],
    ['an answer without validators', version, { status: 200 }, 'the answer has no ETag'],
    ['an answer without an ETag', version, withoutEtag, 'the answer has no ETag'],
    [
      'another ETag alone, such as of a page with a nonce',
      version,
      undated,
      'it has another ETag, and no Last-Modified',
    ],
    [
      'a deleted file that is served, undated',
      gone,
      { status: 200 },
      'it is still served, and no Last-Modified',
    ],
    [
      'an answer for this visitor alone',
      version,
      { ...old, cacheControl: 'max-age=0, private' },
      'it has another ETag, and is not for caches',
    ],
    [
      'an answer with a cookie',
      version,
      { ...old, setsCookie: true },
      'it has another ETag, and is not for caches',
    ],
  ])('%s', (_, shows, answer, reason) => {
    expect(judge(page, shows, answer)).toEqual({ kind: 'unproven', reason });
  });

  test('a page in place of a script, such as the start page of an app for a deleted file', () => {
    const answer = { ...old, contentType: 'text/html; charset=utf-8' };
    expect(judge('https://h.example/app.js?v=1', gone, answer).kind).toBe('unproven');
    expect(judge('https://h.example/app/', gone, answer).kind).toBe('stale');
  });
});

test('a URL is as fresh as at the vantage point that is the worst', () => {
  const at = (kind: 'proven' | 'stale' | 'unproven', from: string) => ({
    judgement: { kind, reason: `${kind} at ${from}` },
    seen: { from },
  });
  const seen = [{ from: 'dns' }, { from: 'a' }, { from: 'b' }];
  const verdict = (...kinds: readonly ('proven' | 'stale' | 'unproven')[]) =>
    verdictOf(kinds.map((kind, index) => at(kind, seen[index]?.from ?? '')));
  expect(verdict('proven', 'proven', 'proven')).toMatchObject({ kind: 'proven', seen });
  expect(verdict('proven', 'unproven', 'stale')).toMatchObject({ kind: 'stale', reason: 'stale at b', seen });
  expect(verdict('proven', 'unproven', 'proven')).toMatchObject({
    kind: 'unproven',
    reason: 'unproven at a',
  });
  expect(verdictOf([])).toEqual({ kind: 'unproven', reason: 'nobody was asked', seen: [] });
});
