import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLimitsTable, SlowLedgerError } from '../../functions/aws/tables/limits-table.ts';
import { localCredentials } from '../../local/aws/emulators/emulators.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { limitsRequest, looseLimits } from '../helpers/limits-request.ts';
import { eventually, type StartedStack, startStack } from '../helpers/start.ts';

const rateLimit = { requests: 10, perSeconds: 600, headroom: 0 };
let started: StartedStack;
let ready: Ready;
let dynamodb: DynamoDBClient;

beforeAll(async () => {
  const config = {
    credentials: 'cdn-pro/api',
    target: 'production',
    // The samples are not below it, so they send nothing.
    buckets: [{ name: 'www', prefix: 'pages/' }],
    rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://www.example.com/{+key}'] } }],
    rateLimit,
    sharedLedger: { table: 'arn:aws:dynamodb:eu-west-1:444455556666:table/ledger-of-another' },
  };
  started = await startStack(config);
  ready = started.ready;
  const { endpoint } = ready.dynamodb;
  dynamodb = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: localCredentials });
});

afterAll(async () => {
  dynamodb?.destroy();
  await started?.stop();
});

/** A consumer of another deployment with the same ledger. */
function otherDeployment() {
  return createLimitsTable({
    client: dynamodb,
    tableName: ready.dynamodb.table,
    deployment: 'another',
    limits: { ...looseLimits, rate: rateLimit },
    guardMs: 0,
    clockDifferenceMs: 0,
    nowMs: Date.now,
  });
}

async function readWindow() {
  const { Item = {} } = await dynamodb.send(
    new GetItemCommand({ TableName: ready.dynamodb.table, Key: { pk: { S: 'rate-window' } } }),
  );
  return { slots: Item.arrivedByMs?.L?.length ?? 0, stated: Object.keys(Item.stated?.M ?? {}) };
}

test('what one deployment sends, the other has to count', async () => {
  expect(ready.dynamodb.table).toBe('ledger-of-another');
  const s3 = new S3Client({
    endpoint: ready.s3.endpoint,
    region: 'us-east-1',
    credentials: localCredentials,
    forcePathStyle: true,
  });
  await s3.send(new PutObjectCommand({ Bucket: 'www', Key: 'pages/a.html', Body: 'a' }));
  expect(await eventually(async () => (await readWindow()).slots > 0)).toBe(true);
  const other = otherDeployment();
  const reserveAll = async (): Promise<number> => {
    const grant = await other
      .reserve(Array.from({ length: 20 }, () => limitsRequest()))
      .catch((error: unknown) => {
        // On a busy machine a write takes too long for its slots, which are returned then.
        if (!(error instanceof SlowLedgerError)) throw error;
      });
    if (grant === undefined) return reserveAll();
    if (grant.kind === 'granted') return grant.slots.length + (await reserveAll());
    if (grant.kind === 'short' || grant.for === 'window') return 0;
    // After a silence, the answer to another request of the customer is awaited.
    await sleep(grant.untilMs - Date.now());
    return reserveAll();
  };
  const reserved = await reserveAll();
  const { slots, stated } = await readWindow();
  // The purge of the object has one slot, and the first one's questions about its quota may have others.
  expect(slots).toBe(rateLimit.requests);
  expect(reserved).toBeGreaterThan(0);
  expect(reserved).toBeLessThan(rateLimit.requests);
  expect(stated.toSorted()).toEqual(['another', ready.sqs.bufferQueueUrl].toSorted());
});
