import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../infra/settings/checks/check.ts';
import { checkSettings } from '../../infra/settings/settings.ts';

const rule = {
  match: { source: 's3', key: 'site/{+path}' },
  purge: { fileUrls: ['https://www.example.com/{+path}'] },
};

function issuesOf(settings: unknown): readonly string[] {
  try {
    checkSettings(settings);
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}

function issuesOfRule(overrides: Record<string, unknown>): readonly string[] {
  return issuesOf({ target: 'production', rules: [{ ...rule, ...overrides }] });
}

test('an option that is undefined, as from a variable that is not there, has its default', () => {
  const { rateLimit, apiBucket, quota, cacheKey, coalesce } = checkSettings({
    target: 'production',
    rules: [rule],
    quota: { production: { files: 100, dirs: undefined }, staging: undefined },
    rateLimit: { requests: undefined, perSeconds: undefined, headroom: undefined },
    apiBucket: { perMinute: undefined, burst: undefined, requestCost: undefined },
    cacheKey: { scheme: undefined, hosts: undefined },
    coalesce: { siblings: undefined, minDepth: undefined },
  });
  expect(rateLimit).toStrictEqual({ requests: 300, perSeconds: 300, headroom: 0.1 });
  expect(apiBucket).toStrictEqual({ perMinute: 30, burst: 60, requestCost: 1 });
  expect(quota).toStrictEqual({ production: { files: 100 } });
  expect(cacheKey).toStrictEqual({ scheme: false });
  expect(coalesce).toStrictEqual({ siblings: 50, minDepth: 1 });
  const costly = { burst: undefined, requestCost: 61 };
  expect(issuesOf({ target: 'production', rules: [rule], apiBucket: costly })).toEqual([
    '`apiBucket.requestCost`: expected at most `burst`, which is 60, got 61',
  ]);
});

test('defaults are filled in', () => {
  expect(checkSettings({ target: 'production', rules: [rule], rateLimit: { headroom: 0.5 } })).toEqual({
    target: 'production',
    rules: [rule],
    rateLimit: { requests: 300, perSeconds: 300, headroom: 0.5 },
    apiBucket: { perMinute: 30, burst: 60, requestCost: 1 },
    quota: {},
    tokenUnit: 'url',
    batchingWindowSeconds: 2,
    maxFileUrls: 1000,
    maxBodyBytes: 524_288,
    cacheKey: { scheme: false },
    convertInShortage: [],
    probe: { edges: [] },
    paused: false,
    mode: 'purge',
    dashboard: false,
  });
});

test('every issue is named at once, with its path, what was expected and what came', () => {
  const settings = {
    target: 'prod',
    rules: [{ match: { source: 's3', kee: 'x' }, purge: { fileUrls: 'x' } }],
    rateLimit: { headroom: 1.2, requests: 0.5 },
    batchingWindowSeconds: 0,
    extra: true,
  };
  expect(issuesOf(settings)).toEqual([
    '`target`: expected "production" or "staging", got "prod"',
    '`rules[0].match`: unknown field `kee` (did you mean `key`?)',
    '`rules[0].purge.fileUrls`: expected a list of 1 to 100 URL templates, got "x"',
    '`rateLimit.requests`: expected a whole number from 1 to 10000, got 0.5',
    '`rateLimit.headroom`: expected a number from 0 to 0.9, got 1.2',
    '`batchingWindowSeconds`: expected a whole number from 1 to 300, got 0',
    'unknown field `extra` (expected one of `target`, `rules`, `allowedHosts`, `rateLimit`, `apiBucket`, `quota`, `tokenUnit`, `batchingWindowSeconds`, `maxFileUrls`, `maxBodyBytes`, `cacheKey`, `coalesce`, `convertInShortage`, `probe`, `paused`, `mode`, `dashboard`)',
  ]);
});

describe('a rule is refused', () => {
  test.each([
    [{ lane: 'fast' }, '`rules[0].lane`: expected "takedown" or "people" or "bulk", got "fast"'],
    [{ purge: {} }, '`rules[0].purge`: expected `fileUrls`, `dirUrls` or `regexPatterns`, got none of them'],
    [
      { match: { source: 's3', key: ['{+path}', 'site/{'] } },
      '`rules[0].match.key[1]`: "{" without "}" after it in "site/{"',
    ],
    [
      {
        purge: {
          fileUrls: ['https://www.example.com/a'],
          fileHeaders: [{ 'Accept-Language': '{fields.langs.*}' }],
        },
      },
      '`rules[0].purge.fileHeaders[0].Accept-Language`: expected one value for each version, got the list "{fields.langs.*}": write `variants: true` to purge every version',
    ],
    [{ except: '}' }, '`rules[0].except`: "}" without "{" before it in "}"'],
    [
      { purge: { fileUrls: ['https://www.example.com/{pth}'] } },
      '`rules[0].purge.fileUrls[0]`: {pth} is not defined here: no match of this rule gives it a value (did you mean `path`?)',
    ],
    [
      { purge: { fileUrls: ['https://www.example.com/*'] } },
      '`rules[0].purge.fileUrls[0]`: a file URL must not hold "*", got "https://www.example.com/*": use dirUrls',
    ],
    [
      { purge: { fileUrls: ['www.example.com/{+path}'] } },
      '`rules[0].purge.fileUrls[0]`: expected a URL that begins with http:// or https://, got "www.example.com/x"',
    ],
    [
      { purge: { fileUrls: ['https://https://www.example.com/{+path}'] } },
      '`rules[0].purge.fileUrls[0]`: expected one scheme, got two in "https://https//www.example.com/x"',
    ],
    [
      { purge: { fileUrls: ['https://www.example.com:65536/{+path}'] } },
      '`rules[0].purge.fileUrls[0]`: expected a port of 1 to 65535, got "https://www.example.com:65536/x"',
    ],
    [
      { purge: { hosts: 'www.example.com:0', dirUrls: ['/*'] } },
      '`rules[0].purge.dirUrls[0]`: expected a port of 1 to 65535, got "https://www.example.com:0/*"',
    ],
    [
      { purge: { dirUrls: ['https://www.example.com/a[1]/'] } },
      '`rules[0].purge.dirUrls[0]`: expected a host and a path with special letters percent-encoded, got "https://www.example.com/a[1]/"',
    ],
    [
      { purge: { fileUrls: ['https://www.example.com/100%'] } },
      '`rules[0].purge.fileUrls[0]`: expected a host and a path with special letters percent-encoded, got "https://www.example.com/100%"',
    ],
    [
      { purge: { fileUrls: ['https://www.example.com/123%abc.jpg'] } },
      '`rules[0].purge.fileUrls[0]`: expected escapes that decode as UTF-8, got "https://www.example.com/123%abc.jpg"',
    ],
    [
      { purge: { regexPatterns: ['www.example.com/.*'] } },
      '`rules[0].purge.regexPatterns[0]`: expected a pattern that begins with {http|https|any}://{host}/, got "www.example.com/.*"',
    ],
    [
      { purge: { regexPatterns: ['any://www.example.com/.*a.+b[+*]\\*c{2,}'] } },
      '`rules[0].purge.regexPatterns[0]`: expected at most 2 unlimited quantifiers (*, +, {n,}), got 3',
    ],
    [
      { purge: { regexPatterns: ['any://www.example.com/a{1,60}'] } },
      "`rules[0].purge.regexPatterns[0]`: expected a quantifier's upper limit of at most 59, got 60",
    ],
    [
      { purge: { regexPatterns: [`any://www.example.com/${'a'.repeat(126)}`] } },
      '`rules[0].purge.regexPatterns[0]`: expected at most 126 characters after the host, got 127',
    ],
    [
      { match: { source: 's3', type: 'blogPost', key: '{+path}' } },
      '`rules[0].match.type`: a change from "s3" has no type: this condition can never hold',
    ],
    [
      { match: { source: 'contentful', key: '{+path}' }, purge: { fileUrls: ['https://h.example/{slug}'] } },
      '`rules[0].match.key`: a change from "contentful" has no key: this condition can never hold',
    ],
    [{ pages: { index: 'a/b' } }, '`rules[0].pages.index`: expected a file name, got "a/b"'],
    [{ action: 'purge' }, '`rules[0].action`: expected "invalidate" or "delete", got "purge"'],
  ])('%j: %s', (overrides, issue) => {
    expect(issuesOfRule(overrides)).toEqual([issue]);
  });
});

test('what is not an object is refused, too', () => {
  for (const settings of [undefined, null, 3, 'x', []]) expect(issuesOf(settings)).toHaveLength(1);
  expect(issuesOf({ target: 'production', rules: [] })).toEqual([
    '`rules`: expected at least one rule, got a list of 0',
  ]);
});

const withSetting = (setting: Record<string, unknown>) => ({
  target: 'production',
  rules: [rule],
  ...setting,
});

test('coalescing is off, or on with its defaults filled in', () => {
  expect(checkSettings(withSetting({})).coalesce).toBeUndefined();
  expect(checkSettings(withSetting({ coalesce: { siblings: 20 } })).coalesce).toEqual({
    siblings: 20,
    minDepth: 1,
  });
});

describe('a limit that cannot be is refused', () => {
  test.each([
    [{ coalesce: { siblings: 1 } }, '`coalesce.siblings`: expected a whole number from 2 to 100000, got 1'],
    [{ coalesce: 'always' }, '`coalesce`: expected an object, got "always"'],
    [
      { apiBucket: { perMinute: 0 } },
      '`apiBucket.perMinute`: expected a whole number from 1 to 10000, got 0',
    ],
    [
      { apiBucket: { burst: 4, requestCost: 5 } },
      '`apiBucket.requestCost`: expected at most `burst`, which is 4, got 5',
    ],
    [{ quota: { files: 5000 } }, '`quota`: unknown field `files` (expected one of `production`, `staging`)'],
    [
      { quota: { staging: { dirs: 0 } } },
      '`quota.staging.dirs`: expected a whole number from 1 to 100000, got 0',
    ],
    [{ tokenUnit: 'entry' }, '`tokenUnit`: expected "url" or "request", got "entry"'],
    [
      { convertInShortage: ['https://a.example/docs/**'] },
      '`convertInShortage[0]`: expected the URL of a directory, with a slash at its end, got "https://a.example/docs/**"',
    ],
    [
      { cacheKey: { hosts: { 'a.example': ['https://b.example'] } } },
      '`cacheKey.hosts.a.example[0]`: expected a host such as "www.example.com", got "https://b.example"',
    ],
    [
      { cacheKey: { hosts: { 'a.example': ['b.example'], 'b.example': ['c.example'] } } },
      '`cacheKey.hosts.b.example`: expected each host once, got "b.example" again',
    ],
  ])('%j', (setting, issue) => {
    expect(issuesOf(withSetting(setting))).toEqual([issue]);
  });
});

describe('a setting that is retired says what to write instead', () => {
  const directories =
    'write `coalesce: { siblings: 50 }` for directories always, or leave it out: of directories there are 20 a day by default';

  test.each([
    [{ coalesce: 'under-pressure' }, `\`coalesce\`: "under-pressure" is retired: ${directories}`],
    [
      { coalesce: { siblings: 20, when: 'under-pressure' } },
      `\`coalesce\`: \`when\` is retired: it is always \`always\`: ${directories}`,
    ],
    [
      { freshnessSeconds: 120, pause: true },
      expect.stringMatching(
        /^unknown field `pause` \(did you mean `paused`\?\); `freshnessSeconds` is retired: leave it out: /,
      ),
    ],
  ])('%j', (setting, issue) => {
    expect(issuesOf(withSetting(setting))).toEqual([issue]);
  });
});
