import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dirUrlMatcher } from '../../local/edge/purge-matcher.ts';

/** Few letters, so that patterns and URLs often meet. */
const path = (letters: string[], maxLength: number) =>
  fc.array(fc.constantFrom(...letters), { maxLength }).map((parts) => `http://h/${parts.join('')}`);

/**
 * The same rule, said as a regular expression: the last one or two asterisks are the wildcard. `…/*` leaves out the
 * directory itself, and without a wildcard all variations of one path are covered.
 */
function oracle(dirUrl: string): RegExp {
  const [, before = dirUrl, stars, after = ''] = /^(.*?)(\*\*?)([^*]*)$/s.exec(dirUrl) ?? [];
  const literal = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  // The shortest `before` takes in all but the last two asterisks of a run.
  if (stars === undefined) return new RegExp(`^${literal(before.replace(/\?.*/, ''))}(\\?.*)?$`, 's');
  const name = before.endsWith('/') ? '(?=[^?])[^/]*' : '[^/]*';
  return new RegExp(`^${literal(before)}${stars === '**' ? '.*' : name}${literal(after)}$`, 's');
}

describe('directory URLs', () => {
  it('cover what a regular expression of the same meaning covers', () => {
    let covered = 0;
    fc.assert(
      fc.property(path(['a', '/', '*', '**', '?'], 6), path(['a', '/', '*', '?', 'b'], 8), (dirUrl, url) => {
        const expected = oracle(dirUrl).test(url);
        covered += expected ? 1 : 0;
        expect(dirUrlMatcher(dirUrl)(url)).toBe(expected);
      }),
      { numRuns: 20_000 },
    );
    expect(covered).toBeGreaterThan(500);
  });

  it('cover with ** all that they cover with *', () => {
    const parts = fc.tuple(
      path(['a', '/', '.'], 3),
      fc.constantFrom('', 'a', '.a', '/a'),
      fc.string({ unit: fc.constantFrom('a', 'b', '/') }),
    );
    fc.assert(
      fc.property(parts, ([before, after, middle]) => {
        const url = `${before}${middle}${after}`;
        expect(dirUrlMatcher(`${before}**${after}`)(url)).toBe(true);
        const isDirectory = before.endsWith('/') && middle + after === '';
        expect(dirUrlMatcher(`${before}*${after}`)(url)).toBe(!middle.includes('/') && !isDirectory);
      }),
    );
  });
});
