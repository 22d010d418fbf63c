import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { attributeValue, packBatches, sendMessages } from '../../functions/buffer/send-messages.ts';

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

test('what cannot be sent is named, after it was tried again', async () => {
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
