import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

/** S3's `?notification` of one bucket, and the place where CloudFormation waits for answers. */
let configuration =
  '<TopicConfiguration><Id>t</Id><Topic>arn:aws:sns:us-east-1:1:t</Topic><Event>s3:ObjectRestore:*</Event></TopicConfiguration>';
const answers: { readonly contentType: string | undefined; readonly body: Record<string, string> }[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    if (request.url === '/answer') {
      answers.push({ contentType: request.headers['content-type'], body: JSON.parse(body) });
    } else if (!request.url?.startsWith('/www')) {
      response.writeHead(404).end('<Error><Code>NoSuchBucket</Code><Message>none</Message></Error>');
      return;
    } else if (request.method === 'PUT') {
      configuration =
        /<NotificationConfiguration[^>]*>(.*)<\/NotificationConfiguration>/s.exec(body)?.[1] ?? '';
    } else {
      response.write(`<NotificationConfiguration>${configuration}</NotificationConfiguration>`);
    }
    response.end();
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('AWS_ENDPOINT_URL_S3', url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
});

async function request(RequestType: 'Create' | 'Delete', BucketName: string) {
  const { handler } = await import('../../functions/configure-bucket/handler.ts');
  const Configuration = JSON.stringify({
    eventBridge: true,
    idPrefix: 'Mine-',
    queues: [{ queueArn: 'arn:aws:sqs:us-east-1:1:q', events: ['s3:ObjectCreated:*'], suffix: '.html' }],
  });
  const event = {
    RequestType,
    ResponseURL: `${url}/answer`,
    StackId: 's',
    RequestId: 'r',
    LogicalResourceId: 'l',
    ResourceProperties: { BucketName, Configuration },
  };
  await handler(event as unknown as CloudFormationCustomResourceEvent, { logStreamName: 'log' } as Context);
  return answers.at(-1);
}

test("the function adds to a bucket's configuration by S3's own API, and takes its part away again", async () => {
  const created = await request('Create', 'www');
  expect(created?.body).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'www', RequestId: 'r' });
  expect(created?.contentType, 'CloudFormation signs its URL for none').toBeUndefined();
  for (const part of [
    'arn:aws:sns:us-east-1:1:t',
    '<Id>Mine-1</Id>',
    '<Value>.html</Value>',
    '<EventBridgeConfiguration',
  ])
    expect(configuration).toContain(part);
  await request('Delete', 'www');
  expect(configuration).not.toContain('Mine-1');
  expect(configuration).toContain('arn:aws:sns:us-east-1:1:t');
});

test('CloudFormation gets an answer whatever happens, with the reason', async () => {
  const { body } = (await request('Create', 'gone')) ?? {};
  expect(body?.Status).toBe('FAILED');
  expect(body?.Reason).toContain('NoSuchBucket');
});
