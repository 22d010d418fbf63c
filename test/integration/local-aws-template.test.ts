import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { type LocalAws, type LocalEvent, startAws } from '../../local/aws/start-aws.ts';

const directory = mkdtempSync(join(tmpdir(), 'local-aws-template-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const code = { ZipFile: "exports.handler = async (event) => { throw new Error('on purpose'); };" };
const hangingCode = 'exports.handler = () => new Promise((settle) => setTimeout(settle, 60_000));';
const failing = {
  Type: 'AWS::Lambda::Function',
  Properties: { Runtime: 'nodejs24.x', Handler: 'index.handler', Code: code },
};
const pattern = (name: unknown) => ({ source: ['aws.s3'], detail: { bucket: { name: [name] } } });
const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
/** A stack that no CDK made: what it uses is what CloudFormation allows, and some of it cannot run here. */
const template = {
  Parameters: { Stage: { Type: 'String', Default: 'dev' } },
  Conditions: { IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] } },
  Resources: {
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: { QueueName: { 'Fn::Join': ['-', [{ Ref: 'Stage' }, 'letters']] } },
    },
    ProdQueue: { Type: 'AWS::SQS::Queue', Condition: 'IsProd' },
    Failing: {
      ...failing,
      Properties: { ...failing.Properties, DeadLetterConfig: { TargetArn: arnOf('Queue') } },
    },
    NoRetries: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'Failing' }, Qualifier: 'live', MaximumRetryAttempts: 0 },
    },
    Live: {
      Type: 'AWS::Lambda::Alias',
      Properties: { FunctionName: { Ref: 'Failing' }, FunctionVersion: '1', Name: 'live' },
    },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: pattern('watched'),
        Targets: [
          { Id: 'live', Arn: { Ref: 'Live' }, InputPath: '$.detail.object' },
          {
            Id: 'elsewhere',
            Arn: 'arn:aws:lambda:us-east-1:111111111111:function:elsewhere',
            DeadLetterConfig: { Arn: arnOf('Queue') },
          },
          { Id: 'shaped', Arn: arnOf('Queue'), InputTransformer: { InputTemplate: '"x"' } },
        ],
      },
    },
    Silent: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'silent' } },
    SilentRule: {
      Type: 'AWS::Events::Rule',
      Properties: { EventPattern: pattern({ Ref: 'Silent' }), Targets: [{ Id: 'q', Arn: arnOf('Queue') }] },
    },
    Clock: { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'rate(1 day)' } },
    Snake: { ...failing, Properties: { ...failing.Properties, Runtime: 'python3.13' } },
    Stream: { Type: 'AWS::Kinesis::Stream' },
    OtherStream: { Type: 'AWS::Kinesis::Stream' },
    Role: { Type: 'AWS::IAM::Role' },
    Hanging: {
      ...failing,
      Properties: { ...failing.Properties, Timeout: 60, Code: { ZipFile: hangingCode } },
    },
    HangingIntegration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: arnOf('Hanging'),
        PayloadFormatVersion: '2.0',
        TimeoutInMillis: 50,
      },
    },
    HangingRoute: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: 'ANY /hang/{proxy+}',
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'HangingIntegration' }]] },
      },
    },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
    V1: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: { Ref: 'Api' }, StageName: 'v1' } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { Ref: 'Live' },
        PayloadFormatVersion: '2.0',
      },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: 'GET /x',
        AuthorizationType: 'AWS_IAM',
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
      },
    },
  },
  Outputs: { ProdOnly: { Condition: 'IsProd', Value: 'x' }, Role: { Value: arnOf('Role') } },
};

/** Starts the stack above, with other resources in the place of its own where they are given. */
async function startByHand(resources: object = {}) {
  const own = mkdtempSync(join(directory, 'by-hand-'));
  const artifacts = {
    ByHand: { type: 'aws:cloudformation:stack', properties: { templateFile: 'template.json' } },
  };
  writeFileSync(join(own, 'manifest.json'), JSON.stringify({ artifacts }));
  const Resources = { ...template.Resources, ...resources };
  writeFileSync(join(own, 'template.json'), JSON.stringify({ ...template, Resources }));
  const seen: LocalEvent[] = [];
  const started = await startAws({
    assemblyDir: own,
    secrets: () => undefined,
    onEvent: (event) => seen.push(event),
  });
  return { started, seen };
}

/** Waits until a queue holds so many messages, and returns them. */
async function messagesIn(aws: LocalAws, logicalId: string, count: number): Promise<Message[]> {
  const endpoint = aws.sqs.endpoint;
  const sqs = new SQSClient({
    region: aws.region,
    endpoint,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const QueueUrl = aws.sqs.queueUrl(logicalId);
  const ask = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0, MessageAttributeNames: ['All'] };
  for (const deadlineMs = Date.now() + 20_000; Date.now() < deadlineMs; await delay(20)) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(ask));
    if (Messages.length >= count) return Messages;
  }
  throw new Error(`Waited in vain for ${count} messages in ${logicalId}`);
}

describe('a template that was written by hand', () => {
  it('runs as far as it can, with one sentence for each thing that is left out', async () => {
    const { started, seen } = await startByHand();
    try {
      expect(seen.flatMap((event) => (event.type === 'warning' ? [event.message] : [])).sort()).toEqual([
        'AWS::Kinesis::Stream is not supported by the local stack and is left out (Stream, OtherStream).',
        'The function Snake is left out: python3.13 is not supported locally.',
        'The route GET /x is served without its AWS_IAM authorization locally.',
        'The rule Clock is left out: only event patterns on the default bus and on buses of the stack are supported locally.',
        'The rule SilentRule waits for events that the bucket silent does not send to EventBridge.',
        'The target shaped of Rule is left out: InputTransformer is not supported locally.',
      ]);
      expect(started.outputs).toEqual({ Role: 'arn:aws:iam:us-east-1:000000000000:ByHand-Role' });
      expect(started.sqs.queueUrl('Queue')).toMatch(/\/000000000000\/dev-letters$/);
      expect(() => started.sqs.queueUrl('ProdQueue')).toThrow(
        'The stack has no AWS::SQS::Queue named ProdQueue',
      );
      expect((await fetch(`${started.httpApiUrl}/x`)).status).toBe(404);
      expect((await fetch(`${started.httpApiUrl}/v1/x`)).status).toBe(500);
      const late = await fetch(`${started.httpApiUrl}/v1/hang/on`);
      expect([late.status, await late.json()]).toEqual([503, { message: 'Service Unavailable' }]);
    } finally {
      await started.stop();
    }
  });

  it('sends what a bucket tells a topic to its subscribers, wrapped or raw, by keys as S3 spells them', async () => {
    const subscribed = (to: string, properties: object) => ({
      Type: 'AWS::SNS::Subscription',
      Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'sqs', Endpoint: arnOf(to), ...properties },
    });
    const { started } = await startByHand({
      Topic: { Type: 'AWS::SNS::Topic' },
      Raw: { Type: 'AWS::SQS::Queue' },
      Wrapped: { Type: 'AWS::SQS::Queue' },
      RawSubscription: subscribed('Raw', { RawMessageDelivery: true }),
      WrappedSubscription: subscribed('Wrapped', {}),
      Telling: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          BucketName: 'telling',
          NotificationConfiguration: {
            TopicConfigurations: [
              {
                Event: 's3:ObjectCreated:*',
                Topic: { Ref: 'Topic' },
                Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'a+%2B/' }] } },
              },
            ],
          },
        },
      },
    });
    try {
      const put = (key: string) =>
        fetch(`${started.s3.endpoint}/telling/${key}`, { method: 'PUT', body: 'x' });
      await put('other/b');
      await put('a%20%2B/b');
      const raw = (await messagesIn(started, 'Raw', 2)).map(({ Body = '' }) => JSON.parse(Body));
      expect(raw).toHaveLength(2);
      expect(raw).toContainEqual(expect.objectContaining({ Event: 's3:TestEvent' }));
      expect(raw).toContainEqual({
        Records: [
          expect.objectContaining({
            s3: expect.objectContaining({ object: expect.objectContaining({ key: 'a+%2B/b' }) }),
          }),
        ],
      });
      const wrapped = (await messagesIn(started, 'Wrapped', 2)).map(({ Body = '' }) => JSON.parse(Body));
      expect(wrapped.map(({ Type }) => Type)).toEqual(['Notification', 'Notification']);
      expect(wrapped.map(({ Message }) => Object.keys(JSON.parse(Message))[0]).sort()).toEqual([
        'Records',
        'Service',
      ]);
    } finally {
      await started.stop();
    }
  });

  it("throttles a stage's routes as API Gateway does", async () => {
    const DefaultRouteSettings = { ThrottlingBurstLimit: 2, ThrottlingRateLimit: 0.001 };
    const Properties = { ApiId: { Ref: 'Api' }, StageName: 'v1', DefaultRouteSettings };
    const { started } = await startByHand({ V1: { Type: 'AWS::ApiGatewayV2::Stage', Properties } });
    try {
      const get = () => fetch(`${started.httpApiUrl}/v1/x`);
      expect([(await get()).status, (await get()).status]).toEqual([500, 500]);
      const refused = await get();
      expect([refused.status, await refused.json()]).toEqual([429, { message: 'Too Many Requests' }]);
    } finally {
      await started.stop();
    }
  });

  it('has dead letters of two kinds: of events that no target takes, and of a function that failed', async () => {
    const { started } = await startByHand();
    try {
      await fetch(`${started.s3.endpoint}/watched/a.txt`, { method: 'PUT', body: 'x' });
      const letters = await messagesIn(started, 'Queue', 2);
      const [undelivered, failed] = letters.toSorted(
        (one, other) => (other.Body ?? '').length - (one.Body ?? '').length,
      );
      expect(JSON.parse(undelivered?.Body ?? '')).toMatchObject({
        source: 'aws.s3',
        'detail-type': 'Object Created',
      });
      expect(undelivered?.MessageAttributes).toMatchObject({
        RULE_ARN: { StringValue: expect.stringMatching(/:rule\/ByHand-Rule$/) },
        TARGET_ARN: { StringValue: 'arn:aws:lambda:us-east-1:111111111111:function:elsewhere' },
        ERROR_MESSAGE: { StringValue: 'the function is not part of the local stack.' },
      });
      expect(JSON.parse(failed?.Body ?? '')).toMatchObject({ key: 'a.txt', size: 1 });
      expect(failed?.MessageAttributes).toMatchObject({
        RequestID: { StringValue: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        ErrorMessage: { StringValue: 'on purpose' },
      });
    } finally {
      await started.stop();
    }
  });

  it.each([
    [
      { Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 'soon' } } },
      'Queue (AWS::SQS::Queue): VisibilityTimeout: Invalid input: expected number',
    ],
    [
      {
        Failing: {
          ...failing,
          Properties: { ...failing.Properties, Code: { S3Bucket: 'b', S3Key: 'k.zip' } },
        },
      },
      'The code of the function Failing is not among the assets of the assembly',
    ],
    [
      {
        SilentRule: {
          Type: 'AWS::Events::Rule',
          Properties: { EventPattern: { source: [{ cidr: '10.0.0.0/8' }] } },
        },
      },
      'SilentRule.EventPattern.source: the operator {"cidr":"10.0.0.0/8"} is not supported',
    ],
    [
      { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { Ref: 'Nobody' } } } },
      'Nobody names neither a resource of ByHand nor a parameter with a default',
    ],
  ])('is refused with a sentence that names the place: %#', async (resources, message) => {
    await expect(startByHand(resources)).rejects.toThrow(message);
  });
});
