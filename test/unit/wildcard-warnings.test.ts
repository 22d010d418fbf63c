import { expect, test } from 'vitest';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { warnOfWildcards } from '../../infra/settings/rules/warnings/wildcards.ts';
import { checkSettings } from '../../infra/settings/settings.ts';

const match = { source: 'contentful', type: 'post' };

function warningsOf(rule: Rule): readonly string[] {
  return warnOfWildcards(checkSettings({ target: 'production', rules: [rule] }));
}

test.each<[string, Rule['purge']]>([
  ['a whole URL', { dirUrls: ['https://www.example.com/*'] }],
  ['a path on several hosts', { hosts: ['www.example.com', 'm.example.com'], dirUrls: ['/*'] }],
])('a star at the root purges the top level alone: %s', (_, purge) => {
  expect(warningsOf({ name: 'home', match, purge })).toEqual([
    'The rule "home" purges the files next to the home page by "https://www.example.com/*", and neither the home page nor what ' +
      'is in directories: write "https://www.example.com/**" for the whole host.',
  ]);
});

test.each<[string, Rule['purge']]>([
  ['a directory', { dirUrls: ['https://www.example.com/blog/**'] }],
  ['a regex', { regexPatterns: ['any://www.example.com/blog/.*'] }],
])('a rule that deletes what a wildcard covers is named: %s', (_, purge) => {
  const [warning, ...others] = warningsOf({ match, action: 'delete', purge });
  expect(others).toEqual([]);
  expect(warning).toMatch(/^rules\[0\] deletes all that ".*:\/\/www\.example\.com\/blog\/.*" covers, /);
});

test.each<[string, Rule]>([
  ['the whole host', { match, purge: { dirUrls: ['https://www.example.com/**'] } }],
  ['a directory', { match, purge: { dirUrls: ['https://www.example.com/blog/*'] } }],
  [
    'files that are deleted',
    { match, action: 'delete', purge: { fileUrls: ['https://www.example.com/{slug}'] } },
  ],
  ['what a delete invalidates', { match, purge: { dirUrls: ['https://www.example.com/blog/**'] } }],
])('there is no warning of %s', (_, rule) => {
  expect(warningsOf(rule)).toEqual([]);
});
