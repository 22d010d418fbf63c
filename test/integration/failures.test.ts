import {
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { enqueueEvents } from '../../functions/lambda/log-events.ts';
import * as submitEvents from '../../functions/lambda/submit-events.ts';
import type { Status } from '../../infra/cli/queries/status.ts';
import defaultConfig from '../../infra/config.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { cliOf } from '../helpers/cli.ts';
import { type OtherCdnPro, startOtherCdnPro } from '../helpers/other-cdn-pro.ts';
import { eventually, type StartedStack, sqsOf, startStack } from '../helpers/start.ts';

let cdnPro: OtherCdnPro;
let started: StartedStack;
let ready: Ready;
let sqs: SQSClient;

beforeAll(async () => {
  // With another API no samples are run, which would not survive the loss of a queue.
  cdnPro = await startOtherCdnPro(() => 201);
  started = await startStack(defaultConfig, '--verbose', '--cdn-pro', cdnPro.url);
  ready = started.ready;
  sqs = sqsOf(ready);
});

afterAll(async () => {
  await started?.stop();
  cdnPro?.stop();
  sqs?.destroy();
});

test('the edge serves what the bucket holds, and a change of it at once', async () => {
  const put = (text: string) =>
    fetch(`${ready.s3.endpoint}/${ready.s3.bucket}/site/live.txt`, { method: 'PUT', body: text });
  const page = async () => {
    const response = await fetch(`${ready.edge}/live.txt`);
    return [response.headers.get('x-cache-status'), await response.text()];
  };
  await put('one');
  expect(await eventually(() => queued('s3://www-example-com/site/live.txt').length > 0)).toBe(true);
  expect(await eventually(async () => (await page())[1] === 'one')).toBe(true);
  expect(await eventually(async () => (await page())[0] === 'HIT')).toBe(true);
  await put('two');
  expect(await eventually(async () => (await page())[1] === 'two')).toBe(true);
});

test('a duplicate upload at the same time costs one URL, not two requests', async () => {
  const cli = cliOf(ready);
  const status = async () => JSON.parse((await cli(['status', '--json'])).stdout) as Status;
  onTestFinished(async () => void (await cli(['resume'])));
  // So that all of them are in the queue when the first one is submitted, however slow the machine is.
  await cli(['pause']);
  const puts = Array.from({ length: 20 }, () =>
    fetch(`${ready.s3.endpoint}/${ready.s3.bucket}/site/twenty-times.txt`, { method: 'PUT', body: 'x' }),
  );
  await Promise.all(puts);
  expect(await eventually(() => queued('/twenty-times.txt').length === puts.length)).toBe(true);
  await cli(['resume']);
  expect(await eventually(async () => purged().length > 0 && (await status()).waiting === 0)).toBe(true);
  // It is purged once more when that purge has completed.
  expect(purged()).toHaveLength(1);
});

/** The lines of changes of an object that are in the purge queue. */
function queued(object: string): readonly string[] {
  const lines = started.output().split('\n');
  return lines.filter((line) => line.includes(`"${enqueueEvents.changeQueued}"`) && line.includes(object));
}

/** How often the object's URL was purged. */
function purged(): readonly string[] {
  const lines = started.output().split('\n');
  return lines.flatMap((line) => {
    if (!line.includes(`"${submitEvents.purgeAccepted}"`)) return [];
    const { fileUrls = [] } = JSON.parse(line) as { readonly fileUrls?: readonly string[] };
    return fileUrls.filter((url) => url.endsWith('/twenty-times.txt'));
  });
}

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
