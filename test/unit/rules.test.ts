import { describe, expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { OriginChange } from '../../functions/core/model/types.ts';
import { entryChange, objectChange } from '../helpers/changes.ts';

const site: Rule = {
  match: { source: 's3', key: 'site/{+path}' },
  purge: { fileUrls: ['https://www.example.com/{+path}'] },
};

function map(change: OriginChange, ...rules: Rule[]) {
  return compileRules({ target: 'production', rules }).map(change);
}

function urls(change: OriginChange, ...rules: Rule[]) {
  return map(change, ...rules).entries.map(entryText);
}

describe('rules for objects', () => {
  test('a put invalidates and a delete deletes', () => {
    const put = map(objectChange('site/a.html'), site);
    expect(put.entries).toEqual([
      { kind: 'file', url: 'https://www.example.com/a.html', target: 'production', action: 'invalidate' },
    ]);
    const removed = map(objectChange('site/a.html', { action: 'delete' }), site);
    expect(removed.entries).toMatchObject([{ action: 'delete' }]);
  });

  test('a rule can set its own action and target', () => {
    const rule: Rule = { ...site, action: 'delete', target: 'staging' };
    expect(map(objectChange('site/a'), rule).entries).toMatchObject([
      { action: 'delete', target: 'staging' },
    ]);
  });

  test('a key outside the pattern matches nothing', () => {
    expect(map(objectChange('drafts/a.html'), site)).toEqual({
      entries: [],
      schedule: [],
      rules: [],
      problems: [],
    });
  });

  test('except leaves keys out', () => {
    const rule: Rule = { ...site, except: ['site/{+path}.map', 'site/private/{+path}'] };
    expect(urls(objectChange('site/a.js'), rule)).toEqual(['https://www.example.com/a.js']);
    expect(urls(objectChange('site/a.js.map'), rule)).toEqual([]);
    expect(urls(objectChange('site/private/x'), rule)).toEqual([]);
  });

  test('a condition on the bucket keeps other buckets out', () => {
    const rule: Rule = { ...site, match: { source: 's3', key: 'site/{+path}', bucket: 'other' } };
    expect(urls(objectChange('site/a'), rule)).toEqual([]);
  });

  test('an index document makes its directory stale, too, at any depth and at the root', () => {
    const rule: Rule = { ...site, pages: { index: 'index.html' } };
    expect(urls(objectChange('site/index.html'), rule)).toEqual([
      'https://www.example.com/index.html',
      'https://www.example.com/',
    ]);
    expect(urls(objectChange('site/blog/a/index.html'), rule)).toEqual([
      'https://www.example.com/blog/a/index.html',
      'https://www.example.com/blog/a/',
    ]);
    expect(urls(objectChange('site/myindex.html'), rule)).toEqual(['https://www.example.com/myindex.html']);
  });

  test('all rules that match apply, without duplicates', () => {
    const feed: Rule = {
      ...site,
      purge: { fileUrls: ['https://www.example.com/{+path}', 'https://www.example.com/feed.xml'] },
    };
    expect(urls(objectChange('site/a'), site, feed)).toEqual([
      'https://www.example.com/a',
      'https://www.example.com/feed.xml',
    ]);
    expect(map(objectChange('site/a'), { ...site, name: 'site' }, feed).rules).toEqual(['site', 'rules[1]']);
  });

  test.each([
    ['ü/é.html', '%C3%BC/%C3%A9.html'],
    ['newfile[1]{tes`|t^}p.png', 'newfile%5B1%5D%7Btes%60%7Ct%5E%7Dp.png'],
    ['123%abc.jpg', '123%25abc.jpg'],
    ['already%20encoded', 'already%2520encoded'],
    ['what?#', 'what%3F%23'],
    ["ab&c=d,e;f@g:h$i!j~k'(l)", "ab&c=d,e;f@g:h$i!j~k'(l)"],
    ['"<>\\', '%22%3C%3E%5C'],
    ['\u0001\u007f', '%01%7F'],
    ['🎉', '%F0%9F%8E%89'],
    ['a//b', 'a//b'],
  ])('the key %j becomes the path %s', (key, path) => {
    expect(urls(objectChange(`site/${key}`), site)).toEqual([`https://www.example.com/${path}`]);
  });

  test('a space in a key is %20, and the plus that S3 reads as one', () => {
    expect(urls(objectChange('site/a b.html'), site)).toEqual([
      'https://www.example.com/a%20b.html',
      'https://www.example.com/a+b.html',
    ]);
  });

  test('a variable without "+" takes one segment, and a value in a query is encoded for it', () => {
    const rule: Rule = {
      match: { source: 's3', key: 'img/{+path}' },
      purge: { fileUrls: ['https://www.example.com/i?src={path}&w=2', 'https://www.example.com/{path}'] },
    };
    expect(urls(objectChange('img/a&b/c.png'), rule)).toEqual([
      'https://www.example.com/i?src=a%26b%2Fc.png&w=2',
      'https://www.example.com/a&b%2Fc.png',
    ]);
  });

  test('a template keeps what its author encoded, and encodes what the author did not', () => {
    const rule: Rule = { ...site, purge: { fileUrls: ['https://www.example.com/%C3%BC/ü b/{+path}'] } };
    expect(urls(objectChange('site/a'), rule)).toEqual(['https://www.example.com/%C3%BC/%C3%BC%20b/a']);
  });

  test('in a regex a value matches itself, and the regex keeps its own braces', () => {
    const rule: Rule = {
      ...site,
      purge: { regexPatterns: ['https://www.example.com/{+path}\\?v=\\d{1,9}'] },
    };
    expect(urls(objectChange('site/a.b(c).js'), rule)).toEqual([
      'https://www.example.com/a\\.b\\(c\\)\\.js\\?v=\\d{1,9}',
    ]);
  });

  test('a URL that CDN Pro would refuse is a problem, and the rest goes on', () => {
    const rule: Rule = {
      ...site,
      purge: { fileUrls: ['https://www.example.com/{+path}'], dirUrls: ['https://www.example.com/*'] },
    };
    const { entries, problems } = map(objectChange(`site/${'x'.repeat(2030)}`), rule);
    expect(entries.map(entryText)).toEqual(['https://www.example.com/*']);
    expect(problems).toEqual([
      {
        isUrl: true,
        rule: 'rules[0]',
        template: 'https://www.example.com/{+path}',
        reason: 'expected at most 2048 characters, got 2054',
      },
    ]);
  });
});

describe('rules for entries', () => {
  const blog: Rule = {
    match: { source: 'contentful', type: 'blogPost' },
    purge: { fileUrls: ['https://www.example.com/blog/{slug}'], dirUrls: ['https://www.example.com/blog/*'] },
  };

  test('fields of the payload are variables', () => {
    expect(urls(entryChange({ fields: { slug: 'über uns' } }), blog)).toEqual([
      'https://www.example.com/blog/%C3%BCber%20uns',
      'https://www.example.com/blog/*',
    ]);
    const category: Rule = {
      ...blog,
      purge: { fileUrls: ['https://www.example.com/{locale}/{fields.category}/{id}'] },
    };
    expect(urls(entryChange({ locale: 'de', fields: { 'fields.category': 'news' } }), category)).toEqual([
      'https://www.example.com/de/news/entry-1',
    ]);
  });

  test('a field that is missing or empty is a problem of its template alone', () => {
    for (const fields of [{}, { slug: '' }]) {
      const { entries, problems } = map(entryChange({ fields }), blog);
      expect(entries.map(entryText)).toEqual(['https://www.example.com/blog/*']);
      expect(problems).toMatchObject([{ reason: 'the change has no {slug}' }]);
    }
  });

  test.each([
    [{ type: 'author' }, {}],
    [{ source: 'sanity' }, {}],
    [{}, { webhook: 'other-space' }],
    [{ locale: 'fr' }, { locale: ['en', 'de'] }],
  ])('%j does not match %j', (change, match) => {
    expect(urls(entryChange(change), { ...blog, match: { ...blog.match, ...match } })).toEqual([]);
  });

  test('two webhooks of one source are told apart by name', () => {
    const rule: Rule = { ...blog, match: { source: 'contentful', webhook: 'space-2' } };
    expect(urls(entryChange({ webhook: 'space-2' }), rule)).toHaveLength(2);
  });
});
