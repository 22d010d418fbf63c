import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { motoAccountId } from './moto.ts';
import { createWorld, type World } from './world.ts';

const arn = (service: string, resource: string) =>
  `arn:aws:${service}:us-east-1:${motoAccountId}:${resource}`;
const keyArn = arn('kms', 'key/11111111-2222-3333-4444-555555555555');
/** Every resource that an option adds, but the bus for another account's events: no rule can be on it in moto. */
const config: PurgerConfig = {
  credentials: 'cdn-pro/api',
  target: 'production',
  account: motoAccountId,
  region: 'us-east-1',
  encryptionKeyArn: keyArn,
  logRetentionDays: 90,
  buckets: [
    { name: 'www-example-com', prefix: 'site/' },
    { name: 'www-example-com', prefix: 'assets/', suffix: '.js', via: 'notification' },
    { name: 'made-by-the-stack', create: true, versioned: true },
  ],
  topics: [{ arn: arn('sns', 'events'), prefix: 'site/' }],
  webhooks: [{ source: 'ghost', secret: 'cdn-pro-purger/ghost' }],
  webhookApi: { accessLogs: true, throttle: { ratePerSecond: 5, burst: 10 } },
  alarms: { email: 'on-call@example.com' },
  ledgerSharedWith: ['333333333333'],
  rules: [
    { match: { source: 's3' }, purge: { fileUrls: ['https://www.example.com/{+key}'] } },
    { match: { source: 'ghost' }, purge: { fileUrls: ['https://www.example.com/{slug}'] } },
  ],
};
let world: World;

beforeAll(async () => {
  world = await createWorld(config);
});
afterAll(() => world?.stop());

test('CloudFormation creates the template with everything that can be asked for', () => {
  expect(world.stack.status).toBe('CREATE_COMPLETE');
  expect(world.stack.outputs).toMatchObject({
    S3QueueArn: expect.stringMatching(/^arn:aws:sqs:/),
  });
});

// Of a table's key moto's CloudFormation takes no notice.
test("the customer's key encrypts what waits, and what is remembered cannot be deleted by mistake", async () => {
  const { BufferQueueUrl, DeadLetterQueueUrl, S3QueueArn = '', LedgerTableName } = world.stack.outputs;
  for (const QueueUrl of [BufferQueueUrl, DeadLetterQueueUrl, await world.queueUrlOf(S3QueueArn)]) {
    const { Attributes } = await world.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['KmsMasterKeyId'] }),
    );
    expect(Attributes?.KmsMasterKeyId).toBe(keyArn);
  }
  const { Table } = await world.dynamodb.send(new DescribeTableCommand({ TableName: LedgerTableName }));
  expect(Table?.DeletionProtectionEnabled).toBe(true);
});

test('logs are kept for as long as was asked for', async () => {
  const { logGroups } = z
    .object({ logGroups: z.array(z.object({ retentionInDays: z.number().optional() })) })
    .parse(await world.stack.calls.json('logs', 'Logs_20140328.DescribeLogGroups', {}));
  expect(logGroups.length).toBeGreaterThanOrEqual(4);
  expect(new Set(logGroups.map(({ retentionInDays }) => retentionInDays))).toEqual(new Set([90]));
});
