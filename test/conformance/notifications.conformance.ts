import {
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { eventually } from '../helpers/start.ts';
import { configureBuckets } from './bucket-configuration.ts';
import { createWorld, mappingOf, type World } from './world.ts';

const bucket = 'www-example-com';
const config: PurgerConfig = {
  credentials: 'cdn-pro/api',
  target: 'production',
  buckets: [{ name: bucket, prefix: 'site/', via: 'notification' }],
  rules: [
    {
      match: { source: 's3', key: 'site/{+path}' },
      purge: { fileUrls: ['https://www.example.com/{+path}'] },
    },
  ],
};
let world: World;

beforeAll(async () => {
  world = await createWorld(config);
  await letAnotherTeamListen();
  await configureBuckets(world);
  await world.poll(/ReceiveS3Function/, withZone);
  await world.poll(/SubmitFunction/);
});
afterAll(() => world?.stop());

/** moto leaves out the time zone of an event, which S3 gives as Z. */
function withZone(records: unknown): unknown {
  const text = JSON.stringify(records);
  return JSON.parse(text.replace(/(\\"eventTime\\": ?\\"[^"Z]+)\\"/g, '$1Z\\"'));
}

/** The bucket has a notification of its owner's before the stack comes. */
async function letAnotherTeamListen(): Promise<void> {
  const { QueueUrl = '' } = await world.sqs.send(new CreateQueueCommand({ QueueName: 'thumbnails' }));
  const { Attributes } = await world.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: world.stack.localUrl(QueueUrl),
      AttributeNames: ['QueueArn'],
    }),
  );
  const other = { Id: 'thumbnails', QueueArn: Attributes?.QueueArn, Events: ['s3:ObjectCreated:*' as const] };
  const Filter = { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'images/' }] } };
  await world.s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: bucket,
      NotificationConfiguration: { QueueConfigurations: [{ ...other, Filter }] },
    }),
  );
}

async function listeners() {
  const { QueueConfigurations = [] } = await world.s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket: bucket }),
  );
  return QueueConfigurations;
}

function isPurged(url: string): () => boolean {
  return () => world.cdnPro.purges.some(({ body }) => body.fileUrls?.includes(url));
}

async function isEmpty(queueArn: string): Promise<boolean> {
  const { Attributes = {} } = await world.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: await world.queueUrlOf(queueArn),
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).every((count) => count === '0');
}

test("the stack's notification is added to that of the bucket's owner", async () => {
  const { EventSourceArn } = await mappingOf(world.stack, /ReceiveS3Function/);
  const found = await listeners();
  expect(found.map(({ QueueArn }) => QueueArn)).toEqual([
    expect.stringMatching(/:thumbnails$/),
    EventSourceArn,
  ]);
  expect(world.stack.outputs.S3QueueArn).toBe(EventSourceArn);
});

test('an upload goes through the queue of the stack, is purged, and leaves no message', async () => {
  await world.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'site/a b/c+ü.txt', Body: 'a page' }));
  expect(await eventually(isPurged('https://www.example.com/a%20b/c+%C3%BC.txt'))).toBe(true);
  // The test event too, by which S3 tried out the queue.
  const { EventSourceArn } = await mappingOf(world.stack, /ReceiveS3Function/);
  expect(await eventually(() => isEmpty(EventSourceArn))).toBe(true);
});

test('a removal purges, too', async () => {
  const before = world.cdnPro.purges.length;
  await world.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'site/a b/c+ü.txt' }));
  const isRemoved = () => world.cdnPro.purges.slice(before).some(({ body }) => body.action === 'delete');
  expect(await eventually(isRemoved)).toBe(true);
});

test('when the stack goes, so does its notification, and the other one stays', async () => {
  await configureBuckets(world, 'Delete');
  expect((await listeners()).map(({ Id }) => Id)).toEqual(['thumbnails']);
});
