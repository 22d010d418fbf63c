import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { localCredentials, startEmulators } from '../../local/aws/emulators/emulators.ts';
import { createSecrets } from '../../local/aws/emulators/secrets.ts';

test('DynamoDB is closed only once it has answered what it has in hand', async () => {
  const emulators = await startEmulators({
    region: 'us-east-1',
    secrets: createSecrets('us-east-1', () => undefined),
    onObjectWrite: () => {},
    onEvent: () => {},
  });
  const client = new DynamoDBClient({
    endpoint: emulators.endpoints.dynamodb,
    region: 'us-east-1',
    credentials: localCredentials,
    maxAttempts: 1,
  });
  await client.send(
    new CreateTableCommand({
      TableName: 'Table',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { TableName: 'Table' });
  const uncaught: unknown[] = [];
  const puts = Array.from({ length: 200 }, (_, index) =>
    client.send(new PutItemCommand({ TableName: 'Table', Item: { pk: { S: String(index) } } })),
  );
  const note = (error: unknown) => uncaught.push(error);
  process.on('uncaughtException', note);
  await Promise.race(puts);
  client.destroy();
  await emulators.stop();
  await Promise.allSettled(puts);
  process.off('uncaughtException', note);
  expect(uncaught).toEqual([]);
});
