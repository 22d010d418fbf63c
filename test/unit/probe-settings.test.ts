import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { hostProblem } from '../../functions/core/mapping/urls/hosts.ts';
import { vantagesOf } from '../../infra/settings/probe-settings.ts';
import { probedHosts } from '../../infra/settings/rules/probed-hosts.ts';
import { checkSettings } from '../../infra/settings/settings.ts';
import { objectChange } from '../helpers/changes.ts';

const rule: Rule = {
  match: { source: 's3', key: '{+path}' },
  purge: { fileUrls: ['https://a.example/{+path}'] },
};
const withProbe = (probe: unknown) => () =>
  checkSettings({ target: 'production', rules: [rule], probe }).probe;
const withEdge = (edge: unknown) => withProbe({ edges: [edge] });

describe('the setting `probe`', () => {
  it('is on, asks no other edge than that of DNS, and is switched off by false', () => {
    expect(withProbe(undefined)()).toEqual({ edges: [] });
    expect(withProbe(true)()).toEqual({ edges: [] });
    expect(withProbe({})()).toEqual({ edges: [] });
    expect(withProbe(false)()).toBeUndefined();
  });

  it.each([
    '203.0.113.7',
    '10.1.2.3:8443',
    '[2001:db8::7]',
    '[2001:db8::7]:443',
    'edge-1.example.net',
    'e.example.net:80',
  ])('takes the edge %s', (edge) => {
    expect(withEdge(edge)()).toEqual({ edges: [edge] });
  });

  it.each([
    'https://edge.example.net',
    'edge.example.net/',
    'edge',
    '203.0.113',
    '203.0.113.256',
    '2001:db8::7',
    '[203.0.113.7]',
    '203.0.113.7:0',
    '203.0.113.7:65536',
    'user@edge.example.net',
    '',
    7,
  ])('refuses the edge %j by its path', (edge) => {
    expect(withEdge(edge)).toThrow(/`probe\.edges\[0\]`: expected an address such as/);
  });

  it.each([
    '127.0.0.1:9001',
    '127.8.8.8',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '169.254.169.254',
    '[fe80::1]',
    '0.0.0.0',
    'a.localhost',
  ])('refuses the edge %s, which is the function itself or what runs next to it', (edge) => {
    expect(withEdge(edge)).toThrow(
      `\`probe.edges[0]\`: expected the address of an edge, got "${edge}", which is the function's own machine`,
    );
  });

  it('takes ten edges at most, one at least, and no other field', () => {
    const edges = Array.from({ length: 11 }, (_, index) => `203.0.113.${index}`);
    expect(withProbe({ edges })).toThrow('`probe.edges`: expected a list of 1 to 10 addresses of edges');
    expect(withProbe({ edges: [] })).toThrow('`probe.edges`: expected a list of 1 to 10 addresses of edges');
    expect(withProbe({ edge: ['203.0.113.7'] })).toThrow(
      '`probe`: unknown field `edge` (did you mean `edges`?)',
    );
    expect(withProbe('yes')).toThrow('`probe`: expected true, false or {edges}, got "yes"');
  });

  it('has no public name for edges of staging: they are asked only where their addresses are known', () => {
    expect(vantagesOf('production', ['203.0.113.7'])).toEqual({
      production: ['dns', '203.0.113.7'],
      staging: [],
    });
    expect(vantagesOf('staging', ['203.0.113.7'])).toEqual({ production: ['dns'], staging: ['203.0.113.7'] });
  });
});

describe('the hosts that may be probed', () => {
  const hostsOf = (
    fileUrls: readonly string[],
    more: Partial<Rule['purge']> = {},
    allowedHosts?: readonly string[],
  ) =>
    probedHosts({
      rules: [{ ...rule, purge: { fileUrls, ...more } }],
      ...(allowedHosts && { allowedHosts }),
    });

  test('are those of files that rules map from S3 objects, each once', () => {
    const rules: readonly Rule[] = [
      rule,
      {
        ...rule,
        purge: { hosts: ['Bücher.example', 'a.example:8443'], fileUrls: ['/{+path}', 'http://c.example/'] },
      },
      { ...rule, purge: { dirUrls: ['https://dir.example/*'] } },
      { match: { source: 'contentful' }, purge: { fileUrls: ['https://cms.example/'] } },
    ];
    expect(probedHosts({ rules })).toEqual(['a.example', 'xn--bcher-kva.example', 'c.example']);
  });

  test('are of those that a value decides the allowed ones alone', () => {
    const open = ['https://{site}.example/{+path}', 'https://a.test/'];
    expect(hostsOf(open)).toEqual(['a.test']);
    expect(hostsOf(open, {}, ['*.example', 'b.test'])).toEqual(['*.example', 'b.test', 'a.test']);
  });

  test('are the hosts of whatever URL a change of an object makes, and no value adds one', () => {
    const part = fc.stringMatching(/^[a-z0-9.:@/\\?#%-]{1,12}$/);
    fc.assert(
      fc.property(part, part, fc.boolean(), (site, path, isListed) => {
        const allowedHosts = isListed ? ['*.example.com'] : undefined;
        const rules: readonly Rule[] = [
          {
            match: { source: 's3', key: '{site}/{+path}' },
            purge: { fileUrls: ['https://{site}.example.com/{+path}', 'https://www.test/{site}/{+path}'] },
          },
        ];
        const config = { target: 'production' as const, rules, ...(allowedHosts && { allowedHosts }) };
        const { entries } = compileRules(config).map(objectChange(`${site}/${path}`));
        const hosts = probedHosts(config);
        for (const entry of entries) {
          const url = entry.kind === 'file' ? entry.url : '';
          const isFixed = url.startsWith('https://www.test/');
          expect(hostProblem(url, hosts) === undefined).toBe(isListed || isFixed);
        }
      }),
      { numRuns: 200 },
    );
  });
});
