import { expect, test } from 'vitest';
import { unusedLimits } from '../../functions/core/limits/limits.ts';
import { costOf, readUrls, unknownHosts, wholeHosts } from '../../infra/cli/queries/purge-by-hand.ts';
import { completeLimits, limitsOf } from '../../infra/settings/limits-settings.ts';

const scope = { target: 'production', action: 'delete' } as const;
const read = (...urls: readonly string[]) => readUrls(urls, scope);

test.each([
  ['https://h.example/', 'file', 'https://h.example/'],
  ['https://H.example/über uns', 'file', 'https://h.example/%C3%BCber%20uns'],
  ['https://h.example', 'file', 'https://h.example/'],
  ['https://h.example/blog/*', 'dir', 'https://h.example/blog/*'],
  ['any://h.example/blog/.*', 'regex', 'any://h.example/blog/.*'],
  ['regex:https://h.example/a+', 'regex', 'https://h.example/a+'],
])('%s is a %s', (written, kind, text) => {
  const { entries, problems } = read(written);
  expect(problems).toEqual([]);
  expect(entries).toEqual([
    kind === 'regex' ? { kind, pattern: text, ...scope } : { kind, url: text, ...scope },
  ]);
});

test.each([
  ['www.example.com/a', 'expected a URL that begins with http:// or https://'],
  ['https://h.example/a#b', 'special letters percent-encoded'],
  ['https://h.example/.*', 'a regular expression begins with any:// or regex:'],
  ['https://h.example/(a|b)', 'a regular expression begins with any:// or regex:'],
  ['any://h.example/.*.*.*', 'expected at most 2 unlimited quantifiers'],
  ['https://h.example:65536/a', 'expected a port of 1 to 65535'],
  ['https://h.example/a/../b', 'a browser resolves the segments "." and ".."'],
])('%s is refused: %s', (written, reason) => {
  const { entries, problems } = read(written, 'https://h.example/good');
  expect(entries).toHaveLength(1);
  expect(problems).toEqual([{ url: written, reason: expect.stringContaining(reason) }]);
});

test.each([
  ['https://h.example/*', true],
  ['https://h.example/**', true],
  ['any://h.example/.*', true],
  ['any://h.example/a?.*', true],
  ['any://h.example/blog|/', true],
  ['https://h.example/blog/**', false],
  ['any://h.example/blog/.*', false],
  ['https://h.example/', false],
])('%s purges a whole host: %s', (written, expected) => {
  expect(wholeHosts(read(written).entries)).toHaveLength(expected ? 1 : 0);
});

test('what is covered, or named twice, costs nothing', () => {
  const limits = limitsOf(completeLimits({}));
  const planning = { maxFileUrls: 1000, maxBodyBytes: 500_000, convertInShortage: [] };
  const { entries } = read(
    'https://h.example/blog/**',
    'https://h.example/blog/a',
    'https://h.example/b',
    'https://h.example/b',
  );
  const state = unusedLimits(limits, 0);
  expect(costOf(entries, { limits, planning }, state, 0)).toEqual({
    tokens: { files: 1, dirs: 1 },
    requests: 1,
  });
});

test('a host that no rule names is known before CDN Pro rejects it', () => {
  const { entries } = readUrls(
    ['https://www.example.com/a', 'https://other.example/*', 'any://typo.example.com/x.*'],
    { target: 'production', action: 'invalidate' },
  );
  expect(unknownHosts(entries, ['www.example.com'])).toEqual(['other.example', 'typo.example.com']);
  expect(unknownHosts(entries, ['*.example.com', 'www.example.com'])).toEqual(['other.example']);
  expect(unknownHosts(entries, ['*'])).toEqual([]);
});
