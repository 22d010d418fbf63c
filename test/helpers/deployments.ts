import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import type { BucketSettings } from '../../infra/settings/sources/source-settings.ts';
import { sampleConfig } from './sample-config.ts';

const place = 'eu-west-1:111122223333';
/** A key of the customer. */
export const encryptionKeyArn = `arn:aws:kms:${place}:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f`;
const queueKeyArn = `arn:aws:kms:${place}:key/1a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f`;

const rulesOf = (source: string) => sampleConfig.rules.filter(({ match }) => match.source === source);
const s3Alone = { webhooks: [], rules: rulesOf('s3') };
const webhookAlone = { buckets: [], rules: rulesOf('contentful') };
const topics = [
  { arn: `arn:aws:sns:${place}:site-changes` },
  { arn: 'arn:aws:sns:eu-west-1:444455556666:their-changes', bucket: 'theirs', prefix: 'site/' },
];
const queues = [
  { arn: `arn:aws:sqs:${place}:site-changes` },
  { arn: `arn:aws:sqs:${place}:encrypted-changes`, keyArn: queueKeyArn },
];
const buckets = [
  { name: 'made', create: true, prefix: 'site/' },
  { name: 'made-and-notifies', create: true, versioned: true, via: 'notification' },
  { name: 'present', prefix: 'site/', skipUnchanged: ['site/assets/'] },
  { name: 'present-and-notifies', prefix: 'site/', via: 'notification' },
  { name: 'left-alone', configureBucket: false },
  { name: 'theirs-by-eventbridge', account: '444455556666' },
  { name: 'theirs-by-notification', account: '444455556666', via: 'notification' },
] as const;
const webhookApi = {
  domainName: 'hooks.example.com',
  certificateArn: `arn:aws:acm:${place}:certificate/0a1b2c3d`,
  hostedZoneId: 'Z0123456789ABC',
  throttle: { ratePerSecond: 20, burst: 50 },
};
const alarms = {
  email: 'on-call@example.com',
  criticalTopicArn: `arn:aws:sns:${place}:pager`,
};

/** All sources, alarms and settings of the API at once. */
export const everything: Partial<PurgerConfig> = { buckets, topics, queues, webhookApi, alarms };

/** Every form in which a configuration file deploys the stack, by what it differs in from {@link sampleConfig}. */
export const deployments: Readonly<Record<string, Partial<PurgerConfig>>> = {
  'a bucket and a webhook': {},
  'a bucket alone': s3Alone,
  'a webhook alone': webhookAlone,
  'a bucket that the stack makes': { ...s3Alone, buckets: [{ name: 'www', create: true }] },
  'a bucket that the stack makes, with versions': {
    ...s3Alone,
    buckets: [{ name: 'www', create: true, versioned: true, via: 'notification' }],
  },
  'a bucket that notifies': { ...s3Alone, buckets: [{ name: 'www', via: 'notification' }] },
  "another account's buckets": {
    ...s3Alone,
    buckets: buckets.filter((bucket) => 'account' in bucket),
  },
  topics: { ...s3Alone, buckets: [], topics },
  queues: { ...s3Alone, buckets: [], queues },
  'a domain for webhooks': { ...webhookAlone, webhookApi },
  'webhooks without access logs': { ...webhookAlone, webhookApi: { accessLogs: false } },
  'alarms by mail': { alarms },
  'alarms to a pager alone': { alarms: { criticalTopicArn: alarms.criticalTopicArn } },
  'no alarms': { alarms: { enabled: false } },
  'submission paused': { paused: true },
  'nothing probed': { probe: false },
  'data that goes with the stack': { retainData: false, logRetentionDays: 1 },
  'a key and a shared ledger': {
    encryptionKeyArn,
    sharedLedger: { table: 'other-ledger', encryptionKeyArn },
  },
  'a ledger that another account shares': { ledgerSharedWith: ['444455556666'] },
  'everything at once': everything,
  'everything at once, with a key': { ...everything, encryptionKeyArn },
};

const many = (count: number, options: Partial<BucketSettings> = {}): readonly BucketSettings[] =>
  Array.from({ length: count }, (_, index) => ({ name: `www-${index}-example-com`, ...options }));
const accounts = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(100_000_000_000 + index));
const longSecret = (index: number) => `${index}/`.padEnd(400, 'secret-');
const webhooksOf = (count: number, secret: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => ({
    source: 'contentful' as const,
    name: `space-${index}`,
    secret: secret(index),
  }));

/** Forms that are large, or otherwise near to what AWS takes. */
export const extremeDeployments: Readonly<Record<string, Partial<PurgerConfig>>> = {
  'a dashboard': { ...everything, dashboard: true },
  'a dashboard without alarms': { dashboard: true, alarms: { enabled: false } },
  'a dashboard of a webhook alone, most alarms off': {
    ...webhookAlone,
    dashboard: true,
    alarms: { off: ['freshness', 'dead-letters', 'submit-errors', 'tick-errors'] },
  },
  'a dashboard of ninety webhooks': {
    ...webhookAlone,
    dashboard: true,
    webhooks: Array.from({ length: 90 }, (_, index) => ({
      source: 'contentful' as const,
      name: `site-${index}`,
      secret: 'cdn-pro-purger/contentful',
    })),
  },
  'ten edges of long names, probed': {
    ...everything,
    encryptionKeyArn,
    probe: {
      edges: Array.from({ length: 10 }, (_, index) => `${'long.'.repeat(48)}edge${index}.example:65535`),
    },
  },
  'forty buckets by EventBridge': { ...s3Alone, buckets: many(40), dashboard: true },
  'sixty buckets by EventBridge that others configure': {
    ...s3Alone,
    buckets: many(60, { configureBucket: false }),
  },
  'sixty buckets of another account': { ...s3Alone, buckets: many(60, { account: '444455556666' }) },
  'sixty buckets of as many accounts': {
    ...s3Alone,
    buckets: accounts(60).map((account) => ({ name: `of-${account}`, account })),
  },
  'thirty buckets with a prefix and a suffix': {
    ...s3Alone,
    buckets: many(30, { prefix: 'site/', suffix: '.html', configureBucket: false }),
  },
  'a ledger that four hundred accounts share': { ledgerSharedWith: accounts(400) },
  'forty buckets that notify': { ...s3Alone, buckets: many(40, { via: 'notification' }), encryptionKeyArn },
  'forty buckets that the stack makes': { ...s3Alone, buckets: many(40, { create: true }) },
  'sixty prefixes of a bucket': {
    ...s3Alone,
    buckets: Array.from({ length: 60 }, (_, index) => ({
      name: 'www',
      prefix: `site/${String(index).padStart(2, '0')}/`,
      ...(index % 2 === 0 ? {} : { via: 'notification' as const }),
    })),
  },
  'thirty topics': {
    ...s3Alone,
    buckets: [],
    topics: Array.from({ length: 30 }, (_, index) => ({ arn: `arn:aws:sns:${place}:changes-${index}` })),
  },
  'twenty queues, two of one name': {
    ...s3Alone,
    buckets: [],
    dashboard: true,
    queues: ['444455556666', ...Array.from({ length: 19 }, () => '111122223333')].map((account, index) => ({
      arn: `arn:aws:sqs:eu-west-1:${account}:changes-${Math.max(index, 1)}`,
    })),
  },
  'a queue called as the own one': {
    ...s3Alone,
    buckets: [{ name: 'www', via: 'notification' }],
    queues: [{ arn: `arn:aws:sqs:${place}:inbox` }],
  },
  'seven secrets of long names': { ...webhookAlone, webhooks: webhooksOf(7, longSecret) },
  'sixty webhooks': { ...webhookAlone, dashboard: true, webhooks: webhooksOf(60, (index) => `cms-${index}`) },
  'a secret of seventy webhooks, by its ARN': {
    ...webhookAlone,
    webhooks: webhooksOf(70, () => `arn:aws:secretsmanager:${place}:secret:cdn-pro-purger/contentful-AbCdEf`),
  },
  'secrets whose names end like ARNs': {
    credentials: 'cdn-pro-secret',
    webhooks: [{ source: 'contentful', secret: ['contentful-secret', 'cdn-pro-purger'] }],
  },
  'secrets under a key': {
    credentials: { name: 'cdn-pro/api', keyArn: encryptionKeyArn },
    webhooks: [{ source: 'contentful', secret: [{ name: 'contentful', keyArn: queueKeyArn }] }],
  },
  'a long name of the stack': { ...everything, stackName: 'S'.repeat(128) },
};

/** The forms of a stack in a region that lacks something of AWS's. */
export const regionalDeployments: Readonly<Record<string, Partial<PurgerConfig>>> = Object.fromEntries(
  ['us-gov-west-1', 'cn-north-1', 'mx-central-1', 'eu-south-1'].map((region) => [
    region,
    { ...s3Alone, region, buckets: buckets.filter((bucket) => 'account' in bucket) },
  ]),
);
