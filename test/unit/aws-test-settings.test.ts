import { expect, test } from 'vitest';
import { readSettings } from '../aws/settings.ts';

const allowed = { CDN_PURGER_TEST_AWS: '1', AWS_REGION: 'eu-central-1', AWS_PROFILE: 'test' };
const real = {
  CDN_PRO_ENDPOINT: 'https://api.cdnetworks.com',
  CDN_PRO_HOST: 'www.example.com',
  CDN_PRO_USERNAME: 'someone',
  CDN_PRO_API_KEY: 'a key that nobody may see',
};

function issuesOf(env: Record<string, string>): readonly string[] {
  const read = readSettings(env, 'x1');
  return 'issues' in read ? read.issues : [];
}

test('an account is used only by somebody who says so, with a region and credentials', () => {
  expect(readSettings(allowed, 'x1')).toEqual({
    settings: { region: 'eu-central-1', stackName: 'cdn-purger-test-x1', cdnPro: undefined },
  });
  const issues = issuesOf({});
  expect(issues).toHaveLength(3);
  expect(issues[0]).toContain('CDN_PURGER_TEST_AWS=1');
  expect(issues[1]).toContain('AWS_REGION');
  expect(issues[2]).toContain('AWS_PROFILE');
});

test.each(['true', 'yes', '0', ''])('"%s" is no consent', (consent) => {
  expect(issuesOf({ ...allowed, CDN_PURGER_TEST_AWS: consent })).toHaveLength(1);
});

test("the user's CDN Pro takes the place of the stand-in, by default in staging", () => {
  const read = readSettings({ ...allowed, ...real }, 'x1');
  expect('settings' in read && read.settings.cdnPro).toEqual({
    endpoint: 'https://api.cdnetworks.com',
    host: 'www.example.com',
    target: 'staging',
    credentials: { username: 'someone', apiKey: 'a key that nobody may see' },
  });
});

test.each(Object.keys(real))('half of a CDN Pro is refused, not replaced by the stand-in: no %s', (name) => {
  const { [name]: _, ...others } = real as Record<string, string>;
  const issues = issuesOf({ ...allowed, ...others });
  expect(issues).toHaveLength(1);
  expect(issues[0]).toContain(name);
  expect(issues[0]).not.toContain(real.CDN_PRO_API_KEY);
});

test('a target that CDN Pro does not have is refused', () => {
  expect(issuesOf({ ...allowed, ...real, CDN_PRO_TARGET: 'live' })).toEqual([
    'expected CDN_PRO_TARGET to be staging or production, got "live"',
  ]);
});
