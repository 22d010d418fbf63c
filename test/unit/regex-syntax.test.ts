import { describe, expect, it } from 'vitest';
import { regexPatternProblem } from '../../functions/core/mapping/urls/regex-pattern.ts';
import { regexSyntaxProblem } from '../../functions/core/mapping/urls/regex-syntax.ts';
import { checkSettings } from '../../infra/settings/settings.ts';
import { regexMatcher } from '../../local/edge/purge-matcher.ts';

describe('a regular expression is judged by what no dialect takes', () => {
  it.each([
    '/(?i)docs/a\\.html',
    '/(?i:docs)/a',
    '/a++b',
    '/a*?b',
    '/\\Qa(b*\\E.*',
    '/(?<name>a)b',
    '/(?P<name>a)b',
    '/(?>a|b)c',
    '/(?<!a)b(?=c)(?!d)',
    '/[]a]b',
    '/[^]a]b',
    '/[[:alpha:]]+x',
    '/[\\]a]{2,5}',
    '/a{,5}b{3}c{2,}',
    '/{x}',
    '/my.*\\.(jpg|png)\\?q=',
    '/(\\?.*)?$',
  ])('%s is one', (regex) => {
    expect(regexSyntaxProblem(regex)).toBeUndefined();
  });

  it.each([
    ['/a(b', 'it has a "(" without a ")"'],
    ['/a)b', 'it has a ")" without a "("'],
    ['/[a-z', 'it has a "[" without a "]"'],
    ['/[a\\]', 'it has a "[" without a "]"'],
    ['/a\\', 'it ends with a backslash'],
    ['/a**', 'it has nothing to repeat before "*"'],
    ['/(*a)', 'it has nothing to repeat before "*"'],
    ['/a|+b', 'it has nothing to repeat before "+"'],
    ['/(?:{2}a)', 'it has nothing to repeat before "{2}"'],
    ['/a{5,2}', 'a quantifier has a lower limit above its upper one'],
  ])('%s is none: %s', (regex, problem) => {
    expect(regexSyntaxProblem(regex)).toBe(problem);
    expect(regexPatternProblem(`any://h.example${regex}`)).toMatch(`${problem}`);
  });

  it('takes linear time', () => {
    const start = performance.now();
    for (const part of ['(', '[', '\\Q', '(?', '[^', '{1', '(?<', '[[:a'])
      regexSyntaxProblem(part.repeat(20_000));
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('and the local CDN Pro knows flags that hold up to the end', () => {
    const purges = regexMatcher('https://h.example/(?i)docs/a\\.html$');
    expect(['https://h.example/DOCS/A.html', 'https://h.example/b'].map(purges)).toEqual([true, false]);
  });
});

it('a variable in a character class is refused at synth', () => {
  const regexPatterns = [
    'any://h.example/[{key}]',
    'any://h.example/\\[{key}',
    'any://h.example/[a-z]{2}/{key}',
  ];
  const rules = [{ match: { source: 's3' }, purge: { regexPatterns } }];
  expect(() => checkSettings({ target: 'production', rules })).toThrow(
    expect.objectContaining({
      issues: [
        '`rules[0].purge.regexPatterns[0]`: a variable in a character class would match single characters of its value',
      ],
    }),
  );
});
