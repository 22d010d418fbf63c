import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern } from '../../functions/core/pattern.ts';

const literal = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', '.'), minLength: 1, maxLength: 3 });
const variable = fc.boolean();

/** Patterns of literals and variables by turns, with many ambiguous ones among them. */
const patternText = fc
  .tuple(fc.array(fc.tuple(literal, variable), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([pairs, literalFirst]) =>
    pairs.map(([text, crosses], index) => {
      const name = `{${crosses ? '+' : ''}v${index}}`;
      return literalFirst ? text + name : name + text;
    }),
  )
  .map((parts) => parts.join(''));

const keyText = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', '.'), maxLength: 24 });

test('a pattern matches what the plain backtracking RegExp matches, with the same captures', () => {
  fc.assert(
    fc.property(patternText, keyText, (source, key) => {
      const plain = source
        .split(/(\{\+?v\d\})/)
        .map((part) => {
          if (part.startsWith('{+')) return '([\\s\\S]+)';
          return part.startsWith('{') ? '([^/]+)' : part.replace(/[.\-/]/g, '\\$&');
        })
        .join('');
      const expected = new RegExp(`^${plain}$`).exec(key);
      const captures = compilePattern(source).match(key);
      expect(captures === undefined ? undefined : Object.values(captures)).toEqual(expected?.slice(1));
    }),
    { numRuns: 2000 },
  );
});

test('what was captured, put back in place, is the key again', () => {
  fc.assert(
    fc.property(patternText, keyText, (source, key) => {
      const captures = compilePattern(source).match(key);
      if (captures === undefined) return;
      expect(source.replace(/\{\+?(v\d)\}/g, (_, name: string) => captures[name] ?? '?')).toBe(key);
    }),
    { numRuns: 2000 },
  );
});

/** Counts steps, not time: the table has one cell for each token and position, and a RegExp has one free variable. */
test('no pattern of many variables hangs on a long key', () => {
  const pattern = compilePattern('{+a}a{+b}a{+c}a{+d}a{+e}a{+f}b');
  expect(pattern.match('a'.repeat(20_000))).toBeUndefined();
});
