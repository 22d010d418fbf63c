import { type AttributeValue, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createMemory } from '../../functions/aws/entry-memory-table.ts';
import { createLedger, SlowLedgerError } from '../../functions/aws/rate-limit-table.ts';
import { readWindow, writeWindow } from '../../functions/aws/rate-window-item.ts';
import type { RateWindow } from '../../functions/core/limits/window.ts';

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

describe("the window's item", () => {
  it('is read as deployed versions have written it', async () => {
    const { table } = createTable(windowItem);
    expect(await readWindow(table)).toEqual({ window, version: 7 });
  });

  it('is written so that deployed versions can read it', async () => {
    const { table, written } = createTable();
    await writeWindow(table, window, 6);
    expect(written).toEqual([{ ...windowItem, spent: { N: '1.5' } }]);
  });

  it('is read where it is from before limits were declared', async () => {
    const { stated: _, ...older } = windowItem;
    const { table } = createTable(older);
    expect(await readWindow(table)).toEqual({ window: { ...window, declared: {} }, version: 7 });
  });

  it('holds the inflow of a long calm, and a time beyond what an integer holds', async () => {
    const { table, written } = createTable();
    await writeWindow(table, { ...window, closedUntilMs: 1e33, pace: { ...window.pace, inflow: 1e-200 } }, 0);
    expect(written).toMatchObject([{ closedUntilMs: { N: '1e+33' }, inflow: { N: '0' } }]);
    const [item] = written;
    expect((await readWindow(createTable(item).table)).window.closedUntilMs).toBe(1e33);
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
  const ledger = createLedger({
    ...table,
    deployment: 'queue',
    limit: { requests: 3, perSeconds: 300, headroom: 0 },
    guardMs: 0,
    clockDifferenceMs: 0,
    nowMs: () => {
      nowMs += 1001;
      return nowMs;
    },
  });
  await expect(ledger.reserve([{ fillRatio: 1, oldestChangeMs: 0 }])).rejects.toThrow(SlowLedgerError);
});
