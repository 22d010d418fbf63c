import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { s3EventOf } from '../../functions/sources/s3/object-event.ts';
import { objectChange } from '../helpers/changes.ts';
import { run } from '../helpers/cli.ts';
import { descriptionWith } from '../helpers/purger-description.ts';
import { scratchFolder } from '../helpers/start.ts';

const scratch = scratchFolder();
const file = scratch.path('ready.json');
let count = 0;
/** The bodies of those that it hands out, once. */
let bodies: readonly unknown[] = [];
/** SQS with so many messages, of which somebody else has received all others. */
const sqs = createServer((request, response) => {
  request.resume();
  const isCount = String(request.headers['x-amz-target']).endsWith('GetQueueAttributes');
  const Attributes = {
    ApproximateNumberOfMessages: '0',
    ApproximateNumberOfMessagesNotVisible: String(count),
    ApproximateNumberOfMessagesDelayed: '0',
  };
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
  const isReceive = String(request.headers['x-amz-target']).endsWith('ReceiveMessage');
  const answer = isCount ? { Attributes } : isReceive ? { Messages: handOut() } : {};
  response.end(JSON.stringify(answer));
});

function handOut(): readonly object[] {
  const messages = bodies.map((body, index) => {
    const Body = JSON.stringify(body);
    const MD5OfBody = createHash('md5').update(Body).digest('hex');
    const Attributes = { SentTimestamp: '1767225600000' };
    return { MessageId: `m${index}`, ReceiptHandle: `r${index}`, Body, MD5OfBody, Attributes };
  });
  bodies = [];
  return messages;
}

beforeAll(async () => {
  await new Promise<void>((settle) => sqs.listen(0, '127.0.0.1', settle));
  const url = `http://127.0.0.1:${(sqs.address() as AddressInfo).port}`;
  const queues = { buffer: `${url}/1/buffer`, deadLetters: `${url}/1/dead` };
  const purger = descriptionWith({ queues });
  writeFileSync(
    file,
    JSON.stringify({ operation: { purger, region: 'eu-west-1', endpoints: { sqs: url } } }),
  );
});
afterAll(() => {
  sqs.close();
  scratch.remove();
});

test('dead letters that somebody else has in hand are not taken for none', async () => {
  count = 0;
  expect(await run(['dead', '--ready', file])).toMatchObject({ exitCode: 0, stdout: 'No dead letter.' });
  count = 2;
  expect(await run(['dead', '--ready', file])).toMatchObject({
    exitCode: 1,
    stdout: expect.stringMatching(/^2 dead letters are in hand elsewhere/),
  });
  const { stdout } = await run(['dead', '--ready', file, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ count: 0, isComplete: false });
});

test('a host that is none would fit nothing, and is refused', async () => {
  for (const command of ['dead', 'redrive']) {
    const { exitCode, stderr } = await run([command, '--host', 'https://h.example/', '--ready', file]);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining(
        'Expected --host to be a host such as www.example.com, got "https://h.example/"',
      ),
    ]);
  }
});

test('what is no purge message is not offered to be tried again, and an event of S3 names its object', async () => {
  count = 1;
  bodies = [{ v: 1, entries: [{ kind: 'file', url: 'https://h.example/a', target: 'live' }] }];
  const unreadable = (await run(['dead', '--ready', file])).stdout;
  expect(unreadable).toMatch(
    /^1 × unreadable, .*\n {2}message .*\n {2}to do: correct what sends such messages/,
  );
  expect(unreadable).toMatch(/\n {2}message m0, sent 2026-01-01T00:00:00\.000Z, \d+ bytes, begins \{"v":1,/);
  expect(unreadable).toMatch(
    /\n\nNext: npx cdn-purger dead --show --ready \S+ {2}# each message as a whole$/,
  );
  expect(unreadable).not.toContain('redrive --ready');
  bodies = [s3EventOf(objectChange('a/b.html'))];
  const event = (await run(['dead', '--ready', file])).stdout;
  expect(event).toMatch(/^1 × s3-event, .*\n {2}s3:\/\/site\/a\/b\.html\n {2}to do: /);
  expect(event).toContain('Next: npx cdn-purger redrive');
});

test('dead letters of which none fits are not taken for none', async () => {
  count = 1;
  bodies = [s3EventOf(objectChange('a/b.html'))];
  const { exitCode, stdout } = await run(['dead', '--host', 'h.example', '--ready', file]);
  expect([exitCode, stdout]).toEqual([
    0,
    expect.stringMatching(
      /^Of 1 dead letter none fits\.\n {2}their hosts: none \(1\)\n {2}their reasons: .*\n\nNext: npx cdn-purger dead --ready \S+ {2}# all of them, with their URLs$/,
    ),
  ]);
});

test('a redrive leaves what names nothing to purge, and says so', async () => {
  bodies = ['not a purge message', { v: 3, entries: [] }];
  const { exitCode, stdout } = await run(['redrive', '--ready', file]);
  expect([exitCode, stdout]).toEqual([
    1,
    expect.stringMatching(
      /^Nothing was moved\. 2 dead letters name nothing that can be purged, and stay: .*\n\nNext: npx cdn-purger dead --show --ready /,
    ),
  ]);
  bodies = ['not a purge message', s3EventOf(objectChange('a/b.html'))];
  const some = await run(['redrive', '--ready', file]);
  expect([some.exitCode, some.stdout]).toEqual([
    1,
    expect.stringMatching(
      /^1 dead letter moved into the purge queue, 1 left in the dead letter queue\.\n1 dead letter names nothing .*\n\nNext: /,
    ),
  ]);
  bodies = ['not a purge message'];
  const json = await run(['redrive', '--ready', file, '--json']);
  expect(JSON.parse(json.stdout)).toEqual({ moved: 0, kept: 1, unreadable: 1, failed: [] });
});

test('a redrive of what somebody else has in hand ends with 1', async () => {
  count = 2;
  expect(await run(['redrive', '--ready', file])).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('2 dead letters are in the hands of somebody else'),
  });
});
