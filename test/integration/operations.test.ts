import { readFileSync } from 'node:fs';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { type OtherCdnPro, startOtherCdnPro } from '../helpers/other-cdn-pro.ts';
import { eventually, type StartedStack, sqsOf, startStack } from '../helpers/start.ts';

const config: PurgerConfig = {
  credentials: 'my/cdn-pro',
  target: 'production',
  batchingWindowSeconds: 1,
  buckets: [{ name: 'my-bucket' }],
  rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://h.example/{+key}'] } }],
};

interface Stack extends StartedStack {
  readonly sqs: SQSClient;
}

let isDeployed: boolean;
let cdnPro: OtherCdnPro;
let stacks: Stack[];

beforeEach(async () => {
  stacks = [];
  isDeployed = true;
  cdnPro = await startOtherCdnPro(() => (isDeployed ? 201 : 400));
});

afterEach(async () => {
  for (const { stop, sqs } of stacks) {
    await stop();
    sqs.destroy();
  }
  cdnPro.stop();
});

async function startedWith(overrides: Partial<PurgerConfig> = {}): Promise<Stack> {
  const started = await startStack({ ...config, ...overrides }, '--cdn-pro', cdnPro.url);
  const stack = { ...started, sqs: sqsOf(started.ready) };
  stacks.push(stack);
  return stack;
}

/** What `start-message-move-task` does, and a resumed event source: every message goes into the buffer. */
async function move(from: Stack, queueUrl: string, to: Stack): Promise<number> {
  let moved = 0;
  for (;;) {
    const { Messages = [] } = await from.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return moved;
    for (const { Body, ReceiptHandle } of Messages) {
      await to.sqs.send(new SendMessageCommand({ QueueUrl: to.ready.sqs.bufferQueueUrl, MessageBody: Body }));
      await from.sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
      moved++;
    }
  }
}

async function countOf({ sqs }: Stack, queueUrl: string): Promise<number> {
  const AttributeNames = ['ApproximateNumberOfMessages' as const];
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

const put = ({ ready }: Stack, key: string) =>
  fetch(`${ready.s3.endpoint}/my-bucket/${key}`, { method: 'PUT', body: 'x' });

test('while submission is paused changes wait, and when it is resumed all of them are purged', async () => {
  const paused = await startedWith({ paused: true });
  const { bufferQueueUrl } = paused.ready.sqs;
  const keys = Array.from({ length: 20 }, (_, index) => `page-${index}`);
  await Promise.all(keys.map((key) => put(paused, key)));
  expect(await eventually(async () => (await countOf(paused, bufferQueueUrl)) === keys.length)).toBe(true);
  // Another stack purges what came later, so that a source that ran would have submitted by now.
  const resumed = await startedWith();
  await put(resumed, 'later');
  expect(await eventually(() => cdnPro.accepted.size > 0)).toBe(true);
  expect(cdnPro.accepted).toEqual(new Set(['https://h.example/later']));
  expect(await countOf(paused, bufferQueueUrl)).toBe(keys.length);
  expect(await move(paused, bufferQueueUrl, resumed)).toBe(keys.length);
  const wanted = ['later', ...keys].map((key) => `https://h.example/${key}`);
  expect(await eventually(() => cdnPro.accepted.size >= wanted.length)).toBe(true);
  expect(cdnPro.accepted).toEqual(new Set(wanted));
});

test('what CDN Pro rejected is purged when it comes back from the dead letter queue and the cause is fixed', async () => {
  isDeployed = false;
  const stack = await startedWith();
  const { deadLetterQueueUrl } = stack.ready.sqs;
  await put(stack, 'a');
  expect(await eventually(async () => (await countOf(stack, deadLetterQueueUrl)) === 1)).toBe(true);
  isDeployed = true;
  expect(await move(stack, deadLetterQueueUrl, stack)).toBe(1);
  expect(await eventually(() => cdnPro.accepted.has('https://h.example/a'))).toBe(true);
  expect(await countOf(stack, deadLetterQueueUrl)).toBe(0);
});

test('the message of the runbook purges a directory by hand', async () => {
  const message = /'(\{"v":1.*\})'/.exec(readFileSync('docs/operations.md', 'utf8'))?.[1];
  const stack = await startedWith();
  await stack.sqs.send(
    new SendMessageCommand({ QueueUrl: stack.ready.sqs.bufferQueueUrl, MessageBody: message }),
  );
  expect(await eventually(() => cdnPro.accepted.has('https://www.example.com/blog/*'))).toBe(true);
});
