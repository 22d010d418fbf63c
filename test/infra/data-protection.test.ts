import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import { CdnPurger, type CdnPurgerProps } from '../../infra/cdn-purger.ts';
import { checkConfig } from '../../infra/purger-stack.ts';
import { blocksOf } from '../helpers/markdown.ts';
import { sampleConfig, scratchFolder, templateOf } from '../helpers/purger-stack.ts';

const encryptionKeyArn = 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f';
const data = ['AWS::SQS::Queue', 'AWS::DynamoDB::Table', 'AWS::Logs::LogGroup'];

function policiesOf(template: Template): ReadonlyMap<string, string> {
  return new Map(
    data.flatMap((type) =>
      Object.entries(template.findResources(type)).map(
        ([id, { DeletionPolicy }]) => [id.slice(0, -8), DeletionPolicy] as const,
      ),
    ),
  );
}

describe('what becomes of data when the stack is removed', () => {
  test('in production, all of it stays; a creation that fails leaves queues and logs not behind', () => {
    const kept = templateOf();
    const policies = policiesOf(kept);
    expect(policies.size).toBe(6);
    for (const [id, policy] of policies) {
      expect([id, policy]).toEqual([id, id === 'PurgerLedgerTable' ? 'Retain' : 'RetainExceptOnCreate']);
    }
    kept.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
  });

  test.each([
    ['staging', { target: 'staging' }],
    ['where the user says so', { retainData: false }],
  ] as const)('%s: all of it goes, and nothing is in the way', (_, overrides) => {
    const gone = templateOf(overrides);
    expect(new Set(policiesOf(gone).values())).toEqual(new Set(['Delete']));
    gone.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
  });

  test('staging can keep it, too', () => {
    const kept = templateOf({ target: 'staging', retainData: true });
    expect(policiesOf(kept).get('PurgerSubmitBufferQueue')).toBe('RetainExceptOnCreate');
  });
});

test('what is remembered can be restored to any second of 35 days', () => {
  templateOf({ retainData: false }).hasResourceProperties('AWS::DynamoDB::Table', {
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
});

describe('logs', () => {
  test.each([
    [30, {}],
    [365, { logRetentionDays: 365 }],
  ])('are kept for %d days, of every function', (days, overrides) => {
    const template = templateOf(overrides);
    template.resourcePropertiesCountIs('AWS::Logs::LogGroup', { RetentionInDays: days }, 3);
    template.resourceCountIs('AWS::Logs::LogGroup', 3);
  });

  test('are not kept for a time that CloudWatch Logs does not know', () => {
    const refused =
      /`logRetentionDays`: expected a number of days that CloudWatch Logs takes \(1, 3, .* 3653\), got 31/;
    expect(() => checkConfig({ ...sampleConfig, logRetentionDays: 31 })).toThrow(refused);
    expect(() => templateOfConstruct({ logRetentionDays: 31 })).toThrow(refused);
  });
});

describe('a key of the customer', () => {
  const template = templateOf({ encryptionKeyArn });

  test('encrypts queues, table, logs and environments', () => {
    template.resourcePropertiesCountIs('AWS::SQS::Queue', { KmsMasterKeyId: encryptionKeyArn }, 2);
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: encryptionKeyArn },
    });
    template.resourcePropertiesCountIs('AWS::Logs::LogGroup', { KmsKeyId: encryptionKeyArn }, 3);
    template.resourcePropertiesCountIs('AWS::Lambda::Function', { KmsKeyArn: encryptionKeyArn }, 3);
  });

  test('is the whole ARN of a key: an alias can change hands', () => {
    expect(() => checkConfig({ ...sampleConfig, encryptionKeyArn: 'alias/mine' })).toThrow(
      '`encryptionKeyArn`: expected the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID, got "alias/mine"',
    );
  });

  test('of the stack itself lets in the services that act for no role, as docs/security.md has it for others', () => {
    const [policy] = Object.values(templateOfConstruct({}, true).findResources('AWS::KMS::Key')).map(
      ({ Properties }) => Properties.KeyPolicy.Statement,
    );
    const [owner, ...services] = policy;
    expect(JSON.stringify(owner.Principal)).toContain(':root');
    const [documented = ''] = blocksOf(readFileSync('docs/security.md', 'utf8'), 'json');
    expect(joined(services)).toEqual(JSON.parse(documented));
  });
});

test('the key can be in another stack of the app', () => {
  const app = new App({ outdir: scratchFolder(), context: { 'aws:cdk:bundling-stacks': [] } });
  const encryptionKey: IKey = new Key(new Stack(app, 'Keys'), 'Key');
  const stack = new Stack(app, 'Mine');
  addPurger(stack, { encryptionKey });
  const exported = { 'Fn::ImportValue': Match.stringLikeRegexp('^Keys:ExportsOutput') };
  Template.fromStack(stack).resourcePropertiesCountIs('AWS::SQS::Queue', { KmsMasterKeyId: exported }, 2);
});

/** A part of a template with what AWS says of the place filled in as the documentation writes it. */
function joined(value: unknown): unknown {
  const places: Readonly<Record<string, string>> = {
    'AWS::Region': 'REGION',
    'AWS::AccountId': 'ACCOUNT',
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
  };
  if (Array.isArray(value)) return value.map(joined);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: ref, 'Fn::Join': join } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]] };
  if (ref !== undefined) return places[ref];
  if (join !== undefined) return join[1].map(joined).join(join[0]);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, joined(each)]));
}

test('without a key of the customer, AWS encrypts with keys of its own', () => {
  const template = templateOf();
  template.resourcePropertiesCountIs('AWS::SQS::Queue', { SqsManagedSseEnabled: true }, 2);
  template.hasResourceProperties('AWS::DynamoDB::Table', {
    SSESpecification: { SSEEnabled: true, KMSMasterKeyId: Match.absent() },
  });
});

/** @returns the template of the construct in somebody's stack, which may have a key */
function templateOfConstruct(props: Partial<CdnPurgerProps>, withKey = false): Template {
  const app = new App({ outdir: scratchFolder(), context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = new Stack(app, 'Mine');
  const key: IKey | undefined = withKey ? new Key(stack, 'Key') : undefined;
  addPurger(stack, { ...(key && { encryptionKey: key }), ...props });
  return Template.fromStack(stack);
}

function addPurger(stack: Stack, props: Partial<CdnPurgerProps>): void {
  const [rule] = sampleConfig.rules;
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: rule === undefined ? [] : [rule],
    ...props,
  });
  // CDK's own types do not fit together under exactOptionalPropertyTypes.
  purger.watchBucket(new Bucket(stack, 'Bucket') as IBucket);
}
