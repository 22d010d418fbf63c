import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createSeenDeliveries } from '../../functions/aws/tables/deliveries-table.ts';
import { createMemory } from '../../functions/aws/tables/entry-memory-table.ts';
import { emptyMemory, type Memory } from '../../functions/core/mapping/entry-memory.ts';
import { fileEntry } from '../helpers/changes.ts';

type Item = Record<string, AttributeValue>;

/** A table with DynamoDB's condition of the two forms that are used. */
function createTable() {
  const items = new Map<string, Item>();
  const client = new DynamoDBClient({ region: 'us-east-1' });
  client.send = (async (command: unknown) => {
    if (command instanceof GetItemCommand) {
      expect(command.input.ConsistentRead).toBe(true);
      return { Item: items.get(String(command.input.Key?.pk?.S)) };
    }
    if (!(command instanceof PutItemCommand)) throw new Error('an unexpected command');
    const { Item: item, ConditionExpression, ExpressionAttributeValues } = command.input;
    const pk = String(item?.pk?.S);
    const expected = ExpressionAttributeValues?.[':version']?.N;
    const isConditional = ConditionExpression !== undefined;
    if (isConditional && items.get(pk)?.version?.N !== expected)
      throw new ConditionalCheckFailedException({ message: '', $metadata: {} });
    items.set(pk, item as Item);
    return {};
  }) as typeof client.send;
  const clock = { nowMs: Date.UTC(2026, 0, 1) };
  const memory = createMemory({ client, tableName: 'Ledger', nowMs: () => clock.nowMs });
  const deliveries = createSeenDeliveries({ client, tableName: 'Ledger', nowMs: () => clock.nowMs });
  return { items, clock, store: memory(30), deliveries };
}

const known = (url: string) => ({
  entry: fileEntry(url, { action: 'delete' }),
  action: 'invalidate' as const,
});
const some: Memory = { en: { atMs: 5, live: [known('https://www.example.com/a')], stale: [] } };

describe('a delivery that was queued', () => {
  it('is seen until its time is over, although DynamoDB deletes it later, and by its own webhook', async () => {
    const { items, clock, deliveries } = createTable();
    const untilMs = clock.nowMs + 300_000;
    expect(await deliveries.has('site', 'abc')).toBe(false);
    await deliveries.add('site', 'abc', untilMs);
    expect(await deliveries.has('site', 'abc')).toBe(true);
    expect(await deliveries.has('other', 'abc')).toBe(false);
    expect([...items.keys()]).toEqual(['memory##delivery#site#abc']);
    clock.nowMs = untilMs;
    expect(await deliveries.has('site', 'abc')).toBe(false);
  });
});

describe('what is remembered of an entry', () => {
  it('comes back as it was written, and nothing where there is nothing', async () => {
    const { store } = createTable();
    expect(await store.read('ghost#1')).toEqual({ memory: emptyMemory, version: 0 });
    expect(await store.write('ghost#1', some, 0)).toBe(true);
    expect(await store.read('ghost#1')).toEqual({ memory: some, version: 1 });
  });

  it('is not written over what someone else has written since', async () => {
    const { store } = createTable();
    expect(await store.write('ghost#1', some, 0)).toBe(true);
    expect(await store.write('ghost#1', emptyMemory, 0)).toBe(false);
    expect(await store.write('ghost#1', emptyMemory, 1)).toBe(true);
    expect(await store.write('ghost#1', some, 1)).toBe(false);
  });

  it('is kept in the table of the rate limit, apart from it, and for its days', async () => {
    const { items, clock, store } = createTable();
    await store.write('ghost#1', some, 0);
    const [[pk, item] = []] = items;
    expect(pk).toBe('memory#ghost#1');
    expect(Number(item?.expiresAt?.N)).toBe((clock.nowMs + 30 * 86_400_000) / 1000);
  });

  it('is forgotten after its days, even before DynamoDB deletes it', async () => {
    const { clock, store } = createTable();
    await store.write('ghost#1', some, 0);
    clock.nowMs += 30 * 86_400_000 + 1000;
    expect(await store.read('ghost#1')).toEqual({ memory: emptyMemory, version: 1 });
    expect(await store.write('ghost#1', some, 1)).toBe(true);
  });

  it('has a key of bounded length, whatever the id is', async () => {
    const { items, store } = createTable();
    await store.write(`ghost#${'é'.repeat(5000)}`, some, 0);
    await store.write(`ghost#${'é'.repeat(5001)}`, some, 0);
    expect([...items.keys()].map((key) => key.length)).toEqual([78, 78]);
  });

  it('is kept in parts where one item cannot hold it', async () => {
    const { items, store } = createTable();
    const live = Array.from({ length: 6000 }, (_, index) => known(`https://www.example.com/ü${index}`));
    const large: Memory = { en: { atMs: 1, live, stale: [] } };
    expect(await store.write('ghost#1', large, 0)).toBe(true);
    expect(await store.read('ghost#1')).toEqual({ memory: large, version: 1 });
    const sizes = [...items.values()].map((item) => item.part?.B?.length ?? 0);
    expect(sizes.filter((bytes) => bytes > 0).length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(390 * 1024);
    // What an earlier version makes of it.
    expect(items.get('memory#ghost#1')?.memory).toEqual({ S: '{}' });
  });

  it('in parts is the one or the other where two deliveries race', async () => {
    const { store } = createTable();
    const large = (atMs: number): Memory => ({
      en: { atMs, live: Array.from({ length: 4000 }, (_, n) => known(`https://h.example/${n}`)), stale: [] },
    });
    const written = await Promise.all([
      store.write('ghost#1', large(1), 0),
      store.write('ghost#1', large(2), 0),
    ]);
    expect(written).toEqual([true, false]);
    expect(await store.read('ghost#1')).toEqual({ memory: large(1), version: 1 });
  });

  it('is nothing once a part of it has expired', async () => {
    const { items, store } = createTable();
    const live = Array.from({ length: 4000 }, (_, index) => known(`https://www.example.com/${index}`));
    await store.write('ghost#1', { en: { atMs: 1, live, stale: [] } }, 0);
    for (const key of items.keys()) if (key.startsWith('memory##')) items.delete(key);
    expect(await store.read('ghost#1')).toEqual({ memory: emptyMemory, version: 1 });
  });
});
