import { expect, test } from 'vitest';
import type { DirEntry, PurgeEntry, RegexEntry } from '../../functions/core/model/types.ts';
import { planRequests } from '../../functions/core/planning/plan.ts';
import { bodyOf } from '../../functions/core/planning/planned-request.ts';
import { fileEntry } from '../helpers/changes.ts';

const limits = { maxFileUrls: 1000, maxBodyBytes: 512 * 1024 };
const scope = { target: 'production', action: 'invalidate' } as const;
const dir = (url: string): DirEntry => ({ kind: 'dir', url, ...scope });
const regex = (pattern: string): RegexEntry => ({ kind: 'regex', pattern, ...scope });

function bodies(messages: PurgeEntry[][], overrides = {}) {
  return planRequests(messages, { ...limits, ...overrides }).map((request) => {
    const { name: _, ...body } = bodyOf(request);
    return body;
  });
}

test('all that is in one scope goes into one request, once', () => {
  const a = fileEntry('https://h.example/a');
  const messages = [[a, dir('https://h.example/b/*')], [a], [regex('any://h.example/[cd].*')]];
  expect(bodies(messages)).toEqual([
    {
      target: 'production',
      action: 'invalidate',
      fileUrls: ['https://h.example/a'],
      dirUrls: ['https://h.example/b/*'],
      regexPatterns: ['any://h.example/[cd].*'],
    },
  ]);
  expect(planRequests(messages, limits)[0]?.entries[0]?.messages).toEqual([0, 1]);
});

test('scopes do not share requests', () => {
  const url = 'https://h.example/a';
  const messages = [
    [
      fileEntry(url),
      fileEntry(`${url}2`, { action: 'delete' }),
      fileEntry(url, { target: 'staging' }),
      fileEntry(url, { webhook: 'w' }),
    ],
  ];
  expect(bodies(messages)).toEqual([
    { ...scope, fileUrls: [url] },
    { ...scope, action: 'delete', fileUrls: [`${url}2`] },
    { ...scope, target: 'staging', fileUrls: [url] },
    { ...scope, webhook: 'w', fileUrls: [url] },
  ]);
});

test('header sets do not share requests, whatever the order of a set and the case of its names', () => {
  const gzip = { name: 'Accept-Encoding', value: 'gzip' };
  const german = { name: 'accept-language', value: 'de' };
  const messages = [
    [
      fileEntry('https://h.example/a'),
      fileEntry('https://h.example/a', { headers: [gzip, german] }),
      fileEntry('https://h.example/a', { headers: [{ ...german, name: 'Accept-Language' }, gzip] }),
      fileEntry('https://h.example/b', { headers: [german, gzip] }),
    ],
  ];
  expect(bodies(messages)).toEqual([
    { ...scope, fileUrls: ['https://h.example/a'] },
    { ...scope, fileUrls: ['https://h.example/a', 'https://h.example/b'], fileHeaders: [gzip, german] },
  ]);
});

test('directories and regexes ride along with the files, whatever their headers', () => {
  const messages = [
    [
      ...Array.from({ length: 41 }, (_, index) => dir(`https://h.example/${index}/*`)),
      ...Array.from({ length: 3 }, (_, index) => regex(`any://h.example/[${index}].*`)),
      fileEntry('https://h.example/a'),
      fileEntry('https://h.example/a', { headers: [{ name: 'x', value: 'y' }] }),
    ],
  ];
  expect(
    bodies(messages).map(({ fileUrls, dirUrls, regexPatterns }) => [
      fileUrls?.length,
      dirUrls?.length,
      regexPatterns?.length,
    ]),
  ).toEqual([
    [1, 20, 2],
    [1, 20, 1],
    [undefined, 1, undefined],
  ]);
});

test('a body that would be too large is split', () => {
  const files = Array.from({ length: 100 }, (_, index) =>
    fileEntry(`https://h.example/${'x'.repeat(1000)}${index}`),
  );
  const split = bodies([files], { maxBodyBytes: 30_000 });
  for (const body of split) expect(JSON.stringify(body).length).toBeLessThan(30_000);
  expect(split.flatMap(({ fileUrls }) => fileUrls)).toHaveLength(100);
});

test('nothing to purge makes no request', () => {
  expect(bodies([])).toEqual([]);
  expect(bodies([[]])).toEqual([]);
});
