import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../infra/settings/checks/check.ts';
import { checkConfig } from '../../infra/settings/purger-config.ts';
import { checkSettings } from '../../infra/settings/settings.ts';

const url = 'https://www.example.com';
const purge = { fileUrls: [`${url}/x`] };

function issuesOf(check: () => unknown): readonly string[] {
  try {
    check();
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map((issue) => issue.replaceAll('rules[0].', ''));
    throw error;
  }
  return [];
}

const issuesOfRule = (rule: unknown) =>
  issuesOf(() => checkSettings({ target: 'production', rules: [rule] }));

describe('a rule that can never match is refused', () => {
  test.each([
    ['site/{+path}', 'site/{+x}', '`match.key`: it can never match: `except` excludes every such change'],
    ['site/{name}', '{+all}', '`match.key`: it can never match: `except` excludes every such change'],
    ['site/{a}/{b}', 'site/{+x}/{y}', '`match.key`: it can never match: `except` excludes every such change'],
    [
      ['a/{+p}', 'b/{+p}'],
      ['b/{+x}'],
      '`match.key[1]`: it can never match: `except` excludes every such change',
    ],
    [
      'a/{p}',
      ['a/x{q}', 'b/{q}'],
      '`except[1]`: it has no effect: it excludes no change that the rule matches',
    ],
    [undefined, '{+all}', '`match`: it can never match: `except` excludes every such change'],
  ])('key %j, except %j', (key, except, issue) => {
    expect(issuesOfRule({ match: { source: 's3', ...(key && { key }) }, except, purge })).toEqual([issue]);
  });

  test.each([
    ['site/{+path}', 'site/{+path}.map'],
    ['site/{+path}', 'site/{name}'],
    ['{+path}', '{+dir}/{name}'],
    [['a/{+p}', 'b/{+p}'], 'a/x/{+q}'],
    [undefined, 'private/{+x}'],
  ])('but not key %j, except %j', (key, except) => {
    expect(issuesOfRule({ match: { source: 's3', ...(key && { key }) }, except, purge })).toEqual([]);
  });

  test('a key and a prefix that exclude each other', () => {
    expect(
      issuesOfRule({ match: { source: 's3', key: 'site/{+p}', prefix: ['assets/', 'img/'] }, purge }),
    ).toEqual(['`match.key`: it can never match: no such key begins with `match.prefix`']);
    expect(
      issuesOfRule({ match: { source: 's3', key: 's{+p}', prefix: ['assets/', 'site/'] }, purge }),
    ).toEqual([]);
  });

  test.each([
    [
      { source: 's3', locale: 'de' },
      '`match.locale`: a change from "s3" has no locale: this condition can never hold',
    ],
    [
      { source: 's3', fields: { slug: 'x' } },
      '`match.fields`: a change from "s3" has no fields: this condition can never hold',
    ],
    [
      { source: 'contentful', prefix: 'x' },
      '`match.prefix`: a change from "contentful" has no prefix: this condition can never hold',
    ],
    [
      { source: 'contentful', fields: { slgu: 'x' } },
      '`match.fields.slgu`: no change has this value (did you mean `slug`?)',
    ],
  ])('%j', (match, issue) => {
    expect(issuesOfRule({ match, purge })).toEqual([issue]);
  });
});

describe('fields that are not compatible are refused', () => {
  test.each([
    [
      { except: { type: 'x' } },
      '`except.type`: a change from "s3" has no type: this condition can never hold',
    ],
    [{ except: {} }, '`except`: without a condition it excludes everything'],
    [{ except: [{ kee: 'x' }] }, '`except[0]`: unknown field `kee` (did you mean `key`?)'],
    [
      { match: { source: 's3', key: '{a}/{b}', bucket: 'x-{a}' } },
      '`match.bucket`: {a} is captured by `match.key`, too',
    ],
    [
      { match: { source: 's3', key: ['{a}/x', '{b}/y'] }, purge: { fileUrls: [`${url}/{a}`] } },
      '`purge.fileUrls[0]`: {a} is not defined here: no match of this rule gives it a value (expected one of `key`, `bucket`)',
    ],
    [
      { purge: { fileUrls: ['/x'] } },
      '`purge.fileUrls[0]`: expected a URL, or a path and `purge.hosts`, got a path alone',
    ],
    [
      { purge: { hosts: 'h.example', fileUrls: [`${url}/x`] } },
      '`purge.hosts`: they apply to templates that begin with a slash, and there are none',
    ],
    [
      { purge: { hosts: 'h.example/base', fileUrls: ['/x'] } },
      '`purge.hosts`: expected a host such as "www.example.com", got "h.example/base"',
    ],
    [
      { purge: { hosts: ['ftp://h.example'], fileUrls: ['/x'] } },
      '`purge.hosts[0]`: expected a host such as "www.example.com", got "ftp://h.example"',
    ],
    [
      { purge: { hosts: ['any://h.example'], fileUrls: ['/x'] } },
      '`purge.fileUrls[0]`: expected a URL that begins with http:// or https://, got "any://h.example/x"',
    ],
    [
      { purge: { ...purge, variants: true, fileHeaders: [{ a: 'b' }] } },
      '`purge.fileHeaders`: `variants` already purges every version, including those that differ by headers',
    ],
    [
      { purge: { ...purge, fileHeaders: { 'a b': 'c' } } },
      '`purge.fileHeaders.a b`: expected the name of a header',
    ],
    [
      { purge: { ...purge, fileHeaders: [{ a: 'x', A: 'y' }] } },
      '`purge.fileHeaders[0].A`: it is already given, in another case',
    ],
    [
      { purge: { ...purge, fileHeaders: { a: Array(11).fill('x'), b: Array(10).fill('y') } } },
      '`purge.fileHeaders`: expected at most 100 versions, got 110',
    ],
    [
      { purge: { ...purge, queries: ['a=*'] } },
      '`purge.queries[0]`: expected a query string with special characters percent-encoded and without "*", which only `dirUrls` take as a wildcard, got "a=*"',
    ],
    [{ purge: { dirUrls: [`${url}/*`], queries: ['a'] } }, '`purge.queries`: it applies to `fileUrls` only'],
    [
      { purge: { dirUrls: [`${url}/*`] }, pages: { index: 'index.html' } },
      '`pages`: they apply to `fileUrls` only',
    ],
    [
      { purge: { fileUrls: [`${url}/a/../b`] } },
      '`purge.fileUrls[0]`: a browser resolves the segments "." and "..", and never requests "https://www.example.com/a/../b"',
    ],
    [
      { purge: { fileUrls: [`${url}/${'x'.repeat(2048)}`] } },
      '`purge.fileUrls[0]`: expected at most 2048 characters, got 2072',
    ],
    [
      { purge: { regexPatterns: ['any://h.example/a('] } },
      '`purge.regexPatterns[0]`: expected a regular expression, got "/a(": it has a "(" without a ")"',
    ],
    [
      { delaySeconds: 600, repeatAfterSeconds: 301 },
      '`repeatAfterSeconds`: expected at most 900 together with `delaySeconds`, got 901',
    ],
    [{ delaySeconds: 901 }, '`delaySeconds`: expected a whole number from 0 to 900, got 901'],
    [{ pages: { cleanUrls: 'html' } }, '`pages.cleanUrls`: expected an ending such as ".html", got "html"'],
    [
      { pages: { trailingSlash: 'add' } },
      '`pages.trailingSlash`: expected "always", "never" or "both", got "add"',
    ],
  ])('%j', (overrides, issue) => {
    expect(issuesOfRule({ match: { source: 's3', key: 'site/{+path}' }, purge, ...overrides })).toEqual([
      issue,
    ]);
  });

  test('two rules of one name', () => {
    const rule = { name: 'a', match: { source: 's3' }, purge };
    expect(issuesOf(() => checkSettings({ target: 'production', rules: [rule, rule] }))).toEqual([
      '`rules[1].name`: rules[0] has the name "a", too',
    ]);
  });
});

const config = {
  credentials: 'cdn-pro/api',
  target: 'production',
  buckets: [{ name: 'www', prefix: 'site/' }],
  webhooks: [{ source: 'contentful', secret: 's', name: 'shop' }],
};
const issuesOfConfig = (overrides: object) => issuesOf(() => checkConfig({ ...config, ...overrides }));

describe('a rule for what is not received is refused', () => {
  test.each([
    [
      { source: 'contentfull' },
      '`match.source`: "contentfull" can never match: there is no such source (did you mean `contentful`?)',
    ],
    [
      { source: 'standard-webhooks' },
      '`match.source`: "standard-webhooks" can never match: no webhook of this source is received',
    ],
    [
      { source: 'contentful', webhook: 'shpo' },
      '`match.webhook`: "shpo" can never match: no webhook has this name (did you mean `shop`?)',
    ],
    [
      { source: 's3', bucket: ['www', 'wwww'] },
      '`match.bucket[1]`: "wwww" can never match: no bucket has this name (did you mean `www`?)',
    ],
    [
      { source: 's3', key: 'assets/{+p}' },
      '`match.key`: it can never match: no bucket is watched for such keys',
    ],
  ])('%j', (match, issue) => {
    expect(issuesOfConfig({ rules: [{ match, purge }] })).toEqual([issue]);
  });
});

test('issues of shape, of meaning and of sources are named together', () => {
  const rules = [
    {
      match: { source: 's3', key: 'site/{+path}', kee: 1 },
      purge: { fileUrls: [`${url}/{pth}`], dirUrl: [] },
    },
    { match: { source: 's4' }, purge: { fileUrls: ['nowhere'] }, delaySeconds: 'soon' },
  ];
  expect(issuesOfConfig({ rules, target: 'live', stackNam: 'x' })).toEqual([
    '`target`: expected "production" or "staging", got "live"',
    '`match`: unknown field `kee` (did you mean `key`?)',
    '`purge`: unknown field `dirUrl` (did you mean `dirUrls`?)',
    '`rules[1].delaySeconds`: expected a whole number from 0 to 900, got "soon"',
    'unknown field `stackNam` (did you mean `stackName`?)',
    '`purge.fileUrls[0]`: {pth} is not defined here: no match of this rule gives it a value (did you mean `path`?)',
    '`rules[1].purge.fileUrls[0]`: expected a URL that begins with http:// or https://, got "nowhere"',
    '`rules[1].match.source`: "s4" can never match: there is no such source (did you mean `s3`?)',
  ]);
});

test('whatever is given, a ConfigError is thrown and nothing else', () => {
  for (const rules of [
    undefined,
    3,
    'x',
    {},
    [undefined],
    [null],
    [[]],
    [{ match: 1 }],
    [{ match: { source: 3, key: {} }, except: 3, purge: [] }],
  ]) {
    expect(issuesOfConfig({ rules }).length).toBeGreaterThan(0);
  }
});

describe('exceptions by other conditions than patterns of keys', () => {
  const everything = '`rules[0].match.key`: it can never match: `except` excludes every such change';
  const nothing = 'it has no effect: it excludes no change that the rule matches';
  const files = ['https://www.example.com/a'];
  const issuesOf = (match: Record<string, unknown>, except: unknown) => {
    try {
      checkSettings({ target: 'production', rules: [{ match, except, purge: { fileUrls: files } }] });
      return [];
    } catch (error) {
      return error instanceof ConfigError ? error.issues : [String(error)];
    }
  };

  test.each([
    [{ source: 's3', key: 'site/{+path}' }, { prefix: 'site/' }, [everything]],
    [{ source: 's3', key: 'site/blog/{+path}' }, { prefix: 'site/' }, [everything]],
    [{ source: 's3', prefix: 'site/blog/' }, { prefix: 'site/' }, [everything.replace('.key', '')]],
    [{ source: 's3', prefix: 'site/' }, { key: 'site/{+x}' }, []],
    [{ source: 'contentful', type: 'page' }, { type: 'page' }, [everything.replace('.key', '')]],
    [{ source: 'contentful', type: ['page', 'post'] }, { type: 'page' }, []],
    // Fields without one are no condition.
    [{ source: 'contentful' }, { fields: {} }, [everything.replace('.key', '')]],
    [{ source: 'contentful', type: 'page' }, { type: 'page', fields: {} }, [everything.replace('.key', '')]],
    [{ source: 'contentful', type: ['page', 'post'] }, { type: 'page', fields: {} }, []],
    [{ source: 'contentful' }, { fields: { 'fields.draft': true } }, []],
    [{ source: 'contentful', type: 'page' }, { type: 'post' }, [`\`rules[0].except\`: ${nothing}`]],
    [{ source: 's3', key: 'site/{+path}' }, { prefix: 'other/' }, [`\`rules[0].except.prefix\`: ${nothing}`]],
    [{ source: 's3', key: 'site/{+path}' }, { prefix: 'site/private/' }, []],
    [{ source: 's3', key: 'site/{+path}' }, { prefix: 'site/', bucket: 'b' }, []],
    [{ source: 's3', key: 'site/{+path}', bucket: 'b' }, { prefix: 'site/', bucket: 'b' }, [everything]],
    [
      { source: 's3', key: 'site/{+path}', bucket: 'b' },
      { bucket: 'c' },
      [`\`rules[0].except\`: ${nothing}`],
    ],
  ])('%j except %j', (match, except, issues) => {
    expect(issuesOf(match, except)).toEqual(issues);
  });
});

test('every variable that docs/sources.md names can be used in a rule', () => {
  const docs = readFileSync('docs/sources.md', 'utf8');
  const names = [
    ...new Set([...docs.matchAll(/(?<!\$)\{(?:\+)?([a-z]+|fields\.[a-z.*]+)\}/g)].map(([, name]) => name)),
  ];
  const signed = ['body', 'timestamp', 'method'];
  const variables = names.filter((name) => name !== undefined && !signed.includes(name));
  expect(variables).toContain('branch');
  for (const name of variables) {
    const fileUrls = [`${url}/x/{${name}}`];
    expect(issuesOfRule({ match: { source: 'contentstack' }, purge: { fileUrls } })).toEqual([]);
  }
  expect(issuesOfRule({ match: { source: 'contentstack', fields: { branch: 'main' } }, purge })).toEqual([]);
});

test('a source that is an object is refused in words, whatever its keys', () => {
  const webhooks = [{ source: JSON.parse('{"toString":1}'), secret: 'x' }];
  const rules = [{ match: { source: 's3' }, purge }];
  const check = () => checkConfig({ credentials: 'x', target: 'production', webhooks, rules });
  expect(issuesOf(check).join()).toContain('expected the name of a source, got an object with "toString"');
});
