import { SendMessageCommand } from '@aws-sdk/client-sqs';
import pMap from 'p-map';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ready } from '../../local/demo/ready.ts';
import { cliOf } from '../helpers/cli.ts';
import { type OtherApi, startOtherApi } from '../helpers/other-api.ts';
import { eventually, receivedFrom, runOnce, type StartedStack, sqsOf, startStack } from '../helpers/start.ts';

const arnOf = (service: string, name: string) => `arn:aws:${service}:us-east-1:111122223333:${name}`;
const account = '111122223333';

/** A bucket for each form in which S3's events can come. */
const config = {
  credentials: 'cdn-pro/api',
  target: 'production',
  batchingWindowSeconds: 1,
  buckets: [
    { name: 'by-eventbridge', prefix: 'site/', suffix: '.html' },
    { name: 'by-notification', prefix: 'my site/', via: 'notification' },
    { name: 'created', create: true },
    { name: 'created-notifying', create: true, via: 'notification' },
    { name: 'theirs', account },
    { name: 'theirs-notifying', account, via: 'notification' },
    { name: 'skipping', skipUnchanged: true },
  ],
  topics: [{ arn: arnOf('sns', 'events'), bucket: 'by-topic', prefix: 'site/' }],
  queues: [{ arn: arnOf('sqs', 'events'), bucket: 'by-queue', suffix: '.html' }],
  rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://{bucket}.example/{+key}'] } }],
};

/** For each form a bucket, a key that is watched, and one that is not. */
const forms: readonly (readonly [bucket: string, key: string, unwatched: string | undefined])[] = [
  ['by-eventbridge', 'site/a.html', 'site/a.css'],
  ['by-notification', 'my site/ü+.html', 'site/a.html'],
  ['created', 'a.html', undefined],
  ['created-notifying', 'a.html', undefined],
  ['theirs', 'a.html', undefined],
  ['theirs-notifying', 'a.html', undefined],
  ['by-topic', 'site/a.html', 'other/a.html'],
  ['by-queue', 'a.html', 'a.css'],
];

let api: OtherApi;
let started: StartedStack;
let ready: Ready;

beforeAll(async () => {
  api = await startOtherApi();
  started = await startStack(config, '--cdn-pro', api.url);
  ready = started.ready;
  for (const [bucket, , unwatched] of forms) if (unwatched !== undefined) await upload(bucket, unwatched);
  await Promise.all(forms.map(([bucket, key]) => upload(bucket, key)));
});

afterAll(async () => {
  await started?.stop();
  api?.server.close();
});

const purged = () => new Set(api.bodies.flatMap(({ fileUrls = [] }) => fileUrls));
const upload = async (bucket: string, key: string, body = 'x') => {
  const url = `${ready.s3.endpoint}/${bucket}/${encodeURI(key)}`;
  expect((await fetch(url, { method: 'PUT', body })).status).toBe(200);
};

test.each(forms)(
  'an upload to the bucket "%s" is purged, and what is not watched is not',
  async (bucket, key) => {
    const url = `https://${bucket}.example/${encodeURI(key)}`;
    expect(await eventually(() => purged().has(url))).toBe(true);
    const forS3 = url.replace('+', '%2B');
    const urls = [...new Set([url, forS3, forS3.replaceAll('%20', '+')])];
    expect([...purged()].filter((other) => other.includes(`//${bucket}.`))).toEqual(urls);
  },
);

test('an upload of what was purged last is left out, and one of something else is not', async () => {
  const times = (key: string) => {
    const url = `https://skipping.example/${key}`;
    return api.bodies.flatMap(({ fileUrls = [] }) => fileUrls.filter((each) => each === url)).length;
  };
  await upload('skipping', 'a.html');
  expect(await eventually(() => times('a.html') === 1)).toBe(true);
  await upload('skipping', 'a.html');
  await upload('skipping', 'b.html');
  expect(await eventually(() => times('b.html') === 1)).toBe(true);
  expect(times('a.html')).toBe(1);
  await upload('skipping', 'a.html', 'y');
  expect(await eventually(() => times('a.html') === 2)).toBe(true);
});

test('2,000 uploads that a queue carries are purged in few requests, next to a message that is none', async () => {
  const sqs = sqsOf(ready);
  const QueueUrl = ready.sqs.deadLetterQueueUrl.replace(/[^/]+$/, 'events');
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'not an event' }));
  const before = api.bodies.length;
  const startedMs = performance.now();
  const keys = Array.from({ length: 2000 }, (_, index) => `bulk/${index}.html`);
  await pMap(keys, (key) => upload('by-queue', key), { concurrency: 200 });
  const bulk = () => [...purged()].filter((url) => url.includes('/bulk/')).length;
  expect(await eventually(() => bulk() >= keys.length, 80_000)).toBe(true);
  // See `other-api.test.ts`: each second in which changes still come in lets one more request go.
  const seconds = (performance.now() - startedMs) / 1000;
  expect(api.bodies.length - before).toBeLessThanOrEqual(Math.max(30, 8 + seconds));
  const letters = await receivedFrom(sqs, ready.sqs.deadLetterQueueUrl);
  const eventSourceARN = arnOf('sqs', 'events');
  const kept = { Records: [{ eventSource: 'aws:sqs', eventSourceARN, body: 'not an event' }] };
  // SQS hands it out again where the batch that it is in takes longer than the 30 seconds for which it is hidden.
  expect(
    new Set(
      letters.map(({ Body, MessageAttributes }) => `${Body} ${MessageAttributes?.reason?.StringValue}`),
    ),
  ).toEqual(
    new Set([`${JSON.stringify(kept)} Expected \`body\` to be JSON, got 12 characters that are not`]),
  );
  sqs.destroy();
}, 120_000);

test('what waits in a watched queue is counted', async () => {
  const sqs = sqsOf(ready);
  const QueueUrl = ready.sqs.deadLetterQueueUrl.replace(/[^/]+$/, 'events');
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'not an event', DelaySeconds: 60 }));
  sqs.destroy();
  const { stdout, stderr } = await cliOf(ready)(['waiting', '--json']);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({ inbox: { delayed: 1 } });
});

test('the samples run through a topic where it is the source', async () => {
  const rules = [
    {
      match: { source: 's3', key: 'site/{+path}' },
      purge: { fileUrls: ['https://www.example.com/{+path}'] },
    },
  ];
  const topics = [{ arn: arnOf('sns', 'events') }];
  const { output } = await runOnce({ ...config, buckets: [], queues: [], topics, rules });
  expect(output).toContain('S3 put s3://www-example-com/site/guides/getting started.html');
  expect(output.match(/ {2}fresh /g)).toHaveLength(2);
}, 120_000);
