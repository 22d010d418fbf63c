import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, EventType, type IBucket } from 'aws-cdk-lib/aws-s3';
import { SnsDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { CdnPurger, type CdnPurgerProps } from '../../infra/cdn-purger.ts';
import { checkConfig } from '../../infra/settings/purger-config.ts';
import { encryptionKeyArn, everything } from '../helpers/deployments.ts';
import { blocksOf } from '../helpers/markdown.ts';
import { allOf, templateOf, unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

describe('a key of the customer', () => {
  const template = templateOf({ ...everything, encryptionKeyArn });

  test.each([
    ['AWS::SQS::Queue', { KmsMasterKeyId: encryptionKeyArn }],
    [
      'AWS::DynamoDB::Table',
      { SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: encryptionKeyArn } },
    ],
    ['AWS::Logs::LogGroup', { KmsKeyId: encryptionKeyArn }],
    ['AWS::Lambda::Function', { KmsKeyArn: encryptionKeyArn }],
    ['AWS::Events::EventBus', { KmsKeyIdentifier: encryptionKeyArn }],
  ])('encrypts every %s', (type, properties) => {
    for (const resource of allOf(template, type)) expect(resource).toMatchObject(properties);
  });

  test('encrypts no bucket: the CDN could not read from it', () => {
    for (const { BucketEncryption } of allOf(template, 'AWS::S3::Bucket')) {
      expect(BucketEncryption.ServerSideEncryptionConfiguration).toEqual([
        { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
      ]);
    }
  });

  test('that fails loses no event of another account: the bus has the dead letter queue', () => {
    for (const { DeadLetterConfig } of allOf(template, 'AWS::Events::EventBus')) {
      expect(DeadLetterConfig.Arn['Fn::GetAtt'][0]).toMatch(/^PurgerSubmitBufferDeadLetterQueue/);
    }
  });

  test('is the whole ARN of a key: an alias can change hands', () => {
    expect(() => checkConfig({ ...sampleConfig, encryptionKeyArn: 'alias/mine' })).toThrow(
      '`encryptionKeyArn`: expected the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID, got "alias/mine"',
    );
  });

  test('of the stack itself lets in the services that act for no role, as docs/security.md has it for others', () => {
    const [owner, ...services] = keyPolicyOf(({ stack, purger }) => {
      purger.watchBucket(bucketIn(stack, 'Notifies'), { via: 'notification' });
      purger.watchBucket(bucketIn(stack, 'Theirs'), { account: '444455556666' });
      purger.watchTopic(new Topic(stack, 'Topic'));
    });
    expect(JSON.stringify(owner?.Principal)).toContain(':root');
    const [documented = ''] = blocksOf(readFileSync('docs/security.md', 'utf8'), 'json');
    const bySid = (statements: readonly Statement[]) =>
      statements.toSorted((a, b) => (a.Sid < b.Sid ? -1 : 1));
    expect(bySid(services)).toEqual(bySid(JSON.parse(documented)));
  });

  test('lets in the services for what is configured, and for nothing else', () => {
    const sids = (add: (added: Added) => void) => keyPolicyOf(add).flatMap(({ Sid }) => Sid ?? []);
    const queueArn = 'arn:aws:sqs:eu-west-1:111122223333:changes';
    expect(
      sids(({ stack, purger }) => purger.watchQueue(Queue.fromQueueArn(stack, 'Changes', queueArn))),
    ).toEqual(['CloudWatchLogs']);
    expect(sids(({ stack, purger }) => purger.watchBucket(bucketIn(stack, 'Site')))).toEqual([
      'CloudWatchLogs',
      'SendEvents',
    ]);
    expect(sids(({ stack, purger }) => purger.watchTopic(new Topic(stack, 'Topic')))).toEqual([
      'CloudWatchLogs',
      'SendSns',
    ]);
  });

  test("lets in another account's buckets and topics for that account alone", () => {
    const account = '444455556666';
    const statements = keyPolicyOf(({ stack, purger }) => {
      const theirs = Topic.fromTopicArn(stack, 'Topic', `arn:aws:sns:eu-west-1:${account}:changes`);
      purger.watchTopic(theirs);
      purger.watchBucket(bucketIn(stack, 'Theirs'), { via: 'notification', account });
    });
    expect(statements.slice(2)).toEqual([
      expect.objectContaining({
        Sid: `SendSns${account}`,
        Condition: { ArnLike: { 'aws:SourceArn': `arn:aws:sns:*:${account}:*` } },
      }),
      expect.objectContaining({
        Sid: `SendS3${account}`,
        Condition: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    ]);
  });

  test('can be that of the topic, too, and of a bucket whose notifications the CDK manages', () => {
    const app = unbundledApp();
    const stack = new Stack(app, 'Mine');
    const encryptionKey: IKey = new Key(stack, 'Key');
    const purger = addPurger(stack, { encryptionKey });
    const bucket = new Bucket(stack, 'Managed', { encryptionKey });
    bucket.addEventNotification(EventType.OBJECT_TAGGING, new SnsDestination(new Topic(stack, 'Tags')));
    purger.watchBucket(bucket as IBucket, { via: 'notification' });
    purger.watchTopic(new Topic(stack, 'Topic', { masterKey: encryptionKey }));
    // Refuses what CloudFormation could put into no order.
    const template = Template.fromStack(stack);
    for (const { KeyPolicy } of allOf(template, 'AWS::KMS::Key')) {
      const services = (KeyPolicy.Statement as Statement[]).filter(({ Principal }) => 'Service' in Principal);
      expect(services.map(({ Condition }) => Condition ?? 'everybody')).not.toContain('everybody');
    }
  });
});

test('the key can be in another stack of the app', () => {
  const app = unbundledApp();
  const encryptionKey: IKey = new Key(new Stack(app, 'Keys'), 'Key');
  const stack = new Stack(app, 'Mine');
  addPurger(stack, { encryptionKey }).watchBucket(bucketIn(stack, 'Site'));
  const exported = { 'Fn::ImportValue': expect.stringMatching('^Keys:ExportsOutput') };
  for (const { KmsMasterKeyId } of allOf(Template.fromStack(stack), 'AWS::SQS::Queue')) {
    expect(KmsMasterKeyId).toEqual(exported);
  }
});

test('without a key of the customer, AWS encrypts with its own keys', () => {
  const template = templateOf(everything);
  for (const { SqsManagedSseEnabled } of allOf(template, 'AWS::SQS::Queue'))
    expect(SqsManagedSseEnabled).toBe(true);
  template.hasResourceProperties('AWS::DynamoDB::Table', {
    SSESpecification: { SSEEnabled: true, KMSMasterKeyId: Match.absent() },
  });
});

/** A part of a template, with account, region and partition as in the documentation. */
function joined(value: unknown): unknown {
  const pseudoParameters: Readonly<Record<string, string>> = {
    'AWS::Region': 'REGION',
    'AWS::AccountId': 'ACCOUNT',
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
  };
  if (Array.isArray(value)) return value.map(joined);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: ref, 'Fn::Join': join } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]] };
  if (ref !== undefined) return pseudoParameters[ref];
  if (join !== undefined) return join[1].map(joined).join(join[0]);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, joined(each)]));
}

interface Added {
  readonly stack: Stack;
  readonly purger: CdnPurger;
}

interface Statement {
  readonly Sid: string;
  readonly Principal: Readonly<Record<string, unknown>>;
  readonly Condition?: unknown;
}

/** @returns what the policy of a key says that is in the purger's stack */
function keyPolicyOf(add: (added: Added) => void): readonly Statement[] {
  const stack = new Stack(unbundledApp(), 'Mine');
  const encryptionKey: IKey = new Key(stack, 'Key');
  add({ stack, purger: addPurger(stack, { encryptionKey }) });
  const [key] = allOf(Template.fromStack(stack), 'AWS::KMS::Key');
  return joined(key?.KeyPolicy.Statement) as Statement[];
}

// CDK's own types do not fit together under exactOptionalPropertyTypes.
const bucketIn = (stack: Stack, id: string) => new Bucket(stack, id) as IBucket;

function addPurger(stack: Stack, props: Partial<CdnPurgerProps>): CdnPurger {
  return new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: sampleConfig.rules.slice(0, 1),
    ...props,
  });
}
