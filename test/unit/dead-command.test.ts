import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../helpers/cli.ts';
import { descriptionWith } from '../helpers/purger-description.ts';
import { scratchFolder } from '../helpers/start.ts';

const scratch = scratchFolder();
const file = scratch.path('ready.json');
let count = 0;
/** SQS with so many messages, all of which somebody else has received. */
const sqs = createServer((request, response) => {
  request.resume();
  const isCount = String(request.headers['x-amz-target']).endsWith('GetQueueAttributes');
  const Attributes = {
    ApproximateNumberOfMessages: '0',
    ApproximateNumberOfMessagesNotVisible: String(count),
    ApproximateNumberOfMessagesDelayed: '0',
  };
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(isCount ? { Attributes } : {}));
});

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
