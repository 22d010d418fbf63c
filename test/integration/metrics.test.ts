import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteQueueCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createJournal } from '../../functions/aws/tables/journal-table.ts';
import { createParkedTable } from '../../functions/aws/tables/parked-table.ts';
import { enqueueEvents, s3Events } from '../../functions/lambda/log-events.ts';
import * as submitEvents from '../../functions/lambda/submit-events.ts';
import { signStandardWebhook } from '../../infra/cli/webhooks/signing.ts';
import { checkConfig, type PurgerConfig } from '../../infra/settings/purger-config.ts';
import { PurgerStack } from '../../infra/stack/purger-stack.ts';
import { localCredentials } from '../../local/aws/emulators/emulators.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { messageFor } from '../helpers/follow-world.ts';
import { type OtherCdnPro, startOtherCdnPro } from '../helpers/other-cdn-pro.ts';
import { metricsIn } from '../helpers/published-metrics.ts';
import { unbundledApp } from '../helpers/purger-stack.ts';
import { eventually, type StartedStack, sqsOf, startStack } from '../helpers/start.ts';
import { watchedMetrics } from '../helpers/watched-metrics.ts';

/** A short window, so that nothing has to wait for it for long. */
const config: PurgerConfig = {
  credentials: 'my/cdn-pro',
  target: 'production',
  rateLimit: { requests: 120, perSeconds: 60 },
  // A 429 empties the bucket: it is to be filled again in seconds, up to what the tick's questions leave in it for others.
  apiBucket: { perMinute: 600, burst: 240 },
  batchingWindowSeconds: 1,
  buckets: [{ name: 'my-bucket' }],
  queues: [{ arn: 'arn:aws:sqs:us-east-1:111122223333:events' }],
  webhooks: [{ source: 'standard-webhooks', secret: 'my/webhook' }],
  rules: [
    { match: { source: 's3', key: 'public/{+path}' }, purge: { fileUrls: ['https://h.example/{+path}'] } },
    {
      match: { source: 'standard-webhooks', type: 'post' },
      purge: { fileUrls: ['https://h.example/{id}', 'https://h.example/{slug}'] },
    },
  ],
};

/** What CDN Pro answers to the first requests; later ones are accepted, unless a URL or the scope in them is bad. */
const answers = [401, 503, 429];

function statusOf(body: string): number {
  const first = answers.shift();
  if (first !== undefined) return first;
  if (body.includes('"webhook"')) return 409;
  return body.includes('/bad') ? 400 : 201;
}

let cdnPro: OtherCdnPro;
let started: StartedStack;
let ready: Ready;
let sqs: SQSClient;

beforeAll(async () => {
  cdnPro = await startOtherCdnPro(statusOf);
  cdnPro.tokensLeft = { filePurgeTokens: 5000, dirPurgeTokens: 20 };
  started = await startStack(config, '--cdn-pro', cdnPro.url, '--verbose');
  ready = started.ready;
  sqs = sqsOf(ready);
});

afterAll(async () => {
  await started?.stop();
  cdnPro?.stop();
  sqs?.destroy();
});

const put = (key: string) => fetch(`${ready.s3.endpoint}/my-bucket/${key}`, { method: 'PUT', body: 'x' });

function deliver(body: string, signedBody = body): Promise<Response> {
  const headers = signStandardWebhook({ body: signedBody, nowMs: Date.now() });
  return fetch(ready.webhooks['standard-webhooks'] ?? '', { method: 'POST', headers, body });
}

const logged = (text: string, timeoutMs = 50_000) =>
  eventually(() => started.output().includes(text), timeoutMs);

/** What goes wrong or slowly in a purger's life, each once. */
async function liveThroughEverything(): Promise<void> {
  await deliver(JSON.stringify({ type: 'updated', data: { id: '1', type: 'page' } }));
  await deliver(JSON.stringify({ type: 'updated', data: { id: '2', type: 'post' } }));
  await deliver('no JSON');
  await deliver('{"forged":true}', '{}');
  await fetch(`${ready.webhooks['standard-webhooks']}-2`, { method: 'POST', body: '{}' });
  await put('private/x');
  // A key of 800 bytes, a URL of 2,400.
  await put(`public/${'%C3%BC'.repeat(400)}`);
  for (const key of ['public/1', 'public/2', 'public/bad']) {
    await put(key);
    expect(await logged(submitEvents.purgeAccepted)).toBe(true);
  }
  const send = (QueueUrl: string, MessageBody: string) =>
    sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  await send(ready.sqs.bufferQueueUrl, 'garbage');
  const entries = ['x', 'y', 'z'].map((page) => ({
    kind: 'file',
    url: `https://h.example/${page}`,
    target: 'production',
    webhook: 'deleted',
  }));
  const occurredAt = new Date().toISOString();
  const change = { source: 'standard-webhooks', action: 'put', id: 'x', occurredAt };
  await send(ready.sqs.bufferQueueUrl, JSON.stringify({ v: 1, change, entries }));
  expect(await logged(submitEvents.refusedAlike)).toBe(true);
  await send(ready.sqs.bufferQueueUrl.replace(/[^/]+$/, 'events'), 'not an event of S3');
  expect(await logged(s3Events.recordNotUnderstood)).toBe(true);
  expect(await logged(submitEvents.messagesRequeued)).toBe(true);
  expect(await logged(submitEvents.entryRejected)).toBe(true);
  expect(await logged('"MessagesUnreadable":')).toBe(true);
  await followUnfinished();
  // CDN Pro is asked again after 50 seconds, if it has been asked just before.
  for (const name of ['PurgesLate', 'PurgesFailed']) expect(await logged(`"${name}":`, 90_000)).toBe(true);
  await parkWithoutTokens();
  for (const name of ['DoneBySeconds', 'TokensMiscountedPercent']) {
    expect(await logged(`"${name}":`)).toBe(true);
  }
  // Last, since nothing can be queued from then on.
  await sqs.send(new DeleteQueueCommand({ QueueUrl: ready.sqs.bufferQueueUrl }));
  await put('public/lost');
  expect(await logged(enqueueEvents.changeNotQueued)).toBe(true);
}

/** Has purges followed that CDN Pro lists as under way: one for more than a day, one for some time. */
async function followUnfinished(): Promise<void> {
  const { endpoint, journalTable: tableName } = ready.dynamodb;
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: localCredentials });
  const journal = createJournal({ client, tableName, nowMs: Date.now });
  const idOf = (hours: number) => `under-way-for-${hours}-hours`;
  cdnPro.underway = [25, 1].map(idOf);
  for (const hours of [25, 1]) {
    await journal.record({
      purgeId: idOf(hours),
      target: 'production',
      lane: 'people',
      acceptedMs: Date.now() - hours * 3_600_000,
      urls: { files: 1, dirs: 0 },
      repair: 0,
      messages: [messageFor('https://h.example/under-way')],
    });
  }
  client.destroy();
}

/**
 * Has URLs wait for tokens that CDN Pro says are used up. Those of production may have been asked for by `submit`, and are
 * then not asked for again for five minutes; those of staging are asked for by the tick alone.
 */
async function parkWithoutTokens(): Promise<void> {
  cdnPro.tokensLeft = { filePurgeTokens: 0, dirPurgeTokens: 0 };
  const { endpoint, parkedTable: tableName } = ready.dynamodb;
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: localCredentials });
  const table = createParkedTable({ client, tableName, nowMs: Date.now, random: Math.random });
  const entry = { kind: 'file', target: 'staging', action: 'invalidate' } as const;
  const unparked = await table.park([
    { entry: { ...entry, url: 'https://h.example/people' }, lane: 'people', sinceMs: Date.now() },
    { entry: { ...entry, url: 'https://h.example/bulk' }, lane: 'bulk', sinceMs: Date.now() },
    // A whole host is never purged by prefix, so that something waits until CDN Pro could be asked.
    {
      entry: { ...entry, kind: 'dir', url: 'https://h.example/**' },
      lane: 'people',
      sender: 'webhook:cms',
      sinceMs: Date.now(),
      byPrefix: true,
    },
  ]);
  client.destroy();
  expect(unparked).toEqual([]);
}

test('every metric of ours that an alarm watches is published by the functions, in this name, unit and dimensions', async () => {
  await liveThroughEverything();
  const stack = new PurgerStack(unbundledApp(), 'CdnProPurger', {
    config: checkConfig(config),
  });
  const ours = watchedMetrics(Template.fromStack(stack)).filter(
    ({ namespace }) => namespace === 'CdnProPurger',
  );
  const published = () => metricsIn(started.output().split('\n'));
  const unseen = () => {
    const all = published();
    return ours.filter(
      ({ namespace, name, unit, dimensions }) =>
        // The API's access log, which no function writes: `alarms.test.ts` compares it with the alarm.
        name !== 'WebhooksThrottled' &&
        !all.some(
          (one) =>
            one.namespace === namespace &&
            one.name === name &&
            one.unit === unit &&
            JSON.stringify(one.dimensions) === JSON.stringify(dimensions),
        ),
    );
  };
  // A function publishes at its end, after what it has logged.
  await eventually(() => unseen().length === 0, 10_000);
  expect(unseen()).toEqual([]);
  expect(new Set(published().map(({ dimensions }) => dimensions.purger))).toEqual(
    new Set(['CdnProPurger-Purger']),
  );
  expect(new Set(ours.map(({ name }) => name)).size).toBeGreaterThanOrEqual(11);
}, 240_000);
