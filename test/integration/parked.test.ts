import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createParkedTable, type ParkedTable } from '../../functions/aws/tables/parked-table.ts';
import { tickEvents } from '../../functions/lambda/log-events.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { localCredentials } from '../../local/aws/emulators/emulators.ts';
import { type OtherCdnPro, startOtherCdnPro } from '../helpers/other-cdn-pro.ts';
import { eventually, type StartedStack, startStack } from '../helpers/start.ts';

const config: PurgerConfig = {
  credentials: 'my/cdn-pro',
  target: 'production',
  batchingWindowSeconds: 1,
  quota: { production: { files: 100, dirs: 20 }, staging: { files: 100, dirs: 20 } },
  buckets: [{ name: 'my-bucket' }],
  rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://h.example/{+key}'] } }],
};

let cdnPro: OtherCdnPro;
let started: StartedStack;
let client: DynamoDBClient;
let table: ParkedTable;

beforeAll(async () => {
  cdnPro = await startOtherCdnPro(() => 201);
  cdnPro.tokensLeft = { filePurgeTokens: 100, dirPurgeTokens: 0 };
  started = await startStack(config, '--cdn-pro', cdnPro.url, '--verbose');
  const { endpoint, parkedTable: tableName } = started.ready.dynamodb;
  client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: localCredentials });
  table = createParkedTable({ client, tableName, nowMs: Date.now, random: Math.random });
});

afterAll(async () => {
  await started?.stop();
  cdnPro?.stop();
  client?.destroy();
});

const scope = { target: 'production', action: 'invalidate' } as const;

test('what waits is purged once CDN Pro says that there are tokens for it; the rest goes on waiting', async () => {
  const files = Array.from({ length: 30 }, (_, index) => `https://h.example/${index}`);
  const dir = 'https://h.example/d/*';
  const own = { lane: 'people', sinceMs: Date.now() - 1000 } as const;
  const unparked = await table.park([
    ...files.map((url) => ({ ...own, entry: { kind: 'file', url, ...scope } as const })),
    { ...own, entry: { kind: 'dir', url: dir, ...scope } },
  ]);
  expect(unparked).toEqual([]);
  expect(await eventually(() => files.every((url) => cdnPro.accepted.has(url)), 40_000)).toBe(true);
  expect(started.output()).toContain(tickEvents.tokensRead);
  expect(started.output()).toContain(tickEvents.released);
  expect(cdnPro.accepted.has(dir)).toBe(false);
  expect(await waitingUrls()).toEqual([dir]);
}, 90_000);

test('submit parks what the day does not pay for, and a takedown goes all the same', async () => {
  const { endpoint } = started.ready.s3;
  const object = (key: string, method: string) =>
    fetch(`${endpoint}/my-bucket/${key}`, { method, ...(method === 'PUT' && { body: 'x' }) });
  const keys = Array.from({ length: 80 }, (_, index) => `page-${index}`);
  await Promise.all(keys.map((key) => object(key, 'PUT')));
  const pages = () => [...cdnPro.accepted].filter((url) => url.includes('/page-'));
  const isSettled = async () => pages().length + (await waitingUrls()).length - 1 === keys.length;
  expect(await eventually(isSettled, 40_000)).toBe(true);
  // Of a hundred, thirty are spent, and one is kept for takedowns.
  expect(pages()).toHaveLength(69);
  const [parked = ''] = (await waitingUrls()).filter((url) => url.includes('/page-'));
  await object(parked.slice('https://h.example/'.length), 'DELETE');
  expect(await eventually(() => cdnPro.accepted.has(parked), 20_000)).toBe(true);
}, 90_000);

async function waitingUrls(): Promise<readonly string[]> {
  const waiting: string[] = [];
  for (const kind of ['files', 'dirs'] as const) {
    for await (const { entry } of table.oldest('production', kind, 100)) {
      waiting.push(entry.kind === 'regex' ? entry.pattern : entry.url);
    }
  }
  return waiting;
}
