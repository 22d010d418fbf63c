import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../functions/core/mapping/patterns/pattern.ts';

describe('a pattern', () => {
  test.each([
    ['site/{+path}', 'site/a/b.html', { path: 'a/b.html' }],
    ['site/{+path}', 'site/', undefined],
    ['site/{+path}', 'other/a', undefined],
    ['{name}', 'a.html', { name: 'a.html' }],
    ['{name}', 'a/b', undefined],
    ['posts/{year}/{slug}.md', 'posts/2026/hello.md', { year: '2026', slug: 'hello' }],
    ['posts/{year}/{slug}.md', 'posts/2026/x/hello.md', undefined],
    ['{+dir}/{file}', 'a/b/c', { dir: 'a/b', file: 'c' }],
    ['{slug}-{id}.html', 'my-post-12.html', { slug: 'my-post', id: '12' }],
    ['{+a}/x/{+b}', '1/x/2/x/3', { a: '1/x/2', b: '3' }],
    ['exact.txt', 'exact.txt', {}],
    ['exact.txt', 'exactXtxt', undefined],
    ['a.(b)[c]|d$/{name}', 'a.(b)[c]|d$/e', { name: 'e' }],
    ['{+path}', 'line\nbreak', { path: 'line\nbreak' }],
  ])('%s on %j captures %j', (source, text, expected) => {
    expect(compilePattern(source).match(text)).toEqual(expected);
  });

  test.each([
    ['a{', '"{" without "}" after it in "a{"'],
    ['a}', '"}" without "{" before it in "a}"'],
    ['{}', '"{}" in "{}" is not a variable: expected {name} or {+name}'],
    ['{*x}', '"{*x}" in "{*x}" is not a variable: expected {name} or {+name}'],
    ['{a}/{a}', '"{a}" is used twice in "{a}/{a}"'],
    ['{a}{b}', 'two variables are adjacent in "{a}{b}": expected text between them'],
  ])('%s is refused: %s', (source, message) => {
    expect(() => compilePattern(source)).toThrow(message);
  });
});
