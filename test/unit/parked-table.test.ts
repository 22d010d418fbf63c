import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { createParkedTable, type Parked, type ToPark } from '../../functions/aws/tables/parked-table.ts';
import { fileEntry } from '../helpers/changes.ts';
import { createParkedItems } from '../helpers/parked-items.ts';

const h = (path: string) => `https://h.example/${path}`;
const change = (occurredAt: string) => ({ source: 's3', action: 'put', id: 's3://b/k', occurredAt });
const item = (url: string, own: Partial<ToPark> = {}): ToPark => ({
  entry: fileEntry(url),
  lane: 'bulk',
  sinceMs: 1000,
  ...own,
});

function createTable() {
  const world = createParkedItems();
  const clock = { nowMs: Date.UTC(2026, 0, 1) };
  const options = { client: world.client, tableName: 'Parked', nowMs: () => clock.nowMs, random: () => 0.5 };
  const table = createParkedTable(options);
  const all = async (kind: 'files' | 'dirs' = 'files', limit = 1000) => {
    const found: Parked[] = [];
    for await (const each of table.oldest('production', kind, limit)) found.push(each);
    return found;
  };
  return { ...world, clock, table, all };
}

describe('what is parked', () => {
  test('comes back by lane, the oldest first, as it was parked', async () => {
    const { table, all } = createTable();
    const people = item(h('c'), {
      lane: 'people',
      sinceMs: 9000,
      sender: 'webhook:cms',
      change: change('2026-01-01'),
    });
    const items = [item(h('b'), { sinceMs: 2000 }), item(h('a')), people, item(h('d'), { lane: 'takedown' })];
    expect(await table.park(items)).toEqual([]);
    const found = await all();
    expect(found.map(({ entry }) => entry)).toEqual(
      [h('d'), h('c'), h('a'), h('b')].map((url) => fileEntry(url)),
    );
    expect(found[1]).toEqual({ ...people, pk: expect.any(String), version: expect.any(Number) });
  });

  test('shows what the newest change has it show, whichever was parked last', async () => {
    const { table, all } = createTable();
    const showing = (etag: string | undefined, sinceMs: number) =>
      item(h('a'), {
        entry: { ...fileEntry(h('a')), ...(etag !== undefined && { shows: { etag, sinceMs } }) },
        change: change(new Date(sinceMs).toISOString()),
      });
    for (const each of [showing('b', 2000), showing('a', 1000), showing(undefined, 3000)]) {
      await table.park([each]);
      expect((await all()).map(({ entry }) => entry)).toEqual([showing('b', 2000).entry]);
    }
  });

  test('is read as far as is asked for, whatever a page holds', async () => {
    const { table, all } = createTable();
    await table.park(Array.from({ length: 10 }, (_, index) => item(h(`${index}`))));
    expect(await all('files', 4)).toHaveLength(4);
    expect(await all('files', 7)).toHaveLength(7);
    expect(await all()).toHaveLength(10);
    expect(await all('dirs')).toEqual([]);
  });

  test('waits with the directories where it is one, or a regex', async () => {
    const { table, all } = createTable();
    const scope = { target: 'production', action: 'invalidate' } as const;
    await table.park([
      item('', { entry: { kind: 'dir', url: h('*'), ...scope } }),
      item('', { entry: { kind: 'regex', pattern: 'any://h.example/.*', ...scope }, byPrefix: true }),
    ]);
    expect((await all('dirs')).map(({ entry, byPrefix }) => [entry.kind, byPrefix])).toEqual([
      ['dir', undefined],
      ['regex', true],
    ]);
    expect(await table.isWaiting()).toBe(true);
  });

  test('is one item for a URL, with the older age, the better lane and the newer change', async () => {
    const { table, all, items } = createTable();
    const first = item(h('a'), { sinceMs: 5000, lane: 'bulk', change: change('2026-01-02'), byPrefix: true });
    await table.park([first]);
    await table.park([item(h('a'), { sinceMs: 7000, lane: 'people', change: change('2026-01-03') })]);
    await table.park([item(h('a'), { sinceMs: 4000, lane: 'bulk', change: change('2026-01-01') })]);
    expect(items.size).toBe(1);
    const [found] = await all();
    expect(found).toMatchObject({ sinceMs: 4000, lane: 'people', change: change('2026-01-03') });
    expect(found).not.toHaveProperty('byPrefix');
  });

  test('keeps how often it has failed, also where it is parked anew for another change', async () => {
    const { table, all } = createTable();
    await table.park([item(h('a'), { tries: 2, change: change('2026-01-01') })]);
    await table.park([item(h('a'), { change: change('2026-01-02') })]);
    expect(await all()).toMatchObject([{ tries: 2, change: change('2026-01-02') }]);
  });

  test('is one item, too, where the same is parked many times at once', async () => {
    const { table, all } = createTable();
    const copies = Array.from({ length: 8 }, (_, index) => item(h('a'), { sinceMs: 1000 + index }));
    expect(await table.park(copies)).toEqual([]);
    expect(await all()).toMatchObject([{ sinceMs: 1000 }]);
  });

  test('has a key that fits, however long its URL is', async () => {
    const { table, items } = createTable();
    const long = (last: string) => h(`${'x'.repeat(2000)}${last}`);
    await table.park([item(long('1')), item(long('2'))]);
    expect(items.size).toBe(2);
    for (const pk of items.keys()) expect(pk).toMatch(/^production#sha256#[0-9a-f]{64}$/);
  });
});

describe('what is removed', () => {
  test('is gone, and nothing waits any more', async () => {
    const { table, all } = createTable();
    await table.park([item(h('a'))]);
    const [found] = await all();
    expect(await table.remove(found as Parked)).toBe(true);
    expect(await table.isWaiting()).toBe(false);
    expect(await table.remove(found as Parked)).toBe(false);
  });

  test('stays where it was parked anew since it was read', async () => {
    const { table, all } = createTable();
    await table.park([item(h('a'))]);
    const [found] = await all();
    await table.park([item(h('a'))]);
    expect(await table.remove(found as Parked)).toBe(false);
    expect(await all()).toHaveLength(1);
  });

  test('stays, too, where it was removed and parked anew', async () => {
    const { table, all, clock } = createTable();
    await table.park([item(h('a'))]);
    const [found] = await all();
    await table.remove(found as Parked);
    clock.nowMs++;
    await table.park([item(h('a'))]);
    expect(await table.remove(found as Parked)).toBe(false);
  });
});

test('what cannot be parked is returned with the reason', async () => {
  const { client } = createParkedItems(() => {
    throw new Error('the table is gone');
  });
  const table = createParkedTable({ client, tableName: 'Parked', nowMs: () => 0, random: () => 0 });
  expect(await table.park([item(h('a'))])).toEqual([
    { item: item(h('a')), reason: 'Error: the table is gone' },
  ]);
});

test('what a purge has settled is found, unless it was parked since the purge was sent', async () => {
  const { table, all, clock } = createTable();
  const start = clock.nowMs;
  await table.park([item(h('a')), item(h('b')), item(h('c'))]);
  clock.nowMs += 10_000;
  await table.park([item(h('b'))]);
  const purged = await table.findPurged(
    [h('a'), h('b'), h('never-parked')].map((url) => fileEntry(url)),
    start + 5000,
  );
  expect(purged).toMatchObject({ found: [item(h('a'))], failures: [] });
  expect(await Promise.all(purged.found.map(table.remove))).toEqual([true]);
  expect((await all()).map(({ entry }) => entry)).toEqual([h('b'), h('c')].map((url) => fileEntry(url)));
});

test('what could not be read keeps nothing else from being found', async () => {
  const { client } = createParkedItems();
  const options = { tableName: 'Parked', nowMs: () => 0, random: () => 0 };
  const table = createParkedTable({ client, ...options });
  await table.park([item(h('a')), item(h('b'))]);
  const failing = {
    async send(command: { readonly input: { readonly Key?: { readonly pk?: { readonly S?: string } } } }) {
      if (command.input.Key?.pk?.S?.includes(h('a'))) throw new Error('the table is slow');
      return client.send(command as never);
    },
  } as unknown as DynamoDBClient;
  const purged = await createParkedTable({ client: failing, ...options }).findPurged(
    [h('a'), h('b')].map((url) => fileEntry(url)),
    60_000,
  );
  expect(purged).toMatchObject({ found: [item(h('b'))], failures: [{ message: 'the table is slow' }] });
});
