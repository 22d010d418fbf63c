import * as realDynamoDb from '@aws-sdk/client-dynamodb';
import * as realSecretsManager from '@aws-sdk/client-secrets-manager';
import * as realSqs from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as ownDynamoDb from '../../functions/aws/sdk/client-dynamodb.ts';
import * as ownSecretsManager from '../../functions/aws/sdk/client-secrets-manager.ts';
import * as ownSqs from '../../functions/aws/sdk/client-sqs.ts';
import {
  type ReceivedRequest,
  type ScriptedAnswer,
  startScriptedService,
} from '../helpers/scripted-service.ts';

// The functions' bundles have clients of our own in the place of the SDK's. The SDK is their specification here: both
// send the same calls to a service that answers both the same.

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' };
const queueUrl = 'https://sqs.eu-central-1.amazonaws.com/123456789012/buffer';
const entries = [
  { Id: '0', MessageBody: 'a' },
  { Id: '1', MessageBody: 'ü 🎉', DelaySeconds: 5 },
];
const sent = { Id: '0', MessageId: 'm', MD5OfMessageBody: '0cc175b9c0f1b6a831c399e269772661' };
const key = { TableName: 'Ledger', Key: { pk: { S: 'memory#é"1' } }, ConsistentRead: true };
const item = { pk: { S: 'a' }, version: { N: '3' }, list: { L: [{ N: '1' }] } };
const put = {
  TableName: 'Ledger',
  Item: item,
  ConditionExpression: 'version = :version',
  ExpressionAttributeValues: { ':version': { N: '2' } },
};

interface Sending {
  send(command: unknown): Promise<unknown>;
}
interface Pair {
  readonly real: (url: string) => readonly [Sending, unknown];
  readonly own: (url: string) => readonly [Sending, unknown];
}

const optionsFor = (endpoint: string) => ({ endpoint, region: 'eu-central-1', credentials });
const queues = {
  real: (url: string) => new realSqs.SQSClient(optionsFor(url)) as Sending,
  own: (url: string) => new ownSqs.SQSClient(optionsFor(url)) as Sending,
};
const tables = {
  real: (url: string) => new realDynamoDb.DynamoDBClient(optionsFor(url)) as Sending,
  own: (url: string) => new ownDynamoDb.DynamoDBClient(optionsFor(url)) as Sending,
};
const secrets = {
  real: (url: string) => new realSecretsManager.SecretsManagerClient(optionsFor(url)) as Sending,
  own: (url: string) => new ownSecretsManager.SecretsManagerClient(optionsFor(url)) as Sending,
};
const batch = { QueueUrl: queueUrl, Entries: entries };
const attributes = { QueueUrl: queueUrl, AttributeNames: ['ApproximateNumberOfMessages' as const] };
const calls: Readonly<Record<string, Pair>> = {
  SendMessageBatch: {
    real: (url) => [queues.real(url), new realSqs.SendMessageBatchCommand(batch)],
    own: (url) => [queues.own(url), new ownSqs.SendMessageBatchCommand(batch)],
  },
  GetQueueAttributes: {
    real: (url) => [queues.real(url), new realSqs.GetQueueAttributesCommand(attributes)],
    own: (url) => [queues.own(url), new ownSqs.GetQueueAttributesCommand(attributes)],
  },
  GetItem: {
    real: (url) => [tables.real(url), new realDynamoDb.GetItemCommand(key)],
    own: (url) => [tables.own(url), new ownDynamoDb.GetItemCommand(key)],
  },
  PutItem: {
    real: (url) => [tables.real(url), new realDynamoDb.PutItemCommand(put)],
    own: (url) => [tables.own(url), new ownDynamoDb.PutItemCommand(put)],
  },
  GetSecretValue: {
    real: (url) => [secrets.real(url), new realSecretsManager.GetSecretValueCommand({ SecretId: 'cms' })],
    own: (url) => [secrets.own(url), new ownSecretsManager.GetSecretValueCommand({ SecretId: 'cms' })],
  },
};

/** What came of one call: its result or its error, and the requests that it took. */
interface Outcome {
  readonly output?: unknown;
  readonly error?: { name: string; message: string; status: unknown; attempts: unknown; fault: unknown };
  readonly requests: readonly ReceivedRequest[];
}

async function call(make: Pair['real'], script: readonly ScriptedAnswer[], times = 1): Promise<Outcome> {
  const service = await startScriptedService(script);
  const [client, command] = make(service.url);
  const { requests } = service;
  try {
    for (let left = times; left > 1; left--) await client.send(command).catch(() => {});
    const { $metadata: _, ...output } = (await client.send(command)) as Record<string, unknown>;
    return { output, requests };
  } catch (thrown) {
    const error = thrown as Error & {
      $metadata?: { httpStatusCode?: number; attempts?: number };
      $fault?: string;
    };
    const { httpStatusCode: status, attempts } = error.$metadata ?? {};
    return {
      error: { name: error.name, message: error.message, status, attempts, fault: error.$fault },
      requests,
    };
  } finally {
    await service.stop();
  }
}

/** What a service makes of a request, without what is different each time. */
function meaning({ method, path, headers, body }: ReceivedRequest) {
  const { 'content-type': type, 'x-amz-target': target, 'content-length': length, host } = headers;
  const attempt = headers['amz-sdk-request'];
  const hasToken = headers['x-amz-security-token'] === credentials.sessionToken;
  const sentHost = host?.replace(/\d+$/, 'PORT');
  return {
    method,
    path,
    type,
    target,
    length,
    attempt,
    hasToken,
    host: sentHost,
    body: JSON.parse(body) as unknown,
  };
}

beforeEach(() => {
  // The shortest pauses that jitter can give.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const answers: Readonly<Record<string, unknown>> = {
  SendMessageBatch: {
    Successful: [sent],
    Failed: [{ Id: '1', Code: 'InternalError', Message: 'busy', SenderFault: false }],
  },
  GetQueueAttributes: { Attributes: { ApproximateNumberOfMessages: '7' } },
  GetItem: { Item: item },
  PutItem: {},
  GetSecretValue: { ARN: 'arn', Name: 'cms', SecretString: 'text', VersionStages: ['AWSCURRENT'] },
};

describe.each(Object.entries(calls))('%s', (name, { real, own }) => {
  it('sends what the SDK sends, and returns what it returns', async () => {
    const script = [{ body: answers[name] }];
    const [theirs, ours] = [await call(real, script), await call(own, script)];
    expect(ours.output).toEqual(theirs.output);
    expect(ours.requests.map(meaning)).toEqual(theirs.requests.map(meaning));
  });

  const throttled = { status: 400, body: { __type: 'com.amazonaws#ThrottlingException', message: 'slow' } };
  const refused = { status: 400, body: { __type: 'com.amazonaws#AccessDeniedException', Message: 'no' } };
  const broken = { status: 500, body: { __type: 'InternalServerError', message: 'sorry' } };
  const page = { status: 503, body: '<html>unavailable</html>' };
  const unnamed = { status: 403, headers: { 'x-amzn-errortype': 'Forbidden:http://amazon.com/' }, body: {} };
  const good = { body: answers[name] };
  it.each<[string, readonly ScriptedAnswer[]]>([
    ['is refused', [refused]],
    ['is refused in a header', [unnamed]],
    ['is throttled for ever', [throttled]],
    ['is throttled once', [throttled, good]],
    ['fails for ever', [broken]],
    ['fails twice', [broken, broken, good]],
    ['meets a page', [page, good]],
    ['is sent too many times', [{ status: 429, body: {} }, good]],
    ['loses its connection', ['reset', good]],
    ['loses its connection in the middle of an answer', [{ body: answers[name], isCut: true }, good]],
    ['is answered nothing', [{ body: '' }]],
  ])(
    'ends as with the SDK where it %s',
    async (_, script) => {
      const [theirs, ours] = await Promise.all([call(real, script), call(own, script)]);
      expect(ours.requests.map(meaning)).toEqual(theirs.requests.map(meaning));
      expect({ output: ours.output, error: ours.error }).toEqual({
        output: theirs.output,
        error: theirs.error,
      });
    },
    20_000,
  );

  it('is not tried again where most calls fail, as with the SDK', async () => {
    const [theirs, ours] = await Promise.all([call(real, [broken], 40), call(own, [broken], 40)]);
    expect(ours.requests.length).toBe(theirs.requests.length);
    expect(ours.requests.length).toBeLessThan(100);
  }, 20_000);

  it('is tried again with the service’s time where the clock is wrong, as with the SDK', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const late = {
      status: 403,
      headers: { date },
      body: { __type: 'SignatureDoesNotMatch', message: 'late' },
    };
    const [theirs, ours] = await Promise.all([
      call(real, [late, { ...good, headers: { date } }]),
      call(own, [late, { ...good, headers: { date } }]),
    ]);
    expect(ours.output).toEqual(theirs.output);
    expect(ours.requests.length).toBe(2);
    const hours = ({ requests }: Outcome) => String(requests[1]?.headers['x-amz-date']).slice(0, 11);
    expect(hours(ours)).toBe(hours(theirs));
  });
});

it('what SQS got wrong is an error, as with the SDK', async () => {
  const script = [{ body: { Successful: [{ ...sent, MD5OfMessageBody: 'other' }] } }];
  const { real, own } = calls.SendMessageBatch ?? {};
  if (real === undefined || own === undefined) throw new Error('no such call');
  const [theirs, ours] = [await call(real, script), await call(own, script)];
  expect(theirs.error?.message).toContain('Invalid MD5');
  expect(ours.error?.name).toBe('ChecksumError');
  expect(ours.requests.length).toBe(theirs.requests.length);
});

it('a condition that does not hold is an error of its own class, after one request', async () => {
  const name = 'ConditionalCheckFailedException';
  const type = `com.amazonaws.dynamodb.v20120810#${name}`;
  const service = await startScriptedService([{ status: 400, body: { __type: type, message: 'no' } }]);
  const sending = tables.own(service.url).send(new ownDynamoDb.PutItemCommand(put));
  await expect(sending).rejects.toThrow(ownDynamoDb.ConditionalCheckFailedException);
  await expect(sending).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400, attempts: 1 } });
  expect(service.requests.length).toBe(1);
  await service.stop();
});

it('connections stay open from call to call', async () => {
  const service = await startScriptedService([{}]);
  const client = tables.own(service.url);
  for (let calls = 0; calls < 5; calls++) await client.send(new ownDynamoDb.GetItemCommand(key));
  expect(service.connections()).toBe(1);
  await service.stop();
});
