import { expect, test } from 'vitest';
import type { FileEntry, Lane, PurgeEntry } from '../../functions/core/model/types.ts';
import { chooseProbes, mostOfHost, mostOfPurge, sampleOf } from '../../functions/core/proving/choose.ts';
import { fileEntry } from '../helpers/changes.ts';

const vantages = { production: ['dns'], staging: [] };
const file = (url: string, own: Partial<FileEntry> = {}): FileEntry => ({
  ...(fileEntry(url) as FileEntry),
  shows: { etag: 'v', sinceMs: 1 },
  ...own,
});
const purge = (purgeId: string, entries: readonly PurgeEntry[], lane: Lane = 'people') =>
  ({ purgeId, target: 'production', lane, sample: sampleOf(entries) }) as const;
const urlsOf = (probes: ReturnType<typeof chooseProbes>, purgeId = 'p') =>
  (probes.get(purgeId) ?? []).map(({ url }) => url);
const many = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => file(`${prefix}${index}`));

test('all files of a small purge are probed, each once, and nothing else of it', () => {
  const headers = [{ name: 'Accept-Language', value: 'de' }];
  const entries: readonly PurgeEntry[] = [
    file('https://h.example/a'),
    file('https://h.example/a', { action: 'delete', shows: { etag: 'newer', sinceMs: 2 } }),
    file('https://h.example/a', { headers }),
    file('https://h.example/deleted', { shows: { gone: true, sinceMs: 1 } }),
    file('https://h.example/unknown', { shows: { sinceMs: 1 } }),
    fileEntry('https://h.example/listing'),
    { kind: 'dir', url: 'https://h.example/*', target: 'production', action: 'invalidate' },
  ];
  expect(chooseProbes([purge('p', entries)], vantages).get('p')).toEqual([
    { target: 'production', url: 'https://h.example/a', shows: { etag: 'newer', sinceMs: 2 } },
    { target: 'production', url: 'https://h.example/a', headers, shows: { etag: 'v', sinceMs: 1 } },
    { target: 'production', url: 'https://h.example/deleted', shows: { gone: true, sinceMs: 1 } },
  ]);
});

test('what a file shows is unknown once a newer change of it does not tell', () => {
  const url = 'https://h.example/a';
  const entries = [file(url), file(url, { action: 'delete', shows: { sinceMs: 2 } })];
  expect(sampleOf(entries)).toMatchObject({ provable: 0, files: [] });
});

test('of a large purge a sample is probed, over its directories and header sets', () => {
  const headers = [{ name: 'x', value: 'y' }];
  const entries = [
    ...many(500, 'https://h.example/a/'),
    ...many(5, 'https://h.example/b/'),
    file('https://h.example/b/0', { headers }),
    file('https://h.example/c/x'),
  ];
  const chosen = chooseProbes([purge('p', entries)], vantages);
  expect(urlsOf(chosen)).toHaveLength(mostOfPurge);
  expect(urlsOf(chosen).slice(0, 4)).toEqual([
    'https://h.example/a/0',
    'https://h.example/b/0',
    'https://h.example/b/0',
    'https://h.example/c/x',
  ]);
});

test('a host is not asked more often than once a second, and each purge has one probe before any has two', () => {
  const ids = Array.from({ length: 15 }, (_, index) => `p${index}`);
  const purges = ids.map((id) => purge(id, many(3, `https://h.example/${id}/`)));
  const counts = ids.map((id) => urlsOf(chooseProbes(purges, vantages), id).length);
  expect(counts.reduce((sum, each) => sum + each, 0)).toBe(mostOfHost);
  expect([Math.min(...counts), Math.max(...counts)]).toEqual([1, 2]);
});

test('where there is less time, fewer are chosen, so that those that go first are asked in it', () => {
  const bulk = purge('b', many(9, 'https://h.example/b/'), 'bulk');
  const takedown = purge('t', many(2, 'https://h.example/t/'), 'takedown');
  const counts = (withinMs: number) =>
    ['b', 't'].map((id) => urlsOf(chooseProbes([bulk, takedown], vantages, withinMs), id).length);
  expect([counts(8000), counts(25_000)]).toEqual([
    [1, 2],
    [5, 2],
  ]);
});

test('a probe counts once for each vantage point, and there is none where no vantage point is', () => {
  const purges = [purge('p', many(9, 'https://h.example/')), purge('q', many(1, 'https://other.example/'))];
  const chosen = chooseProbes(purges, { ...vantages, production: ['dns', 'a', 'b'] });
  expect([urlsOf(chosen).length, urlsOf(chosen, 'q').length]).toEqual([6, 1]);
  const staging = [{ ...purge('p', many(1, 'https://h.example/')), target: 'staging' as const }];
  expect(urlsOf(chooseProbes(staging, vantages))).toEqual([]);
});

test('a host is asked less for bulk, of which each purge has its first probe in turn all the same', () => {
  const bulk = ['b1', 'b2', 'b3'].map((id) => purge(id, many(9, `https://h.example/${id}/`), 'bulk'));
  const people = ['p1', 'p2'].map((id) => purge(id, many(10, `https://h.example/${id}/`)));
  const counts = (...purges: readonly ReturnType<typeof purge>[]) =>
    [...chooseProbes(purges, vantages).values()].map(({ length }) => length);
  expect(counts(...bulk)).toEqual([2, 2, 1]);
  expect(counts(...bulk, ...people)).toEqual([2, 2, 1, 8, 7]);
});
