import { describe, expect, test } from 'vitest';
import { purgeByPrefix } from '../../functions/core/mapping/purge-by-prefix.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { entryChange } from '../helpers/changes.ts';
import { describeEntry } from '../helpers/mapping-table.ts';

const anything = entryChange({ fields: {}, affectsAllEntries: true });

function purged(rule: Omit<Rule, 'match'>): readonly string[] {
  const rules = [{ match: { source: 'contentful' }, ...rule }];
  const { entries, problems } = purgeByPrefix({ target: 'production', rules }, anything);
  return [...entries.map(describeEntry), ...problems.map(({ reason }) => `refused: ${reason}`)];
}

const hosts = 'www.example.com';

describe('a purge by prefix purges', () => {
  test.each<[what: string, rule: Omit<Rule, 'match'>, expected: readonly string[]]>([
    [
      'all below the last slash before a value',
      {
        purge: {
          hosts,
          fileUrls: ['/blog/{slug}.html', '/p-{slug}', '/{+path}'],
          dirUrls: ['/tags/{slug}/*'],
        },
      },
      ['dir /blog/**', 'dir /**', 'dir /tags/**'],
    ],
    ['a path that is a value', { purge: { fileUrls: ['https://www.example.com{+path}'] } }, ['dir /**']],
    [
      'what is the same for every change as it is, in all versions',
      {
        purge: {
          hosts,
          fileUrls: ['/feed.xml'],
          fileHeaders: { 'x-lang': ['en', 'de'] },
          queries: ['format=amp'],
          dirUrls: ['/all/**'],
        },
      },
      [
        '/feed.xml [x-lang: en]',
        '/feed.xml [x-lang: de]',
        '/feed.xml?format=amp [x-lang: en]',
        '/feed.xml?format=amp [x-lang: de]',
        'dir /all/**',
      ],
    ],
    [
      'versions and query strings that a change gives values to',
      { purge: { hosts, fileUrls: ['/a'], fileHeaders: { 'x-lang': '{locale}' }, queries: ['tag={slug}'] } },
      ['dir /a', 'dir /a?**'],
    ],
    [
      'a page with a value in its query, with and without one',
      { purge: { hosts, fileUrls: ['/list?tag={slug}', '/tags/?tag={slug}'] } },
      ['/list', '/tags/', 'dir /list?**', 'dir /tags/?**'],
    ],
    [
      'pages that lie above the prefix',
      {
        purge: { hosts, fileUrls: ['/de/blog/{+path}'] },
        pages: { index: 'index.html', parents: 2, trailingSlash: 'never' },
      },
      ['/de/blog', '/de', '/', 'dir /de/blog/**'],
    ],
    [
      'the path that a regular expression begins with',
      {
        purge: {
          regexPatterns: ['any://www.example.com/r/{slug}\\?.*', 'https://www.example.com/s/?{slug}'],
        },
      },
      ['dir http://www.example.com/r/**', 'dir /r/**', 'dir /**'],
    ],
    [
      'nothing where the whole URL is a value, and says so',
      { purge: { fileUrls: ['{+url}'] } },
      ['refused: expected a URL that begins with http:// or https://, got "**"'],
    ],
  ])('%s', (_, rule, expected) => {
    expect(purged(rule)).toEqual(expected);
  });

  test('after the delays of each rule, with its action', () => {
    const rules: Rule[] = [
      { match: { source: 'contentful' }, purge: { hosts, fileUrls: ['/a/{slug}'] } },
      {
        match: { source: 'contentful' },
        purge: { hosts, fileUrls: ['/b/{slug}'] },
        action: 'delete',
        delaySeconds: 30,
        repeatAfterSeconds: 60,
      },
    ];
    const { schedule } = purgeByPrefix({ target: 'production', rules }, anything);
    expect(
      schedule.map(({ delaySeconds, entries }) => [delaySeconds, ...entries.map(describeEntry)]),
    ).toEqual([
      [0, 'dir /a/**'],
      [30, 'delete dir /b/**'],
      [90, 'delete dir /b/**'],
    ]);
  });
});
