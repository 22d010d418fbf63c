import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { FileEntry, PurgeEntry } from '../../functions/core/model/types.ts';
import { coalesce } from '../../functions/core/planning/coalesce.ts';
import { planRequests, withoutDuplicates } from '../../functions/core/planning/plan.ts';
import { bodyOf } from '../../functions/core/planning/planned-request.ts';
import { fileEntry } from '../helpers/changes.ts';

const limits = { maxFileUrls: 10, maxBodyBytes: 1e6 };
const files = (dir: string, count: number) =>
  Array.from({ length: count }, (_, index) => fileEntry(`https://h.example/${dir}${index}.html`));

function bodies(entries: PurgeEntry[], coalesce: { siblings: number; minDepth: number }) {
  return planRequests([entries], { ...limits, coalesce }).map((request) => {
    const { fileUrls = [], dirUrls = [] } = bodyOf(request);
    return { files: fileUrls.length, dirUrls };
  });
}

test('as many siblings as configured become their directory, fewer stay', () => {
  const entries = [...files('blog/', 50), ...files('news/', 3)];
  expect(bodies(entries, { siblings: 50, minDepth: 1 })).toEqual([
    { files: 3, dirUrls: ['https://h.example/blog/*'] },
  ]);
  expect(bodies(entries, { siblings: 51, minDepth: 1 })).toHaveLength(6);
});

test('a directory above the configured depth is never used', () => {
  expect(bodies(files('', 20), { siblings: 5, minDepth: 1 })).toHaveLength(2);
  expect(bodies(files('', 20), { siblings: 5, minDepth: 0 })).toEqual([
    { files: 0, dirUrls: ['https://h.example/*'] },
  ]);
  expect(bodies(files('a/', 20), { siblings: 5, minDepth: 2 })).toHaveLength(2);
});

const withQuery = (entries: readonly FileEntry[], query: string) =>
  entries.map((entry) => ({ ...entry, url: `${entry.url}?${query}` }));
const withHeader = (entries: readonly FileEntry[], value: string) =>
  entries.map((entry) => ({ ...entry, headers: [{ name: 'x', value }] }));
const inAllVariants = (entries: readonly FileEntry[]) =>
  entries.map(({ url, target, action }): PurgeEntry => ({ kind: 'dir', url, target, action }));

test.each<[string, PurgeEntry[]]>([
  ['queries', [...files('a/', 5), ...withQuery(files('a/', 5), 'v=1'), ...withQuery(files('a/', 5), 'v=2')]],
  ['headers', [...withHeader(files('a/', 5), 'y'), ...withHeader(files('a/', 5), 'z')]],
  ['variants', inAllVariants(files('a/', 5))],
  ['variants of queries', inAllVariants(withQuery(files('a/', 5), 'w=320'))],
  ['names with an encoded slash', files('a/x%2F', 5)],
])('files in versions become all that is below their directory, which matches any: %s', (_, entries) => {
  expect(bodies(entries, { siblings: 5, minDepth: 1 })).toEqual([
    { files: 0, dirUrls: ['https://h.example/a/**'] },
  ]);
});

test('versions of few files stay, however many versions they have', () => {
  const versions = ['1', '2', '3', '4', '5'].flatMap((value) => [
    ...withQuery(files('a/', 2), `v=${value}`),
    ...withHeader(files('a/', 2), value),
  ]);
  expect(bodies(versions, { siblings: 5, minDepth: 1 }).flatMap(({ dirUrls }) => dirUrls)).toEqual([]);
});

test('few files in versions do not take their plain siblings below the directory', () => {
  const entries = [...files('a/', 5), ...withQuery(files('a/', 2), 'v=1')];
  expect(bodies(entries, { siblings: 5, minDepth: 1 })).toEqual([
    { files: 2, dirUrls: ['https://h.example/a/*'] },
  ]);
});

test("the directory's own page stays, whatever its query and version", () => {
  const own = [fileEntry('https://h.example/a/'), fileEntry('https://h.example/a/?v=1')];
  for (const entries of [files('a/', 5), withQuery(files('a/', 5), 'v=1')]) {
    expect(bodies([...entries, ...own], { siblings: 5, minDepth: 1 })).toMatchObject([{ files: 2 }]);
  }
});

const anySibling = fc.record({
  name: fc.constantFrom('', 'a', 'b', 'c', 'd%2Fe', 'sub/f'),
  query: fc.constantFrom('', '?v=1', '?w=a/b'),
  version: fc.constantFrom('none', 'header', 'variants'),
});

test('whatever becomes a directory is purged by it, as the vendor words it, and all else stays', () => {
  fc.assert(
    fc.property(fc.array(anySibling, { maxLength: 20 }), fc.integer({ min: 2, max: 4 }), (all, siblings) => {
      const entries = all.map(({ name, query, version }) => {
        const entry = fileEntry(`https://h.example/p/${name}${query}`);
        if (version === 'variants') return inAllVariants([entry])[0] ?? entry;
        return version === 'header' ? { ...entry, headers: [{ name: 'x', value: 'y' }] } : entry;
      });
      const planned = withoutDuplicates([entries]);
      const coalesced = coalesce(planned, { siblings, minDepth: 0 });
      const settled = coalesced.flatMap((each) => (each.isCoalesced ? (each.covered ?? []) : [each]));
      expect(new Set(settled)).toEqual(new Set(planned));
      for (const { entry, covered = [] } of coalesced.filter(({ isCoalesced }) => isCoalesced)) {
        const directory = entryText(entry).replace(/\*+$/, '');
        const isDeep = entryText(entry).endsWith('**');
        for (const { entry: each } of covered) {
          const rest = entryText(each).slice(directory.length);
          const isPlain = each.kind === 'file' && each.headers === undefined && /^[^/?%]+$/.test(rest);
          expect([entryText(each).startsWith(directory), rest !== '', isDeep || isPlain]).toEqual([
            true,
            true,
            true,
          ]);
        }
      }
    }),
    { numRuns: 500 },
  );
});
