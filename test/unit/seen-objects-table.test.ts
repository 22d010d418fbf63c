import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { expect, test } from 'vitest';
import { createSeenObjects } from '../../functions/aws/tables/seen-objects-table.ts';

type Item = Record<string, unknown>;

/** A table that leaves some keys of each batch for the next one. */
function createTable() {
  const items = new Map<string, Item>();
  const batches: number[] = [];
  const client = new DynamoDBClient({ region: 'us-east-1' });
  client.send = (async (command: unknown) => {
    if (command instanceof GetItemCommand) return { Item: items.get(String(command.input.Key?.pk?.S)) };
    if (command instanceof PutItemCommand) {
      const { Item: item } = command.input;
      items.set(String(item?.pk?.S), item as Item);
      return {};
    }
    if (!(command instanceof BatchGetItemCommand)) throw new Error('an unexpected command');
    const { Keys = [], ConsistentRead } = command.input.RequestItems?.Ledger ?? {};
    expect(ConsistentRead).toBe(true);
    batches.push(Keys.length);
    const [now, later] = Keys.length > 50 ? [Keys.slice(0, 50), Keys.slice(50)] : [Keys, []];
    return {
      Responses: { Ledger: now.flatMap(({ pk }) => items.get(String(pk?.S)) ?? []) },
      ...(later.length > 0 && { UnprocessedKeys: { Ledger: { Keys: later } } }),
    };
  }) as typeof client.send;
  const clock = { nowMs: Date.UTC(2026, 0, 1) };
  const seen = createSeenObjects({ client, tableName: 'Ledger', nowMs: () => clock.nowMs });
  return { items, batches, clock, seen };
}

const object = { bucket: 'site', key: 'blog/a.html' };

test('what was purged last of an object is read as it was written, by itself and with others', async () => {
  const { seen } = createTable();
  expect(await seen.read(object)).toEqual({ seen: undefined, version: 0 });
  expect(await seen.write(object, { sequencer: '01', content: 'x 1' }, 0)).toBe(true);
  const remembered = { seen: { sequencer: '01', content: 'x 1' }, version: 1 };
  expect(await seen.read(object)).toEqual(remembered);
  const other = { ...object, key: 'b' };
  expect(await seen.readAll([other, object, object])).toEqual([
    { seen: undefined, version: 0 },
    remembered,
    remembered,
  ]);
  expect(await seen.write(object, {}, 1)).toBe(true);
  expect(await seen.read(object)).toEqual({ seen: {}, version: 2 });
});

test('many objects are read in batches, until none is left out', async () => {
  const { seen, batches } = createTable();
  const objects = Array.from({ length: 250 }, (_, index) => ({ bucket: 'site', key: String(index) }));
  await seen.write({ bucket: 'site', key: '99' }, { sequencer: '01' }, 0);
  const read = await seen.readAll(objects);
  expect(read.flatMap(({ version }, index) => (version === 1 ? [index] : []))).toEqual([99]);
  expect(batches.toSorted((a, b) => a - b)).toEqual([50, 50, 50, 100, 100]);
});

test('an object is remembered for 90 days, in an item that is named by its bucket and key', async () => {
  const { items, clock, seen } = createTable();
  await seen.write(object, { sequencer: '01' }, 0);
  const expiresAt = clock.nowMs / 1000 + 90 * 86_400;
  expect([...items]).toEqual([
    [
      'object#site/blog/a.html',
      marshall({ pk: 'object#site/blog/a.html', sequencer: '01', expiresAt, version: 1 }),
    ],
  ]);
  clock.nowMs += 90 * 86_400_000 + 1000;
  expect(await seen.read(object)).toEqual({ seen: undefined, version: 1 });
});
