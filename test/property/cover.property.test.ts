import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { CacheKey } from '../../functions/core/planning/cache-key.ts';
import { dropCovered } from '../../functions/core/planning/cover.ts';
import type { PlannedEntry } from '../../functions/core/planning/planned-request.ts';
import { purgeMatcher } from '../../local/edge/purge-matcher.ts';
import { anyEntry, cachedUrl, keyOf } from '../helpers/entries.ts';

const entries = fc
  .uniqueArray(anyEntry, { selector: keyOf, minLength: 10, maxLength: 50, size: 'max' })
  .map((entries) => entries.filter(({ target }) => target === 'production'));
const keys = fc.array(
  fc.record({ url: cachedUrl, headers: fc.constantFrom({ x: '' }, { x: '1' }, { x: '2' }) }),
  { minLength: 20, maxLength: 60 },
);

const cacheKeys = fc.constantFrom<CacheKey>(
  { scheme: true },
  {},
  { hosts: { 'h.example': ['i.example'] } },
  { scheme: true, hosts: { 'h.example': ['i.example'] } },
);

/** All spellings of a URL that are one to the cache key. */
function spellingsOf(url: string, { scheme, hosts }: CacheKey): readonly string[] {
  const schemes = scheme ? [url] : [url.replace(/^https?:/, 'http:'), url.replace(/^https?:/, 'https:')];
  if (hosts === undefined) return schemes;
  return schemes.flatMap((each) =>
    ['h', 'i'].map((host) => each.replace(/[hi]\.example/, `${host}.example`)),
  );
}

/** A cache key that tells everything apart. */
const wholeUrl = { scheme: true, query: 'all' } as const;

/** What an entry purges, by the simulator's own reading of the purge API's page. */
function matcherOf(entry: PurgeEntry) {
  const { target, action } = entry;
  if (entry.kind === 'dir') return purgeMatcher({ target, action, dirUrls: [entry.url] }, wholeUrl);
  if (entry.kind === 'regex')
    return purgeMatcher({ target, action, regexPatterns: [entry.pattern] }, wholeUrl);
  const fileHeaders = entry.headers?.map((header) => ({ ...header })) ?? [];
  return purgeMatcher({ target, action, fileUrls: [entry.url], fileHeaders }, wholeUrl);
}

function planned(entries: readonly PurgeEntry[]): readonly PlannedEntry[] {
  return entries.map((entry, index) => ({ entry, messages: [index] }));
}

test('what is dropped is purged by the entry that it is tied to, as strongly, and nothing is dropped else', () => {
  let dropped = 0;
  fc.assert(
    fc.property(entries, keys, cacheKeys, (entries, keys, cacheKey) => {
      const kept = dropCovered(planned(entries), cacheKey);
      const all = kept.flatMap((entry) => [entry, ...(entry.covered ?? [])]);
      expect(all.map(({ entry }) => keyOf(entry)).toSorted()).toEqual(entries.map(keyOf).toSorted());
      for (const { entry: cover, covered = [] } of kept) {
        const purges = matcherOf(cover);
        for (const { entry } of covered) {
          dropped++;
          if (entry.action === 'delete') expect(cover.action).toBe('delete');
          const wanted = matcherOf(entry);
          const fileKeys =
            entry.kind === 'file'
              ? [{ url: entry.url, headers: { x: entry.headers?.[0]?.value ?? '' } }]
              : [];
          for (const key of [...keys, ...fileKeys]) {
            if (!wanted(key)) continue;
            const isPurged = spellingsOf(key.url, cacheKey).some((url) => purges({ ...key, url }));
            expect([keyOf(entry), keyOf(cover), key, isPurged]).toEqual([
              keyOf(entry),
              keyOf(cover),
              key,
              true,
            ]);
          }
        }
      }
    }),
    { numRuns: 1500 },
  );
  expect(dropped).toBeGreaterThan(1000);
});

const bothSchemes = ['http', 'https'].flatMap((scheme): readonly PurgeEntry[] => {
  const scope = { target: 'production', action: 'invalidate' } as const;
  const root = `${scheme}://h.example/`;
  return [
    { ...scope, kind: 'file', url: `${root}a/1` },
    { ...scope, kind: 'file', url: `${root}a/2`, action: 'delete' },
    { ...scope, kind: 'dir', url: `${root}a/1` },
    { ...scope, kind: 'dir', url: `${root}a/**` },
    { ...scope, kind: 'regex', pattern: `${root}a/.*` },
    { ...scope, kind: 'regex', pattern: `${root}.*`, action: 'delete' },
  ];
});

test('a regex that names one scheme settles nothing of the other one, in whatever order they come', () => {
  let dropped = 0;
  fc.assert(
    fc.property(fc.shuffledSubarray(bothSchemes, { minLength: 3 }), (entries) => {
      for (const { entry: cover, covered = [] } of dropCovered(planned(entries))) {
        if (cover.kind !== 'regex') continue;
        const scheme = cover.pattern.slice(0, cover.pattern.indexOf('://'));
        const urls = covered.flatMap(({ entry }) => (entry.kind === 'regex' ? [] : [entry.url]));
        dropped += urls.length;
        expect(urls.filter((url) => !url.startsWith(`${scheme}://`))).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
  expect(dropped).toBeGreaterThan(100);
});

test('dropping again drops nothing more', () => {
  fc.assert(
    fc.property(entries, cacheKeys, (entries, cacheKey) => {
      const kept = dropCovered(planned(entries), cacheKey);
      expect(dropCovered(kept, cacheKey)).toEqual(kept);
    }),
  );
});
