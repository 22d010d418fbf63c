import { type AttributeValue, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { createMemory } from '../../functions/aws/tables/entry-memory-table.ts';
import { readLimits, writeLimits } from '../../functions/aws/tables/limits-item.ts';
import { createLimitsTable, SlowLedgerError } from '../../functions/aws/tables/limits-table.ts';
import { createTickTurns } from '../../functions/aws/tables/tick-state.ts';
import type { LimitsState } from '../../functions/core/limits/limits.ts';
import type { RateWindow } from '../../functions/core/limits/requests/window.ts';
import { freshQuota, isSpentUnknown } from '../../functions/core/limits/tokens/quota.ts';
import { limitsRequest, looseLimits } from '../helpers/limits-request.ts';

type Item = Record<string, AttributeValue>;

/** A table that gives one item and keeps what is written. */
function createTable(item?: Item) {
  const written: Item[] = [];
  const client = {
    async send(command: object) {
      if (command instanceof GetItemCommand) return { Item: item };
      if (command instanceof PutItemCommand) written.push(command.input.Item ?? {});
      return {};
    },
  } as never;
  return { written, table: { client, tableName: 'Ledger' } };
}

/** As version 0.1.0 has written it. */
const windowItem: Item = {
  pk: { S: 'rate-window' },
  arrivedByMs: { L: [{ N: '1767225600000' }, { N: '1767225600001' }] },
  closedUntilMs: { N: '1767225660000' },
  spent: { N: '1.500000' },
  inflow: { N: '0.012346' },
  pacedAtMs: { N: '1767225600000' },
  stated: {
    M: {
      'queue-a': { M: { requests: { N: '300' }, perSeconds: { N: '300' }, atMs: { N: '1767225600000' } } },
      'queue-b': {
        M: {
          requests: { N: '100' },
          perSeconds: { N: '300' },
          atMs: { N: '1767225600001' },
          closedUntilMs: { N: '1767225670000' },
        },
      },
    },
  },
  version: { N: '7' },
};
const window: RateWindow = {
  arrivedByMs: [1767225600000, 1767225600001],
  closedUntilMs: 1767225660000,
  pace: { spent: 1.5, inflow: 0.012346, atMs: 1767225600000 },
  declared: {
    'queue-a': { requests: 300, perSeconds: 300, atMs: 1767225600000 },
    'queue-b': { requests: 100, perSeconds: 300, atMs: 1767225600001, closedUntilMs: 1767225670000 },
  },
};
const nowMs = 1767225602000;
const hourMs = 3_600_000;
const hour = 490896;
const of = { deployment: 'queue-a', limits: looseLimits };

/** As this version writes it. */
const limitsItem: Item = {
  ...windowItem,
  spent: { N: '1.5' },
  bucket: numbers(48.5, 1767225600001, 120, 119, 1767225590000, 3, 1767225000000),
  quotas: {
    M: {
      production: {
        M: {
          firstHour: { N: String(hour - 2) },
          files: numbers(40, 0, 7),
          dirs: numbers(1, 0, 0),
          lastMsOfHour: numbers(60_000, 0, 1000),
          learned: { M: { files: { N: '9000' }, dirs: { N: '50' } } },
          learnedMs: { N: '1767225600000' },
        },
      },
    },
  },
  senders: {
    M: {
      'queue-b': { M: { 'webhook:shop': numbers(40908, 5, 0, 0, 0, 1767225600000, 0, 0, 0, 0, 0, 0) } },
      'queue-a': {
        M: {
          'bucket:www': numbers(
            ...[40908, 42, 1, 6, 0, 1767225300000],
            ...[1767225500000, 12, 0, 0, 1767225400000, 1],
            ...[1767225200000, 1767225300000],
          ),
        },
      },
    },
  },
  directories: { M: { a1b2: { N: '1767225500000' } } },
};
const nothing = { sinceMs: 0, count: 0 };
const state: LimitsState = {
  window,
  bucket: {
    level: 48.5,
    atMs: 1767225600001,
    reserved: 120,
    answered: 119,
    answeredMs: 1767225590000,
    extraMargin: 3,
    refusedMs: 1767225000000,
  },
  quotas: {
    production: {
      spent: {
        [hour - 2]: { files: 40, dirs: 1, lastMs: (hour - 2) * hourMs + 60_000 },
        [hour]: { files: 7, dirs: 0, lastMs: hour * hourMs + 1000 },
      },
      learned: { files: 9000, dirs: 50 },
      learnedMs: 1767225600000,
    },
  },
  senders: {
    'bucket:www': {
      halfDay: 40908,
      recent: { files: 42, dirs: 1 },
      before: { files: 6, dirs: 0 },
      waitingMs: 1767225300000,
      waitingKindsMs: { files: 1767225200000, dirs: 1767225300000 },
      entries: { sinceMs: 1767225500000, count: 12 },
      deletes: nothing,
      prefixes: { sinceMs: 1767225400000, count: 1 },
    },
  },
  neighbors: {
    'queue-b': {
      'webhook:shop': {
        halfDay: 40908,
        recent: { files: 5, dirs: 0 },
        before: { files: 0, dirs: 0 },
        waitingMs: 1767225600000,
        entries: nothing,
        deletes: nothing,
        prefixes: nothing,
      },
    },
  },
  directories: { a1b2: 1767225500000 },
};

function numbers(...values: readonly number[]): AttributeValue {
  return { L: values.map((value) => ({ N: String(value) })) };
}

/** About as DynamoDB counts it: a number has a byte for two digits, and one more; a list, map or element has some, too. */
function bytesOf(value: AttributeValue): number {
  if (value.N !== undefined) return Math.ceil(value.N.length / 2) + 1;
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.L !== undefined) return value.L.reduce((sum, element) => sum + 1 + bytesOf(element), 3);
  return Object.entries(value.M ?? {}).reduce(
    (sum, [name, each]) => sum + 1 + name.length + bytesOf(each),
    3,
  );
}

describe("the limits' item", () => {
  it('is read as this version writes it, and written so', async () => {
    const { table, written } = createTable(limitsItem);
    expect(await readLimits({ ...table, ...of }, nowMs)).toEqual({
      state,
      isWindowAlone: false,
      isBroken: false,
      version: 7,
    });
    await writeLimits({ ...table, ...of }, state, 6, 7);
    expect(written).toEqual([limitsItem]);
  });

  it('is read as version 0.1.0 has written it: what it does not know of the day is unknown', async () => {
    const { table } = createTable(windowItem);
    const read = await readLimits({ ...table, ...of }, nowMs);
    expect(read).toMatchObject({ state: { window }, isWindowAlone: true, version: 7 });
    expect(isSpentUnknown(read.state?.quotas.production ?? freshQuota, nowMs)).toBe(true);
    expect(isSpentUnknown(read.state?.quotas.staging ?? freshQuota, nowMs)).toBe(true);
  });

  it('is written so that version 0.1.0 can read it', async () => {
    const { table, written } = createTable();
    await writeLimits({ ...table, ...of }, state, 6, 7);
    expect(written).toMatchObject([{ ...windowItem, spent: { N: '1.5' } }]);
  });

  it('is read where it is from before limits were declared', async () => {
    const { stated: _, ...older } = windowItem;
    const { table } = createTable(older);
    const { state } = await readLimits({ ...table, ...of }, nowMs);
    expect(state?.window).toEqual({ ...window, declared: {} });
  });

  it('without the time of the last token of an hour counts until the end of that hour', async () => {
    const { M = {} } = limitsItem.quotas ?? {};
    const { lastMsOfHour: _, ...older } = M.production?.M ?? {};
    // Another version has kept the list of other hours.
    const stale = { ...older, lastMsOfHour: numbers(60_000, 0) };
    for (const quota of [older, stale]) {
      const item = { ...limitsItem, quotas: { M: { production: { M: quota } } } };
      const { state: read } = await readLimits({ ...createTable(item).table, ...of }, nowMs);
      expect(read?.quotas.production?.spent[hour - 2]?.lastMs).toBe((hour - 1) * hourMs);
    }
  });

  it('stays small: a write of it costs five units, with a full window and a day of everything', async () => {
    const { table, written } = createTable();
    const sender = state.senders['bucket:www'];
    if (sender === undefined) throw new Error('expected a sender');
    const many = <Value>(count: number, name: string, value: Value) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`, value]));
    const spent = Object.fromEntries(
      Array.from({ length: 26 }, (_, index) => [
        hour - index,
        { files: 200, dirs: 1, lastMs: (hour - index + 1) * hourMs - 1 },
      ]),
    );
    const full: LimitsState = {
      ...state,
      window: { ...window, arrivedByMs: Array.from({ length: 300 }, (_, index) => nowMs + index) },
      quotas: { production: { spent }, staging: { spent } },
      senders: many(10, 'webhook:', sender),
      directories: many(20, 'a1b2c3d', nowMs),
    };
    await writeLimits({ ...table, ...of }, full, 6, 7);
    expect(written.map((item) => Math.ceil(bytesOf({ M: item }) / 1024))).toEqual([5]);
  });

  it('holds the inflow of a long calm, and a time beyond what an integer holds', async () => {
    const { table, written } = createTable();
    const odd = { ...window, closedUntilMs: 1e33, pace: { ...window.pace, inflow: 1e-200 } };
    await writeLimits({ ...table, ...of }, { ...state, window: odd }, 0, 1);
    expect(written).toMatchObject([{ closedUntilMs: { N: '1e+33' }, inflow: { N: '0' } }]);
    const [item] = written;
    const read = await readLimits({ ...createTable(item).table, ...of }, nowMs);
    expect(read.state?.window.closedUntilMs).toBe(1e33);
  });
});

describe('a remembered entry', () => {
  const memory = { en: { atMs: 5, live: [], stale: [] } };
  /** As version 0.1.0 has written it. */
  const item: Item = {
    pk: { S: 'memory#ghost#1' },
    memory: { S: JSON.stringify(memory) },
    version: { N: '3' },
    expiresAt: { N: '1769817600' },
  };
  const nowMs = () => Date.UTC(2026, 0, 1);

  it('is read as deployed versions have written it', async () => {
    const { table } = createTable(item);
    expect(await createMemory({ ...table, nowMs })(30).read('ghost#1')).toEqual({ memory, version: 3 });
  });

  it('is written so that deployed versions can read it', async () => {
    const { table, written } = createTable();
    await createMemory({ ...table, nowMs })(30).write('ghost#1', memory, 2);
    expect(written).toEqual([item]);
  });
});

it('slots that took too long to write are not used', async () => {
  const { table } = createTable();
  let nowMs = 0;
  const limitsTable = createLimitsTable({
    ...table,
    ...of,
    guardMs: 0,
    clockDifferenceMs: 0,
    nowMs: () => {
      nowMs += 1001;
      return nowMs;
    },
  });
  await expect(limitsTable.reserve([limitsRequest()])).rejects.toThrow(SlowLedgerError);
});

describe('what one tick leaves for the next', () => {
  const one = { tokens: { files: 3, dirs: 0 }, spent: { files: 1, dirs: 0 }, atMs: nowMs };
  const before = { countedMs: 5, senders: ['bucket:www', 'webhook:shop'] };
  const sendersByKind = { files: ['bucket:www'], dirs: ['webhook:shop', 'bucket:www'] };
  const converted = [{ below: 'https://h.example/a/', scope: '["production","invalidate"]', sentMs: 4 }];
  const turn = { ...before, converted };

  it('is read as the version before has written it, and written under a name that it does not know', async () => {
    const item = marshall({ pk: 'tick', ...before, released: { production: one }, untilMs: 0, version: 4 });
    const { table, written } = createTable(item);
    const taken = await createTickTurns({ ...table, nowMs: () => nowMs }).take(nowMs + 1000);
    const senders = { files: before.senders, dirs: before.senders };
    expect(taken?.state).toEqual({ ...before, senders, converted: [], released: { production: one } });
    await taken?.end({ ...turn, senders: sendersByKind, released: { production: [one, one] } });
    const [first, last = {}] = written.map((each) => unmarshall(each));
    expect(first).not.toHaveProperty('released');
    expect(last).toEqual({
      pk: 'tick',
      ...turn,
      sendersByKind,
      releases: { production: [one, one] },
      untilMs: 0,
      version: 6,
    });
  });

  it('is no larger than an item may be, whatever was converted in a day: the newest stay', async () => {
    const { table, written } = createTable();
    const taken = await createTickTurns({ ...table, nowMs: () => nowMs }).take(nowMs + 1000);
    const many = Array.from({ length: 4000 }, (_, index) => ({
      below: `https://www.example.com/docs/version-1/${index}/`,
      scope: '["production","invalidate",null]',
      sentMs: nowMs + index,
    }));
    await taken?.end({ ...turn, senders: sendersByKind, converted: many, released: {} });
    const item = written.at(-1) ?? {};
    expect(bytesOf({ M: item })).toBeLessThan(400_000);
    const kept = unmarshall(item).converted;
    expect(kept.length).toBeGreaterThan(1000);
    expect(kept).toEqual(many.slice(-kept.length));
  });

  it('is read as it was written', async () => {
    const releases = { production: [one] };
    const item = marshall({ pk: 'tick', ...turn, sendersByKind, releases, untilMs: 0, version: 4 });
    const { table } = createTable(item);
    const taken = await createTickTurns({ ...table, nowMs: () => nowMs }).take(nowMs + 1000);
    expect(taken?.state).toEqual({ ...turn, senders: sendersByKind, released: releases });
  });
});
