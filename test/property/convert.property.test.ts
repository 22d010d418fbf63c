import fc from 'fast-check';
import { expect, test } from 'vitest';
import { convertFiles, type WaitingFile } from '../../functions/core/planning/convert.ts';
import { fileEntry } from '../helpers/changes.ts';

const nowMs = 10_000_000;
const site = 'https://h.example/';
/** So many of each directory's files wait, in one of three directories or in the directory above them. */
const sites = fc.array(
  fc.record({
    above: fc.integer({ min: 0, max: 3 }),
    directories: fc.integer({ min: 1, max: 40 }),
    waiting: fc.integer({ min: 1, max: 80 }),
  }),
  { minLength: 1, maxLength: 6 },
);

function filesOf(
  parts: typeof sites extends fc.Arbitrary<infer Value> ? Value : never,
): readonly WaitingFile[] {
  return parts.flatMap(({ above, directories, waiting }, part) =>
    Array.from({ length: directories }, (_, directory) =>
      Array.from({ length: waiting }, (_, index) => {
        const parent = above === 0 ? '' : `${above}/`;
        return { entry: fileEntry(`${site}${parent}${part}-${directory}/${index}.html`), sinceMs: 0 };
      }),
    ).flat(),
  );
}

const options = { prefixes: [site], fewest: 50, fewestSpread: 500, mostDirs: 1000, nowMs };
const directoryOf = ({ entry }: WaitingFile) => entry.url.slice(0, entry.url.lastIndexOf('/'));

/** @returns those that purge many files that did not change, for little */
function thin(files: readonly WaitingFile[], fewestSpread: number) {
  return convertFiles(files, { ...options, fewestSpread }).filter(({ replaced }) => {
    const directories = new Set(replaced.map(directoryOf)).size;
    return replaced.length < 50 * directories && replaced.length < options.fewestSpread;
  });
}

test('a directory replaces files of which each directory has many, or very many files', () => {
  fc.assert(
    fc.property(sites, (parts) => {
      const files = filesOf(parts);
      expect(thin(files, options.fewestSpread)).toEqual([]);
      const replaced = convertFiles(files, options).flatMap((conversion) => conversion.replaced);
      expect(new Set(replaced).size).toBe(replaced.length);
    }),
    { numRuns: 20 },
  );
});

test('without that, a directory would go for a few files in each of many directories below it', () => {
  const files = filesOf([{ above: 1, directories: 40, waiting: 2 }]);
  expect(thin(files, options.fewest)).toHaveLength(1);
});
