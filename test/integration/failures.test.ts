import {
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enqueueEvents } from '../../functions/lambda/log-events.ts';
import defaultConfig from '../../infra/config.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { eventually, type StartedStack, sqsOf, startStack } from '../helpers/start.ts';

let started: StartedStack;
let ready: Ready;
let sqs: SQSClient;

beforeAll(async () => {
  started = await startStack(defaultConfig);
  ready = started.ready;
  sqs = sqsOf(ready);
  expect(await eventually(() => started.output().includes('4 of 4 changes'))).toBe(true);
});

afterAll(async () => {
  await started.stop();
  sqs.destroy();
});

test('the edge serves what the bucket holds, and a change of it at once', async () => {
  const put = (text: string) =>
    fetch(`${ready.s3.endpoint}/${ready.s3.bucket}/site/live.txt`, { method: 'PUT', body: text });
  const page = async () => {
    const response = await fetch(`${ready.edge}/live.txt`);
    return [response.headers.get('x-cache-status'), await response.text()];
  };
  await put('one');
  expect(
    await eventually(() => started.output().includes('queued   put s3://www-example-com/site/live.txt')),
  ).toBe(true);
  expect(await eventually(async () => (await page())[1] === 'one')).toBe(true);
  expect(await eventually(async () => (await page())[0] === 'HIT')).toBe(true);
  await put('two');
  expect(await eventually(async () => (await page())[1] === 'two')).toBe(true);
});

test('a duplicate upload at the same time costs one URL, not two requests', async () => {
  const before = started.output().match(/accepted purge/g)?.length ?? 0;
  const puts = Array.from({ length: 20 }, () =>
    fetch(`${ready.s3.endpoint}/${ready.s3.bucket}/site/twenty-times.txt`, { method: 'PUT', body: 'x' }),
  );
  await Promise.all(puts);
  expect(await eventually(() => (started.output().match(/accepted purge/g)?.length ?? 0) > before)).toBe(
    true,
  );
  const purges =
    started
      .output()
      .match(/accepted purge .*/g)
      ?.slice(before) ?? [];
  expect(purges[0]).toContain('invalidate 1 file URL in production');
});

test('an S3 event whose change cannot be queued stays in its own queue, to come again', async () => {
  await sqs.send(new DeleteQueueCommand({ QueueUrl: ready.sqs.bufferQueueUrl }));
  await fetch(`${ready.s3.endpoint}/${ready.s3.bucket}/site/later.html`, { method: 'PUT', body: 'x' });
  expect(await eventually(() => started.output().includes(enqueueEvents.changeNotQueued), 50_000)).toBe(true);
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const QueueUrl = QueueUrls.find((url) => url.includes('Inbox'));
  const inbox = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
  const heldBack = async () => {
    const { Attributes } = await sqs.send(inbox);
    return Attributes?.ApproximateNumberOfMessagesNotVisible;
  };
  // It is hidden until its visibility timeout; what was processed has been deleted.
  expect(await eventually(async () => (await heldBack()) === '1')).toBe(true);
});
