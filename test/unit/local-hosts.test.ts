import { expect, test } from 'vitest';
import type { Purge } from '../../functions/core/mapping/rule.ts';
import { hostsOf } from '../../infra/settings/rules/rule-hosts.ts';
import { hostFault } from '../../local/cdn-pro/purges/url-rules.ts';
import { edgeHostOf } from '../../local/demo/hosts.ts';

const configOf = (...purges: readonly Purge[]) => ({
  rules: purges.map((purge) => ({ match: { source: 's3' }, purge })),
});

test.each<[string, Purge, readonly string[]]>([
  ['whole', { fileUrls: ['https://www.example.com/{+path}'] }, ['www.example.com']],
  [
    'apart from the URLs',
    { hosts: ['a.example', 'http://b.example'], dirUrls: ['/x/*'] },
    ['a.example', 'b.example'],
  ],
  ['with a port and in capitals', { fileUrls: ['https://A.example:8443/x'] }, ['a.example']],
  ['that a value ends', { fileUrls: ['https://a.example{+path}'] }, ['a.example']],
  ['of regex patterns', { regexPatterns: ['any://a.example/.{2}x'] }, ['a.example']],
  ['that a change gives', { fileUrls: ['https://{locale}.example/x', '{+fields.url}'] }, ['*.example', '*']],
])('hosts are known %s', (_, purge, hosts) => {
  expect(hostsOf(configOf(purge))).toEqual(hosts);
});

test('the edge is the first host that is named as a whole', () => {
  const byLocale = { fileUrls: ['https://{locale}.example/x'] };
  expect(edgeHostOf(configOf(byLocale, { fileUrls: ['https://a.example/x'] }))).toBe('a.example');
  expect(edgeHostOf(configOf(byLocale))).toBe('www.example.com');
});

test.each([
  ['de.example', ['*.example'], true],
  ['de.examples', ['*.example'], false],
  ['dexexample', ['*.example'], false],
  ['a.example', ['*'], true],
  ['a.example', ['b.example', 'A.example'], true],
  ['a.example', ['b.example'], false],
])('%s is deployed as %j: %s', (host, deployed, isDeployed) => {
  expect(hostFault(host, 'production', deployed) === undefined).toBe(isDeployed);
});
