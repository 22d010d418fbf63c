import { describe, expect, it, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Purge, Rule } from '../../functions/core/mapping/rule.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import { warnOfOpenHosts } from '../../infra/settings/rules/warnings/open-hosts.ts';
import { checkSettings } from '../../infra/settings/settings.ts';
import { entryChange } from '../helpers/changes.ts';

function ruleOf(purge: Purge): Rule {
  return { name: 'pages', match: { source: 'contentful' }, purge };
}

/** What a rule makes of values on these allowed hosts: its entries, or the reasons why there are none. */
function mapped(
  purge: Purge,
  fields: Record<string, string>,
  allowedHosts = ['www.example.com', '*.shop.test'],
) {
  const rules = compileRules({ target: 'production', rules: [ruleOf(purge)], allowedHosts });
  const { entries, problems } = rules.map(entryChange({ fields }));
  return [...entries.map(entryText), ...problems.map(({ reason }) => `refused: ${reason}`)];
}

test.each<[string, Purge, Record<string, string>, string]>([
  [
    'as the whole host',
    { fileUrls: ['https://{fields.host}/a'] },
    { 'fields.host': 'bücher.Example' },
    'https://xn--bcher-kva.example/a',
  ],
  [
    'next to one',
    { hosts: '{locale}.bücher.example', fileUrls: ['/a'] },
    {},
    'https://de.xn--bcher-kva.example/a',
  ],
  [
    'within one label',
    { fileUrls: ['https://bü{fields.rest}.example/a'] },
    { 'fields.rest': 'cher' },
    'https://xn--bcher-kva.example/a',
  ],
  [
    'in a directory',
    { dirUrls: ['https://{fields.host}/a/*'] },
    { 'fields.host': '例え.jp' },
    'https://xn--r8jz45g.jp/a/*',
  ],
  [
    'in a regex',
    { regexPatterns: ['any://{fields.host}/a.*'] },
    { 'fields.host': 'bücher.example' },
    'any://xn--bcher-kva.example/a.*',
  ],
  ['of a regex', { regexPatterns: ['any://Bücher.example/a.*'] }, {}, 'any://xn--bcher-kva.example/a.*'],
  [
    'before a path',
    { regexPatterns: ['any://bücher.example{+path}$'] },
    { path: 'x' },
    'any://xn--bcher-kva.example/x$',
  ],
])('a host in another script is written in ASCII %s', (_, purge, fields, wanted) => {
  const { rules } = checkSettings({ target: 'production', rules: [ruleOf(purge)] });
  const { entries } = compileRules({ target: 'production', rules }).map(
    entryChange({ locale: 'de', fields }),
  );
  expect(entries.map(entryText)).toEqual([wanted]);
});

test.each(['a/b', 'a?b', 'a@b', 'a#b', 'a%2fb', '*', '', '.', 'a b', 'ａ／ｂ'])(
  'no value leaves the host that it is in: %j',
  (host) => {
    const purge = {
      fileUrls: ['https://{fields.host}.example.com/x'],
      regexPatterns: ['any://{fields.host}.example.com/x'],
    };
    const rules = compileRules({ target: 'production', rules: [ruleOf(purge)] });
    for (const entry of rules.map(entryChange({ fields: { 'fields.host': host } })).entries) {
      expect(entryText(entry)).toMatch(/^\w+:\/\/[a-z0-9.-]+\.example\.com\/x$/);
    }
  },
);

test.each(['any://h.example', 'any://{fields.host}', 'any://h.example\\?x'])(
  'a regex without a path is refused: %s',
  (pattern) => {
    const rules = [ruleOf({ regexPatterns: [pattern] })];
    expect(() => checkSettings({ target: 'production', rules })).toThrow(
      'expected a pattern that begins with',
    );
  },
);

describe('a host that a value decides', () => {
  it.each([
    ['https://www.example.com/x', 'https://www.example.com/x'],
    ['https://WWW.Example.com/x', 'https://www.example.com/x'],
    ['https://www.example.com:8443/x', 'https://www.example.com:8443/x'],
    ['https://de.shop.test/x', 'https://de.shop.test/x'],
    ['https://a.b.shop.test/x', 'https://a.b.shop.test/x'],
    ['https://other-brand.test/x', 'refused: the host "other-brand.test" is not among the allowedHosts'],
    ['https://shop.test/x', 'refused: the host "shop.test" is not among the allowedHosts'],
    ['https://notshop.test/x', 'refused: the host "notshop.test" is not among the allowedHosts'],
    ['https://www.example.com.evil.test/x', expect.stringContaining('not among the allowedHosts')],
    ['https://www.example.com@evil.test/x', expect.stringContaining('not among the allowedHosts')],
    ['https://www.example.com:1@evil.test/x', expect.stringContaining('refused: expected a host')],
    ['no URL', 'refused: the host "" is not among the allowedHosts'],
  ])('is purged where it is allowed: %s', (url, wanted) => {
    expect(mapped({ fileUrls: ['{+url}'] }, { url })).toEqual([wanted]);
  });

  it.each<[string, Purge]>([
    ['a file', { fileUrls: ['https://{fields.site}.test/x'] }],
    ['a directory', { dirUrls: ['{+url}/*'] }],
    ['a regex', { regexPatterns: ['any://{fields.site}.test/.*'] }],
    ['a host of `hosts`', { hosts: '{fields.site}.test', dirUrls: ['/*'] }],
  ])('is refused for %s', (_, purge) => {
    expect(mapped(purge, { 'fields.site': 'other-brand', url: 'https://other-brand.test/x' })).toEqual([
      'refused: the host "other-brand.test" is not among the allowedHosts',
    ]);
  });

  it('does not concern a host that the rule names', () => {
    const fileUrls = ['https://static.example.org/{slug}', 'https://static.example.org{+path}'];
    expect(mapped({ fileUrls }, { slug: 'a', path: 'b' })).toEqual([
      'https://static.example.org/a',
      'https://static.example.org/b',
    ]);
  });
});

test.each<[string, Purge, string | undefined]>([
  ['a whole URL', { fileUrls: ['{+url}'] }, '{+url}'],
  ['a part of the host', { dirUrls: ['https://{locale}.example.com/*'] }, 'https://{locale}.example.com/*'],
  [
    'a host of a list',
    { hosts: ['a.test', '{locale}.b.test'], fileUrls: ['/x'] },
    'https://{locale}.b.test/x',
  ],
  ['the host of a regex', { regexPatterns: ['any://{locale}.b.test/.*'] }, 'any://{locale}.b.test/.*'],
  ['nothing of the host', { fileUrls: ['https://a.test{+path}', 'https://a.test/{slug}'] }, undefined],
])('where a value decides %s, synth warns unless hosts are allowed', (_, purge, template) => {
  const warningsOf = (allowedHosts?: readonly string[]) =>
    warnOfOpenHosts(checkSettings({ target: 'production', rules: [ruleOf(purge)], allowedHosts }));
  const wanted =
    template === undefined
      ? []
      : [
          expect.stringContaining(
            `The rule "pages" lets a value decide the host of ${JSON.stringify(template)}`,
          ),
        ];
  expect(warningsOf()).toEqual(wanted);
  expect(warningsOf(['*.b.test'])).toEqual([]);
});

test.each(['https://www.example.com', 'www.example.com/', '*', 'www.*.com', 'Example.com', ''])(
  'no host is %j',
  (host) => {
    const settings = {
      target: 'production',
      rules: [ruleOf({ fileUrls: ['{+url}'] })],
      allowedHosts: [host],
    };
    expect(() => checkSettings(settings)).toThrow(/allowedHosts\[0\].*: expected a host such as/);
  },
);
