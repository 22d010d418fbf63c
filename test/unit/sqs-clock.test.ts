import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClockError, readSqsClock } from '../../infra/cli/purger/queues/sqs-clock.ts';

let date: string | undefined;
const server = createServer((_, response) => {
  response.sendDate = false;
  if (date !== undefined) response.setHeader('date', date);
  response.end('{}');
});
let sqs: SQSClient;
let queueUrl: string;

beforeAll(async () => {
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  sqs = new SQSClient({
    region: 'eu-west-1',
    endpoint,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  queueUrl = `${endpoint}/111122223333/dead`;
});

afterAll(() => {
  sqs.destroy();
  server.close();
});

test("the time is SQS's own, at the end of the second that it names", async () => {
  date = 'Tue, 03 Feb 2026 04:05:06 GMT';
  expect(await readSqsClock(sqs, queueUrl)).toBe(Date.UTC(2026, 1, 3, 4, 5, 6, 999));
});

test('an answer without a time is an error', async () => {
  date = undefined;
  await expect(readSqsClock(sqs, queueUrl)).rejects.toThrow(ClockError);
});
