import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { attributeValue, packBatches, sendMessages } from '../../functions/buffer/send-messages.ts';
import { startScriptedService } from '../helpers/scripted-service.ts';

// The jitter of backoff is a share of nothing: pauses between attempts take no time.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));
afterEach(() => void vi.restoreAllMocks());

test.each([
  ['', 'no reason given'],
  ['\u0000\u0007', 'no reason given'],
  ['a\u0000b\uffffc', 'a b c'],
  ['lone \ud800', 'lone \ufffd'],
  ['Ünïcode 🎉', 'Ünïcode 🎉'],
  ['x'.repeat(5000), 'x'.repeat(1000)],
])('the reason %j goes out as %j, which SQS takes', (reason, value) => {
  expect(attributeValue(reason)).toBe(value);
});

test('batches hold at most 10 messages and 1 MiB, in order', () => {
  const small = Array.from({ length: 25 }, (_, index) => ({ body: String(index) }));
  expect(packBatches(small).map((batch) => batch.length)).toEqual([10, 10, 5]);
  const large = Array.from({ length: 5 }, () => ({ body: 'ü'.repeat(250_000) }));
  expect(packBatches(large).map((batch) => batch.length)).toEqual([2, 2, 1]);
  expect(packBatches(small).flat()).toEqual(small);
});

/** A client that fails the given entries of its first requests, and says how many entries each request had. */
function scriptedClient(failures: readonly (readonly object[])[]) {
  const requests: number[] = [];
  const send = async ({ input }: { input: { Entries: object[] } }) => {
    requests.push(input.Entries.length);
    return { Failed: failures[requests.length - 1] ?? [] };
  };
  return { requests, client: { send } as unknown as SQSClient };
}

test('a message that SQS fails is sent again alone, and one at fault itself is not', async () => {
  const failed = { Id: '1', Code: 'InternalError', SenderFault: false };
  const atFault = { Id: '2', Code: 'InvalidMessageContents', Message: 'no', SenderFault: true };
  const { client, requests } = scriptedClient([[failed, atFault]]);
  const unsent = await sendMessages(client, 'queue', [{ body: 'a' }, { body: 'b' }, { body: 'c' }]);
  expect(requests).toEqual([3, 1]);
  expect(unsent).toEqual([{ index: 2, reason: 'InvalidMessageContents: no' }]);
});

test('a message that SQS fails is sent at most four times', async () => {
  const failed = { Id: '0', Code: 'InternalError', SenderFault: false };
  const { client, requests } = scriptedClient(Array.from({ length: 9 }, () => [failed]));
  const unsent = await sendMessages(client, 'queue', [{ body: 'a' }, { body: 'b' }]);
  expect(requests).toEqual([2, 1, 1, 1]);
  expect(unsent).toEqual([{ index: 0, reason: 'InternalError: no message' }]);
});

test('a request that fails as a whole is left to the retries of the SDK, and each of its messages is named', async () => {
  const service = await startScriptedService([{ status: 500 }]);
  const client = new SQSClient({
    endpoint: service.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const unsent = await sendMessages(client, `${service.url}/0/queue`, [{ body: 'a' }, { body: 'b' }]);
  expect(unsent.map(({ index }) => index)).toEqual([0, 1]);
  expect(service.requests).toHaveLength(3);
  client.destroy();
  await service.stop();
});

test('what cannot be sent is named with the reason', async () => {
  const client = new SQSClient({
    endpoint: 'http://127.0.0.1:9',
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const unsent = await sendMessages(client, 'http://127.0.0.1:9/0/queue', [{ body: 'a' }, { body: 'b' }]);
  expect(unsent.map(({ index }) => index)).toEqual([0, 1]);
  expect(unsent[0]?.reason).not.toBe('');
  client.destroy();
});

test('when the time is over, what is left is named and not sent', async () => {
  const sent: number[] = [];
  const client = {
    send: async ({ input }: { input: { Entries: object[] } }) => {
      sent.push(input.Entries.length);
      return {};
    },
  };
  const messages = Array.from({ length: 400 }, () => ({ body: 'a' }));
  let batches = 0;
  const hasTime = () => batches++ < 3;
  const unsent = await sendMessages(client as unknown as SQSClient, 'queue', messages, hasTime);
  expect(sent).toEqual([10, 10, 10]);
  expect(unsent).toHaveLength(370);
  expect(unsent[0]?.reason).toContain('OutOfTime');
});
