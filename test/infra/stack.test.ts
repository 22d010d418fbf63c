import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { expect, test } from 'vitest';
import { findSource } from '../../functions/sources/registry.ts';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { checkConfig, type PurgerConfig } from '../../infra/settings/purger-config.ts';
import { Webhook } from '../../infra/webhook.ts';
import { allOf, templateOf, unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const template = templateOf();

test('outputs are those that others build on', () => {
  expect(Object.keys(template.findOutputs('*')).toSorted()).toEqual([
    'BufferQueueUrl',
    'DeadLetterQueueUrl',
    'JournalTableName',
    'LedgerTableName',
    'ParkedTableName',
    'S3QueueArn',
    'WebhookUrl',
  ]);
});

test('functions run on Node.js 24 and arm64', () => {
  for (const description of ['S3 objects', 'webhooks', 'CDN Pro']) {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp(description),
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'handler.handler',
    });
  }
});

test('submit takes large batches, with two consumers at most, and reports what failed', () => {
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BatchSize: 10_000,
    MaximumBatchingWindowInSeconds: 2,
    ScalingConfig: { MaximumConcurrency: 2 },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
});

test('Lambda does not stop messages of submit that wait for long, and keeps its guard against loops elsewhere', () => {
  const functions = Object.values(template.findResources('AWS::Lambda::Function'));
  const loops = functions.map(({ Properties }) => [Properties.Description, Properties.RecursiveLoop]);
  expect(loops.filter(([, loop]) => loop !== undefined)).toEqual([
    [expect.stringContaining('purge requests to CDN Pro'), 'Allow'],
  ]);
});

test('the tick runs each minute, ends before the next one, and is not tried again', () => {
  template.hasResourceProperties('AWS::Events::Rule', {
    ScheduleExpression: 'rate(1 minute)',
    State: 'ENABLED',
    Targets: [Match.objectLike({ RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } })],
  });
  template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    FunctionName: { Ref: Match.stringLikeRegexp('Tick') },
    MaximumRetryAttempts: 0,
    MaximumEventAgeInSeconds: 60,
  });
  template.hasResourceProperties('AWS::Lambda::Function', {
    Description: Match.stringLikeRegexp('releases what is parked'),
    Timeout: 50,
  });
});

test('the tick rests while submission is paused: what it releases, SQS would keep for two weeks only', () => {
  templateOf({ paused: true }).hasResourceProperties('AWS::Events::Rule', {
    ScheduleExpression: 'rate(1 minute)',
    State: 'DISABLED',
  });
});

test('a message in flight is hidden for as long as Lambda is to try a throttled invocation again: six times the timeout', () => {
  const slow = templateOf({ batchingWindowSeconds: 300 });
  slow.hasResourceProperties('AWS::Lambda::Function', {
    Description: Match.stringLikeRegexp('CDN Pro'),
    Timeout: 300,
  });
  slow.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 2100 });
});

test('the buffer and the queue of S3 events have a dead letter queue, and all keep messages for two weeks, encrypted', () => {
  template.resourcePropertiesCountIs(
    'AWS::SQS::Queue',
    { MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true },
    3,
  );
  template.resourcePropertiesCountIs(
    'AWS::SQS::Queue',
    {
      RedrivePolicy: { maxReceiveCount: 10, deadLetterTargetArn: Match.anyValue() },
    },
    2,
  );
});

test('a watched prefix of a bucket reaches the queue of S3 events by EventBridge, and what cannot be delivered the dead letter queue', () => {
  template.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: {
      source: ['aws.s3'],
      'detail-type': ['Object Created', 'Object Deleted'],
      detail: { bucket: { name: ['www-example-com'] }, object: { key: [{ prefix: 'site/' }] } },
    },
    Targets: [
      Match.objectLike({
        Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('Inbox'), 'Arn'] },
        DeadLetterConfig: { Arn: Match.anyValue() },
        // The most that EventBridge offers.
        RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
      }),
    ],
  });
});

test("the receiver of S3's events takes batches, in no more than ten functions: the account's others keep theirs", () => {
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('Inbox'), 'Arn'] },
    ScalingConfig: { MaximumConcurrency: 10 },
  });
  // Nothing invokes it by itself, which would ask for a function for each event.
  const permissions = allOf(template, 'AWS::Lambda::Permission').map(({ FunctionName }) =>
    JSON.stringify(FunctionName),
  );
  expect(permissions.filter((name) => name.includes('ReceiveS3'))).toEqual([]);
});

test('each webhook has its own route with its own throttle, and the function one permission for all', () => {
  const keys = (sampleConfig.webhooks ?? []).flatMap(({ source, name = source }) =>
    (findSource(source)?.canPut ? ['POST', 'PUT'] : ['POST']).map((method) => `${method} /webhooks/${name}`),
  );
  expect(keys).toContain('PUT /webhooks/contentful');
  const routes = template.findResources('AWS::ApiGatewayV2::Route');
  expect(Object.values(routes).map(({ Properties }) => Properties.RouteKey)).toEqual(keys);
  template.resourceCountIs('AWS::ApiGatewayV2::Integration', 1);
  const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
  const throttle = { ThrottlingBurstLimit: 500, ThrottlingRateLimit: 100 };
  expect(stage?.Properties.RouteSettings).toEqual(Object.fromEntries(keys.map((key) => [key, throttle])));
  expect(stage?.DependsOn).toEqual(expect.arrayContaining(Object.keys(routes)));
  const permissions = Object.values(template.findResources('AWS::Lambda::Permission'));
  const ofApi = permissions.filter(({ Properties }) => Properties.Principal === 'apigateway.amazonaws.com');
  expect(ofApi).toHaveLength(1);
});

test('without webhooks there is no public endpoint', () => {
  const [rule] = sampleConfig.rules;
  const closed = templateOf({ webhooks: [], rules: rule === undefined ? [] : [rule] });
  closed.resourceCountIs('AWS::ApiGatewayV2::Api', 0);
  expect(closed.findOutputs('WebhookUrl')).toEqual({});
});

test('two webhooks of one source are received under their names', () => {
  const [first] = sampleConfig.webhooks ?? [];
  if (first === undefined) throw new Error('expected a webhook');
  const both = templateOf({ webhooks: [first, { ...first, name: 'space-2', secret: 'other' }] });
  const [fn] = Object.values(
    both.findResources('AWS::Lambda::Function', {
      Properties: { Description: Match.stringLikeRegexp('webhooks') },
    }),
  );
  expect(JSON.stringify(fn?.Properties.Environment.Variables.WEBHOOKS)).toContain('space-2');
  expect(() => templateOf({ webhooks: [first, first] })).toThrow('two are named "contentful"');
});

test('a bad configuration is refused, with all its issues', () => {
  expect(() =>
    checkConfig({ ...sampleConfig, endpoint: 'api.example', buckets: [{ name: 'My_Bucket' }], stages: [] }),
  ).toThrow(
    [
      'The configuration has 3 issues:',
      '- `endpoint`: expected scheme and host of a URL that begins with https://, got "api.example"',
      '- `buckets[0].name`: expected a bucket name, got "My_Bucket"',
      '- unknown field `stages` (expected one of `target`, `rules`, `allowedHosts`, `rateLimit`, `apiBucket`, `quota`, `tokenUnit`, `batchingWindowSeconds`, `maxFileUrls`, `maxBodyBytes`, `cacheKey`, `coalesce`, `convertInShortage`, `probe`, `paused`, `mode`, `dashboard`, `stackName`, `account`, `region`, `credentials`, `endpoint`, `buckets`, `topics`, `queues`, `webhooks`, `retainData`, `logRetentionDays`, `encryptionKeyArn`, `sharedLedger`, `ledgerSharedWith`, `alarms`, `webhookApi`)',
    ].join('\n'),
  );
  expect(() => checkConfig({ ...sampleConfig, webhooks: [{ source: 'contentfull', secret: 'x' }] })).toThrow(
    '`webhooks[0].source`: expected the name of a source, got "contentfull" (did you mean `contentful`?)',
  );
});

test('the construct works as in its documentation, with a bucket of the stack itself', () => {
  const app = unbundledApp();
  const stack = new Stack(app, 'Mine');
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: sampleConfig.rules,
    rateLimit: { requests: 300, perSeconds: 300, headroom: 0.1 },
  });
  // CDK's own types do not fit together under exactOptionalPropertyTypes.
  purger.watchBucket(new Bucket(stack, 'Bucket') as IBucket, { prefix: 'site/' });
  purger.receiveWebhook(Webhook.contentful({ secret: Secret.fromSecretNameV2(stack, 'Contentful', 'x') }));
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: { detail: { bucket: { name: [{ Ref: Match.stringLikeRegexp('^Bucket') }] } } },
  });
});

test('a construct with a rule that nothing is received for does not synthesize', () => {
  const app = unbundledApp();
  const stack = new Stack(app, 'Mine');
  new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: sampleConfig.rules,
  });
  expect(() => app.synth()).toThrow('`rules[0].match.source`: "s3" can never match: no bucket is watched');
});

test('the limits and what a request holds reach the function, with what the configuration leaves open', () => {
  const variablesOf = (settings: Partial<PurgerConfig>) => {
    const functions = templateOf(settings).findResources('AWS::Lambda::Function', {
      Properties: { Description: Match.stringLikeRegexp('purge requests') },
    });
    const [{ LIMITS, PLANNING } = { LIMITS: '', PLANNING: '' }] = Object.values(functions).map(
      ({ Properties }) => Properties.Environment.Variables,
    );
    return { limits: JSON.parse(LIMITS), planning: JSON.parse(PLANNING) };
  };
  expect(variablesOf({})).toEqual({
    limits: {
      rate: { requests: 300, perSeconds: 300, headroom: 0.1 },
      bucket: { perMinute: 30, burst: 60 },
      requestCost: 1,
      quota: {},
      tokenUnit: 'url',
    },
    planning: {
      maxFileUrls: 1000,
      maxBodyBytes: 524_288,
      cacheKey: { scheme: false },
      convertInShortage: [],
    },
  });
  const set = {
    apiBucket: { perMinute: 120, requestCost: 2 },
    quota: { production: { files: 100_000 } },
    tokenUnit: 'request',
    cacheKey: { hosts: { 'www.example.com': ['example.com'] } },
    coalesce: { siblings: 20 },
    convertInShortage: ['https://www.example.com/docs/'],
  } as const;
  expect(variablesOf(set)).toMatchObject({
    limits: { bucket: { perMinute: 120, burst: 60 }, requestCost: 2, quota: set.quota, tokenUnit: 'request' },
    planning: {
      cacheKey: { scheme: false, ...set.cacheKey },
      coalesce: { siblings: 20, minDepth: 1 },
      convertInShortage: set.convertInShortage,
    },
  });
});

test('ARNs of another region than the stack are refused, where its region is known', () => {
  const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:111122223333:${rest}`;
  const elsewhere = {
    ...sampleConfig,
    queues: [{ arn: arn('sqs', 's3-events') }],
    webhookApi: { domainName: 'hooks.example.com', certificateArn: arn('acm', 'certificate/0a1b2c3d') },
    alarms: { topicArn: arn('sns', 'alarms') },
  };
  expect(() => checkConfig({ ...elsewhere, region: 'us-east-1' })).not.toThrow();
  expect(() => checkConfig(elsewhere)).not.toThrow();
  const here = "expected an ARN of the stack's region eu-central-1, got one of us-east-1";
  expect(() => checkConfig({ ...elsewhere, region: 'eu-central-1' })).toThrow(
    ['webhookApi.certificateArn', 'alarms.topicArn', 'queues[0].arn']
      .map((path) => `- \`${path}\`: ${here}`)
      .join('\n'),
  );
});

test('alarms may publish to a topic of the app that has a policy and a key', () => {
  const stack = new Stack(unbundledApp(), 'Mine');
  const topic = new Topic(stack, 'Topic', { enforceSSL: true, masterKey: new Key(stack, 'Key') });
  const credentials = Secret.fromSecretNameV2(stack, 'Credentials', 'cdn-pro/api');
  const { target, rules } = sampleConfig;
  new CdnPurger(stack, 'P', {
    target,
    rules: rules.filter(({ match }) => match.source === 's3'),
    credentials,
    alarms: { topic },
  }).watchBucket(Bucket.fromBucketName(stack, 'B', 'www'));
  const allowed = (Action: unknown) => ({
    Statement: Match.arrayWith([
      Match.objectLike({ Effect: 'Allow', Action, Principal: { Service: 'cloudwatch.amazonaws.com' } }),
    ]),
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::SNS::TopicPolicy', { PolicyDocument: allowed('sns:Publish') });
  template.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: allowed(['kms:Decrypt', 'kms:GenerateDataKey*']),
  });
});

test('credentials go nowhere in the clear, but to this machine', () => {
  expect(() => checkConfig({ ...sampleConfig, endpoint: 'http://127.0.0.1:8080' })).not.toThrow();
  expect(() => checkConfig({ ...sampleConfig, endpoint: 'http://api.example.com' })).toThrow('https://');
  const { target, rules } = sampleConfig;
  const credentials = 'cdn-pro/api' as never;
  expect(() => new CdnPurger(new Stack(), 'P', { target, rules, credentials })).toThrow(
    '`credentials`: expected a secret, such as Secret.fromSecretNameV2',
  );
});
