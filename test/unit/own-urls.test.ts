import { describe, expect, it, test } from 'vitest';
import { compileExplanations, compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { MappingConfig, Rule } from '../../functions/core/mapping/rule.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { OriginChange } from '../../functions/core/model/types.ts';
import { entryChange, objectChange } from '../helpers/changes.ts';

const origin = 'https://h.example';

/** What a delete of it does, a line for each entry, without the host. */
function deletes(rule: Rule, change: OriginChange): readonly string[] {
  const { map } = compileRules({ target: 'production', rules: [rule] });
  return map({ ...change, action: 'delete' }).entries.map(
    (entry) => `${entry.action} ${entry.kind} ${entryText(entry).replace(/^\w+:\/\/h[.]example/, '')}`,
  );
}

/** What a delete does by a rule for these keys. */
function deletesObject(
  match: string | undefined,
  key: string,
  purge: Rule['purge'],
  more: Partial<Rule> = {},
) {
  const rule = { match: { source: 's3', ...(match !== undefined && { key: match }) }, purge, ...more };
  return deletes(rule, objectChange(key));
}

describe('a delete deletes the URLs of the object or entry itself, and invalidates what only shows it', () => {
  it.each<[string | undefined, string, string, 'delete' | 'invalidate']>([
    ['site/{+path}', 'site/a/b.html', '/{+path}', 'delete'],
    [undefined, 'a.html', '/{+key}', 'delete'],
    ['posts/{year}/{slug}.md', 'posts/2026/x.md', '/{slug}', 'delete'],
    ['posts/{year}/{slug}.md', 'posts/2026/x.md', '/blog/{year}/', 'invalidate'],
    ['posts/{year}/{slug}.md', 'posts/2026/x.md', '/feed.xml', 'invalidate'],
    ['{lang}/{+path}', 'de/a', '/{lang}/sitemap.xml', 'invalidate'],
    ['{+dir}/index.html', 'a/b/index.html', '/{+dir}/', 'delete'],
    ['blog/{slug}/index.html', 'blog/x/index.html', '/blog/', 'invalidate'],
    ['app/index.html', 'app/index.html', '/index.html', 'delete'],
    ['app/index.html', 'app/index.html', '/other.html', 'invalidate'],
  ])('of the keys %s, a delete of %s at %s: %s', (match, key, template, action) => {
    const [deleted] = deletesObject(match, key, { fileUrls: [origin + template] });
    expect(deleted?.split(' ')[0]).toBe(action);
  });

  it('of an entry by what names it, under whatever name', () => {
    const fileUrls = [
      '/blog/{slug}',
      '/by-field/{fields.handle}',
      '/p/{id}',
      `${origin}{+path}`,
      '/blog/',
      '/feed.xml',
      '/',
      '/tags/{fields.tags.*}/',
      '/category/{fields.category}/',
      '/{locale}/',
    ];
    const fields = {
      slug: 'x',
      'fields.handle': 'x',
      path: '/a/x',
      'fields.tags.0': 'red',
      'fields.category': 'news',
    };
    const rule: Rule = {
      match: { source: 'contentful' },
      purge: { hosts: 'h.example', fileUrls },
    };
    const change = entryChange({ id: 'e1', locale: 'de', fields });
    expect(deletes(rule, change)).toEqual([
      'delete file /blog/x',
      'delete file /by-field/x',
      'delete file /p/e1',
      'delete file /a/x',
      'invalidate file /blog/',
      'invalidate file /feed.xml',
      'invalidate file /',
      'invalidate file /tags/red/',
      'invalidate file /category/news/',
      'invalidate file /de/',
    ]);
  });

  it('pages, queries and versions of the file are its own; what is above it is not', () => {
    const pages = { index: 'index.html', parents: 2 };
    const purge = { fileUrls: [`${origin}/{+path}`], queries: ['q=1'], variants: true };
    expect(deletesObject('{+path}', 'a/b/index.html', purge, { pages })).toEqual([
      'delete dir /a/b/index.html',
      'delete dir /a/b/index.html?q=1',
      'delete dir /a/b/',
      'delete dir /a/b/?q=1',
      'invalidate dir /a/',
      'invalidate dir /a/?q=1',
      'invalidate dir /',
      'invalidate dir /?q=1',
    ]);
  });

  it('wildcards and regexes are invalidated, a directory URL without one is as a file', () => {
    const purge = {
      dirUrls: [`${origin}/{+path}`, `${origin}/{+path}/**`, `${origin}/{+path}?*`],
      regexPatterns: ['any://h.example/{+path}.*'],
    };
    expect(deletesObject('{+path}', 'a', purge)).toEqual([
      'delete dir /a',
      'invalidate dir /a/**',
      'invalidate dir /a?*',
      'invalidate regex /a.*',
    ]);
  });

  it('unless the rule says otherwise', () => {
    const purge = { fileUrls: [`${origin}/{+path}`, `${origin}/feed.xml`] };
    for (const action of ['delete', 'invalidate'] as const) {
      const deleted = deletesObject('{+path}', 'a', purge, { action });
      expect(deleted).toEqual([`${action} file /a`, `${action} file /feed.xml`]);
    }
  });
});

describe('what a change may lack', () => {
  const configOf = (purge: Rule['purge']): MappingConfig => ({
    target: 'production',
    rules: [{ match: { source: 'contentful' }, purge }],
  });
  const rulesOf = (purge: Rule['purge']) => compileRules(configOf(purge));

  test.each([
    ['{name?} without a value', { fileUrls: [`${origin}/c/{fields.category?}/`] }],
    ['an empty list', { fileUrls: [`${origin}/tags/{fields.tags.*}/`] }],
    ['{+name?} in a directory', { dirUrls: [`${origin}/c/{+fields.category?}/*`] }],
    ['{name?} in a regex', { regexPatterns: ['any://h.example/c/{fields.category?}'] }],
  ])('%s makes no URL and is no problem, and `explain` says so', (_, purge) => {
    const { entries, problems } = rulesOf(purge).map(entryChange());
    expect([entries, problems]).toEqual([[], []]);
    const [explained] = compileExplanations(configOf(purge))(entryChange());
    expect(explained).toMatchObject({
      matched: true,
      omitted: [{ reason: expect.stringMatching(/^the change has no \{fields[.]/) }],
    });
  });

  test('in queries and headers only that version is left out', () => {
    const purge = {
      fileUrls: [`${origin}/{slug}`],
      queries: ['c={fields.category?}'],
      fileHeaders: [{}, { 'X-Of': '{fields.category?}' }],
    };
    const { entries, problems } = rulesOf(purge).map(entryChange());
    expect([entries.map(entryText), problems]).toEqual([[`${origin}/hello`], []]);
  });

  test('{name?} with a value is as {name}', () => {
    const purge = { fileUrls: [`${origin}/c/{fields.category?}/`] };
    const { entries } = rulesOf(purge).map(entryChange({ fields: { 'fields.category': 'a b' } }));
    expect(entries.map(entryText)).toEqual([`${origin}/c/a%20b/`]);
  });

  test('{name} without a value is a problem, also next to what may be missing', () => {
    const fileUrls = [`${origin}/{fields.other}`, `${origin}/{fields.category?}/{fields.other}`];
    expect(rulesOf({ fileUrls }).map(entryChange()).problems).toHaveLength(2);
  });

  test('a pattern takes no "?"', () => {
    const rules: Rule[] = [{ match: { source: 's3', key: '{a?}/b' }, purge: { fileUrls: [`${origin}/`] } }];
    expect(() => compileRules({ target: 'production', rules })).toThrow('"?" in a variable');
  });
});
