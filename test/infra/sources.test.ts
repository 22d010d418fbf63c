import { type App, NestedStack, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket, EventType, type IBucket } from 'aws-cdk-lib/aws-s3';
import { SqsDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { checkConfig, type PurgerConfig } from '../../infra/settings/purger-config.ts';
import type { BucketSettings } from '../../infra/settings/sources/source-settings.ts';
import { eventRulesOf, permissionsOf, templateOf, unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const rules = [{ match: { source: 's3' }, purge: { fileUrls: ['https://www.example.com/{+key}'] } }];
const only = (sources: Partial<PurgerConfig>) => templateOf({ buckets: [], webhooks: [], rules, ...sources });
const ruleOf = (template: Template) => eventRulesOf(template).map(([, properties]) => properties)[0];
const receiver = /changes of S3 objects/;

/** What the custom resources ask of buckets, by the bucket's name. */
function configurations(template: Template) {
  const all = Object.values(template.findResources('Custom::PurgerBucketConfiguration'));
  return all.map(({ Properties: { BucketName, Configuration } }) => {
    const text =
      typeof Configuration === 'string' ? Configuration : Configuration['Fn::Join'][1].map(textOf).join('');
    return [BucketName, JSON.parse(text)] as const;
  });
}
const textOf = (part: unknown) => (typeof part === 'string' ? part : 'ARN');

/** A stack with a purger, and what a test adds to it. */
function appWith(add: (stack: Stack, purger: CdnPurger) => void): {
  readonly app: App;
  readonly stack: Stack;
} {
  const app = unbundledApp();
  const stack = new Stack(app, 'Mine');
  const credentials = Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api');
  add(stack, new CdnPurger(stack, 'Purger', { credentials, target: 'production', rules }));
  return { app, stack };
}
const templateWith = (add: (stack: Stack, purger: CdnPurger) => void) =>
  Template.fromStack(appWith(add).stack);
// CDK's own types do not fit together under exactOptionalPropertyTypes.
const bucketIn = (stack: Stack) => new Bucket(stack, 'Site') as IBucket;

test("of a bucket that exists, EventBridge is added to the configuration by a role for this bucket's alone", () => {
  const template = only({ buckets: [{ name: 'www' }] });
  expect(configurations(template)).toMatchObject([['www', { eventBridge: true, queues: [] }]]);
  expect(permissionsOf(template, /watched buckets/).filter((each) => each.startsWith('s3:'))).toEqual(
    ['s3:GetBucketNotification', 's3:PutBucketNotification'].map(
      (action) => `${action} on {"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":s3:::www"]]}`,
    ),
  );
});

test('a bucket whose owner configures it is left alone', () => {
  const template = only({ buckets: [{ name: 'www', configureBucket: false }] });
  template.resourceCountIs('Custom::PurgerBucketConfiguration', 0);
  expect(eventRulesOf(template)).toHaveLength(1);
});

test('a bucket of the stack is private, encrypted, sends to EventBridge by itself and outlives the stack', () => {
  const template = only({ buckets: [{ name: 'www', create: true, versioned: true }] });
  template.hasResource('AWS::S3::Bucket', {
    // A bucket that a failed deployment made would block the next try.
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketName: 'www',
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: Match.anyValue(),
      VersioningConfiguration: { Status: 'Enabled' },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    },
  });
  template.hasResourceProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    },
  });
  template.resourceCountIs('Custom::PurgerBucketConfiguration', 0);
  template.resourceCountIs('Custom::S3BucketNotifications', 0);
});

test.each([
  [{ prefix: 'site/' }, [{ prefix: 'site/' }]],
  [{ suffix: '.html' }, [{ suffix: '.html' }]],
  [{ prefix: 'a*/', suffix: '.html' }, [{ wildcard: 'a\\*/*.html' }]],
  [{ prefix: 'site/', suffix: '/index.html' }, [{ wildcard: 'site/*/index.html' }, 'site/index.html']],
  [{}, undefined],
])('by EventBridge, keys of %j match %j', (keys, pattern) => {
  const { detail } = ruleOf(only({ buckets: [{ name: 'www', ...keys }] })).EventPattern;
  expect(detail.object?.key).toEqual(pattern);
});

test('by notification, a bucket fills a queue of the stack that only it may fill, and the receiver empties in batches', () => {
  const template = only({
    buckets: [{ name: 'www', prefix: 'my site/', suffix: '+.html', via: 'notification' }],
  });
  expect(configurations(template)).toMatchObject([
    [
      'www',
      {
        eventBridge: false,
        queues: [
          {
            queueArn: 'ARN',
            events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:LifecycleExpiration:*'],
            prefix: 'my+site/',
            suffix: '%2B.html',
          },
        ],
      },
    ],
  ]);
  template.hasResourceProperties('AWS::SQS::QueuePolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: 'sqs:SendMessage',
          Principal: { Service: 's3.amazonaws.com' },
          Condition: {
            ArnLike: { 'aws:SourceArn': Match.anyValue() },
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
          },
        }),
      ]),
    },
  });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('Inbox'), 'Arn'] },
    BatchSize: 10_000,
    MaximumBatchingWindowInSeconds: 1,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  template.hasResourceProperties('AWS::SQS::Queue', {
    VisibilityTimeout: 181,
    MessageRetentionPeriod: 1_209_600,
    SqsManagedSseEnabled: true,
    RedrivePolicy: {
      deadLetterTargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('DeadLetterQueue'), 'Arn'] },
    },
  });
  expect(eventRulesOf(template)).toEqual([]);
  const [resource] = Object.values(template.findResources('Custom::PurgerBucketConfiguration'));
  const [policyId] = Object.entries(template.findResources('AWS::SQS::QueuePolicy')).flatMap(([id]) =>
    id.includes('Inbox') ? [id] : [],
  );
  expect(resource?.DependsOn, 'S3 tries out the queue').toContain(policyId);
});

test('filters are spelled as notifications spell keys, whatever the letters', () => {
  const [prefix, suffix] = ["photos (2024)/it's *new*!/", '~é.png'];
  const template = only({ buckets: [{ name: 'www', prefix, suffix, via: 'notification' }] });
  expect(configurations(template)).toMatchObject([
    ['www', { queues: [{ prefix: 'photos+%282024%29/it%27s+*new*%21/', suffix: '%7E%C3%A9.png' }] }],
  ]);
});

test('several selections of one bucket are one configuration', () => {
  const template = only({
    buckets: [
      { name: 'www', prefix: 'a/' },
      { name: 'www', prefix: 'b/', via: 'notification' },
      { name: 'www', prefix: 'c/', via: 'notification' },
    ],
  });
  const prefixed = (prefix: string) => expect.objectContaining({ prefix });
  expect(configurations(template)).toMatchObject([
    ['www', { eventBridge: true, queues: [prefixed('b/'), prefixed('c/')] }],
  ]);
});

test('a bucket of the stack that also notifies is configured once', () => {
  const template = only({
    buckets: [
      { name: 'www', create: true, prefix: 'a/' },
      { name: 'www', prefix: 'b/', via: 'notification' },
    ],
  });
  const [bucket] = Object.values(template.findResources('AWS::S3::Bucket'));
  expect(bucket?.Properties.NotificationConfiguration).toBeUndefined();
  expect(configurations(template)).toMatchObject([[{ Ref: expect.any(String) }, { eventBridge: true }]]);
});

test("another account's events arrive on a separate bus, to which only that account may send, and are distinguished", () => {
  const template = only({ buckets: [{ name: 'theirs', prefix: 'site/', account: '111122223333' }] });
  template.hasResourceProperties('AWS::Events::EventBusPolicy', {
    EventBusName: { Ref: Match.stringLikeRegexp('Bus') },
    Statement: Match.objectLike({
      Effect: 'Allow',
      Action: 'events:PutEvents',
      Principal: {
        AWS: Match.objectLike({ 'Fn::Join': ['', Match.arrayWith([':iam::111122223333:root'])] }),
      },
    }),
  });
  expect(ruleOf(template)).toMatchObject({
    EventBusName: { Ref: expect.stringMatching('Bus') },
    EventPattern: { account: ['111122223333'], detail: { bucket: { name: ['theirs'] } } },
  });
  expect(Object.keys(template.findOutputs('S3EventBusArn'))).toHaveLength(1);
  template.resourceCountIs('Custom::PurgerBucketConfiguration', 0);
});

test("another account's bucket may notify the queue, whose ARN its owner finds in the outputs", () => {
  const buckets = [{ name: 'theirs', account: '111122223333', via: 'notification' }] as const;
  const template = only({ buckets });
  template.hasResourceProperties('AWS::SQS::QueuePolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Condition: Match.objectLike({ StringEquals: { 'aws:SourceAccount': '111122223333' } }),
        }),
      ]),
    },
  });
  expect(Object.keys(template.findOutputs('S3QueueArn'))).toHaveLength(1);
  template.resourceCountIs('Custom::PurgerBucketConfiguration', 0);
});

test('a topic sends to the queue of the stack, in the envelope that names it, and what it cannot deliver to the dead letter queue', () => {
  const arn = 'arn:aws:sns:eu-central-1:111122223333:s3-events';
  const region = 'eu-central-1';
  const template = only({ region, topics: [{ arn, bucket: 'www', prefix: 'site/' }] });
  template.hasResourceProperties('AWS::SNS::Subscription', {
    TopicArn: arn,
    Protocol: 'sqs',
    Region: 'eu-central-1',
    RawMessageDelivery: false,
    Endpoint: { 'Fn::GetAtt': [Match.stringLikeRegexp('Inbox'), 'Arn'] },
    RedrivePolicy: { deadLetterTargetArn: Match.anyValue() },
  });
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: {
      Variables: Match.objectLike({
        WATCHED_OBJECTS: JSON.stringify([{ from: arn, bucket: 'www', prefix: 'site/' }]),
      }),
    },
  });
});

test("the dead letter queue takes what a topic of the stack's own region cannot deliver, as SNS wants it", () => {
  const topics = [{ arn: 'arn:aws:sns:us-east-1:111122223333:s3-events' }];
  const policyIn = (template: Template) =>
    Object.values(template.findResources('AWS::SNS::Subscription')).map(
      ({ Properties }) => Properties.RedrivePolicy,
    );
  expect(policyIn(only({ region: 'eu-central-1', topics }))).toEqual([undefined]);
  expect(policyIn(only({ region: 'us-east-1', topics }))).toEqual([
    { deadLetterTargetArn: expect.anything() },
  ]);

  const anywhere = only({ topics });
  const [[condition, expression] = []] = Object.entries(anywhere.findConditions('*'));
  expect(expression).toEqual({ 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] });
  expect(policyIn(anywhere)).toEqual([
    {
      'Fn::If': [condition, { deadLetterTargetArn: expect.anything() }, { Ref: 'AWS::NoValue' }],
    },
  ]);
});

test('a queue is emptied by the receiver, which may decrypt with its key and no other', () => {
  const arn = 'arn:aws:sqs:eu-central-1:111122223333:s3-events';
  const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/0a1b';
  const template = only({ queues: [{ arn, keyArn }] });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: arn,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  const permissions = permissionsOf(template, receiver);
  expect(permissions).toContain(`sqs:ReceiveMessage on "${arn}"`);
  expect(permissions.filter((each) => each.startsWith('kms:'))).toEqual([`kms:Decrypt on "${keyArn}"`]);
  template.resourceCountIs('AWS::SQS::Queue', 2);
});

test('the receiver runs no longer than a queue hides a message by default, which Lambda insists on', () => {
  only({ buckets: [{ name: 'www' }] }).hasResourceProperties('AWS::Lambda::Function', {
    Description: Match.stringLikeRegexp('S3 objects'),
    Timeout: 30,
  });
});

test('the filters of topics and queues reach the functions that map, with their carriers, where there are any', () => {
  const [topic, other] = ['s3-events', 'others'].map((name) => `arn:aws:sns:us-east-1:111122223333:${name}`);
  const queue = 'arn:aws:sqs:us-east-1:111122223333:s3-events';
  const filtersOf = (config: Parameters<typeof only>[0]) => {
    const filters = Object.values(only(config).findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.Environment?.Variables.WATCHED_OBJECTS)
      .filter((text) => text !== undefined);
    if (filters.length === 0) return [];
    // What `receive-s3` leaves in the dead letter queue, `submit` maps.
    const [ofReceiver, ofSubmit, ...others] = filters;
    expect(ofSubmit).toBe(ofReceiver);
    expect(others).toEqual([]);
    return JSON.parse(ofReceiver);
  };
  const buckets = [{ name: 'media', suffix: '.jpg' }];
  const topics = [{ arn: topic ?? '', bucket: 'www' }, { arn: other ?? '' }];
  expect(filtersOf({ buckets, topics })).toEqual([{ from: topic, bucket: 'www' }]);
  expect(filtersOf({ buckets, topics, queues: [{ arn: queue }] })).toEqual([
    { from: topic, bucket: 'www' },
    { from: queue },
  ]);
  expect(filtersOf({ topics: [{ arn: other ?? '' }], queues: [{ arn: queue }] })).toEqual([]);
  expect(filtersOf({ buckets })).toEqual([]);
});

test("another account's topic or queue that may tell of any bucket is warned of", () => {
  const warningsWith = (bucket: string | undefined) => {
    const stack = new Stack(unbundledApp(), 'Site', {
      env: { account: '222222222222', region: 'us-east-1' },
    });
    const purger = new CdnPurger(stack, 'Purger', {
      credentials: Secret.fromSecretNameV2(stack, 'Credentials', 'cdn-pro/api'),
      target: 'staging',
      rules: sampleConfig.rules.filter(({ match }) => match.source === 's3'),
    });
    const filter = bucket === undefined ? {} : { bucket };
    purger.watchTopic(Topic.fromTopicArn(stack, 'T', 'arn:aws:sns:us-east-1:111122223333:x'), filter);
    purger.watchQueue(Queue.fromQueueArn(stack, 'Q', 'arn:aws:sqs:us-east-1:111122223333:x'), filter);
    purger.watchTopic(Topic.fromTopicArn(stack, 'Own', 'arn:aws:sns:us-east-1:222222222222:x'));
    return Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('may tell of'));
  };
  expect(warningsWith(undefined)).toHaveLength(2);
  expect(warningsWith('www')).toEqual([]);
});

test('the objects whose unchanged puts are left out reach the function: all that are watched, or prefixes of them', () => {
  const skippedOf = (...buckets: readonly BucketSettings[]) => {
    const functions = Object.values(only({ buckets }).findResources('AWS::Lambda::Function'));
    const texts = functions.flatMap(
      ({ Properties }) => Properties.Environment?.Variables.SKIP_UNCHANGED ?? [],
    );
    return texts.map((text) => JSON.parse(text));
  };
  expect(skippedOf({ name: 'www' }, { name: 'media', skipUnchanged: false })).toEqual([]);
  expect(
    skippedOf(
      { name: 'www', skipUnchanged: true },
      { name: 'media', prefix: 'a/', suffix: '.jpg', skipUnchanged: true },
      { name: 'docs', prefix: 'v1/', skipUnchanged: ['v', 'v1/api/'] },
    ),
  ).toEqual([
    [
      { bucket: 'www' },
      { bucket: 'media', prefix: 'a/', suffix: '.jpg' },
      { bucket: 'docs', prefix: 'v1/' },
      { bucket: 'docs', prefix: 'v1/api/' },
    ],
  ]);
  expect(() => skippedOf({ name: 'docs', prefix: 'v1/', skipUnchanged: ['v2/'] })).toThrow(
    '`buckets[0].skipUnchanged[0]`: it has no effect: only keys that begin with "v1/" are watched',
  );
  const many = Array.from({ length: 80 }, (_, index) => `site/${index}/${'x'.repeat(20)}`);
  expect(() => skippedOf({ name: 'docs', skipUnchanged: many })).toThrow('name fewer prefixes');
});

test('the order of a configuration changes no resource, so that none is replaced by its like', () => {
  const arns = (service: string) =>
    ['a', 'b'].map((name) => ({ arn: `arn:aws:${service}:us-east-1:111122223333:${name}` }));
  const account = '111122223333';
  const buckets = [
    { name: 'www', prefix: 'a/' },
    { name: 'www', prefix: 'b/', via: 'notification' },
    { name: 'own', create: true },
    { name: 'their', prefix: 'a/', account },
    { name: 'their', prefix: 'b/', account },
  ] as const;
  const forth = only({ buckets, topics: arns('sns'), queues: arns('sqs') });
  const back = only({
    buckets: buckets.toReversed(),
    topics: arns('sns').toReversed(),
    queues: arns('sqs').toReversed(),
  });
  const named = (template: Template) =>
    [
      'AWS::S3::Bucket',
      'AWS::Events::Rule',
      'AWS::SNS::Subscription',
      'AWS::Lambda::EventSourceMapping',
      'Custom::PurgerBucketConfiguration',
    ].map((type) =>
      Object.entries(template.findResources(type))
        .map(([id, { Properties }]) => [id, Properties])
        .sort(),
    );
  expect(named(back)).toEqual(named(forth));
});

test.each([
  [
    {
      buckets: [
        { name: 'www', prefix: 'a/' },
        { name: 'www', prefix: 'a/b/' },
      ],
    },
    '`buckets[1]`: expected keys that do not overlap, got keys that begin with "a/" and keys that begin with "a/b/"',
  ],
  [
    {
      buckets: [
        { name: 'www', suffix: '.js' },
        { name: 'www', prefix: 'a/', via: 'notification' },
      ],
    },
    '`buckets[1]`: expected keys that do not overlap, got keys that end with ".js" and keys that begin with "a/"',
  ],
  [
    { buckets: [{ name: 'www' }, { name: 'www' }] },
    '`buckets[1]`: expected keys that do not overlap, got all keys and all keys',
  ],
  [
    { buckets: [{ name: 'www', versioned: true }] },
    '`buckets[0].versioned`: expected `create: true` with it',
  ],
  [
    { buckets: [{ name: 'www', create: true, account: '111122223333' }] },
    '`buckets[0].account`: expected no account',
  ],
  [
    { buckets: [{ name: 'www', configureBucket: true, account: '111122223333' }] },
    '`buckets[0].configureBucket`: expected false with `account`',
  ],
  [
    { buckets: [{ name: 'www', account: '1' }] },
    '`buckets[0].account`: expected an account ID of 12 digits, got "1"',
  ],
  [
    { buckets: [{ name: 'www', via: 'sns' }] },
    '`buckets[0].via`: expected "eventbridge" or "notification", got "sns"',
  ],
  [
    { topics: [{ arn: 'arn:aws:sqs:us-east-1:111122223333:q' }] },
    '`topics[0].arn`: expected the ARN of a standard SNS topic, got "arn:aws:sqs:us-east-1:111122223333:q"',
  ],
  [
    { queues: [{ arn: 'arn:aws:sqs:us-east-1:111122223333:q.fifo' }] },
    '`queues[0].arn`: expected the ARN of a standard SQS queue, got',
  ],
  [
    { queues: ['a', 'a'].map((name) => ({ arn: `arn:aws:sqs:us-east-1:111122223333:${name}` })) },
    '`queues[1].arn`: expected each once, got',
  ],
])('sources that do not fit together are refused: %j', (sources, issue) => {
  expect(() => checkConfig({ ...sampleConfig, webhooks: [], buckets: [], rules, ...sources })).toThrow(issue);
});

// CDK would throw an error of its own for the first three, and events of S3 have no other as their bucket.
test.each(['www..example.com', 'www.-example', '192.168.0.1', 'site-0a1b2c-s3alias', 'www--x-s3'])(
  'a name that no bucket has is refused: %s',
  (name) => {
    const sources = {
      buckets: [{ name }],
      queues: [{ arn: 'arn:aws:sqs:us-east-1:111122223333:q', bucket: name }],
    };
    const got = `expected a bucket name, got "${name}"`;
    expect(() => checkConfig({ ...sampleConfig, webhooks: [], rules, ...sources })).toThrow(
      `- \`buckets[0].name\`: ${got}\n- \`queues[0].bucket\`: ${got}`,
    );
  },
);

test('prefixes side by side, and suffixes side by side, do not overlap', () => {
  const buckets = [
    { name: 'www', prefix: 'a/' },
    { name: 'www', prefix: 'b/', suffix: '.js' },
    { name: 'www', prefix: 'b/', suffix: '.css' },
    { name: 'other' },
  ];
  expect(checkConfig({ ...sampleConfig, webhooks: [], rules, buckets }).buckets).toEqual(buckets);
});

test.each(['xn--bcher-kva.example', 'sthree-site'])(
  'a bucket may have a name of before S3 reserved it: %s',
  (name) => {
    const sources = { buckets: [{ name }] };
    expect(() => checkConfig({ ...sampleConfig, webhooks: [], rules, ...sources })).not.toThrow();
  },
);

test('in an app, a topic that is watched twice is refused in our words', () => {
  templateWith((stack, purger) => {
    const topic = new Topic(stack, 'Topic');
    purger.watchTopic(topic, { prefix: 'a/' });
    expect(() => purger.watchTopic(topic, { prefix: 'b/' })).toThrow(
      '`topics`: expected each topic once, got Mine/Topic twice',
    );
  });
});

test('in an app, topics and queues of the app itself are watched', () => {
  const template = templateWith((stack, purger) => {
    purger.watchTopic(new Topic(stack, 'Topic'));
    purger.watchQueue(new Queue(stack, 'Events'), { suffix: '.html' });
  });
  template.hasResourceProperties('AWS::SNS::Subscription', {
    TopicArn: { Ref: Match.stringLikeRegexp('^Topic') },
  });
  template.resourceCountIs('AWS::Lambda::EventSourceMapping', 3);
});

test('in an app, what the CDK manages of a bucket already is added to by the CDK', () => {
  const template = templateWith((stack, purger) => {
    const bucket = bucketIn(stack);
    bucket.addEventNotification(EventType.OBJECT_TAGGING, new SqsDestination(new Queue(stack, 'Tags')));
    purger.watchBucket(bucket, { prefix: 'a/' });
    purger.watchBucket(bucket, { prefix: 'b c/', via: 'notification' });
  });
  template.resourceCountIs('Custom::PurgerBucketConfiguration', 0);
  const [{ Properties } = { Properties: {} }] = Object.values(
    template.findResources('Custom::S3BucketNotifications'),
  );
  const { EventBridgeConfiguration, QueueConfigurations } = Properties.NotificationConfiguration;
  expect(EventBridgeConfiguration).toEqual({});
  expect(QueueConfigurations.flatMap(({ Events }: { Events: string[] }) => Events)).toEqual([
    's3:ObjectTagging:*',
    's3:ObjectCreated:*',
    's3:ObjectRemoved:*',
    's3:LifecycleExpiration:*',
  ]);
  expect(QueueConfigurations[1].Filter.Key.FilterRules).toEqual([{ Name: 'prefix', Value: 'b+c/' }]);
});

test("in an app, what would write over the purger's part of a bucket is refused", () => {
  const { app } = appWith((stack, purger) => {
    const bucket = bucketIn(stack);
    purger.watchBucket(bucket);
    bucket.addEventNotification(EventType.OBJECT_TAGGING, new SqsDestination(new Queue(stack, 'Tags')));
  });
  expect(() => app.synth()).toThrow(
    'expected notifications of the bucket Mine/Site to be added before it is watched',
  );
});

test('in an app, overlapping selections of one bucket and FIFO queues are refused at once', () => {
  appWith((stack, purger) => {
    const bucket = bucketIn(stack);
    purger.watchBucket(bucket, { prefix: 'a/' });
    expect(() => purger.watchBucket(bucket)).toThrow('expected keys that do not overlap');
    const queue = new Queue(stack, 'Ordered', { fifo: true });
    expect(() => purger.watchQueue(queue)).toThrow('`queues`: expected a standard queue');
    expect(() => purger.watchBucket(bucket, { prefix: '' })).toThrow('`prefix`: expected a prefix, got ""');
  });
});

describe('in another region', () => {
  const account = '111122223333';
  const here = { account, region: 'eu-central-1' };
  const watching = (watch: (purger: CdnPurger, app: App) => void) => {
    const app = unbundledApp();
    const stack = new Stack(app, 'Mine', { env: here });
    const credentials = Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api');
    watch(new CdnPurger(stack, 'Purger', { credentials, target: 'production', rules }), app);
    return Template.fromStack(stack);
  };
  const bucketElsewhere = (app: App) => {
    const site = new Stack(app, 'Site', { env: { account, region: 'us-east-1' } });
    return new Bucket(site, 'Bucket', { bucketName: 'www' }) as IBucket;
  };

  test('a bucket is refused, whose events EventBridge has in that region alone', () => {
    expect(() => watching((purger, app) => purger.watchBucket(bucketElsewhere(app)))).toThrow(
      "`buckets`: expected a bucket of the stack's region eu-central-1, got Site/Bucket of us-east-1",
    );
  });

  test('a bucket is refused that would notify a queue, of another account too', () => {
    const options = { via: 'notification', account: '999988887777' } as const;
    expect(() => watching((purger, app) => purger.watchBucket(bucketElsewhere(app), options))).toThrow(
      "`buckets`: expected a bucket of the stack's region eu-central-1",
    );
  });

  test('a bucket is watched by the bus that its events are forwarded to', () => {
    const template = watching((purger, app) => purger.watchBucket(bucketElsewhere(app), { account }));
    template.resourceCountIs('AWS::Events::EventBus', 1);
  });

  test('a queue is refused, from which Lambda does not receive', () => {
    const queue = 'arn:aws:sqs:us-east-1:111122223333:events';
    expect(() =>
      watching((purger, app) => {
        purger.watchQueue(Queue.fromQueueArn(new Stack(app, 'Other'), 'Queue', queue) as IQueue);
      }),
    ).toThrow("`queues`: expected a queue of the stack's region eu-central-1, got Other/Queue of us-east-1");
  });
});

test("the bus for other accounts' events is another in each deployment of an app, and is called as before by default", () => {
  const busNames = (stackName?: string, isNested = false) => {
    const stack = new Stack(unbundledApp(), 'Mine', stackName === undefined ? {} : { stackName });
    const scope = isNested ? new NestedStack(stack, 'Nested') : stack;
    const credentials = Secret.fromSecretNameV2(scope, 'CdnPro', 'cdn-pro/api');
    const purger = new CdnPurger(scope, 'Purger', { credentials, target: 'production', rules });
    purger.watchBucket(Bucket.fromBucketName(scope, 'Theirs', 'theirs') as IBucket, {
      account: '111122223333',
    });
    const buses = Object.values(Template.fromStack(scope).findResources('AWS::Events::EventBus'));
    return buses.map(({ Properties }) => Properties.Name as string);
  };
  const all = [
    ...busNames(),
    ...busNames('purger-dev'),
    ...busNames('purger-live'),
    ...busNames('purger-dev', true),
    ...busNames('purger-live', true),
  ];
  expect(new Set(all).size).toBe(5);
  expect(all[0]).toBe('MinePurgerReceiveS3BusAEC4DD03');
  for (const name of all) expect(name).toMatch(/^[\w.-]{1,256}$/);
});
