import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { type AwsOptions, type LocalAws, type LocalEvent, startAws } from '../../local/aws/start-aws.ts';

const directory = mkdtempSync(join(tmpdir(), 'local-aws-template-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The code of each function, by its asset. */
const code = {
  failing: "exports.handler = async (event) => { throw new Error('on purpose'); };",
  hanging: 'exports.handler = () => new Promise((settle) => setTimeout(settle, 60_000));',
};
const functionOf = (asset: keyof typeof code, properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { S3Bucket: 'assets', S3Key: `${asset}.zip` },
    LoggingConfig: { LogFormat: 'JSON' },
    ...properties,
  },
});
const ruleOf = (properties: object) => ({ Type: 'AWS::Events::Rule', Properties: properties });
const pattern = (name: unknown) => ({ source: ['aws.s3'], detail: { bucket: { name: [name] } } });
const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const api = { ApiId: { Ref: 'Api' } };
const integrationOf = (logicalId: string, properties: object = {}) => ({
  Type: 'AWS::ApiGatewayV2::Integration',
  Properties: {
    ...api,
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: arnOf(logicalId),
    PayloadFormatVersion: '2.0',
    ...properties,
  },
});
const routeOf = (RouteKey: string, integration: string, properties: object = {}) => ({
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: {
    ...api,
    RouteKey,
    Target: { 'Fn::Join': ['/', ['integrations', { Ref: integration }]] },
    ...properties,
  },
});
const stageOf = (properties: object = {}) => ({
  Type: 'AWS::ApiGatewayV2::Stage',
  Properties: { ...api, StageName: '$default', ...properties },
});

/** A stack that the CDK did not make, with resources that cannot run here. */
const template = {
  Parameters: { Stage: { Type: 'String', Default: 'dev' } },
  Conditions: { IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] } },
  Resources: {
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: { QueueName: { 'Fn::Join': ['-', [{ Ref: 'Stage' }, 'letters']] }, DelaySeconds: 1 },
    },
    ProdQueue: { Type: 'AWS::SQS::Queue', Condition: 'IsProd' },
    Failing: functionOf('failing'),
    Hanging: functionOf('hanging', { Timeout: 60 }),
    Rule: ruleOf({
      EventPattern: pattern('watched'),
      Targets: [
        {
          Id: 'elsewhere',
          Arn: 'arn:aws:lambda:us-east-1:111111111111:function:elsewhere',
          DeadLetterConfig: { Arn: arnOf('Queue') },
        },
      ],
    }),
    Silent: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'silent' } },
    SilentRule: ruleOf({
      EventPattern: pattern({ Ref: 'Silent' }),
      Targets: [{ Id: 'q', Arn: arnOf('Queue') }],
    }),
    Stream: { Type: 'AWS::Kinesis::Stream' },
    OtherStream: { Type: 'AWS::Kinesis::Stream' },
    Role: { Type: 'AWS::IAM::Role' },
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
    Default: stageOf(),
    Integration: integrationOf('Failing'),
    Route: routeOf('GET /x', 'Integration'),
    HangingIntegration: integrationOf('Hanging', { TimeoutInMillis: 50 }),
    HangingRoute: routeOf('GET /hang/on', 'HangingIntegration'),
  },
  Outputs: { ProdOnly: { Condition: 'IsProd', Value: 'x' }, Role: { Value: arnOf('Role') } },
};

/** Starts the stack above, with some resources replaced or added. */
async function startByHand(resources: object = {}, options: Partial<AwsOptions> = {}) {
  const assemblyDir = mkdtempSync(join(directory, 'by-hand-'));
  const write = (file: string, content: unknown) =>
    writeFileSync(join(assemblyDir, file), JSON.stringify(content));
  write('manifest.json', {
    artifacts: {
      ByHand: { type: 'aws:cloudformation:stack', properties: { templateFile: 'template.json' } },
      Assets: { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
    },
  });
  for (const [name, source] of Object.entries(code)) {
    mkdirSync(join(assemblyDir, name));
    writeFileSync(join(assemblyDir, name, 'index.js'), source);
  }
  const files = Object.keys(code).map((path) => [
    path,
    { source: { path }, destinations: { here: { objectKey: `${path}.zip` } } },
  ]);
  write('assets.json', { files: Object.fromEntries(files) });
  write('template.json', { ...template, Resources: { ...template.Resources, ...resources } });
  const seen: LocalEvent[] = [];
  const started = await startAws({
    assemblyDir,
    secrets: () => undefined,
    onEvent: (event) => seen.push(event),
    ...options,
  });
  return { started, seen };
}

/** Waits until a queue holds this many messages, and returns them. */
async function messagesIn(
  aws: LocalAws,
  logicalId: string,
  count: number,
  timeoutMs = 50_000,
): Promise<Message[]> {
  const endpoint = aws.sqs.endpoint;
  const sqs = new SQSClient({
    region: aws.region,
    endpoint,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const QueueUrl = aws.sqs.queueUrl(logicalId);
  const ask = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0, MessageAttributeNames: ['All'] };
  for (const deadlineMs = Date.now() + timeoutMs; Date.now() < deadlineMs; await delay(20)) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(ask));
    if (Messages.length >= count) return Messages;
  }
  throw new Error(`Waited too long for ${count} messages in ${logicalId}`);
}

describe('a template that was written by hand', () => {
  it('runs as far as it can, with one sentence for each thing that is left out', async () => {
    const { started, seen } = await startByHand();
    try {
      expect(seen.flatMap((event) => (event.type === 'warning' ? [event.message] : [])).sort()).toEqual([
        'AWS::Kinesis::Stream is not supported by the local stack and is left out (Stream, OtherStream).',
        'AWS::SQS::Queue DelaySeconds is not supported by the local stack and is left out (Queue).',
        'The rule SilentRule waits for events that the bucket silent does not send to EventBridge.',
      ]);
      expect(started.outputs).toEqual({ Role: 'arn:aws:iam:us-east-1:000000000000:ByHand-Role' });
      expect(started.sqs.queueUrl('Queue')).toMatch(/\/000000000000\/dev-letters$/);
      expect(() => started.sqs.queueUrl('ProdQueue')).toThrow(
        'The stack has no AWS::SQS::Queue named ProdQueue',
      );
      expect((await fetch(`${started.httpApiUrl}/y`)).status).toBe(404);
      expect((await fetch(`${started.httpApiUrl}/x`)).status).toBe(500);
      const late = await fetch(`${started.httpApiUrl}/hang/on`);
      expect([late.status, await late.json()]).toEqual([503, { message: 'Service Unavailable' }]);
    } finally {
      await started.stop();
    }
  });

  it('sends what a bucket sends to a topic to the queues that subscribe to it, by keys as S3 encodes them', async () => {
    const topicArn = 'arn:aws:sns:eu-west-1:111111111111:changes';
    const subscriptionOf = (logicalId: string, RawMessageDelivery: boolean) => ({
      Type: 'AWS::SNS::Subscription',
      Properties: {
        TopicArn: topicArn,
        Protocol: 'sqs',
        Endpoint: arnOf(logicalId),
        RawMessageDelivery,
      },
    });
    const { started } = await startByHand(
      {
        One: { Type: 'AWS::SQS::Queue' },
        Other: { Type: 'AWS::SQS::Queue' },
        OneSubscription: subscriptionOf('One', true),
        OtherSubscription: subscriptionOf('Other', false),
      },
      { outside: () => [{ bucket: 'telling', targetArn: topicArn, prefix: 'a +/' }] },
    );
    try {
      const put = (key: string) =>
        fetch(`${started.s3.endpoint}/telling/${key}`, { method: 'PUT', body: 'x' });
      await put('other/b');
      await put('a%20%2B/b');
      for (const queue of ['One', 'Other']) {
        const bodies = (await messagesIn(started, queue, 2)).map(({ Body = '' }) => JSON.parse(Body));
        const received = bodies.map((body) => {
          if (queue === 'One') return body;
          expect(body).toMatchObject({ Type: 'Notification', TopicArn: topicArn });
          return JSON.parse(body.Message);
        });
        expect(received).toHaveLength(2);
        expect(received).toContainEqual(expect.objectContaining({ Event: 's3:TestEvent' }));
        expect(received).toContainEqual({
          Records: [
            expect.objectContaining({
              s3: expect.objectContaining({ object: expect.objectContaining({ key: 'a+%2B/b' }) }),
            }),
          ],
        });
      }
    } finally {
      await started.stop();
    }
  });

  it('throttles routes as API Gateway does', async () => {
    const DefaultRouteSettings = { ThrottlingBurstLimit: 2, ThrottlingRateLimit: 0.001 };
    const { started } = await startByHand({ Default: stageOf({ DefaultRouteSettings }) });
    try {
      const get = () => fetch(`${started.httpApiUrl}/x`);
      expect([(await get()).status, (await get()).status]).toEqual([500, 500]);
      const refused = await get();
      expect([refused.status, await refused.json()]).toEqual([429, { message: 'Too Many Requests' }]);
    } finally {
      await started.stop();
    }
  });

  it('has settings of each route by its key, and refuses those of a route that is missing', async () => {
    const RouteSettings = { 'GET /missing': { ThrottlingBurstLimit: 1, ThrottlingRateLimit: 1 } };
    await expect(startByHand({ Default: stageOf({ RouteSettings }) })).rejects.toThrow(
      'The stage has settings of a route that the API lacks: GET /missing.',
    );
  });

  it('runs what is on a schedule, as often as the caller says, and leaves out what is disabled', async () => {
    const scheduleOf = (State: string, queue: string) =>
      ruleOf({ ScheduleExpression: 'rate(1 minute)', State, Targets: [{ Id: 'q', Arn: arnOf(queue) }] });
    const { started } = await startByHand(
      {
        Ticks: { Type: 'AWS::SQS::Queue' },
        NoTicks: { Type: 'AWS::SQS::Queue' },
        EachMinute: scheduleOf('ENABLED', 'Ticks'),
        Never: scheduleOf('DISABLED', 'NoTicks'),
      },
      { scheduleEveryMs: 20 },
    );
    try {
      const [event] = await messagesIn(started, 'Ticks', 3);
      expect(JSON.parse(event?.Body ?? '')).toMatchObject({
        'detail-type': 'Scheduled Event',
        resources: ['arn:aws:events:us-east-1:000000000000:rule/ByHand-EachMinute'],
      });
      await expect(messagesIn(started, 'NoTicks', 1, 100)).rejects.toThrow('Waited too long');
    } finally {
      await started.stop();
    }
  });

  it('has a dead letter of each event that no target accepts', async () => {
    const Queue = { ...template.Resources.Queue, Properties: {} };
    const { started } = await startByHand({ Queue });
    try {
      await fetch(`${started.s3.endpoint}/watched/a.txt`, { method: 'PUT', body: 'x' });
      const [letter] = await messagesIn(started, 'Queue', 1);
      expect(JSON.parse(letter?.Body ?? '')).toMatchObject({
        source: 'aws.s3',
        'detail-type': 'Object Created',
      });
      expect(letter?.MessageAttributes).toMatchObject({
        RULE_ARN: { StringValue: expect.stringMatching(/:rule\/ByHand-Rule$/) },
        TARGET_ARN: { StringValue: 'arn:aws:lambda:us-east-1:111111111111:function:elsewhere' },
        ERROR_MESSAGE: { StringValue: 'the function is not part of the local stack.' },
      });
    } finally {
      await started.stop();
    }
  });

  const toQueue = { Id: 'q', Arn: arnOf('Queue') };
  it.each([
    [
      { Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 'soon' } } },
      'Queue (AWS::SQS::Queue): VisibilityTimeout: Invalid input: expected number',
    ],
    [
      { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { Ref: 'Nobody' } } } },
      'Nobody names neither a resource of ByHand nor a parameter with a default',
    ],
    [
      { Failing: functionOf('failing', { Code: { S3Bucket: 'assets', S3Key: 'k.zip' } }) },
      'The code of the function Failing is not among the assets of the assembly',
    ],
    [
      { Failing: functionOf('failing', { Runtime: 'python3.13' }) },
      'Failing (AWS::Lambda::Function): Runtime: expected a Node.js runtime',
    ],
    [
      { Failing: functionOf('failing', { LoggingConfig: { LogFormat: 'Text' } }) },
      'Failing (AWS::Lambda::Function): LoggingConfig.LogFormat: Invalid input: expected "JSON"',
    ],
    [
      { Rule: ruleOf({ EventPattern: { source: [{ 'anything-but': 'x' }] }, Targets: [] }) },
      'Rule.EventPattern.source: {"anything-but":"x"} is not supported',
    ],
    [{ Rule: ruleOf({ Targets: [] }) }, 'Rule (AWS::Events::Rule): EventPattern: Invalid input'],
    [
      { Rule: ruleOf({ ScheduleExpression: 'cron(0 10 * * ? *)', Targets: [] }) },
      'Rule: expected a schedule such as rate(1 minute), got cron(0 10 * * ? *)',
    ],
    [
      { Rule: ruleOf({ EventPattern: pattern('x'), Targets: [{ ...toQueue, InputPath: '$.detail' }] }) },
      'Rule (AWS::Events::Rule): Targets.0: Unrecognized key: "InputPath"',
    ],
    [
      { Rule: ruleOf({ EventPattern: pattern('x'), EventBusName: 'theirs', Targets: [] }) },
      'Rule: expected the default bus or one of the stack, got theirs',
    ],
    [{ Default: stageOf({ StageName: 'v1' }) }, 'Default (AWS::ApiGatewayV2::Stage): StageName: Invalid'],
    [
      { Route: routeOf('ANY /{proxy+}', 'Integration') },
      'Route (AWS::ApiGatewayV2::Route): RouteKey: only a method and a path of names and variables',
    ],
    [
      { Route: routeOf('GET /x', 'Integration', { AuthorizationType: 'AWS_IAM' }) },
      'Route (AWS::ApiGatewayV2::Route): AuthorizationType: Invalid input: expected "NONE"',
    ],
    [{ Route: routeOf('GET /x', 'Route') }, 'The route GET /x has no function of the stack'],
    [
      {
        Silent: {
          Type: 'AWS::S3::Bucket',
          Properties: { NotificationConfiguration: { QueueConfigurations: [] } },
        },
      },
      'Silent (AWS::S3::Bucket): NotificationConfiguration: Unrecognized key: "QueueConfigurations"',
    ],
    [
      {
        Async: {
          Type: 'AWS::Lambda::EventInvokeConfig',
          Properties: {
            FunctionName: { Ref: 'Failing' },
            DestinationConfig: { OnSuccess: { Destination: arnOf('Queue') } },
          },
        },
      },
      'Async (AWS::Lambda::EventInvokeConfig): DestinationConfig: Unrecognized key: "OnSuccess"',
    ],
    [
      {
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { FunctionName: { Ref: 'Failing' }, EventSourceArn: 'arn:aws:kinesis:x' },
        },
      },
      'Mapping (AWS::Lambda::EventSourceMapping): EventSourceArn: Invalid string',
    ],
    [
      {
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { FunctionName: 'other', EventSourceArn: arnOf('Queue') },
        },
      },
      'Mapping: other is not a function of the stack',
    ],
  ])('is refused with a sentence that says where: %#', async (resources, message) => {
    await expect(startByHand(resources)).rejects.toThrow(message);
  });
});
