import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { testSecretOf, webhookSigners } from '../../infra/cli/webhooks/signers.ts';
import { defaultConfigFile, loadConfig } from '../../infra/stack/load-config.ts';
import { createWorld, type World } from './world.ts';

const webhook = 'standard-webhooks';
const answerSchema = z.object({ statusCode: z.number(), body: z.string() });
const queuedSchema = z.object({ queued: z.array(z.object({ url: z.string() })) });
let world: World;

beforeAll(async () => {
  world = await createWorld(await loadConfig(defaultConfigFile));
});
afterAll(() => world?.stop());

/** Delivers a webhook as an HTTP API would. */
async function deliver(
  data: object,
  secret = testSecretOf(webhook),
  timestamp = new Date().toISOString(),
): Promise<unknown> {
  const path = `/webhooks/${webhook}`;
  const sign = webhookSigners[webhook];
  if (sign === undefined) throw new Error(`Expected a signer of ${webhook}`);
  const unsigned = JSON.stringify({ type: 'page.published', timestamp, data });
  const { headers, body } = sign({
    body: unsigned,
    nowMs: Date.now(),
    path,
    secret,
    headers: { 'content-type': 'application/json' },
  });
  const result = await world.invoke(/ReceiveWebhookFunction/, {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers,
    requestContext: { http: { method: 'POST' } },
    body,
    isBase64Encoded: false,
  });
  return result.outcome === 'returned' ? result.payload : result;
}

/** The items that remember entries. */
async function remembered() {
  const TableName = world.stack.outputs.LedgerTableName;
  const { Items = [] } = await world.dynamodb.send(new ScanCommand({ TableName, ConsistentRead: true }));
  // Deliveries are remembered next to entries.
  return Items.filter(({ pk, memory }) => pk?.S?.startsWith('memory#') && memory !== undefined);
}

/** The URLs of everything that waits in the buffer; it waits there no longer. */
async function takeUrls(): Promise<readonly string[]> {
  const { Messages = [] } = await world.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: world.stack.outputs.BufferQueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 3600,
    }),
  );
  const bodies = Messages.map(({ Body = '' }) => JSON.parse(Body) as { entries: { url: string }[] });
  return bodies.flatMap(({ entries }) => entries.map(({ url }) => url)).toSorted();
}

test('what a webhook makes stale waits in the buffer, and the ledger remembers it until its time to live', async () => {
  expect(await deliver({ id: 'p1', type: 'page', slug: 'first' })).toMatchObject({ statusCode: 202 });
  expect(await takeUrls()).toEqual(['https://www.example.com/news/', 'https://www.example.com/news/first']);
  const [item] = await remembered();
  expect(item?.memory?.S).toContain('/news/first');

  // moto's CloudFormation leaves out the time to live: here is what the template says of it.
  const table = world.assembly.template.Resources[world.stack.find('AWS::DynamoDB::Table', /Ledger/)];
  const { TimeToLiveSpecification: timeToLive } = z
    .object({ TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }) })
    .parse(table?.Properties);
  expect(timeToLive.Enabled).toBe(true);
  const expiresAtMs = Number(item?.[timeToLive.AttributeName]?.N) * 1000;
  const days = (expiresAtMs - Date.now()) / (24 * 60 * 60 * 1000);
  expect(days).toBeGreaterThan(364);
  expect(days).toBeLessThan(366);
});

test('a renamed entry is purged under its old URL, too', async () => {
  await deliver({ id: 'p2', type: 'page', slug: 'old' });
  await takeUrls();
  await deliver({ id: 'p2', type: 'page', slug: 'new' });
  expect(await takeUrls()).toEqual([
    'https://www.example.com/news/',
    'https://www.example.com/news/new',
    'https://www.example.com/news/old',
  ]);
});

test('two deliveries of one entry at the same time: neither overwrites what the other remembers', async () => {
  // Both environments are warm then, so that the deliveries meet.
  await Promise.all(['w1', 'w2'].map((id) => deliver({ id, type: 'page', slug: id })));
  for (let round = 0; round < 8; round++) {
    const id = `raced-${round}`;
    const slugs = [`${id}-one`, `${id}-two`];
    // Of one time, so that the second is never an older one that came late.
    const timestamp = new Date().toISOString();
    const answers = await Promise.all(
      slugs.map((slug) => deliver({ id, type: 'page', slug }, testSecretOf(webhook), timestamp)),
    );
    const queued = answers.map((answer) => {
      const { statusCode, body } = answerSchema.parse(answer);
      expect(statusCode).toBe(202);
      return queuedSchema.parse(JSON.parse(body)).queued.map(({ url }) => url);
    });
    // Whichever is written last has read what the other one wrote, and purges that as well.
    const both = slugs.map((slug) => `https://www.example.com/news/${slug}`);
    expect(queued.some((urls) => both.every((url) => urls.includes(url)))).toBe(true);
  }
  while ((await takeUrls()).length > 0);
});

test('a webhook that is signed with another secret than the one in Secrets Manager leaves no trace', async () => {
  const other = `whsec_${Buffer.from('another secret of 24 bytes').toString('base64')}`;
  expect(await deliver({ id: 'p4', type: 'page', slug: 'forged' }, other)).toMatchObject({ statusCode: 401 });
  expect(await takeUrls()).toEqual([]);
  expect((await remembered()).some(({ memory }) => memory?.S?.includes('forged'))).toBe(false);
});
