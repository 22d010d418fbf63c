import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createParkedTable, type ParkedTable } from '../../functions/aws/parked-table.ts';
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
  await started.stop();
  cdnPro.stop();
  client.destroy();
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
  const waiting: string[] = [];
  for (const kind of ['files', 'dirs'] as const) {
    for await (const { entry } of table.oldest('production', kind, 100)) {
      waiting.push(entry.kind === 'regex' ? entry.pattern : entry.url);
    }
  }
  expect(waiting).toEqual([dir]);
}, 90_000);
