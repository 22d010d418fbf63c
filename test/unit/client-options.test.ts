import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { clientOptions } from '../../functions/aws/client-options.ts';

test('a service that accepts a connection and never answers is given up and retried', async () => {
  let connections = 0;
  const server = createServer(() => connections++);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const sqs = new SQSClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    endpoint: `http://127.0.0.1:${port}`,
    maxAttempts: 2,
    requestHandler: { ...clientOptions.requestHandler, socketTimeout: 50 },
  });
  await expect(sqs.send(new ListQueuesCommand({}))).rejects.toThrow(
    expect.objectContaining({ name: 'TimeoutError' }),
  );
  await expect.poll(() => connections, { timeout: 10_000 }).toBe(2);
  sqs.destroy();
  server.close();
});

test('connecting may take 3 seconds, and a silence 10', () => {
  expect(clientOptions.requestHandler).toEqual({ connectionTimeout: 3_000, socketTimeout: 10_000 });
});
