import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern } from '../../functions/core/mapping/patterns/pattern.ts';
import { compilePlainTemplate } from '../../functions/core/mapping/patterns/template.ts';
import { someStringIn, stringsFrom, stringsOf } from '../../infra/settings/rules/pattern-sets.ts';

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

const segment = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.'), minLength: 1, maxLength: 5 });

test('what is expanded from values comes back as these values, where slashes keep them apart', () => {
  const shape = fc.array(fc.record({ before: segment, value: segment }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(shape, fc.array(segment, { minLength: 1, maxLength: 4 }), (parts, rest) => {
      const source = `${parts.map(({ before }, index) => `${before}/{v${index}}`).join('/')}/{+rest}`;
      const values = Object.fromEntries(parts.map(({ value }, index) => [`v${index}`, value]));
      const variables = { ...values, rest: rest.join('/') };
      const expansion = compilePlainTemplate(source).expand(variables);
      const [text = ''] = expansion.kind === 'expanded' ? expansion.results : [];
      expect(compilePattern(source).match(text)).toEqual(variables);
    }),
  );
});

/** The fastest of several tries in ms: what else the machine does can only make one slower. */
function fastestMs(work: () => void): number {
  const times = Array.from({ length: 4 }, () => {
    const startMs = performance.now();
    work();
    return performance.now() - startMs;
  });
  return Math.min(...times);
}

/** Keys that make a search for literals begin again and again, with an end that fits nothing. */
const worstKey = fc.tuple(
  fc.constantFrom('a', 'b', 'ab', 'a/', '/', 'aab', 'b/a', '-', 'a-'),
  fc.constantFrom('', '/', 'x', '/x', 'b', '-'),
);

test('time grows no faster than the key does, for the worst patterns and keys that are found', () => {
  const factor = 8;
  const short = 8192;
  fc.assert(
    fc.property(patternText, worstKey, (source, [unit, end]) => {
      const pattern = compilePattern(source);
      const keyOf = (length: number) => unit.repeat(length / unit.length) + end;
      const [key, longKey] = [keyOf(short), keyOf(short * factor)];
      const ratio = () => {
        const longMs = fastestMs(() => pattern.match(longKey));
        // Too short to be measured: a quadratic search would take seconds here.
        return longMs < 1 ? 0 : longMs / fastestMs(() => pattern.match(key));
      };
      // Linear is 8 times as long, quadratic 64 times, whenever it is measured; a busy machine is not always busy.
      let least = ratio();
      for (let tries = 1; tries < 4 && least >= 32; tries++) least = ratio();
      expect(least, `${source} on ${unit}…${end}`).toBeLessThan(32);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['{+a}a{+b}a{+c}a{+d}a{+e}a{+f}b', 'a'.repeat(200_000)],
  // A backtracking RegExp is quadratic here: each "b" can begin {c}, which then runs up to the slash.
  ['{+a}b{c}', `${'b'.repeat(200_000)}/`],
  ['{a}-{b}-{c}-{d}', '-'.repeat(200_000)],
])('%s does not hang on a long key', (source, key) => {
  expect(fastestMs(() => compilePattern(source).match(key))).toBeLessThan(1000);
});

test('a set of strings is empty only if no string is found in it', () => {
  fc.assert(
    fc.property(patternText, patternText, keyText, (wanted, excluded, text) => {
      const [pattern, exception] = [compilePattern(wanted), compilePattern(excluded)];
      const isIn = pattern.match(text) !== undefined;
      const isExcluded = exception.match(text) !== undefined;
      const [all, none] = [stringsOf(pattern), stringsOf(exception)];
      if (isIn && !isExcluded) expect(someStringIn([all], [none])).toBe(true);
      if (isIn && isExcluded) expect(someStringIn([all, none])).toBe(true);
      if (isIn) expect(someStringIn([all, stringsFrom(text.slice(0, 3))])).toBe(true);
      expect(someStringIn([all], [all])).toBe(false);
    }),
    { numRuns: 1000 },
  );
});
