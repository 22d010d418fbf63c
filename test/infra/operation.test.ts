import { readFileSync } from 'node:fs';
import { App, CfnDynamicReference, CfnDynamicReferenceService, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, test } from 'vitest';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { type PurgerDescription, readDescription } from '../../infra/operation/description.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { PurgerStack } from '../../infra/stack/purger-stack.ts';
import { Webhook } from '../../infra/webhook.ts';
import { allOf, scratchFolder, unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

/** The permissions of a role, as `action on resource`. */
function permissionsOf(grant: 'grantRead' | 'grantOperate'): readonly string[] {
  const stack = new Stack(unbundledApp(), 'Site');
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: sampleConfig.rules,
  });
  const role = new Role(stack, 'Operator', { assumedBy: new AccountRootPrincipal() });
  purger[grant](role);
  // Sources that are added afterwards count, too. CDK's own types do not fit together under exactOptionalPropertyTypes.
  purger.watchBucket(Bucket.fromBucketName(stack, 'Www', 'www') as IBucket, { via: 'notification' });
  purger.receiveWebhook(
    Webhook.contentful({ secret: Secret.fromSecretNameV2(stack, 'Contentful', 'contentful') }),
  );
  const policies = Template.fromStack(stack).findResources('AWS::IAM::Policy');
  const [own] = Object.entries(policies).flatMap(([id, { Properties }]) =>
    id.startsWith('OperatorDefaultPolicy') ? [Properties] : [],
  );
  const statements = own?.PolicyDocument.Statement as {
    Action: string | string[];
    Resource: unknown;
    Condition?: unknown;
  }[];
  return statements
    .flatMap(({ Action, Resource, Condition }) =>
      [Action].flat().flatMap((action) =>
        [Resource].flat().map((resource) => {
          const keys = Condition === undefined ? '' : ' of some items';
          return `${action} on ${nameOf(resource)}${keys}`;
        }),
      ),
    )
    .toSorted();
}

function nameOf(resource: unknown): string {
  const text = JSON.stringify(resource);
  const logicalId =
    /(?:"Fn::GetAtt":\["|event-source-mapping:",\{"Ref":")([A-Za-z0-9]+?)(?:[0-9A-F]{8}){1,2}"/.exec(
      text,
    )?.[1];
  const readable = /:((?:secret|parameter|alarm|s3)[:/]+[^"]*)"/.exec(text)?.[1];
  return readable ?? logicalId ?? text;
}

const buffer = 'PurgerSubmitBufferQueue';
const deadLetters = 'PurgerSubmitBufferDeadLetterQueue';
const mapping = 'PurgerSubmitFunctionSqsEventSourceSitePurgerSubmitBufferQueue';

const reading = [
  'cloudwatch:DescribeAlarms on alarm:*',
  'dynamodb:GetItem on PurgerLedgerTable of some items',
  'dynamodb:GetItem on PurgerLedgerTable of some items',
  'dynamodb:GetItem on PurgerParkedTable of some items',
  'dynamodb:GetItem on PurgerJournalTable',
  'dynamodb:Query on PurgerJournalTable',
  'dynamodb:Query on PurgerParkedTable',
  'events:DescribeRule on PurgerTickSchedule',
  `lambda:GetEventSourceMapping on ${mapping}`,
  ...['ReceiveWebhook', 'Submit'].map((name) => `lambda:GetFunction on Purger${name}Function`),
  ...['ReceiveS3', 'ReceiveWebhook', 'Submit', 'Tick'].map(
    (name) => `logs:FilterLogEvents on Purger${name}FunctionLogs`,
  ),
  `sqs:ChangeMessageVisibility on ${deadLetters}`,
  ...[buffer, deadLetters, 'PurgerReceiveS3InboxQueue'].map((queue) => `sqs:GetQueueAttributes on ${queue}`),
  `sqs:ReceiveMessage on ${deadLetters}`,
  'ssm:GetParametersByPath on parameter/cdn-pro-purger/Site',
  'ssm:GetParametersByPath on parameter/cdn-pro-purger/Site/*',
];

test('queues that are watched are looked into by the command line, and counted where there is no room for them', () => {
  const arns = Array.from({ length: 25 }, (_, index) => `arn:aws:sqs:us-east-1:111122223333:events-${index}`);
  const stack = new Stack(unbundledApp(), 'Site', { env: { region: 'us-east-1', account: '111122223333' } });
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: sampleConfig.rules.slice(0, 1),
  });
  const role = new Role(stack, 'Operator', { assumedBy: new AccountRootPrincipal() });
  purger.grantRead(role);
  // Queues that are added afterwards count, too.
  for (const arn of arns) purger.watchQueue(Queue.fromQueueArn(stack, arn, arn) as IQueue);
  const [parameter] = allOf(Template.fromStack(stack), 'AWS::SSM::Parameter');
  const parts = [parameter?.Value['Fn::Join'][1]].flat() as readonly unknown[];
  const value = parts.map((part) => (typeof part === 'string' ? part : 'amazonaws.com')).join('');
  const { queues } = readDescription(JSON.parse(value)) as PurgerDescription;
  const named = arns.slice(0, 20);
  expect(queues.watched).toEqual(
    named.map((arn) => `https://sqs.us-east-1.amazonaws.com/111122223333/${arn.split(':').at(-1)}`),
  );
  expect(queues.watchedLeftOut).toBe(5);
  const policies = JSON.stringify(
    Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy')).filter(([id]) =>
      id.startsWith('OperatorDefaultPolicy'),
    ),
  );
  expect(named.filter((arn) => !policies.includes(`"${arn}"`))).toEqual([]);
});

test('grantRead lets a role look, and change nothing', () => {
  expect(permissionsOf('grantRead')).toEqual(reading.toSorted());
});

test('grantOperate lets a role run every command, on what belongs to this purger alone', () => {
  const operating = [
    ...reading,
    'dynamodb:DeleteItem on PurgerParkedTable',
    'dynamodb:GetItem on PurgerLedgerTable of some items',
    'dynamodb:PutItem on PurgerLedgerTable of some items',
    'dynamodb:PutItem on PurgerParkedTable of some items',
    'events:DisableRule on PurgerTickSchedule',
    'events:EnableRule on PurgerTickSchedule',
    `lambda:UpdateEventSourceMapping on ${mapping}`,
    's3:GetBucketNotification on s3:::www',
    ...['cdn-pro/api', 'contentful'].flatMap((secret) =>
      ['DescribeSecret', 'GetSecretValue'].map(
        (action) => `secretsmanager:${action} on secret:${secret}-??????`,
      ),
    ),
    `sqs:DeleteMessage on ${deadLetters}`,
    `sqs:SendMessage on ${buffer}`,
  ];
  expect(permissionsOf('grantOperate')).toEqual(operating.toSorted());
});

/** The template of the sample's stack, with this configuration. */
function templateWith(overrides: Partial<PurgerConfig> = {}): Template {
  return Template.fromStack(
    new PurgerStack(unbundledApp(), 'Stack', { config: { ...sampleConfig, ...overrides } }),
  );
}

test('one parameter says where everything is, by the name of the stack, and holds no secret', () => {
  const [parameter, ...others] = allOf(templateWith(), 'AWS::SSM::Parameter');
  expect(others).toEqual([]);
  expect(parameter?.Name).toBe('/cdn-pro-purger/Stack/Purger');
  const parts = parameter?.Value['Fn::Join'][1] as readonly unknown[];
  const value = parts.map((part) => (typeof part === 'string' ? part : 'filled-in')).join('');
  const description = readDescription(JSON.parse(value));
  expect(description).toMatchObject({
    name: 'Stack-Purger',
    target: 'production',
    webhooks: [{ name: 'contentful' }],
    buckets: [{ name: 'www-example-com', via: 'eventbridge' }],
    hosts: ['www.example.com'],
    functions: { submit: 'filled-in', receiveWebhook: 'filled-in' },
    watched: [{ bucket: 'www-example-com', prefix: 'site/' }],
    leftOut: 0,
  });
});

test('the parameter has no double braces, which SSM refuses, and refers to tables of other stacks', () => {
  const app = unbundledApp();
  const credentialsIn = (stack: Stack) => Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api');
  const options = { target: 'production', rules: sampleConfig.rules.slice(0, 1) } as const;
  const first = new Stack(app, 'First');
  const other = new CdnPurger(first, 'Purger', { ...options, credentials: credentialsIn(first) });
  other.watchBucket(Bucket.fromBucketName(first, 'Www', 'other') as IBucket);
  const second = new Stack(app, 'Second');
  const purger = new CdnPurger(second, 'Purger', {
    ...options,
    credentials: credentialsIn(second),
    sharedLedger: other.ledger.table,
    convertInShortage: ['https://www.example.com/{{draft}}/'],
  });
  const prefix = '{{{cookiecutter.slug}}}/';
  purger.watchBucket(Bucket.fromBucketName(second, 'Www', 'www') as IBucket, { prefix });
  const [parameter] = allOf(Template.fromStack(second), 'AWS::SSM::Parameter');
  const parts = parameter?.Value['Fn::Join'][1] as readonly unknown[];
  const value = parts.map((part) => (typeof part === 'string' ? part : 'filled-in')).join('');
  expect(value).not.toContain('{{');
  expect(readDescription(JSON.parse(value))).toMatchObject({
    planning: { convertInShortage: ['https://www.example.com/{{draft}}/'] },
    watched: [{ bucket: 'www', prefix }],
  });
  expect(JSON.stringify(parts)).toMatch(/"Fn::ImportValue":"First:ExportsOutputRefPurgerLedgerTable/);
});

test('the parameter keeps what CloudFormation fills in by a dynamic reference', () => {
  const stack = new Stack(unbundledApp(), 'Site');
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: sampleConfig.rules.slice(0, 1),
  });
  const name = new CfnDynamicReference(CfnDynamicReferenceService.SSM, 'site-bucket').toString();
  purger.watchBucket(Bucket.fromBucketName(stack, 'Www', name) as IBucket, { prefix: '{{{resolve}}}/' });
  const [parameter] = allOf(Template.fromStack(stack), 'AWS::SSM::Parameter');
  const parts = parameter?.Value['Fn::Join'][1] as readonly unknown[];
  const value = parts.filter((part) => typeof part === 'string').join('');
  expect(value).toContain('"name":"{{resolve:ssm:site-bucket}}"');
  expect(value.replaceAll('{{resolve:ssm:site-bucket}}', 'www')).not.toContain('{{');
});

test('the parameter says which objects come as a whole or not at all', () => {
  const watchedIn = (config: Partial<PurgerConfig>) => {
    const [parameter] = allOf(templateWith({ webhooks: [], ...config }), 'AWS::SSM::Parameter');
    const parts = parameter?.Value['Fn::Join'][1] as readonly unknown[];
    const value = parts.map((part) => (typeof part === 'string' ? part : 'filled-in')).join('');
    return (readDescription(JSON.parse(value)) as PurgerDescription).watched;
  };
  const buckets = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `bucket-${at}` }));
  const rules = sampleConfig.rules.filter(({ match }) => match.source === 's3');
  expect(watchedIn({ rules, buckets: buckets(3) })).toEqual(buckets(3).map(({ name }) => ({ bucket: name })));
  expect(watchedIn({ rules, buckets: buckets(40) })).toBeUndefined();
  const arn = 'arn:aws:sns:eu-central-1:111122223333:events';
  expect(watchedIn({ rules, buckets: buckets(2), topics: [{ arn }] })).toEqual([{}]);
});

test('the parameter has room for what is longest: names, queues, buckets, hosts and edges', () => {
  const name = 'acme-corporate-websites-production-cdn-pro-purger-eu';
  const stack = new Stack(unbundledApp(), name, {
    env: { region: 'ap-southeast-2', account: '111122223333' },
  });
  const hosts = Array.from({ length: 100 }, (_, index) => `host-${index}.example.com`);
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    probe: { edges: Array.from({ length: 10 }, (_, index) => `203.0.113.${100 + index}`) },
    rules: [{ match: { source: 's3' }, purge: { hosts, fileUrls: ['/{+key}'] } }],
  });
  for (let index = 0; index < 20; index++) {
    const queue = `events-${index}`.padEnd(80, 'x');
    purger.watchQueue(
      Queue.fromQueueArn(stack, queue, `arn:aws:sqs:ap-southeast-2:111122223333:${queue}`) as IQueue,
    );
  }
  for (let index = 0; index < 45; index++) {
    purger.watchBucket(Bucket.fromBucketName(stack, `B${index}`, `acme-assets-bucket-${index}`) as IBucket);
  }
  for (let index = 0; index < 10; index++) {
    const secret = Secret.fromSecretNameV2(stack, `S${index}`, `cdn-pro-purger/contentful-${index}`);
    purger.receiveWebhook(Webhook.contentful({ name: `contentful-${index}`, secret }));
  }
  const [parameter] = allOf(Template.fromStack(stack), 'AWS::SSM::Parameter');
  const parts = [parameter?.Value['Fn::Join'][1]].flat() as readonly (string | { readonly Ref?: string })[];
  const value = parts.map((part) => {
    if (typeof part === 'string') return part;
    if (part.Ref === 'AWS::URLSuffix') return 'amazonaws.com';
    // As CloudFormation names a resource; a queue's URL is not longer than its region, account and name are.
    const url = part.Ref?.endsWith('Queue') ? 'https://sqs.ap-southeast-2.amazonaws.com/111122223333/' : '';
    return url + 'x'.repeat(80);
  });
  expect(value.join('').length).toBeLessThan(8192);
});

test('the parameter has room for the longest settings next to sources that fill their lists', () => {
  const stack = new Stack(unbundledApp(), 'Site');
  const hosts = Array.from({ length: 100 }, (_, index) => `host-${index}.example.com`);
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    convertInShortage: hosts.slice(0, 50).map((host) => `https://${host}/archive/`),
    rules: [
      { match: { source: 's3' }, purge: { hosts, fileUrls: ['/{+key}'] } },
      { match: { source: 'contentful' }, purge: { hosts, fileUrls: ['/{slug}'] } },
    ],
  });
  for (let index = 0; index < 20; index++) {
    purger.watchQueue(new Queue(stack, `Events${index}`) as IQueue);
  }
  for (let index = 0; index < 30; index++) {
    purger.watchBucket(new Bucket(stack, `Assets${index}`) as IBucket);
  }
  for (let index = 0; index < 10; index++) {
    const secret = Secret.fromSecretNameV2(stack, `S${index}`, `cdn-pro-purger/contentful-${index}`);
    purger.receiveWebhook(Webhook.contentful({ name: `contentful-${index}`, secret }));
  }
  const [parameter] = allOf(Template.fromStack(stack), 'AWS::SSM::Parameter');
  const parts = [parameter?.Value['Fn::Join'][1]].flat() as readonly (string | { readonly Ref?: string })[];
  const value = parts.map((part) => {
    if (typeof part === 'string') return part;
    // As CloudFormation names a bucket or queue; a queue's URL has its region and account, too.
    return 'x'.repeat(part.Ref?.startsWith('Assets') ? 63 : 140);
  });
  expect(value.join('').length).toBeLessThanOrEqual(8192);
  const { queues, buckets, webhooks, webhooksLeftOut, leftOut, ...description } = readDescription(
    JSON.parse(value.join('')),
  ) as PurgerDescription;
  expect(queues.watched?.length).toBeGreaterThan(5);
  expect((queues.watched?.length ?? 0) + (queues.watchedLeftOut ?? 0)).toBe(20);
  expect(webhooks.length + (webhooksLeftOut ?? 0)).toBe(10);
  expect(buckets.length + description.hosts.length + leftOut).toBe(130);
});

test('more hosts than the parameter has room for are counted, and the rest is there', () => {
  const hosts = Array.from({ length: 200 }, (_, index) => `host-${index}.example.com`);
  const ruleOf = (some: readonly string[]) => ({
    match: { source: 's3' },
    purge: { hosts: some, fileUrls: ['/{+key}'] },
  });
  const rules = [hosts.slice(0, 100), hosts.slice(100)].map(ruleOf);
  const [parameter] = allOf(templateWith({ webhooks: [], rules }), 'AWS::SSM::Parameter');
  const text = JSON.stringify(parameter?.Value);
  expect(text.length).toBeLessThan(8192);
  const named = hosts.filter((host) => text.includes(`\\"${host}\\"`));
  expect(named.length).toBeGreaterThan(50);
  expect(text).toContain(`\\"leftOut\\":${hosts.length - named.length}`);
});

test('more webhooks than the parameter has room for are counted, and the rest is there', () => {
  const stack = new Stack(unbundledApp(), 'Site');
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: sampleConfig.rules.filter(({ match }) => match.source === 'contentful'),
  });
  const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:cdn-pro-purger/contentful-AbCdEf';
  const secret = Secret.fromSecretCompleteArn(stack, 'Contentful', arn);
  const names = Array.from({ length: 70 }, (_, index) => `contentful-of-team-${index}`);
  for (const name of names) purger.receiveWebhook(Webhook.contentful({ name, secret }));
  const [parameter] = allOf(Template.fromStack(stack), 'AWS::SSM::Parameter');
  const parts = parameter?.Value['Fn::Join'][1] as readonly unknown[];
  const value = parts.map((part) => (typeof part === 'string' ? part : 'x'.repeat(140))).join('');
  expect(value.length).toBeLessThanOrEqual(8192);
  const { webhooks, webhooksLeftOut } = readDescription(JSON.parse(value)) as PurgerDescription;
  expect(webhooks.length).toBeGreaterThan(25);
  expect(webhooks).toEqual(names.slice(0, webhooks.length).map((name) => ({ name, secrets: [arn] })));
  expect(webhooksLeftOut).toBe(names.length - webhooks.length);
});

test('one role may read and operate several purgers, where CDK merges statements', () => {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
  expect(context['@aws-cdk/aws-iam:minimizePolicies']).toBe(true);
  const app = new App({
    outdir: scratchFolder(),
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
    builtinCloudFormationValidation: false,
    treeMetadata: false,
  });
  const stack = new Stack(app, 'Site');
  const role = new Role(stack, 'Operator', { assumedBy: new AccountRootPrincipal() });
  const purgers = ['One', 'Two'].map((name) => {
    const purger = new CdnPurger(stack, name, {
      credentials: Secret.fromSecretNameV2(stack, `${name}CdnPro`, name),
      target: 'production',
      rules: sampleConfig.rules.slice(0, 1),
    });
    purger.grantRead(role);
    purger.grantOperate(role);
    purger.grantRead(role);
    purger.watchBucket(Bucket.fromBucketName(stack, `${name}Www`, 'www') as IBucket);
    return purger;
  });
  const template = Template.fromStack(stack);
  const own = Object.entries(template.findResources('AWS::IAM::Policy')).find(([id]) =>
    id.startsWith('OperatorDefaultPolicy'),
  )?.[1];
  const statements = own?.Properties.PolicyDocument.Statement as readonly {
    Sid?: string;
    Action: string | readonly string[];
    Resource: unknown;
  }[];
  const ids = statements.flatMap(({ Sid }) => Sid ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[A-Za-z0-9]+$/.test(id))).toEqual([]);
  const reads = statements
    .filter(({ Action }) => [Action].flat().includes('sqs:GetQueueAttributes'))
    .flatMap(({ Resource }) => Resource);
  for (const { bufferQueue, deadLetterQueue, s3Queue } of purgers) {
    for (const queue of [bufferQueue, deadLetterQueue, s3Queue]) {
      expect(reads).toContainEqual(stack.resolve(queue?.queueArn));
    }
  }
});
