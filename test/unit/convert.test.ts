import { describe, expect, test } from 'vitest';
import type { FileEntry } from '../../functions/core/model/types.ts';
import {
  convertFiles,
  fewestFiles,
  fewestSpreadFiles,
  type WaitingFile,
} from '../../functions/core/planning/convert.ts';
import { fileEntry } from '../helpers/changes.ts';

const nowMs = 10_000_000;
const options = {
  prefixes: ['https://h.example/docs/'],
  fewest: 50,
  fewestSpread: 2500,
  mostDirs: 15,
  nowMs,
};
const below = (dir: string, count: number, own: Partial<FileEntry> = {}, ageMs = 120_000): WaitingFile[] =>
  Array.from({ length: count }, (_, index) => ({
    entry: fileEntry(`https://h.example/${dir}${index}.html`, own),
    sinceMs: nowMs - ageMs,
  }));
const convert = (files: readonly WaitingFile[], own: Partial<typeof options> = {}) =>
  convertFiles(files, { ...options, ...own }).map(({ entry, replaced }) => [entry.url, replaced.length]);

describe('files that wait become a directory', () => {
  test('where enough of them are below it, and the user has named it', () => {
    expect(convert(below('docs/a/', 50))).toEqual([['https://h.example/docs/a/**', 50]]);
    expect(convert(below('docs/a/', 49))).toEqual([]);
    expect(convert(below('blog/', 500))).toEqual([]);
  });

  test('as a whole where many directories together have enough: an import costs one token', () => {
    const files = Array.from({ length: 100 }, (_, index) => below(`docs/${index}/`, 100)).flat();
    expect(convert(files)).toEqual([['https://h.example/docs/**', 10_000]]);
  });

  test('by the lowest directory that has enough, since what did not change is purged with it', () => {
    expect(convert([...below('docs/a/b/', 60), ...below('docs/c/', 3)])).toEqual([
      ['https://h.example/docs/a/b/**', 60],
    ]);
  });

  test('by none above, where few of each directory have changed, unless all of them would take half of a day', () => {
    const spread = (count: number) =>
      Array.from({ length: count }, (_, index) => below(`docs/${index}/`, 10)).flat();
    expect(convert(spread(240))).toEqual([]);
    expect(convert(spread(260))).toEqual([['https://h.example/docs/**', 2600]]);
    expect(convert([...spread(100), ...below('docs/a/', 60)])).toEqual([['https://h.example/docs/a/**', 60]]);
  });

  test('and never a page of the directory above, nor the page of the directory itself', () => {
    const index: WaitingFile = { entry: fileEntry('https://h.example/docs/a/'), sinceMs: 0 };
    const [conversion] = convertFiles([...below('docs/a/', 50), index], options);
    expect(conversion?.replaced).not.toContain(index);
  });

  test('whatever their queries hold: a slash in one is none of the path', () => {
    const ofPage = (page: string) =>
      Array.from(
        { length: 60 },
        (_, index): WaitingFile => ({
          entry: fileEntry(`https://h.example/docs/${page}?dir=/a/b/${index}/`),
          sinceMs: 0,
        }),
      );
    expect(convert(ofPage('a/list'))).toEqual([['https://h.example/docs/a/**', 60]]);
    // Versions of the page of the directory itself.
    expect(convert(ofPage('a/'))).toEqual([['https://h.example/docs/**', 60]]);
  });

  test('of their scope', () => {
    expect(convert([...below('docs/', 30), ...below('docs/', 30, { action: 'delete' })])).toEqual([]);
    const [conversion] = convertFiles(below('docs/', 50, { action: 'delete', webhook: 'w' }), options);
    expect(conversion?.entry).toEqual({
      kind: 'dir',
      url: 'https://h.example/docs/**',
      target: 'production',
      action: 'delete',
      webhook: 'w',
    });
  });

  test('once nothing has come for a minute, or the burst has lasted for ten', () => {
    expect(convert([...below('docs/', 50), ...below('docs/new', 1, {}, 30_000)])).toEqual([]);
    expect(convert([...below('docs/', 50, {}, 600_000), ...below('docs/new', 1, {}, 30_000)])).toEqual([
      ['https://h.example/docs/**', 51],
    ]);
  });

  test('as long as there are directories: those first that replace the most', () => {
    const prefixes = ['https://h.example/a/', 'https://h.example/b/'];
    const files = [...below('a/', 60), ...below('b/', 70)];
    expect(convert(files, { prefixes, mostDirs: 1 })).toEqual([['https://h.example/b/**', 70]]);
    expect(convert(files, { prefixes, mostDirs: -3 })).toEqual([]);
  });

  test('also a whole host, where that is what the user has named', () => {
    expect(convert(below('', 50), { prefixes: ['https://h.example/'] })).toEqual([
      ['https://h.example/**', 50],
    ]);
  });
});

test('a directory has to replace half of the files that there are for each directory, but not more than it is worth', () => {
  expect(fewestFiles({ files: 0, dirs: 20 })).toBe(50);
  expect(fewestFiles({ files: 3000, dirs: 15 })).toBe(100);
  expect(fewestFiles({ files: 4000, dirs: 0 })).toBe(250);
  expect(fewestSpreadFiles({ files: 5000, dirs: 20 })).toBe(2500);
});
