import { describe, expect, test } from 'vitest';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { DirEntry, PurgeEntry, RegexEntry } from '../../functions/core/model/types.ts';
import type { CacheKey } from '../../functions/core/planning/cache-key.ts';
import { dropCovered } from '../../functions/core/planning/cover.ts';
import { fileEntry } from '../helpers/changes.ts';

const scope = { target: 'production', action: 'invalidate' } as const;
const h = 'http://test.domain2.com/';
const file = (path: string) => fileEntry(h + path);
const dir = (path: string): DirEntry => ({ kind: 'dir', url: h + path, ...scope });
const regex = (pattern: string): RegexEntry => ({ kind: 'regex', pattern, ...scope });

/** Which of two entries are left: the second may cover the first. */
function covers(first: PurgeEntry, second: PurgeEntry): boolean {
  const kept = dropCovered([first, second].map((entry, index) => ({ entry, messages: [index] })));
  const isDropped = kept.some(({ covered = [] }) => covered.some(({ entry }) => entry === first));
  if (isDropped) expect(kept).toMatchObject([{ entry: second, messages: [1], covered: [{ messages: [0] }] }]);
  return isDropped;
}

describe('the wildcards of the purge API page cover', () => {
  test.each<[string, PurgeEntry, PurgeEntry]>([
    ['** at any depth', file('mydir/a/b/c.jpg'), dir('mydir/**')],
    ['** whatever the query', file('mydir/a?x=1/2'), dir('mydir/**')],
    [
      '** whatever the headers',
      fileEntry(`${h}mydir/a`, { headers: [{ name: 'x', value: 'y' }] }),
      dir('mydir/**'),
    ],
    ['** other wildcards below', dir('mydir/sub/*.jpg'), dir('mydir/**')],
    ['a** whatever begins so', file('mydir/ab/c'), dir('mydir/a**')],
    ['* files directly within', file('mydir/a.jpg'), dir('mydir/*')],
    ['* narrower wildcards within', dir('mydir/a*'), dir('mydir/*')],
    ['* an extension within', dir('mydir/*.jpg'), dir('mydir/*')],
    ['a* files that begin so', file('mydir/abc'), dir('mydir/a*')],
    ['*.jpg files that end so', file('mydir/a.b.jpg'), dir('mydir/*.jpg')],
    [
      'one URL all its variations',
      fileEntry(`${h}mydir/a.jpg`, { headers: [{ name: 'x', value: 'y' }] }),
      dir('mydir/a.jpg'),
    ],
    ['.* of a regex', file('mydir/a/b?q'), regex('any://test.domain2.com/mydir/.*')],
    ['.* of a regex after an escape', file('a.b/c'), regex('http://test.domain2.com/a\\.b.*')],
  ])('%s', (_, first, second) => {
    expect(covers(first, second)).toBe(true);
  });
});

describe('where the page leaves a doubt, nothing is covered', () => {
  test.each<[string, PurgeEntry, PurgeEntry]>([
    ['* and a subdirectory', file('mydir/a/b.jpg'), dir('mydir/*')],
    ['* and the directory itself', file('mydir/'), dir('mydir/*')],
    ['* and an encoded slash', file('mydir/a%2Fb'), dir('mydir/*')],
    ['a* and an encoded slash', file('mydir/a%2fb'), dir('mydir/a*')],
    ['*.jpg and a name that is the extension alone', file('mydir/.jpg'), dir('mydir/*.jpg')],
    ['* and a query', file('mydir/a.jpg?x=1'), dir('mydir/*')],
    ['* and headers', fileEntry(`${h}mydir/a`, { headers: [{ name: 'x', value: 'y' }] }), dir('mydir/*')],
    [
      '*.jpg and headers',
      fileEntry(`${h}mydir/a.jpg`, { headers: [{ name: 'x', value: 'y' }] }),
      dir('mydir/*.jpg'),
    ],
    ['a directory alone and what is in it', file('mydir/a.jpg'), dir('mydir')],
    ['an earlier * is literal', file('mydir/a/b'), dir('my*/a/*')],
    ['characters after **', file('mydirectory/picture.jpg'), dir('my**jpg')],
    [
      'a regex with more than a literal string and .*',
      file('mydir/a.jpg'),
      regex('any://test.domain2.com/mydir/.*jpg'),
    ],
    ['a regex in a wildcard', regex('http://test.domain2.com/mydir/a.*'), dir('mydir/**')],
    ['a wider wildcard', dir('mydir/**'), dir('mydir/*')],
  ])('%s', (_, first, second) => {
    expect(covers(first, second)).toBe(false);
  });
});

describe('what the cache key does not tell apart', () => {
  const https = 'https://test.domain2.com/';
  const alias = 'http://alias.example/';
  const cacheKey = { hosts: { 'test.domain2.com': ['alias.example'] } };
  const keptOf = (entries: readonly PurgeEntry[], key?: CacheKey) =>
    dropCovered(
      entries.map((entry, index) => ({ entry, messages: [index] })),
      key,
    ).map(({ entry }) => entryText(entry));

  test('is purged once: http and https, and with the first spelling of each', () => {
    expect(keptOf([file('a'), fileEntry(`${https}a`), fileEntry(`${https}b`), file('b')])).toEqual([
      `${h}a`,
      `${https}b`,
    ]);
    expect(keptOf([dir('mydir/*'), { ...dir(''), url: `${https}mydir/*` }])).toEqual([`${h}mydir/*`]);
    expect(keptOf([fileEntry(`${https}mydir/a`), dir('mydir/**')])).toEqual([`${h}mydir/**`]);
    expect(keptOf([fileEntry(`${https}a/b`), regex('any://test.domain2.com/a/.*')])).toHaveLength(1);
  });

  test('is purged apart where the configuration says that it is cached apart', () => {
    const spellings = [file('a'), fileEntry(`${https}a`)];
    expect(keptOf(spellings, { scheme: true })).toEqual([`${h}a`, `${https}a`]);
  });

  test('are hosts only where the configuration says so', () => {
    const spellings = [fileEntry(`${alias}a`), file('a'), fileEntry(`${https}a`)];
    expect(keptOf(spellings)).toEqual([`${alias}a`, `${h}a`]);
    expect(keptOf(spellings, cacheKey)).toEqual([`${alias}a`]);
    expect(keptOf([fileEntry(`${alias}mydir/a`), dir('mydir/**')], cacheKey)).toEqual([`${h}mydir/**`]);
  });

  test('is never a query, a version by headers, or a regex of one scheme', () => {
    const headers = [{ name: 'x', value: 'y' }];
    expect(keptOf([file('a'), file('a?b=1'), fileEntry(`${h}a`, { headers })])).toHaveLength(3);
    expect(keptOf([fileEntry(`${https}a/b`), regex('http://test.domain2.com/a/.*')])).toHaveLength(2);
  });
});

test('a delete covers an invalidate, and not the reverse', () => {
  const deleted: DirEntry = { ...dir('mydir/**'), action: 'delete' };
  expect(covers(file('mydir/a'), deleted)).toBe(true);
  expect(covers(file('mydir/a'), fileEntry(`${h}mydir/a`, { action: 'delete' }))).toBe(true);
  expect(covers(fileEntry(`${h}mydir/a`, { action: 'delete' }), dir('mydir/**'))).toBe(false);
  const pattern = 'any://test.domain2.com/a[0-9]+';
  expect(covers(regex(pattern), { ...regex(pattern), action: 'delete' })).toBe(true);
  expect(covers(dir('a*/b*c*'), { ...dir('a*/b*c*'), action: 'delete' })).toBe(true);
});

test('what a covered cover covers is tied to the entry that is sent', () => {
  const entries = [file('mydir/a/b'), dir('mydir/a/*'), dir('mydir/**')];
  const [cover, ...others] = dropCovered(entries.map((entry, index) => ({ entry, messages: [index] })));
  expect(others).toEqual([]);
  expect(cover?.covered?.map(({ entry }) => entryText(entry)).toSorted()).toEqual([
    `${h}mydir/a/*`,
    `${h}mydir/a/b`,
  ]);
});
