import { writeFileSync } from 'node:fs';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signContentful } from '../../infra/cli/webhooks/signing.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { assemblyOf } from '../helpers/assembly.ts';
import { type OtherApi, startOtherApi } from '../helpers/other-api.ts';
import {
  eventually,
  receivedFrom,
  type Started,
  scratchFolder,
  sqsOf,
  start,
  untilReady,
} from '../helpers/start.ts';

const config = {
  credentials: 'my/cdn-pro',
  target: 'production',
  buckets: [{ name: 'my-bucket', prefix: 'public/' }],
  webhooks: [{ source: 'contentful', secret: 'my/contentful' }],
  rules: [
    {
      match: { source: 's3', key: 'public/{+path}' },
      purge: { fileUrls: ['https://cdn.example.org/{+path}'] },
    },
    {
      match: { source: 's3', key: 'public/bad/{+path}' },
      purge: { fileUrls: ['https://undeployed.example/{+path}'] },
    },
    {
      match: { source: 'contentful', type: 'blogPost' },
      purge: { fileUrls: ['https://cdn.example.org/blog/{slug}'] },
    },
  ],
};
const scratch = scratchFolder();
let api: OtherApi;
let started: Started;
let ready: Ready;

beforeAll(async () => {
  api = await startOtherApi();
  // As someone writes it who has no access to our types.
  writeFileSync(scratch.path('my-config.ts'), `export default ${JSON.stringify(config)};`);
  started = start(
    '--config',
    scratch.path('my-config.ts'),
    '--assembly',
    assemblyOf(config),
    '--cdn-pro',
    api.url,
    '--ready',
    scratch.path('ready.json'),
  );
  ready = await untilReady(started, scratch.path('ready.json'));
});

afterAll(async () => {
  started?.child.kill('SIGKILL');
  api?.server.close();
  scratch.remove();
});

function purged(): Set<string> {
  return new Set(api.bodies.flatMap(({ fileUrls = [] }) => fileUrls));
}

test('it is said where the API is, and with which credentials it is called', () => {
  expect(started.output()).toContain(`${api.url} (user "local", API key "local")`);
});

test('the ready file names every endpoint', () => {
  expect(ready).toEqual({
    s3: { endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), bucket: 'my-bucket' },
    webhooks: { contentful: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/webhooks\/contentful$/) },
    webhookSecrets: { contentful: expect.stringMatching(/^.{64}$/) },
    cdnPro: api.url,
    edge: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    sqs: {
      endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      bufferQueueUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\d+\//),
      deadLetterQueueUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\d+\//),
    },
    dynamodb: {
      endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      table: expect.stringMatching(/./),
      parkedTable: expect.stringMatching(/./),
      journalTable: expect.stringMatching(/./),
    },
    // What `cdn-purger --ready` works with, which its own tests look at.
    operation: expect.anything(),
  });
});

// Each second in which changes still come in lets one more request go, and on a busy machine the uploads alone take half
// a minute. `test/property/burst.test.ts` has the bound without it.
test('1,000 objects uploaded in one go are all purged, in at most 30 requests, or one a second', async () => {
  const startedMs = performance.now();
  const s3 = new S3Client({
    endpoint: ready.s3.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const names = Array.from({ length: 1000 }, (_, index) => `page ${index}/ü+${index}.html`);
  const uploads = names.map((name) =>
    s3.send(new PutObjectCommand({ Bucket: 'my-bucket', Key: `public/${name}`, Body: 'x' })),
  );
  await Promise.all(uploads);
  // S3 reads a plus as a space, so links may say %2B for a plus and + for a space: each spelling is purged.
  const wanted = names
    .map((name) => `https://cdn.example.org/${encodeURI(name)}`)
    .flatMap((url) => [url, url.replace('+', '%2B'), url.replace('+', '%2B').replace('%20', '+')]);
  await eventually(() => purged().size >= wanted.length, 60_000);
  expect(purged()).toEqual(new Set(wanted));
  const seconds = (performance.now() - startedMs) / 1000;
  expect(api.bodies.length).toBeLessThanOrEqual(Math.max(30, 8 + seconds));
  s3.destroy();
}, 120_000);

const post = {
  sys: { type: 'Entry', id: 'e1', contentType: { sys: { id: 'blogPost' } } },
  fields: { slug: { en: 'hello' } },
};

function publish(body: string, signedBody = body): Promise<Response> {
  const url = ready.webhooks.contentful ?? '';
  const headers = signContentful({
    body: signedBody,
    nowMs: Date.now(),
    path: new URL(url).pathname,
    secret: ready.webhookSecrets.contentful ?? '',
  });
  return fetch(url, { method: 'POST', headers, body });
}

test('a tampered Contentful webhook leads to 401 and to no request; a genuine one to 202 and a purge', async () => {
  const genuine = JSON.stringify(post);
  const tampered = await publish(genuine.replace('hello', 'jello'), genuine);
  expect(tampered.status).toBe(401);
  const accepted = await publish(genuine);
  expect(accepted.status).toBe(202);
  expect(await accepted.json()).toEqual({
    queued: [
      { kind: 'file', url: 'https://cdn.example.org/blog/hello', target: 'production', action: 'invalidate' },
    ],
  });
  expect(await eventually(() => purged().has('https://cdn.example.org/blog/hello'))).toBe(true);
  const ofBlog = api.bodies.flatMap(({ fileUrls = [] }) => fileUrls).filter((url) => url.includes('/blog/'));
  expect(ofBlog).toEqual(['https://cdn.example.org/blog/hello']);
});

test('an unknown webhook is answered 404, a body that is too large 413', async () => {
  const base = (ready.webhooks.contentful ?? '').replace(/contentful$/, '');
  expect((await fetch(`${base}nobody`, { method: 'POST', body: '{}' })).status).toBe(404);
  const headers = { 'content-type': 'application/json' };
  const tooLarge = await fetch(`${base}contentful`, {
    method: 'POST',
    headers,
    body: 'x'.repeat(5 * 1024 * 1024),
  });
  expect(tooLarge.status).toBe(413);
  expect(await tooLarge.json()).toEqual({ error: 'Expected a body of at most 4194304 bytes, got 5242880.' });
});

test('a host that CDN Pro does not know ends in the dead letter queue with its reason, and hurts no other', async () => {
  await fetch(`${ready.s3.endpoint}/my-bucket/public/bad/x.html`, { method: 'PUT', body: 'x' });
  expect(await eventually(() => purged().has('https://cdn.example.org/bad/x.html'))).toBe(true);
  const sqs = sqsOf(ready);
  const [message] = await receivedFrom(sqs, ready.sqs.deadLetterQueueUrl);
  const reason = "The host 'undeployed.example' has not been deployed in the 'production' environment.";
  expect(message?.MessageAttributes?.reason?.StringValue).toBe(reason);
  expect(JSON.parse(message?.Body ?? '')).toMatchObject({
    v: 1,
    change: { source: 's3', id: 's3://my-bucket/public/bad/x.html' },
    entries: [{ url: 'https://undeployed.example/x.html' }],
    rejected: { reason, status: 400, requestId: expect.stringMatching(/^r\d+$/) },
  });
  sqs.destroy();
});

test('a purge message that someone writes by hand is submitted', async () => {
  const sqs = sqsOf(ready);
  const entry = { kind: 'dir', url: 'https://cdn.example.org/hand/*', target: 'production' };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: ready.sqs.bufferQueueUrl,
      MessageBody: JSON.stringify({ v: 1, entries: [entry] }),
    }),
  );
  const isSubmitted = () => api.bodies.some(({ dirUrls = [] }) => dirUrls.includes(entry.url));
  expect(await eventually(isSubmitted)).toBe(true);
  sqs.destroy();
});

test('an S3 event that comes back from the dead letter queue is purged', async () => {
  const sqs = sqsOf(ready);
  const event = {
    'detail-type': 'Object Created',
    source: 'aws.s3',
    time: '2026-01-01T00:00:00Z',
    detail: { bucket: { name: 'my-bucket' }, object: { key: 'public/redriven.html' } },
  };
  const record = { version: '1.0', requestContext: { condition: 'RetriesExhausted' }, requestPayload: event };
  await sqs.send(
    new SendMessageCommand({ QueueUrl: ready.sqs.bufferQueueUrl, MessageBody: JSON.stringify(record) }),
  );
  expect(await eventually(() => purged().has('https://cdn.example.org/redriven.html'))).toBe(true);
  sqs.destroy();
});

test('Ctrl-C ends it and everything it started', async () => {
  started.child.kill('SIGINT');
  expect(await started.ended).toBe(0);
  for (const url of [
    ready.s3.endpoint,
    ready.edge,
    ready.webhooks.contentful ?? '',
    ready.dynamodb.endpoint,
  ]) {
    await expect(fetch(url)).rejects.toThrow();
  }
});
