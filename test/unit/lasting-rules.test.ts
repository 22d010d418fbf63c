import { expect, test } from 'vitest';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { warnOfRules } from '../../infra/settings/rules/warnings/lasting-rules.ts';
import { checkSettings, type Settings } from '../../infra/settings/settings.ts';

const post = { source: 'contentful', type: 'post' };
const tree = { source: 's3', key: 'site/{+path}' };
const h = 'https://www.example.com';

/** The warnings of a configuration with this rule. */
function warningsOf(rule: Rule, settings: Partial<Settings> = {}): readonly string[] {
  return warnOfRules(checkSettings({ target: 'production', rules: [rule], ...settings }));
}

test('a rule that spends the directories of the default contract with a few changes is named, with how many', () => {
  const dirUrls = ['a', 'b', 'c', 'd', 'e'].map((dir) => `${h}/${dir}/*`);
  const [warning, ...others] = warningsOf({ name: 'blog', match: post, purge: { dirUrls } });
  expect(others).toEqual([]);
  expect(warning).toBe(
    'The rule "blog" takes 5 directories of the day\'s quota for each change, and the default contract has 20 directories a day, of which its lane, people, may spend 19: 3 changes of this rule spend them. Name files instead, or set `quota.production.dirs` to what your contract has: docs/quota.md.',
  );
});

test.each<[string, Rule, Partial<Settings>]>([
  [
    'two directories, since one of the 20 is kept for takedowns,',
    { match: post, purge: { dirUrls: [`${h}/a/*`, `${h}/b/*`] } },
    {},
  ],
  [
    'two directories in bulk, which leaves more to people,',
    { match: post, lane: 'bulk', purge: { dirUrls: [`${h}/a/*`, `${h}/b/*`] } },
    { quota: { production: { dirs: 22 } } },
  ],
  [
    'regexes',
    { match: post, purge: { regexPatterns: ['a', 'b', 'c'].map((dir) => `any://h.example/${dir}.*`) } },
    {},
  ],
  [
    'hosts',
    { match: post, purge: { hosts: ['a.example', 'b.example', 'c.example'], dirUrls: ['/blog/*'] } },
    {},
  ],
  [
    'variants, of each query',
    { match: post, purge: { fileUrls: [`${h}/{slug}`], variants: true, queries: ['w=1', 'w=2'] } },
    {},
  ],
  [
    'a second purge',
    { match: post, repeatAfterSeconds: 60, purge: { dirUrls: [`${h}/a/*`, `${h}/b/*`] } },
    {},
  ],
  ['objects of a whole tree', { match: tree, purge: { dirUrls: [`${h}/**`] } }, {}],
  [
    'schemes that are cached apart',
    { match: post, purge: { hosts: [h, 'http://www.example.com'], dirUrls: ['/a/*', '/b/*'] } },
    { cacheKey: { scheme: true } },
  ],
  [
    'a smaller contract',
    { match: post, purge: { dirUrls: [`${h}/a/*`] } },
    { quota: { production: { dirs: 5 } } },
  ],
])('%s count', (_, rule, settings) => {
  expect(warningsOf(rule, settings)).toHaveLength(1);
});

test.each<[string, Rule, Partial<Settings>]>([
  ['files', { match: tree, purge: { fileUrls: [`${h}/{+path}`] } }, {}],
  ['a directory for each entry of a CMS', { match: post, purge: { dirUrls: [`${h}/a/*`] } }, {}],
  [
    'two directories that are a takedown, which may overdraw,',
    { match: post, lane: 'takedown', purge: { dirUrls: [`${h}/a/*`, `${h}/b/*`] } },
    {},
  ],
  [
    'two directories of a contract with one more',
    { match: post, purge: { dirUrls: [`${h}/a/*`, `${h}/b/*`] } },
    { quota: { production: { dirs: 21 } } },
  ],
  [
    'a directory for one object',
    { match: { source: 's3', key: 'a.json' }, purge: { dirUrls: [`${h}/**`] } },
    {},
  ],
  [
    'directories that one of them covers',
    { match: post, purge: { dirUrls: [`${h}/a/*`, `${h}/b/*`, `${h}/**`] } },
    {},
  ],
  [
    'schemes that are cached together',
    { match: post, purge: { hosts: [h, 'http://www.example.com'], dirUrls: ['/a/*'] } },
    {},
  ],
  [
    'a larger contract',
    { match: tree, purge: { dirUrls: [`${h}/**`] } },
    { quota: { production: { dirs: 500 } } },
  ],
  [
    'a token for each request',
    { match: post, purge: { dirUrls: ['a', 'b', 'c', 'd', 'e'].map((dir) => `${h}/${dir}/*`) } },
    { tokenUnit: 'request' },
  ],
])('%s do not', (_, rule, settings) => {
  expect(warningsOf(rule, settings)).toEqual([]);
});

test("the quota is that of the rule's target", () => {
  const rule: Rule = {
    match: post,
    target: 'staging',
    purge: { dirUrls: [`${h}/a/*`, `${h}/b/*`, `${h}/c/*`] },
  };
  expect(warningsOf(rule, { quota: { production: { dirs: 500 } } })).toEqual([
    expect.stringContaining('set `quota.staging.dirs`'),
  ]);
  expect(warningsOf(rule, { quota: { staging: { dirs: 29 } } })).toEqual([
    expect.stringContaining(
      '`quota.staging.dirs` is 29, of which its lane, people, may spend 28: 9 changes of this rule spend them',
    ),
  ]);
});
