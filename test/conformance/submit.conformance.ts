import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultConfigFile, loadConfig } from '../../infra/stack/load-config.ts';
import { eventually } from '../helpers/start.ts';
import { createWorld, type World } from './world.ts';

let world: World;
const page = (name: string) => `https://www.example.com/${name}`;

beforeAll(async () => {
  world = await createWorld(await loadConfig(defaultConfigFile));
});
afterAll(() => world?.stop());

function messageFor(...urls: readonly string[]): string {
  const entries = urls.map((url) => ({ kind: 'file', url, target: 'production' }));
  return JSON.stringify({ v: 1, entries });
}

async function send(body: string): Promise<void> {
  await world.sqs.send(
    new SendMessageCommand({ QueueUrl: world.stack.outputs.BufferQueueUrl, MessageBody: body }),
  );
}

async function countIn(queueUrl: string | undefined): Promise<number> {
  const { Attributes = {} } = await world.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

const isEmpty = async () => (await countIn(world.stack.outputs.BufferQueueUrl)) === 0;
const purged = () => world.cdnPro.purges.flatMap(({ body }) => body.fileUrls ?? []);

/** The rate limit's window, as it is in the ledger. */
async function window() {
  const { Item } = await world.dynamodb.send(
    new GetItemCommand({
      TableName: world.stack.outputs.LedgerTableName,
      Key: { pk: { S: 'rate-window' } },
      ConsistentRead: true,
    }),
  );
  return { version: Number(Item?.version?.N ?? 0), slots: Item?.arrivedByMs?.L?.length ?? 0 };
}

function recordOf(body: string, id: string) {
  return { messageId: id, receiptHandle: id, body, attributes: {}, messageAttributes: {} };
}

test('consumers that run at the same time share one window: each request has its own slot', async () => {
  const batches = ['a', 'b', 'c', 'd'].map((name) => ({ Records: [recordOf(messageFor(page(name)), name)] }));
  const results = await Promise.all(batches.map((batch) => world.invoke(/SubmitFunction/, batch)));
  for (const result of results) {
    expect(result).toEqual({ outcome: 'returned', payload: { batchItemFailures: [] } });
  }
  const { version, slots } = await window();
  const requests = world.cdnPro.requests.length;
  expect(requests).toBeGreaterThan(0);
  // A write without its condition would have lost a slot; one that keeps it counts up once for each.
  expect(slots).toBe(requests);
  expect(version).toBeGreaterThanOrEqual(requests);
});

test('a URL that CDN Pro refuses goes to the dead letter queue with the reason; the rest is purged', async () => {
  await world.poll(/SubmitFunction/);
  await send(messageFor(page('good')));
  await send(messageFor('https://elsewhere.example.org/bad'));
  expect(await eventually(() => purged().includes(page('good')))).toBe(true);
  expect(await eventually(isEmpty)).toBe(true);
  const { Messages = [] } = await world.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: world.stack.outputs.DeadLetterQueueUrl,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
      VisibilityTimeout: 0,
    }),
  );
  expect(Messages).toHaveLength(1);
  expect(Messages[0]?.Body).toContain('https://elsewhere.example.org/bad');
  expect(Messages[0]?.MessageAttributes?.reason?.StringValue).toContain('elsewhere.example.org');
});

test('what was refused is tried again when it is moved back into the buffer', async () => {
  const { DeadLetterQueueUrl } = world.stack.outputs;
  const before = world.cdnPro.requests.length;
  // moto lacks StartMessageMoveTask: what the task does is done by hand.
  const { Messages = [] } = await world.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: DeadLetterQueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 60,
    }),
  );
  const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  await world.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: DeadLetterQueueUrl, Entries }));
  expect(await countIn(DeadLetterQueueUrl)).toBe(0);
  for (const { Body = '' } of Messages) await send(Body);
  expect(await eventually(() => world.cdnPro.requests.length > before)).toBe(true);
  expect(await eventually(async () => (await countIn(DeadLetterQueueUrl)) === 1)).toBe(true);
  expect(await eventually(isEmpty)).toBe(true);
});

test('SQS deletes by receipt handle, each for itself: a bogus one fails alone', async () => {
  const { DeadLetterQueueUrl } = world.stack.outputs;
  const { Messages: [message] = [] } = await world.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: DeadLetterQueueUrl, VisibilityTimeout: 60 }),
  );
  const { Successful = [], Failed = [] } = await world.sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: DeadLetterQueueUrl,
      Entries: [
        { Id: 'bogus', ReceiptHandle: 'bogus' },
        { Id: 'own', ReceiptHandle: message?.ReceiptHandle },
      ],
    }),
  );
  expect(Successful.map(({ Id }) => Id)).toEqual(['own']);
  expect(Failed.map(({ Id }) => Id)).toEqual(['bogus']);
});
