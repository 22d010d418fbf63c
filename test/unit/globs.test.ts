import { expect, test } from 'vitest';
import type { ConfigError } from '../../infra/settings/checks/check.ts';
import { checkConfig } from '../../infra/settings/purger-config.ts';

function issuesOf(change: object, rule: object = {}): readonly string[] {
  const match = { source: 's3' };
  const rules = [{ match, purge: { fileUrls: ['https://h.example/{+key}'] }, ...rule }];
  const config = { credentials: 'x', target: 'production', buckets: [{ name: 'www' }], rules, ...change };
  try {
    checkConfig(config);
    return [];
  } catch (error) {
    return (error as ConfigError).issues;
  }
}

test.each([
  ['site/*', 'site/{+path}'],
  ['*', '{+path}'],
  ['site/*.html', 'site/{name}.html'],
  ['site/**', 'site/{+path}'],
  ['site/**/*', 'site/{+path}'],
  ['site/**/*.html', 'site/{+path}.html'],
  ['*/a/*', '{name}/a/{+path}'],
  ['img-*-*.jpg', 'img-{name}-{name2}.jpg'],
  ['{+path}/*', '{+path}/{+path2}'],
  ['site-*', 'site-{name}'],
])('the glob %s in a key pattern is refused with the pattern that was meant: %s', (key, meant) => {
  const issue = `"*" is not a wildcard in a pattern: write ${JSON.stringify(meant)}, got ${JSON.stringify(key)}`;
  expect(issuesOf({}, { match: { source: 's3', key } })[0]).toBe(`\`rules[0].match.key\`: ${issue}`);
  expect(issuesOf({}, { except: ['drafts/{+a}', key] })).toContain(`\`rules[0].except[1]\`: ${issue}`);
  const meantIssues = issuesOf({}, { match: { source: 's3', key: meant } });
  expect(meantIssues).toEqual([]);
});

test.each([
  ['uploads/*', 'write "uploads/"'],
  ['*', 'leave it out'],
  ['uploads/*.jpg', 'write "uploads/"'],
])('the glob %s in a prefix is refused: %s', (prefix, instead) => {
  const issue = `"*" is not a wildcard in a prefix, which is taken literally: ${instead}, got ${JSON.stringify(prefix)}`;
  const arn = 'arn:aws:sns:eu-central-1:111122223333:t';
  const queue = 'arn:aws:sqs:eu-central-1:111122223333:q';
  expect(issuesOf({ buckets: [{ name: 'www', prefix }] })).toContain(`\`buckets[0].prefix\`: ${issue}`);
  expect(issuesOf({ topics: [{ arn, prefix }] })).toContain(`\`topics[0].prefix\`: ${issue}`);
  expect(issuesOf({ queues: [{ arn: queue, prefix }] })).toContain(`\`queues[0].prefix\`: ${issue}`);
  expect(issuesOf({}, { match: { source: 's3', prefix } })).toContain(`\`rules[0].match.prefix\`: ${issue}`);
  expect(issuesOf({}, { except: { prefix } })).toContain(`\`rules[0].except.prefix\`: ${issue}`);
});

test('the glob *.jpg in a suffix is refused: write ".jpg"', () => {
  expect(issuesOf({ buckets: [{ name: 'www', suffix: '*.jpg' }] })).toEqual([
    '`buckets[0].suffix`: "*" is not a wildcard in a suffix, which is taken literally: write ".jpg", got "*.jpg"',
  ]);
});

test.each(['a*/', "photos (2024)/it's *new*!/"])(
  'a star within a name of a prefix is a literal one: %s',
  (prefix) => {
    expect(issuesOf({ buckets: [{ name: 'www', prefix }] })).toEqual([]);
  },
);

test('a star is a literal one in a field of a CMS', () => {
  const webhooks = [{ source: 'contentful', secret: 'x' }];
  const match = { source: 'contentful', fields: { 'fields.rating': '*****' } };
  expect(issuesOf({ webhooks }, { match, purge: { fileUrls: ['https://h.example/{slug}'] } })).toEqual([]);
});
