import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Assembly } from '../../local/aws/template/assembly.ts';
import { nameInArn, type Resource } from '../../local/aws/template/identifiers.ts';
import { openTemplate } from '../../local/aws/template/template.ts';

type Resources = Assembly['template']['Resources'];

function open(
  resources: Record<string, { Type: string; Properties?: object; Condition?: string }>,
  more: object = {},
) {
  const entries = Object.entries(resources).map(([id, resource]) => [id, { Properties: {}, ...resource }]);
  const template = { Parameters: {}, Conditions: {}, Outputs: {}, ...more };
  const assembly = {
    stackName: 'Shop',
    region: 'eu-west-1',
    template: { ...template, Resources: Object.fromEntries(entries) as Resources },
    assetPaths: new Map(),
  };
  return openTemplate(assembly, {
    sqs: 'http://127.0.0.1:1',
    domains: { 'hooks.example.com': 'http://127.0.0.1:2' },
    httpApis: { Api: 'http://127.0.0.1:2' },
  });
}

function only(resource: { Type: string; Properties?: object }, logicalId = 'It') {
  const template = open({ [logicalId]: resource });
  return { template, resource: template.resources(resource.Type)[0] as Resource };
}

describe('names', () => {
  it.each([
    ['AWS::SQS::Queue', { QueueName: 'q' }, 'http://127.0.0.1:1/000000000000/q'],
    ['AWS::SQS::Queue', {}, 'http://127.0.0.1:1/000000000000/Shop-It'],
    ['AWS::DynamoDB::Table', { TableName: 't' }, 't'],
    ['AWS::S3::Bucket', {}, 'shop-it'],
    ['AWS::Lambda::Function', {}, 'Shop-It'],
    ['AWS::IAM::Role', {}, 'Shop-It'],
  ])('of %s with %j are what Ref answers', (Type, Properties, expected) => {
    const { template, resource } = only({ Type, Properties });
    expect(template.ref(resource)).toBe(expected);
  });

  it.each([
    ['AWS::SQS::Queue', 'Arn', 'arn:aws:sqs:eu-west-1:000000000000:Shop-It'],
    ['AWS::SQS::Queue', 'QueueName', 'Shop-It'],
    ['AWS::DynamoDB::Table', 'Arn', 'arn:aws:dynamodb:eu-west-1:000000000000:table/Shop-It'],
    ['AWS::S3::Bucket', 'Arn', 'arn:aws:s3:::shop-it'],
    ['AWS::Lambda::Function', 'Arn', 'arn:aws:lambda:eu-west-1:000000000000:function:Shop-It'],
    ['AWS::Events::Rule', 'Arn', 'arn:aws:events:eu-west-1:000000000000:rule/Shop-It'],
    ['AWS::Logs::LogGroup', 'Arn', 'arn:aws:logs:eu-west-1:000000000000:Shop-It'],
  ])('of %s answer GetAtt %s', (Type, attribute, expected) => {
    const { template, resource } = only({ Type });
    expect(template.attribute(resource, attribute)).toBe(expected);
  });

  it('refuses an attribute that has no local value', () => {
    const { template, resource } = only({ Type: 'AWS::DynamoDB::Table' });
    expect(() => template.attribute(resource, 'StreamArn')).toThrow(
      'Fn::GetAtt It.StreamArn (AWS::DynamoDB::Table) is not supported locally.',
    );
  });

  it.each([
    ['AWS::S3::Bucket', 63],
    ['AWS::Lambda::Function', 64],
    ['AWS::SQS::Queue', 80],
  ])('of %s have at most %i characters, and keep the end that tells them apart', (Type, maxLength) => {
    for (const length of [40, 62, 63, 64, 100]) {
      const { template, resource } = only({ Type }, `${'L'.repeat(length - 8)}1234ABCD`);
      const name = template.physicalName(resource);
      expect(name.length).toBeLessThanOrEqual(maxLength);
      expect(name).toMatch(/^S(hop)?.*1234ABCD$/i);
    }
  });

  it('are found again in ARNs', () => {
    expect(nameInArn('arn:aws:sqs:eu-west-1:000000000000:q')).toBe('q');
    expect(nameInArn('arn:aws:lambda:eu-west-1:000000000000:function:f')).toBe('f');
    expect(nameInArn('arn:aws:secretsmanager:eu-west-1:000000000000:secret:a/b-AbCdEf')).toBe('a/b-AbCdEf');
    expect(nameInArn('q')).toBe('q');
  });
});

describe('openTemplate', () => {
  const api = { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } };
  const foreign = 'https://hooks.example.org/x';

  it('has the local URL of an HTTP API in place of its endpoint and its custom domain', () => {
    const Outputs = {
      Attribute: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } },
      Custom: { Value: { 'Fn::Join': ['', ['https://', 'hooks.example.com', '/x']] } },
      Foreign: { Value: { 'Fn::Join': ['', [foreign]] } },
    };
    expect(open({ Api: api }, { Outputs }).outputs()).toEqual({
      values: {
        Attribute: 'http://127.0.0.1:2',
        Custom: 'http://127.0.0.1:2/x',
        Foreign: foreign,
      },
      problems: [],
    });
  });

  it('leaves out what a condition excludes, and resolves only what is read', () => {
    const unresolvable = { 'Fn::ImportValue': 'x' };
    const template = open(
      {
        Kept: {
          Type: 'AWS::SQS::Queue',
          Condition: 'Yes',
          Properties: { DelaySeconds: '5', Tags: unresolvable },
        },
        Gone: { Type: 'AWS::SQS::Queue', Condition: 'No' },
      },
      { Conditions: { Yes: { 'Fn::Equals': [1, 1] }, No: { 'Fn::Equals': [1, 2] } } },
    );
    const [kept, ...others] = template.resources('AWS::SQS::Queue');
    expect(others).toEqual([]);
    const schema = z.object({ DelaySeconds: z.coerce.number(), Missing: z.string().default('none') });
    expect(template.properties(kept as Resource, schema)).toEqual({ DelaySeconds: 5, Missing: 'none' });
    expect(() => template.properties(kept as Resource, z.object({ Tags: z.unknown() }))).toThrow(
      /^Kept \(AWS::SQS::Queue\): Tags: Fn::ImportValue is not supported/,
    );
  });

  it('names each type, property and protocol that is not supported, and no other', () => {
    const template = open({
      Topic: { Type: 'AWS::SNS::Topic' },
      Mail: { Type: 'AWS::SNS::Subscription', Properties: { Protocol: 'email' } },
      Alarm: { Type: 'AWS::CloudWatch::Alarm' },
      Custom: { Type: 'Custom::S3BucketNotifications' },
      OtherCustom: { Type: 'Custom::S3BucketNotifications' },
      Policy: { Type: 'AWS::SQS::QueuePolicy' },
      Meta: { Type: 'AWS::CDK::Metadata' },
      Fan: { Type: 'AWS::SNS::Subscription', Properties: { Protocol: 'sqs' } },
      Hook: { Type: 'AWS::SNS::Subscription', Properties: { Protocol: 'https' } },
      Letters: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true, VisibilityTimeout: 30 } },
    });
    expect(template.unsupported()).toEqual([
      'Custom::S3BucketNotifications is not supported by the local stack and is left out (Custom, OtherCustom).',
      'AWS::SNS::Subscription by https is not supported by the local stack and is left out (Hook).',
      'AWS::SQS::Queue FifoQueue is not supported by the local stack and is left out (Letters).',
    ]);
  });

  it('knows the functions that serve custom resources', () => {
    const template = open({
      Notifications: {
        Type: 'Custom::PurgerBucketConfiguration',
        Properties: { ServiceToken: { 'Fn::GetAtt': ['F', 'Arn'] } },
      },
    });
    expect(template.customResourceHandlers()).toEqual(new Set(['F']));
  });
});
