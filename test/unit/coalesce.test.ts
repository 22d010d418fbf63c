import { expect, test } from 'vitest';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { planRequests } from '../../functions/core/planning/plan.ts';
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

test('files with a query or with headers stay, since a wildcard may not match their cache keys', () => {
  const entries = [
    ...files('a/', 5).map((entry) => ({ ...entry, url: `${entry.url}?v=1` })),
    ...files('a/', 5).map((entry) => ({ ...entry, headers: [{ name: 'x', value: 'y' }] })),
  ];
  expect(bodies(entries, { siblings: 2, minDepth: 0 }).flatMap(({ dirUrls }) => dirUrls)).toEqual([]);
});
