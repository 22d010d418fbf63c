import { PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { defaultConfigFile, loadConfig } from '../../infra/stack/load-config.ts';
import { eventually } from '../helpers/start.ts';
import { configureBuckets } from './bucket-configuration.ts';
import { createWorld, type World } from './world.ts';

let world: World;
/** Stands in for the receiver as the target of the bucket's rule: moto's EventBridge cannot invoke functions. */
let eventQueueUrl = '';

beforeAll(async () => {
  world = await createWorld(await loadConfig(defaultConfigFile));
  await configureBuckets(world);
  eventQueueUrl = await redirectRules();
  await world.poll(/SubmitFunction/);
});
afterAll(() => world?.stop());

async function redirectRules(): Promise<string> {
  const { calls } = world.stack;
  const { QueueUrl = '' } = await world.sqs.send(new CreateQueueCommand({ QueueName: 'events' }));
  const queueUrl = world.stack.localUrl(QueueUrl);
  const { Attributes } = await world.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  const { Rules } = z
    .object({ Rules: z.array(z.object({ Name: z.string(), EventPattern: z.string().optional() })) })
    .parse(await calls.json('events', 'AWSEvents.ListRules', {}));
  for (const { Name: Rule, EventPattern } of Rules) {
    const { Targets } = z
      .object({ Targets: z.array(z.object({ Id: z.string() })) })
      .parse(await calls.json('events', 'AWSEvents.ListTargetsByRule', { Rule }));
    await calls.json('events', 'AWSEvents.RemoveTargets', { Rule, Ids: Targets.map(({ Id }) => Id) });
    // The schedule of tick has no pattern, which moto takes for one that every event matches.
    if (EventPattern === undefined) continue;
    await calls.json('events', 'AWSEvents.PutTargets', {
      Rule,
      Targets: [{ Id: 'events', Arn: Attributes?.QueueArn }],
    });
  }
  return queueUrl;
}

async function upload(key: string): Promise<void> {
  await world.s3.send(new PutObjectCommand({ Bucket: 'www-example-com', Key: key, Body: 'a page' }));
}

/** The events that wait, which moto has put there before it answered the upload. */
async function takeEvents(): Promise<readonly unknown[]> {
  const { Messages = [] } = await world.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: eventQueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 3600 }),
  );
  return Messages.map(({ Body = '' }) => JSON.parse(Body));
}

async function inBuffer(): Promise<number> {
  const { Attributes = {} } = await world.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: world.stack.outputs.BufferQueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

describe('an upload', () => {
  test.each([
    ['site/guides/index.html', ['/guides/', '/guides/index.html']],
    ['site/a b+ü.txt', ['/a%20b+%C3%BC.txt']],
  ])('of %s is purged, and its message is deleted', async (key, paths) => {
    const urls = paths.map((path) => `https://www.example.com${path}`);
    await upload(key);
    const events = await takeEvents();
    expect(events).toHaveLength(1);
    expect(await world.invoke(/ReceiveS3Function/, events[0])).toMatchObject({ outcome: 'returned' });
    const isPurged = () => {
      const purged = new Set(world.cdnPro.purges.flatMap(({ body }) => body.fileUrls ?? []));
      return urls.every((url) => purged.has(url));
    };
    expect(await eventually(isPurged)).toBe(true);
    expect(await eventually(async () => (await inBuffer()) === 0)).toBe(true);
  });

  test('outside the watched prefix makes no event', async () => {
    await upload('private/report.html');
    expect(await takeEvents()).toEqual([]);
  });
});
