import { randomBytes } from 'node:crypto';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AcceptedPurge } from '../../functions/aws/journal/purge-recorder.ts';
import { createUrlIndex } from '../../functions/aws/journal/url-index.ts';
import { createUrlSearch } from '../../functions/aws/journal/url-search.ts';
import { createJournal } from '../../functions/aws/tables/journal-table.ts';
import { messageFor } from '../helpers/follow-world.ts';
import { createParkedItems } from '../helpers/parked-items.ts';

const nowMs = Date.UTC(2026, 10, 26);

function createTable() {
  const { client, items } = createParkedItems();
  return { items, journal: createJournal({ client, tableName: 'Journal', nowMs: () => nowMs }) };
}

function accepted(own: Partial<AcceptedPurge> = {}): AcceptedPurge {
  return {
    purgeId: 'p1',
    target: 'production',
    lane: 'bulk',
    sentMs: nowMs - 100,
    acceptedMs: nowMs,
    urls: { files: 2, dirs: 0 },
    repair: 0,
    messages: [messageFor('https://h.example/a', 'https://h.example/b')],
    ...own,
  };
}

describe('the journal', () => {
  test('gives a purge back as it was recorded, with the messages that it settles', async () => {
    const { journal } = createTable();
    const { messages, ...purge } = accepted();
    await journal.record(accepted());
    expect(await journal.open(10)).toEqual([
      {
        ...purge,
        entryHashes: [expect.stringMatching(/^.{8}$/), expect.stringMatching(/^.{8}$/)],
        repeatable: 2,
        state: { kind: 'purging' },
        version: 1,
      },
    ]);
    expect(await journal.messages('p1')).toEqual(messages);
    expect(await journal.purge('p1')).toMatchObject(purge);
    expect(await journal.purge('p2')).toBeUndefined();
  });

  test('writes items in the form that deployed versions read', async () => {
    const { journal, items } = createTable();
    await journal.record(accepted());
    const [purge] = await journal.open(1);
    if (purge === undefined) throw new Error('expected a purge');
    await journal.write(purge, { kind: 'partial', reason: 'why', successRate: 99.5, finishedMs: nowMs });
    expect(items.get('purge#p1')).toEqual({
      pk: { S: 'purge#p1' },
      queue: { S: 'open' },
      order: { S: '001795651200000' },
      target: { S: 'production' },
      lane: { S: 'bulk' },
      sentMs: { N: String(nowMs - 100) },
      acceptedMs: { N: String(nowMs) },
      urls: { M: { files: { N: '2' }, dirs: { N: '0' } } },
      repair: { N: '0' },
      entries: { S: expect.stringMatching(/^.{16}$/) },
      repeatable: { N: '2' },
      state: { S: 'partial' },
      reason: { S: 'why' },
      successRate: { N: '99.5' },
      finishedMs: { N: String(nowMs) },
      expiresAt: { N: String(nowMs / 1000 + 90 * 24 * 3600) },
      version: { N: '2' },
    });
    expect(Object.keys(items.get('body#p1') ?? {})).toEqual(['pk', 'body', 'parts', 'expiresAt']);
  });

  test('lists the purges that are followed, those accepted first in front, over all pages', async () => {
    const { journal } = createTable();
    for (const age of [1, 7, 3, 5, 2]) {
      await journal.record(accepted({ purgeId: `p${age}`, acceptedMs: nowMs - age }));
    }
    const ids = async (limit: number) => (await journal.open(limit)).map(({ purgeId }) => purgeId);
    expect(await ids(10)).toEqual(['p7', 'p5', 'p3', 'p2', 'p1']);
    expect(await ids(4)).toEqual(['p7', 'p5', 'p3', 'p2']);
    const [oldest] = await journal.open(1);
    if (oldest === undefined) throw new Error('expected a purge');
    await journal.close(oldest);
    expect(await ids(10)).toEqual(['p5', 'p3', 'p2', 'p1']);
  });

  test('is written by the first of two that have read the same', async () => {
    const { journal } = createTable();
    await journal.record(accepted());
    const [purge] = await journal.open(1);
    if (purge === undefined) throw new Error('expected a purge');
    expect(await journal.write(purge, { kind: 'completed' })).toMatchObject({ version: 2 });
    expect(await journal.write(purge, { kind: 'failed', reason: 'too late' })).toBeUndefined();
    await journal.close(purge);
    expect(await journal.open(1)).toMatchObject([{ state: { kind: 'completed' } }]);
  });

  test('holds the longest URLs of the largest request, in several items', async () => {
    const { journal, items } = createTable();
    const urls = Array.from(
      { length: 1000 },
      () => `https://h.example/${randomBytes(1500).toString('base64url')}`,
    );
    const messages = [messageFor(...urls)];
    await journal.record(accepted({ messages }));
    expect([...items.keys()].filter((pk) => pk.startsWith('body#')).length).toBeGreaterThan(3);
    for (const item of items.values()) expect(JSON.stringify(item.body ?? '').length).toBeGreaterThan(0);
    expect(await journal.messages('p1')).toEqual(messages);
    const [purge] = await journal.open(1);
    expect(purge).not.toHaveProperty('entryHashes');
  });

  test('keeps what all purges have in common, and what it has not written yet is nothing', async () => {
    const { journal } = createTable();
    expect(await journal.readFollowing()).toEqual({ following: { durations: [], spent: {} }, version: 0 });
    const following = {
      durations: [1000, 2000],
      spent: { production: { spent: { 490896: { files: 3, dirs: 0, lastMs: 1 } } } },
    };
    expect(await journal.writeFollowing(following, 0)).toBe(true);
    expect(await journal.writeFollowing({ durations: [], spent: {} }, 0)).toBe(false);
    expect(await journal.readFollowing()).toEqual({ following, version: 1 });
  });
});

test('the URLs of a purge are written in the form that deployed versions read', async () => {
  const { client, items } = createParkedItems();
  const index = createUrlIndex({ client, tableName: 'Journal', nowMs: () => nowMs });
  const dir = {
    kind: 'dir',
    url: 'https://h.example/d/*',
    target: 'production',
    action: 'invalidate',
  } as const;
  const carried = {
    ...accepted().messages[0],
    v: 1,
    entries: accepted().messages[0]?.entries ?? [],
    messageId: 'm1',
  } as const;
  await index.add({ ...accepted(), messages: [carried, { v: 1, entries: [dir] }] });
  expect([...items.values()]).toEqual([
    {
      pk: { S: 'urls#p1' },
      queue: { S: 'urls#2026-11-26' },
      order: { S: '001795651200000' },
      urls: { S: '37S2ZK-GwsMfy69C' },
      wide: { L: [{ S: JSON.stringify(dir) }] },
      carriers: { S: 'm1*1 *1' },
      expiresAt: { N: String(nowMs / 1000 + 90 * 24 * 3600) },
    },
  ]);
});

test('a purge is found by any of hundreds of spellings, in expressions that DynamoDB takes', async () => {
  const { client } = createParkedItems();
  const lengths: number[] = [];
  const send: typeof client.send = async (command: { readonly input: { FilterExpression?: string } }) => {
    const { FilterExpression } = command.input;
    if (FilterExpression !== undefined) lengths.push(FilterExpression.length);
    return client.send(command as never);
  };
  const table = { client: { ...client, send } as typeof client, tableName: 'Journal', nowMs: () => nowMs };
  const search = createUrlSearch(table);
  await createUrlIndex(table).add(accepted());
  const others = Array.from({ length: 250 }, (_, host) => `https://h${host}.example/a`);
  const found = await search.find('2026-11-26', [...others, 'https://h.example/a']);
  expect(found.purges).toMatchObject([{ purgeId: 'p1', isNamed: true }]);
  expect((await search.find('2026-11-26', others)).purges).toEqual([]);
  expect(lengths).toHaveLength(6);
  expect(Math.max(...lengths)).toBeLessThan(4096);
});

test('no more purges of a day are read than are asked for, and it is said where there are more', async () => {
  const { client } = createParkedItems();
  const limits: (number | undefined)[] = [];
  const send: typeof client.send = async (command: { readonly input: { Limit?: number } }) => {
    limits.push(command.input.Limit);
    return client.send(command as never);
  };
  const table = { client: { ...client, send } as typeof client, tableName: 'Journal', nowMs: () => nowMs };
  for (let index = 0; index < 30; index++) {
    await createUrlIndex({ ...table, client }).add({ ...accepted(), purgeId: `p${index}` });
  }
  const search = createUrlSearch(table);
  const found = async (most?: number) => {
    const { purges, isCut } = await search.find('2026-11-26', ['https://h.example/a'], 0, most);
    return [purges.length, isCut];
  };
  expect(await found()).toEqual([30, undefined]);
  expect(await found(31)).toEqual([30, undefined]);
  limits.length = 0;
  expect(await found(12)).toEqual([12, true]);
  expect(limits.every((limit = Number.NaN) => limit <= 12)).toBe(true);
});

const wideOf = (item: object): readonly string[] => unmarshall(item as never).wide ?? [];
const utf8Length = (value: string | undefined) => Buffer.byteLength(value ?? '');

test('no item of the index is larger than DynamoDB takes, and all that a purge settles is in one of them', async () => {
  const shape = fc.record({
    files: fc.nat(60_000),
    dirs: fc.nat(300),
    pathLength: fc.integer({ min: 1, max: 2000 }),
    messages: fc.integer({ min: 1, max: 1500 }),
    letter: fc.constantFrom('a', '\u00e9', '\u20ac', '"'),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ files, dirs, pathLength, messages, letter }) => {
      const { client, items } = createParkedItems();
      const scope = { target: 'production', action: 'invalidate' } as const;
      const fileAt = (index: number) =>
        ({ kind: 'file', url: `https://h.example/${index}`, ...scope }) as const;
      const dirAt = (index: number) =>
        ({
          kind: 'dir',
          url: `https://h.example/${index}/${letter.repeat(pathLength)}/*`,
          ...scope,
        }) as const;
      const carriers = Array.from({ length: messages }, (_, index) => ({
        v: 1 as const,
        entries: [],
        messageId: `${index}`.padStart(36, '0'),
      }));
      const [first, ...rest] = carriers;
      const entries = [
        ...Array.from({ length: files }, (_, index) => fileAt(index)),
        ...Array.from({ length: dirs }, (_, index) => dirAt(index)),
      ];
      const index = createUrlIndex({ client, tableName: 'Journal', nowMs: () => nowMs });
      await index.add({ ...accepted(), messages: [{ v: 1, ...first, entries }, ...rest] });
      const stored = [...items.values()];
      for (const item of stored) {
        const wide = wideOf(item);
        const strings = [item.pk?.S, item.queue?.S, item.order?.S, item.urls?.S, item.carriers?.S, ...wide];
        expect(strings.reduce((sum, each) => sum + utf8Length(each) + 12, 0)).toBeLessThan(400 * 1024);
      }
      expect(stored.reduce((sum, { urls }) => sum + utf8Length(urls?.S) / 8, 0)).toBe(files);
      expect(stored.flatMap((item) => wideOf(item))).toHaveLength(dirs);
    }),
    { numRuns: 8 },
  );
});
