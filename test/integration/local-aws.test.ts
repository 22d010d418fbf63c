import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { App, CfnOutput, CfnResource, Duration, Fn, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import {
  Code,
  type FunctionProps,
  Function as LambdaFn,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { SQSRecord } from 'aws-lambda';
import { buildSync } from 'esbuild';
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type LocalAws, type LocalEvent, startAws } from '../../local/aws/start-aws.ts';

/** Handlers of the test stack, each in its own file. They log what they get as one JSON line. */
const handlers = {
  // Sends every event to the queue of its environment, with the SDK, as a deployed handler does.
  forward: `import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
    const sqs = new SQSClient({});
    export const handler = async (event) => {
      await sqs.send(new SendMessageCommand({ QueueUrl: process.env.SINK_URL, MessageBody: JSON.stringify(event) }));
    };`,
  // Fails the messages that say so, and logs its start and end.
  work: `export const handler = async ({ Records }, context) => {
      console.log(JSON.stringify({ phase: 'start', atMs: Date.now(), requestId: context.awsRequestId, records: Records }));
      await new Promise((settle) => setTimeout(settle, 800));
      console.log(JSON.stringify({ phase: 'end', atMs: Date.now(), requestId: context.awsRequestId }));
      const failed = Records.filter(({ body }) => body.startsWith('fail'));
      return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
    };`,
  web: `import { DynamoDBClient, PutItemCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
    import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
    const look = async () => {
      const { SecretString } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: process.env.SECRET_ARN }));
      const dynamodb = new DynamoDBClient({});
      const Key = { pk: { S: 'a' } };
      await dynamodb.send(new PutItemCommand({ TableName: process.env.TABLE_NAME, Item: { ...Key, n: { N: '7' } } }));
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName: process.env.TABLE_NAME, Key }));
      return { SecretString, Item, env: process.env };
    };
    export const handler = async (event, context) => {
      switch (event.rawPath) {
        case '/look': return look();
        case '/context': return { ...context, remainingMs: context.getRemainingTimeInMillis() };
        case '/throw': throw new TypeError('no such luck');
        case '/exit': process.exit(3);
        case '/reject': setTimeout(() => Promise.reject(new Error('out of hand'))); return new Promise(() => {});
        case '/large': return { statusCode: 200, body: 'x'.repeat(7 * 1024 * 1024) };
        default: return { statusCode: 201, headers: { 'x-pid': process.pid }, body: JSON.stringify(event) };
      }
    };`,
  alwaysFails: `export const handler = async () => { console.log('trying'); throw new RangeError('never works'); };`,
  slow: `export const handler = () => { console.log(process.pid); return new Promise(() => setInterval(() => {}, 1000)); };`,
  broken: `throw new SyntaxError('does not load');`,
};

const directory = mkdtempSync(join(tmpdir(), 'local-aws-test-'));
const assemblyDir = join(directory, 'cdk.out');
const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
const events: LocalEvent[] = [];
const logs: { readonly logicalId: string; readonly line: string }[] = [];
let aws: LocalAws;
let s3: S3Client;
let sqs: SQSClient;

beforeAll(async () => {
  vi.stubEnv('SECRET_OF_THE_PARENT', 'must not reach a child');
  synthesize();
  aws = await startAws({
    assemblyDir,
    secrets: (id) => (id === 'given/secret' ? 'given value' : undefined),
    environment: { EXTRA: 'extra', OVERRIDDEN: 'by the caller' },
    onEvent: (event) => events.push(event),
    onFunctionLog: ({ logicalId }, line) => logs.push({ logicalId, line }),
  });
  const client = { region: aws.region, credentials };
  s3 = new S3Client({ ...client, endpoint: aws.s3.endpoint, forcePathStyle: true });
  sqs = new SQSClient({ ...client, endpoint: aws.sqs.endpoint });
});

afterAll(async () => {
  await aws?.stop();
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

/** Synthesizes a stack with one of everything that a stack of ours can hold. */
function synthesize(): void {
  const app = new App({
    outdir: assemblyDir,
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
    context: { 'aws:cdk:disable-stack-trace': true },
  });
  const stack = new Stack(app, 'Test');
  const functionOf = (id: string, name: keyof typeof handlers, props: Partial<FunctionProps> = {}) =>
    new LambdaFn(stack, id, {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromAsset(bundle(name)),
      loggingFormat: LoggingFormat.JSON,
      ...props,
    });
  const deadLetters = new Queue(stack, 'DeadLetters');
  const sink = new Queue(stack, 'Sink');
  const notified = new Queue(stack, 'Notified');

  const site = new CfnBucket(stack, 'Site', {
    notificationConfiguration: { eventBridgeConfiguration: { eventBridgeEnabled: true } },
  });
  const forward = functionOf('Forward', 'forward', {
    environment: { SINK_URL: sink.queueUrl },
    timeout: Duration.seconds(10),
  });
  const watched = (bucketName: string) => ({
    source: ['aws.s3'],
    detail: { bucket: { name: [bucketName] } },
  });
  new Rule(stack, 'Watch', {
    eventPattern: {
      ...watched(site.ref),
      detail: { bucket: { name: [site.ref] }, object: { key: [{ prefix: 'site/' }] } },
    },
    targets: [new LambdaFunction(forward)],
  });
  new Rule(stack, 'WatchImported', {
    eventPattern: watched('imported-bucket'),
    targets: [new SqsQueue(sink)],
  });
  const failing = functionOf('AlwaysFails', 'alwaysFails', {
    retryAttempts: 1,
    onFailure: new SqsDestination(deadLetters),
  });
  new Rule(stack, 'WatchFailing', {
    eventPattern: watched('failing-bucket'),
    targets: [new LambdaFunction(failing)],
  });
  const plain = new Bucket(stack, 'Plain');
  new CfnResource(stack, 'PlainConfiguration', {
    type: 'Custom::PurgerBucketConfiguration',
    properties: {
      ServiceToken: 'arn:aws:lambda:us-east-1:111111111111:function:deployed',
      BucketName: plain.bucketName,
      Configuration: stack.toJsonString({
        eventBridge: false,
        idPrefix: 'test-',
        queues: [
          { queueArn: notified.queueArn, events: ['s3:ObjectCreated:*'], suffix: '.html' },
          { queueArn: notified.queueArn, events: ['s3:ObjectRemoved:*'] },
        ],
      }),
    },
  });

  const work = new Queue(stack, 'Work', {
    visibilityTimeout: Duration.seconds(6),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: 2 },
  });
  // For messages that must be received once: they are not visible again soon, however slow the machine is.
  const workOnce = new Queue(stack, 'OnceWork', { visibilityTimeout: Duration.seconds(120) });
  const worker = functionOf('Worker', 'work', { timeout: Duration.seconds(6) });
  for (const queue of [work, workOnce]) {
    worker.addEventSource(
      new SqsEventSource(queue, {
        batchSize: 20,
        maxBatchingWindow: Duration.seconds(1),
        maxConcurrency: 2,
        reportBatchItemFailures: true,
      }),
    );
  }

  const table = new Table(stack, 'Table', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
  });
  table.addGlobalSecondaryIndex({
    indexName: 'byTime',
    partitionKey: { name: 'queue', type: AttributeType.STRING },
    sortKey: { name: 'time', type: AttributeType.STRING },
  });
  const web = functionOf('Web', 'web', {
    timeout: Duration.seconds(10),
    memorySize: 256,
    environment: {
      TABLE_NAME: table.tableName,
      SECRET_ARN: Secret.fromSecretNameV2(stack, 'Given', 'given/secret').secretArn,
      QUEUE_ARN: work.queueArn,
      JOINED: Fn.join('-', [stack.region, work.queueName]),
      OVERRIDDEN: 'by the template',
    },
  });
  const api = new HttpApi(stack, 'Api');
  const integration = new HttpLambdaIntegration('Web', web);
  api.addRoutes({ path: '/hooks/{source}', methods: [HttpMethod.POST], integration });
  api.addRoutes({ path: '/{anything}', methods: [HttpMethod.GET], integration });
  api.addRoutes({
    path: '/hang/on',
    methods: [HttpMethod.GET],
    integration: new HttpLambdaIntegration('S', functionOf('Slow', 'slow', { timeout: Duration.seconds(1) })),
  });
  const broken = functionOf('Broken', 'broken');
  api.addRoutes({
    path: '/broken/init',
    methods: [HttpMethod.GET],
    integration: new HttpLambdaIntegration('B', broken),
  });
  new Topic(stack, 'Alarms');
  new CfnOutput(stack, 'WebhookUrl', { value: `${api.apiEndpoint}/hooks/` });
  new CfnOutput(stack, 'Zone', { value: Fn.importValue('other:Zone') });
  app.synth();
}

function bundle(name: keyof typeof handlers): string {
  const outdir = join(directory, name);
  mkdirSync(outdir);
  // What fails while it loads cannot be bundled: it is written as it is.
  writeFileSync(join(outdir, 'index.mjs'), handlers[name]);
  if (name === 'broken') return outdir;
  buildSync({
    stdin: { contents: handlers[name], resolveDir: import.meta.dirname },
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    outfile: join(outdir, 'index.mjs'),
    allowOverwrite: true,
    logLevel: 'error',
  });
  return outdir;
}

/** Waits until something is found, and fails with the name of what was missing. */
async function until<Found>(
  what: string,
  find: () => Found | undefined | Promise<Found | undefined>,
  withinMs = 50_000,
): Promise<Found> {
  const deadlineMs = Date.now() + withinMs;
  while (Date.now() < deadlineMs) {
    const found = await find();
    if (found !== undefined) return found;
    await delay(20);
  }
  throw new Error(`Waited too long for ${what}`);
}

/** Takes messages out of a queue until there are as many as asked for. */
async function drain(queue: string, count: number): Promise<Message[]> {
  const QueueUrl = aws.sqs.queueUrl(logicalIdOf(queue));
  const taken: Message[] = [];
  await until(`${count} messages in ${queue}, got ${taken.length}`, async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    for (const { ReceiptHandle } of Messages)
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    taken.push(...Messages);
    return taken.length >= count ? taken : undefined;
  });
  return taken;
}

const bodies = (messages: readonly Message[]) => messages.map(({ Body = '' }) => JSON.parse(Body));

const logicalIds = new Map<string, string>();

/** The logical ID that the CDK made of a construct's ID. */
function logicalIdOf(constructId: string): string {
  const known = logicalIds.get(constructId);
  if (known !== undefined) return known;
  const { Resources } = JSON.parse(readFileSync(join(assemblyDir, 'Test.template.json'), 'utf8'));
  const found = Object.keys(Resources).find((id) => new RegExp(`^${constructId}[0-9A-F]{8}$`).test(id));
  if (found === undefined) throw new Error(`The template has no ${constructId}`);
  logicalIds.set(constructId, found);
  return found;
}

const put = (Bucket: string, Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'content' }));
const siteBucket = () => aws.s3.buckets.find((name) => name.includes('site')) ?? '';
const plainBucket = () => aws.s3.buckets.find((name) => name.includes('plain')) ?? '';
const get = (path: string) => fetch(`${aws.httpApiUrl}${path}`);
/** What the handler of the web function answered. */
const seenBy = async (path: string) => JSON.parse(await (await get(path)).text());
/** Failures of one function: on a busy machine, another one may be too slow for its timeout. */
const failuresOf = (name: string, cause: string) =>
  events.filter(
    (event) =>
      event.type === 'invocation-failed' && event.cause === cause && event.logicalId === logicalIdOf(name),
  );

describe('a stack that was started', () => {
  it('has local outputs, and one sentence for the output that cannot have a value', () => {
    expect(aws.outputs).toEqual({ WebhookUrl: `${aws.httpApiUrl}/hooks/` });
    expect(events.filter(({ type }) => type === 'warning')).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('The stack output Zone has no local value'),
      }),
    ]);
  });

  it('has its table, its buckets and those of others, and queue URLs that resolve', async () => {
    const dynamodb = new DynamoDBClient({ region: aws.region, credentials, endpoint: aws.dynamodb.endpoint });
    const TableName = aws.dynamodb.tableName(logicalIdOf('Table'));
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    expect(Table?.KeySchema).toEqual([{ AttributeName: 'pk', KeyType: 'HASH' }]);
    expect(Table?.GlobalSecondaryIndexes).toMatchObject([
      { IndexName: 'byTime', IndexStatus: 'ACTIVE', Projection: { ProjectionType: 'ALL' } },
    ]);
    expect(aws.s3.buckets).toEqual(expect.arrayContaining(['imported-bucket', 'failing-bucket']));
    const QueueUrl = aws.sqs.queueUrl(logicalIdOf('Work'));
    const QueueName = QueueUrl.split('/').at(-1) ?? '';
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl).toBe(QueueUrl);
  });
});

describe('objects', () => {
  it('reach a function by a rule, and a queue from it, with their keys as they are', async () => {
    await put(siteBucket(), 'elsewhere/ignored.html');
    await put(siteBucket(), 'site/hello w+orld%41café.html');
    const [event, ...others] = bodies(await drain('Sink', 1));
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      'detail-type': 'Object Created',
      source: 'aws.s3',
      detail: { object: { key: 'site/hello w+orld%41café.html', size: 7 }, reason: 'PutObject' },
    });
  });

  it('give an event for every way to write and delete them, in order', async () => {
    const Bucket = siteBucket();
    const key = (Key: string) => ({ Bucket, Key: `site/${Key}` });
    await s3.send(new CopyObjectCommand({ ...key('copy'), CopySource: `${Bucket}/elsewhere/ignored.html` }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(key('parts')));
    const part = { ...key('parts'), UploadId, PartNumber: 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'in parts' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await s3.send(new CompleteMultipartUploadCommand({ ...key('parts'), UploadId, MultipartUpload }));
    const form = new FormData();
    form.set('key', 'site/form-$' + '{filename}');
    form.set('file', new File(['a form'], 'a.txt'));
    await fetch(`${aws.s3.endpoint}/${Bucket}`, { method: 'POST', body: form });
    await s3.send(new DeleteObjectCommand(key('copy')));
    const Objects = [{ Key: 'site/parts' }, { Key: 'site/form-a.txt' }];
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));

    const details = bodies(await drain('Sink', 6)).map(({ detail }) => detail);
    details.sort((one, other) => one.object.sequencer.localeCompare(other.object.sequencer));
    expect(details.map(({ reason, object }) => [reason, object.key, object.size])).toEqual([
      ['CopyObject', 'site/copy', 7],
      ['CompleteMultipartUpload', 'site/parts', 8],
      ['POST Object', 'site/form-a.txt', 6],
      ['DeleteObject', 'site/copy', undefined],
      ['DeleteObject', 'site/parts', undefined],
      ['DeleteObject', 'site/form-a.txt', undefined],
    ]);
    expect(details[0].object.etag).toMatch(/^[0-9a-f]{32}$/);
  });

  it('of a bucket that only a rule names reach the queue that is its target', async () => {
    await put('imported-bucket', 'a');
    expect(bodies(await drain('Sink', 1))).toMatchObject([
      { detail: { bucket: { name: 'imported-bucket' } } },
    ]);
  });

  it('reach queues by bucket notifications, each after a test event', async () => {
    await put(plainBucket(), 'ignored.css');
    await put(plainBucket(), 'a b.html');
    expect(bodies(await drain('Notified', 3))).toMatchObject([
      { Event: 's3:TestEvent', Bucket: plainBucket() },
      { Event: 's3:TestEvent', Bucket: plainBucket() },
      { Records: [{ eventName: 'ObjectCreated:Put', s3: { object: { key: 'a+b.html' } } }] },
    ]);
    await s3.send(new DeleteObjectCommand({ Bucket: plainBucket(), Key: 'a b.html' }));
    expect(bodies(await drain('Notified', 1))).toMatchObject([
      { Records: [{ eventName: 'ObjectRemoved:Delete' }] },
    ]);
  });

  it('by the thousand give an event each, in few processes', async () => {
    const invocations = () =>
      events.filter((event) => 'functionName' in event && event.logicalId === logicalIdOf('Forward'));
    const ended = () => invocations().filter(({ type }) => type === 'invocation-ended').length;
    const before = ended();
    const upload = (index: number) =>
      fetch(`${aws.s3.endpoint}/${siteBucket()}/site/${index}.html`, {
        method: 'PUT',
        body: `page ${index}`,
      });
    const uploads = await pMap(Array.from({ length: 1000 }).keys(), upload, { concurrency: 200 });
    expect(uploads.every(({ ok }) => ok)).toBe(true);
    await until('a thousand invocations', () => ended() >= before + 1000 || undefined, 220_000);
    const cold = invocations().filter((event) => event.type === 'invocation-started' && event.isColdStart);
    expect(cold.length).toBeLessThanOrEqual(4);
    const attributes = { QueueUrl: aws.sqs.queueUrl(logicalIdOf('Sink')), AttributeNames: ['All' as const] };
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand(attributes));
    expect(Attributes?.ApproximateNumberOfMessages).toBe('1000');
    await sqs.send(new PurgeQueueCommand(attributes));
  }, 240_000);
});

describe('an asynchronous event that fails', () => {
  it('is retried, then sent to the on-failure queue with its record', async () => {
    const startedMs = Date.now();
    await put('failing-bucket', 'a');
    const [record] = bodies(await drain('DeadLetters', 1));
    expect(record).toMatchObject({
      version: '1.0',
      requestContext: {
        functionArn: expect.stringMatching(
          /^arn:aws:lambda:us-east-1:\d{12}:function:Test-AlwaysFails\w+:\$LATEST$/,
        ),
        condition: 'RetriesExhausted',
        approximateInvokeCount: 2,
      },
      requestPayload: { source: 'aws.s3', detail: { bucket: { name: 'failing-bucket' } } },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorType: 'RangeError', errorMessage: 'never works' },
    });
    expect(Date.parse(record.timestamp)).toBeGreaterThanOrEqual(startedMs);
    expect(Date.parse(record.timestamp)).toBeLessThanOrEqual(Date.now());
    expect(logs.filter(({ line }) => line === 'trying')).toHaveLength(2);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'event-given-up', requestId: record.requestContext.requestId }),
    );
  });
});

describe('a queue with a function', () => {
  interface Run {
    readonly phase: 'start' | 'end';
    readonly atMs: number;
    readonly requestId: string;
    readonly records: readonly SQSRecord[];
  }
  const runs = (): Run[] =>
    logs.filter(({ logicalId }) => logicalId === logicalIdOf('Worker')).map(({ line }) => JSON.parse(line));
  const starts = () => runs().filter(({ phase }) => phase === 'start');

  it('is read in batches, inside a window, by so many invocations at a time, and keeps what failed', async () => {
    const QueueUrl = aws.sqs.queueUrl(logicalIdOf('Work'));
    const bodiesToSend = Array.from({ length: 50 }, (_, index) =>
      index % 20 === 7 ? `fail ${index}` : `ok ${index}`,
    );
    for (let start = 0; start < bodiesToSend.length; start += 10) {
      const Entries = bodiesToSend
        .slice(start, start + 10)
        .map((MessageBody, index) => ({ Id: `${index}`, MessageBody }));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
    const dead = await drain('DeadLetters', 3);
    expect(dead.map(({ Body }) => Body).sort()).toEqual(['fail 27', 'fail 47', 'fail 7']);

    const batches = starts().map(({ records }) => records);
    expect(Math.max(...batches.map(({ length }) => length))).toBe(20);
    const received = Map.groupBy(batches.flat(), ({ body }) => body);
    expect(received.size).toBe(50);
    for (const [body, records] of received) {
      const counts = records.map(({ attributes }) => attributes.ApproximateReceiveCount);
      expect(counts).toEqual(body.startsWith('fail') ? ['1', '2'] : ['1']);
    }
    expect(mostAtATime()).toBe(2);
  });

  it('never hands more than 6 MB to an invocation, and loses nothing of what is over', async () => {
    const QueueUrl = aws.sqs.queueUrl(logicalIdOf('OnceWork'));
    const before = starts().length;
    const names = Array.from({ length: 9 }, (_, index) => `large ${index} `);
    for (const name of names) {
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: name.padEnd(1_000_000, 'x') }));
    }
    const batches = () =>
      starts()
        .slice(before)
        .map(({ records }) => records);
    await until('all of them', () => batches().flat().length >= names.length || undefined);
    expect(
      batches()
        .flat()
        .map(({ body }) => body.slice(0, 8))
        .sort(),
    ).toEqual(names);
    for (const batch of batches())
      expect(JSON.stringify({ Records: batch }).length).toBeLessThan(6 * 1024 * 1024);
  });

  function mostAtATime(): number {
    let running = 0;
    const ordered = runs().toSorted((one, other) => one.atMs - other.atMs);
    return Math.max(...ordered.map(({ phase }) => (running += phase === 'start' ? 1 : -1)));
  }

  it('gathers a batch for the length of its window, in records as Lambda makes them', async () => {
    const QueueUrl = aws.sqs.queueUrl(logicalIdOf('OnceWork'));
    const before = starts().length;
    const sentMs = Date.now();
    const MessageAttributes = { kind: { DataType: 'String', StringValue: 'first' } };
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one', MessageAttributes }));
    await delay(100);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'two' }));
    const run = await until('a batch', () => starts()[before]);
    expect(run.atMs - sentMs).toBeGreaterThanOrEqual(950);
    expect(run.records.map(({ body }) => body)).toEqual(['one', 'two']);
    expect(run.records[0]).toEqual({
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      receiptHandle: expect.any(String),
      body: 'one',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {
        kind: { stringValue: 'first', stringListValues: [], binaryListValues: [], dataType: 'String' },
      },
      md5OfBody: 'f97c5d29941bfb1b2fdab0874906ab82',
      eventSource: 'aws:sqs',
      eventSourceARN: expect.stringMatching(/^arn:aws:sqs:us-east-1:000000000000:Test-OnceWork/),
      awsRegion: 'us-east-1',
    });
  });
});

describe('an HTTP API', () => {
  const post = (path: string, body: string | Buffer, type: string) =>
    fetch(`${aws.outputs.WebhookUrl}${path}`, { method: 'POST', body, headers: { 'content-type': type } });

  it('passes text on as a string and anything else as base64', async () => {
    const json = await post('contentful?a=1&a=2', '{"a":"é"}', 'application/json; charset=utf-8');
    expect(json.status).toBe(201);
    expect(await json.json()).toMatchObject({
      version: '2.0',
      routeKey: 'POST /hooks/{source}',
      rawPath: '/hooks/contentful',
      rawQueryString: 'a=1&a=2',
      queryStringParameters: { a: '1,2' },
      pathParameters: { source: 'contentful' },
      body: '{"a":"é"}',
      isBase64Encoded: false,
    });
    const bytes = Buffer.from([0, 255, 10]);
    const binary = await post('x', bytes, 'application/vnd.contentful.management.v1+json');
    expect(await binary.json()).toMatchObject({ body: bytes.toString('base64'), isBase64Encoded: true });
  });

  it('answers its own errors like AWS', async () => {
    const messageOf = async (response: Response) => [response.status, await response.json()];
    expect(await messageOf(await get('/no/route'))).toEqual([404, { message: 'Not Found' }]);
    expect(await messageOf(await get('/throw'))).toEqual([500, { message: 'Internal Server Error' }]);
    expect(await messageOf(await get('/large'))).toEqual([500, { message: 'Internal Server Error' }]);
    expect(await messageOf(await get('/broken/init'))).toEqual([500, { message: 'Internal Server Error' }]);
    const tooLarge = await post('x', Buffer.alloc(10 * 1024 * 1024 + 1), 'text/plain');
    expect(await messageOf(tooLarge)).toEqual([413, { message: 'Request Entity Too Large' }]);
    expect(failuresOf('Web', 'error')).toContainEqual(
      expect.objectContaining({
        error: expect.objectContaining({ errorType: 'TypeError', errorMessage: 'no such luck' }),
      }),
    );
    expect(failuresOf('Broken', 'init')).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ errorMessage: 'does not load' }) }),
    ]);
  });

  it('survives handlers that hang, exit or crash, and reports each', async () => {
    const pidOf = async () => Number((await post('x', 'x', 'text/plain')).headers.get('x-pid'));
    const pid = await pidOf();
    process.kill(pid, 'SIGINT');
    expect(await pidOf()).toBe(pid);
    const startedMs = Date.now();
    expect((await get('/hang/on')).status).toBe(500);
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(990);
    expect(failuresOf('Slow', 'timeout')).toEqual([
      expect.objectContaining({
        error: {
          errorType: 'Sandbox.Timedout',
          errorMessage: expect.stringMatching(
            /^RequestId: [0-9a-f-]{36} Error: Task timed out after 1.00 seconds$/,
          ),
        },
      }),
    ]);
    const [slow] = logs.filter(({ logicalId }) => logicalId === logicalIdOf('Slow'));
    expect(isRunning(Number(slow?.line))).toBe(false);
    expect((await get('/exit')).status).toBe(500);
    expect((await get('/reject')).status).toBe(500);
    expect(failuresOf('Web', 'crash')).toMatchObject([
      { error: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('exit status 3') } },
      { error: { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'out of hand' } },
    ]);
    expect(await pidOf()).not.toBe(pid);
  });

  it('gives handlers the environment of the template, and nothing of this process', async () => {
    const { SecretString, Item, env } = await seenBy('/look');
    expect({ SecretString, Item }).toEqual({
      SecretString: 'given value',
      Item: { pk: { S: 'a' }, n: { N: '7' } },
    });
    expect(env).toMatchObject({
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      AWS_REGION: 'us-east-1',
      EXTRA: 'extra',
      JOINED: expect.stringMatching(/^us-east-1-Test-Work/),
      OVERRIDDEN: 'by the caller',
      QUEUE_ARN: expect.stringMatching(/^arn:aws:sqs:us-east-1:000000000000:Test-Work/),
      TABLE_NAME: aws.dynamodb.tableName(logicalIdOf('Table')),
    });
    expect(env).not.toHaveProperty('SECRET_OF_THE_PARENT');
    expect(env).not.toHaveProperty('HOME');
  });

  it('gives handlers a context', async () => {
    const context = await seenBy('/context');
    const { arn, functionName } =
      aws.functions.find(({ logicalId }) => logicalId === logicalIdOf('Web')) ?? {};
    expect(context).toMatchObject({
      functionName,
      invokedFunctionArn: arn,
      memoryLimitInMB: '256',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      callbackWaitsForEmptyEventLoop: true,
    });
    expect(context.remainingMs).toBeGreaterThan(5000);
    expect(context.remainingMs).toBeLessThanOrEqual(10_000);
  });
});

describe('Invoke', () => {
  const invoke = async (id: string, payload: unknown, more: Partial<InvokeCommandInput> = {}) => {
    const lambda = new LambdaClient({ region: aws.region, credentials, endpoint: aws.control.endpoint });
    const found = aws.functions.find(({ logicalId }) => logicalId === logicalIdOf(id));
    const FunctionName = found?.functionName;
    const { Payload, FunctionError, StatusCode } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload), ...more }),
    );
    return {
      status: StatusCode,
      error: FunctionError,
      answer: JSON.parse(Buffer.from(Payload ?? []).toString()),
    };
  };

  it('runs a function with its payload, by name or ARN, and answers what it returns', async () => {
    const event = { rawPath: '/', text: 'ü' };
    const found = await invoke('Web', event);
    expect(found).toMatchObject({ status: 200, error: undefined, answer: { statusCode: 201 } });
    expect(JSON.parse(found.answer.body)).toEqual(event);
    const arn = aws.functions.find(({ logicalId }) => logicalId === logicalIdOf('Web'))?.arn;
    expect(await invoke('Web', event, { FunctionName: arn })).toMatchObject({ answer: { statusCode: 201 } });
  });

  it('says that a function has failed, and how', async () => {
    const failed = await invoke('Web', { rawPath: '/throw' });
    expect(failed).toMatchObject({ status: 200, error: 'Unhandled' });
    expect(failed.answer).toMatchObject({ errorType: 'TypeError', errorMessage: 'no such luck' });
  });

  it('refuses other functions, and what is not supported', async () => {
    await expect(invoke('Web', {}, { FunctionName: 'other' })).rejects.toThrow('Function not found: other');
    await expect(invoke('Web', {}, { InvocationType: 'Event' })).rejects.toThrow('Event is not supported');
  });

  it('is where functions find it themselves', async () => {
    expect((await seenBy('/look')).env.AWS_ENDPOINT_URL_LAMBDA).toBe(aws.control.endpoint);
  });
});

describe('the emulators', () => {
  it('answer for secrets in the real protocol', async () => {
    const secrets = new SecretsManagerClient({
      region: aws.region,
      credentials,
      endpoint: aws.secretsManager.endpoint,
    });
    const read = (SecretId: string) => secrets.send(new GetSecretValueCommand({ SecretId }));
    expect(await read('given/secret')).toMatchObject({
      ARN: expect.stringMatching(
        /^arn:aws:secretsmanager:us-east-1:000000000000:secret:given\/secret-\w{6}$/,
      ),
      SecretString: 'given value',
      VersionStages: ['AWSCURRENT'],
    });
    await expect(read('unknown')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('survive a client that disconnects before its answer', async () => {
    const { port } = new URL(aws.dynamodb.endpoint);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 99\r\n\r\n{',
    );
    await delay(50);
    socket.destroy();
    await delay(50);
    expect((await fetch(aws.dynamodb.endpoint)).status).toBe(200);
  });
});

describe('startAws', () => {
  const quiet = { assemblyDir, secrets: () => undefined };

  it('stops at once, whatever is under way, and leaves nothing behind', async () => {
    const seen: LocalEvent[] = [];
    const own = await startAws({ ...quiet, onEvent: (event) => seen.push(event) });
    onTestFinished(own.stop);
    const first = await fetch(`${own.outputs.WebhookUrl}x`, { method: 'POST', body: 'x' });
    const pid = Number(first.headers.get('x-pid'));
    const underWay = fetch(`${own.httpApiUrl}/hang/on`).catch(() => 'cut off');
    const slow = logicalIdOf('Slow');
    await until('an invocation under way', () =>
      seen.find((event) => event.type === 'invocation-started' && event.logicalId === slow),
    );
    await Promise.all([own.stop(), own.stop()]);
    await own.stop();
    expect(await underWay).toBe('cut off');
    expect(isRunning(pid)).toBe(false);
    for (const { endpoint } of [own.s3, own.dynamodb, own.secretsManager]) {
      await expect(fetch(endpoint)).rejects.toThrow('fetch failed');
    }
  });

  it.each([
    ['s3AndSqs', 'S3 and SQS'],
    ['dynamodb', 'DynamoDB'],
    ['secretsManager', 'Secrets Manager'],
    ['httpApi', 'the HTTP API Api'],
  ])('says which port is in use, and that it was for %s', async (name, purpose) => {
    const other = createServer().listen(0, '127.0.0.1');
    await until('a port', () => other.listening || undefined);
    const { port } = other.address() as AddressInfo;
    await expect(startAws({ ...quiet, ports: { [name]: port } })).rejects.toThrow(
      `Port ${port} is in use; the local stack wanted it for ${purpose}`,
    );
    other.close();
  });

  it('says what is wrong with an assembly', async () => {
    const empty = join(directory, 'empty.out');
    mkdirSync(empty);
    writeFileSync(join(empty, 'manifest.json'), JSON.stringify({ artifacts: {} }));
    await expect(startAws({ ...quiet, assemblyDir: empty })).rejects.toThrow(
      /Expected exactly one stack in .*, got none\./,
    );
    await expect(startAws({ ...quiet, stackName: 'Other' })).rejects.toThrow(
      /Expected a stack named Other in .*, got Test\./,
    );
    await expect(startAws({ ...quiet, assemblyDir: directory })).rejects.toThrow(
      'cannot be read as part of a cloud assembly',
    );
  });
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
