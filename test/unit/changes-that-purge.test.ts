import { describe, expect, it } from 'vitest';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import {
  changesThatPurge,
  type ReversedConfig,
  reversedPurger,
} from '../../infra/cli/explain/reverse/changes-that-purge.ts';
import {
  describeManyUrls,
  describePurgedUrl,
  isPurged,
} from '../../infra/cli/explain/reverse/print-purging-changes.ts';
import { purgedUrl } from '../../infra/cli/explain/reverse/purged-url.ts';

const h = 'https://www.example.com';

function purgedBy(url: string, rule: Rule, others: Partial<ReversedConfig> = {}): readonly string[] {
  const config: ReversedConfig = {
    target: 'production',
    rules: [rule],
    buckets: [{ name: 'www' }],
    ...others,
  };
  return describePurgedUrl({ url, changes: changesThatPurge(config, url) })
    .split('\n')
    .filter((line) => line.startsWith('    '))
    .map((line) => line.trim());
}

const ofObjects = (purge: Rule['purge'], others: Partial<Rule> = {}): Rule => ({
  match: { source: 's3', key: 'site/{+path}' },
  purge,
  ...others,
});

describe('an object whose change purges a URL', () => {
  it.each<[string, string, Rule, readonly string[]]>([
    [
      'is the file itself',
      `${h}/a%20b.html`,
      ofObjects({ fileUrls: [`${h}/{+path}`] }),
      ['put or delete of s3://www/site/a b.html'],
    ],
    [
      'is each file that shows at the page',
      `${h}/blog/`,
      ofObjects(
        { fileUrls: [`${h}/{+path}`] },
        { pages: { index: 'index.html', cleanUrls: true, trailingSlash: 'always' } },
      ),
      [
        'put or delete of s3://www/site/blog/',
        'put or delete of s3://www/site/blog/index.html',
        'put or delete of s3://www/site/blog.html',
        'put or delete of s3://www/site/blog',
      ],
    ],
    [
      'is any below, where a page makes those above stale',
      `${h}/blog/`,
      ofObjects(
        { fileUrls: [`${h}/{+path}`] },
        { match: { source: 's3', key: 'site/{+path}', action: 'put' }, pages: { parents: 2 } },
      ),
      [
        'put of s3://www/site/blog/',
        'put of s3://www/site/blog/{+path} (such as s3://www/site/blog/x, but not s3://www/site/blog/a/b/c/d.html), pages at most 2 directories below',
      ],
    ],
    [
      'is any of the rule, but for what it leaves out, where a directory covers the URL',
      `${h}/blog/a.html`,
      ofObjects({ dirUrls: [`${h}/blog/*`] }, { except: 'site/{+path}.map' }),
      [
        `put or delete of s3://www/site/{+path} (such as s3://www/site/x, but not s3://www/sitex/x), except key "site/{+path}.map", by the directory ${h}/blog/*`,
      ],
    ],
    [
      'keeps what the URL does not say as a variable',
      `${h}/hello/`,
      ofObjects({ fileUrls: [`${h}/{slug}/`] }, { match: { source: 's3', key: 'posts/{year}/{slug}.md' } }),
      [
        'put or delete of s3://www/posts/{year}/hello.md (such as s3://www/posts/x/hello.md, but not s3://www/posts/x/hello.mdx)',
      ],
    ],
    [
      'is found behind a query string',
      `${h}/a.html?lang=a.html`,
      ofObjects({ fileUrls: [`${h}/{+path}`], queries: ['lang={path}'] }),
      ['put or delete of s3://www/site/a.html'],
    ],
    [
      'is found by a pattern',
      `${h}/a.b?x=1`,
      ofObjects({ regexPatterns: [`any://www.example.com/{+path}\\?.*`] }),
      ['put or delete of s3://www/site/a.b, by the pattern any://www.example.com/a\\.b\\?.*'],
    ],
    [
      'is found under the other scheme, which the cache does not tell apart',
      'http://www.example.com/a',
      ofObjects({ fileUrls: [`${h}/{+path}`] }),
      [`put or delete of s3://www/site/a, by the URL ${h}/a`],
    ],
  ])('%s', (_, url, rule, changes) => {
    expect(purgedBy(url, rule)).toEqual(changes);
  });

  it('is none that the rule leaves out, or that lies outside of its prefix', () => {
    const purge = { fileUrls: [`${h}/{+path}`] };
    expect(purgedBy(`${h}/a.map`, ofObjects(purge, { except: 'site/{+path}.map' }))).toEqual([]);
    const match = { source: 's3', key: 'site/{+path}', prefix: ['site/img/'] };
    expect(purgedBy(`${h}/a.png`, ofObjects(purge, { match }))).toEqual([]);
    expect(purgedBy(`${h}/img/a.png`, ofObjects(purge, { match }))).toHaveLength(1);
  });

  it('is said not to arrive, where its bucket or its key is not watched', () => {
    const rule = ofObjects({ fileUrls: [`${h}/{+path}`] });
    expect(purgedBy(`${h}/a.css`, rule, { buckets: [{ name: 'www', suffix: '.html' }] })).toEqual([
      'put or delete of s3://www/site/a.css, but it would not arrive: only keys that end with ".html" are watched',
    ]);
    expect(purgedBy(`${h}/a.css`, rule, { buckets: [] })).toEqual([
      'put or delete of s3://{bucket}/site/a.css (such as s3://bucket/site/a.css), but it would not arrive: no bucket "bucket" is watched',
    ]);
  });
});

describe('an entry whose change purges a URL', () => {
  const contentful = (match: object, purge: Rule['purge']): Rule => ({
    match: { source: 'contentful', ...match },
    purge,
  });

  it.each<[string, string, Rule, readonly string[]]>([
    [
      'has the values that the URL has',
      `${h}/blog/hello`,
      contentful({ type: 'blogPost' }, { fileUrls: [`${h}/blog/{slug}`] }),
      [
        'put or delete of contentful entry with type = "blogPost" and slug = "hello" or "/hello" (but not one with type = "blogPostx")',
      ],
    ],
    [
      'has an item of a list',
      `${h}/tags/a%20b`,
      contentful({}, { fileUrls: [`${h}/tags/{fields.tags.*}`] }),
      [
        'put or delete of contentful entry with fields.tags.* = "a b" or "/a b" (but not one with fields.tags.* = "a bx")',
      ],
    ],
    [
      'has a locale of which the URL has a part',
      `${h}/de/x`,
      contentful({ locale: '{language}-{region}', action: 'put' }, { fileUrls: [`${h}/{language}/x`] }),
      ['put of contentful entry with locale = "de-{region}"'],
    ],
    [
      'is any, where the URL is the same for all',
      `${h}/feed.xml`,
      contentful({}, { fileUrls: [`${h}/feed.xml`] }),
      ['put or delete of any contentful entry'],
    ],
    [
      'has the whole URL as a value',
      `${h}/a`,
      contentful({}, { fileUrls: ['{+url}'] }),
      [
        `put or delete of contentful entry with url = "${h}/a" (but not one with url = "${h}/ax")`,
        'put or delete of contentful entry with url = "http://www.example.com/a" (but not one with url = "http://www.example.com/ax"), by the URL http://www.example.com/a',
      ].toReversed(),
    ],
  ])('%s', (_, url, rule, changes) => {
    expect(purgedBy(url, rule)).toEqual(changes);
  });

  it('is one of each of the types that the rule names and does not leave out', () => {
    const rule = contentful({ type: ['post', 'page', 'draft'] }, { fileUrls: [`${h}/{slug}`] });
    expect(purgedBy(`${h}/a`, { ...rule, except: { type: 'draft' } })).toEqual(
      ['post', 'page'].map(
        (type) =>
          `put or delete of contentful entry with type = "${type}" and slug = "a" or "/a" (but not one with type = "${type}x"), except type "draft"`,
      ),
    );
  });
});

it('pages below are those of the pattern of the whole key', () => {
  const ofKey = (key: string): Rule => ({
    match: { source: 's3', key },
    purge: { fileUrls: [`${h}/{+key}`] },
    pages: { index: 'index.html', parents: 4 },
  });
  const below = 'pages at most 4 directories below';
  expect(purgedBy(`${h}/docs/`, ofKey('docs/en/{+page}.html'))).toEqual([
    `put or delete of s3://www/docs/en/{+page}.html (such as s3://www/docs/en/x.html, but not s3://www/docs/en/a/b/c/d.html.html), ${below}`,
  ]);
  expect(purgedBy(`${h}/docs/`, ofKey('docs/{year}/{+page}/index.html'))).toEqual([
    `put or delete of s3://www/docs/{year}/{+page}/index.html (such as s3://www/docs/x/x/index.html, but not s3://www/docs/a-b-c-d.html/a/b/c/d.html/index.html), ${below}`,
  ]);
  expect(purgedBy(`${h}/docs/`, ofKey('{+page}/y-index.html'))).toEqual([
    `put or delete of s3://www/docs/{+rest} (such as s3://www/docs//y-index.html, but not s3://www/docs/x), ${below}`,
  ]);
});

it('a change that purges a URL in another target is said to purge it there alone', () => {
  const rule = ofObjects({ fileUrls: [`${h}/{+path}`] }, { target: 'staging' });
  const url = `${h}/a`;
  expect(purgedBy(url, rule)).toEqual(['put or delete of s3://www/site/a, in staging alone']);
  expect(purgedBy(url, rule, { target: 'staging' })).toEqual(['put or delete of s3://www/site/a']);
  const config = { target: 'production', rules: [rule], buckets: [{ name: 'www' }] } as const;
  const purged = { url, changes: changesThatPurge(config, url) };
  expect(isPurged(purged)).toBe(false);
  expect(describeManyUrls([purged])).toBe(
    `purged in another target alone: 1\n  ${url}\n\nOf 1 URLs, 0 are purged by changes.`,
  );
});

describe('an entry comes by a webhook that there is', () => {
  const webhooks = ['a', 'b'].map((name) => ({ source: 'contentful', name, secret: 's' }) as const);
  const rule: Rule = { match: { source: 'contentful' }, purge: { fileUrls: [`${h}/{slug}`] } };

  it('which need not be the first one', () => {
    expect(purgedBy(`${h}/x`, { ...rule, except: { webhook: 'a' } }, { webhooks })).toEqual([
      'put or delete of contentful entry with slug = "x" or "/x" (but not one with slug = "xx"), except webhook "a"',
    ]);
    const named = { ...rule, match: { source: 'contentful', webhook: '{name}' } };
    expect(
      purgedBy(`${h}/b/x`, { ...named, purge: { fileUrls: [`${h}/{name}/{slug}`] } }, { webhooks }),
    ).toEqual([
      'put or delete of contentful entry with webhook = "b" and slug = "x" or "/x" (but not one with slug = "xx")',
    ]);
  });

  it('so that a page by the name of another one is purged by none', () => {
    const ofWebhook = { ...rule, purge: { fileUrls: [`${h}/{webhook}/{slug}`] } };
    expect(purgedBy(`${h}/b/x`, ofWebhook, { webhooks })).toHaveLength(1);
    expect(purgedBy(`${h}/c/x`, ofWebhook, { webhooks })).toEqual([]);
    expect(purgedBy(`${h}/c/x`, ofWebhook)).toHaveLength(1);
  });
});

// Without a bound, a regex that backtracks would take longer than a test may.
it('a pattern of many values is not looked for in a long URL', () => {
  const rule = ofObjects(
    { regexPatterns: ['any://www.example.com/{+a}.*{+b}.*{+c}.*{+d}\\.html$'] },
    { match: { source: 's3', key: '{+a}/{+b}/{+c}/{+d}' } },
  );
  expect(purgedBy(`${h}/a-b-c-d.html`, rule)).toEqual([]);
  expect(purgedBy(`${h}/${'x'.repeat(1500)}`, rule)).toEqual([]);
});

// Without a bound, the number of ways would have more digits than a test has seconds.
it('of very many ways to write a URL, some are looked at', () => {
  const rule = ofObjects(
    { fileUrls: [`${h}/{+a}/{+b}/{+c}/{+d}`] },
    { match: { source: 's3', key: '{+a}/x/{+b}/x/{+c}/x/{+d}' } },
  );
  expect(purgedBy(`${h}/${'x/'.repeat(400)}`, rule)).toEqual([
    expect.stringMatching(/^put or delete of s3:\/\/www\/(x\/)+$/),
  ]);
});

describe('a URL that no change purges', () => {
  const config: ReversedConfig = {
    target: 'production',
    rules: [ofObjects({ fileUrls: [`${h}/{+path}`] }, { except: { key: '{+any}.map' } })],
    buckets: [{ name: 'www' }],
  };
  const purger = reversedPurger(config);
  const described = (url: string) => describePurgedUrl(purgedUrl(purger, url));

  it('names the exception that leaves its changes out', () => {
    expect(described(`${h}/a.map`)).toBe(
      `${h}/a.map\n  No change purges it.\n  rules[0]: s3://www/site/a.map is left out by except: key "{+any}.map"`,
    );
    expect(purgedUrl(purger, `${h}/a.js`)).not.toHaveProperty('leftOut');
  });

  it('is said to be purged without its query string where it is', () => {
    expect(described(`${h}/a.js?q=1`)).toContain(`\n  It is purged without its query string: ${h}/a.js. `);
    expect(purgedUrl(purger, 'https://other.example/a.js?q=1')).toEqual({
      url: 'https://other.example/a.js?q=1',
      changes: [],
    });
    expect(described('https://other.example/a.js')).toContain('no rule makes a URL, directory or pattern');
  });
});
