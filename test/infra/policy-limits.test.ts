import { expect, test } from 'vitest';
import { renderedBytes } from '../../infra/security/rendered-bytes.ts';
import type { BucketSettings } from '../../infra/settings/sources/source-settings.ts';
import { allOf, templateOf } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const s3Alone = { webhooks: [], rules: sampleConfig.rules.slice(0, 1) };
const buckets = (count: number, options: Partial<BucketSettings> = {}) =>
  Array.from({ length: count }, (_, index) => ({ name: `www-${index}-example-com`, ...options }));
const policiesOf = (options: Partial<BucketSettings>, count: number) =>
  allOf(templateOf({ ...s3Alone, buckets: buckets(count, options) }), 'AWS::SQS::QueuePolicy');

test('a queue takes sixty buckets in as many statements as one', () => {
  for (const options of [
    { configureBucket: false },
    { configureBucket: false, via: 'notification' },
    { account: '444455556666' },
    { account: '444455556666', via: 'notification' },
  ] as const) {
    const statements = (count: number) =>
      policiesOf(options, count).map(({ PolicyDocument }) => PolicyDocument.Statement.length);
    expect(statements(60)).toEqual(statements(1));
  }
});

test.each([
  [
    { configureBucket: false, via: 'notification' },
    200,
    /`buckets` by notification and `topics`: .*8192 bytes/,
  ],
  [
    {},
    80,
    /`buckets`: expected policies to configure them of at most 10240 bytes, got up to \d+ for 80 buckets/,
  ],
] as const)('what does not fit into a policy is refused, with the number: %j', (options, count, message) => {
  const synthesized = () => templateOf({ ...s3Alone, buckets: buckets(count, options) });
  expect(synthesized).toThrow(message);
});

const accounts = (count: number) =>
  Array.from({ length: count }, (_, index) => String(100_000_000_000 + index));
const ofAllKeys = {
  match: { source: 's3' },
  purge: { fileUrls: ['https://www.example.com/{+key}'] },
} as const;
const bucketsOf = (owners: readonly string[]) =>
  owners.map((account, index) => ({ name: `theirs-${index}`, account }));

test('a bus and a ledger let two hundred accounts in by one statement', () => {
  const template = templateOf({
    ...s3Alone,
    buckets: bucketsOf(accounts(200)),
    ledgerSharedWith: accounts(200),
  });
  const [busPolicy, ...others] = allOf(template, 'AWS::Events::EventBusPolicy');
  expect(others).toEqual([]);
  expect(busPolicy?.Statement.Principal.AWS).toHaveLength(200);
  const shared = allOf(template, 'AWS::DynamoDB::Table').flatMap(
    ({ ResourcePolicy }) => ResourcePolicy?.PolicyDocument.Statement ?? [],
  );
  expect(shared.map(({ Principal }) => Principal.AWS.length)).toEqual([200]);
});

test.each([
  [
    { buckets: bucketsOf(accounts(300)) },
    /`buckets` of other accounts: expected a policy .* at most 10240 bytes, got up to \d+ for 300 accounts/,
  ],
  [
    { ledgerSharedWith: accounts(600) },
    /`ledgerSharedWith`: expected a policy .* at most 20480 bytes, got up to \d+ for 600 accounts/,
  ],
  [
    { buckets: [{ name: 'www', prefix: 'a'.repeat(60), suffix: 'a'.repeat(60) }], rules: [ofAllKeys] },
    /`buckets`: expected `prefix` and `suffix` of .* event pattern of at most 2048 characters, got \d+/,
  ],
  [
    {
      buckets: buckets(31, { prefix: 'site/', suffix: '.html', configureBucket: false }),
      rules: [ofAllKeys],
    },
    /`buckets`: expected at most 30 with both `prefix` and `suffix` by EventBridge, got more/,
  ],
])('what another account or a key makes too long is refused, with the number: %#', (options, message) => {
  expect(() => templateOf({ ...s3Alone, ...options })).toThrow(message);
});

test('of each account, thirty buckets may have both a prefix and a suffix', () => {
  const keys = { prefix: 'site/', suffix: '.html', configureBucket: false };
  const ours = buckets(30, keys);
  const theirs = bucketsOf(accounts(30)).map((each) => ({ ...each, prefix: 'site/', suffix: '.html' }));
  const template = templateOf({ ...s3Alone, buckets: [...ours, ...theirs], rules: [ofAllKeys] });
  const patterns = allOf(template, 'AWS::Events::Rule').map(({ EventPattern }) =>
    JSON.stringify(EventPattern),
  );
  expect(patterns.filter((pattern) => pattern?.includes('wildcard'))).toHaveLength(60);
});

test('a bucket taken out of the configuration keeps what its configuration needs until that is taken away', () => {
  const [both, one] = [['www-a', 'www-b'], ['www-b']].map((names) =>
    templateOf({ ...s3Alone, buckets: names.map((name) => ({ name, via: 'notification' as const })) }),
  );
  const resources = both?.findResources('Custom::PurgerBucketConfiguration') ?? {};
  const [[id, removed] = []] = Object.entries(resources).filter(
    ([, { Properties }]) => Properties.BucketName === 'www-a',
  );
  expect(one?.findResources('Custom::PurgerBucketConfiguration')).not.toHaveProperty(id ?? '');
  const policies = both?.findResources('AWS::IAM::Policy') ?? {};
  const [policyId, policy] = Object.entries(policies).find(([policyId]) =>
    removed?.DependsOn.includes(policyId),
  ) ?? ['', undefined];
  expect(JSON.stringify(policy)).toMatch(/PutBucketNotification.*www-a/);
  // It goes with the bucket: CloudFormation deletes it after what depends on it, and changes no policy before.
  const after = one?.findResources('AWS::IAM::Policy') ?? {};
  expect(after).not.toHaveProperty(policyId);
  for (const [id, each] of Object.entries(after)) expect(each).toEqual(policies[id]);
});

test.each([
  ['', 2],
  ['ä"', 6],
  [{}, 2],
  [[], 2],
  [{ a: ['b', 'c'], d: 1 }, 21],
  [{ Ref: 'AWS::AccountId' }, 14],
  [{ 'Fn::Join': ['', ['a', { Ref: 'AWS::AccountId' }, 'b']] }, 16],
  [{ 'Fn::Join': ['', ['arn:', { 'Fn::GetAtt': ['Queue', 'Arn'] }]] }, 146],
])('%j has at most as many bytes as JSON at deployment', (value, bytes) => {
  expect(renderedBytes(value)).toBe(bytes);
});
