import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createLimitsTable, SlowLedgerError } from '../../functions/aws/tables/limits-table.ts';
import type { LimitsState } from '../../functions/core/limits/limits.ts';
import { freshQuota, isSpentUnknown, spentTokens } from '../../functions/core/limits/tokens/quota.ts';
import { limitsRequest, looseLimits } from '../helpers/limits-request.ts';

type Item = Record<string, { readonly S?: string; readonly N?: string }>;
interface Command {
  readonly input: {
    readonly Key?: Item;
    readonly Item?: Item;
    readonly ConditionExpression?: string;
    readonly ExpressionAttributeValues?: Item;
  };
}

const startMs = 480_000 * 3_600_000;
const guardMs = 13_000;

/** A table in memory whose items can be looked at, changed and lost. */
function createWorld() {
  const items = new Map<string, Item>();
  const clock = { nowMs: startMs };
  let operations = 0;
  const client = {
    async send({ input }: Command) {
      operations++;
      const pk = (input.Key ?? input.Item)?.pk?.S ?? '';
      const known = items.get(pk);
      if (input.Item === undefined) return { Item: known };
      const isExpected =
        input.ConditionExpression === 'attribute_not_exists(version)'
          ? known?.version === undefined
          : known?.version?.N === input.ExpressionAttributeValues?.[':version']?.N;
      if (!isExpected) {
        throw new ConditionalCheckFailedException({
          message: 'The conditional request failed',
          $metadata: {},
        });
      }
      items.set(pk, input.Item);
      return {};
    },
  } as unknown as DynamoDBClient;
  const connect = (through: DynamoDBClient = client) =>
    createLimitsTable({
      client: through,
      tableName: 'ledger',
      deployment: 'one',
      limits: looseLimits,
      guardMs,
      clockDifferenceMs: 2000,
      nowMs: () => clock.nowMs,
    });
  return { items, clock, connect, client, operations: () => operations };
}

const isLost = ({ window, quotas }: LimitsState) =>
  window.arrivedByMs.length === 300 &&
  quotas.production !== undefined &&
  isSpentUnknown(quotas.production, startMs);

describe('what a 429 said', () => {
  it('is kept for others to read', async () => {
    const { connect } = createWorld();
    await connect().close(startMs + 5000, 'everyone', { remaining: 0, message: 'no' });
    expect((await connect().read()).throttle).toEqual({ atMs: startMs, remaining: 0, message: 'no' });
  });
});

describe('an item that is missing', () => {
  it('starts unused where the table is new, for each who comes', async () => {
    const { connect } = createWorld();
    expect(isLost(await connect().read())).toBe(false);
    const [first, second] = [connect(), connect()];
    const grants = await Promise.all([first.reserve([limitsRequest()]), second.reserve([limitsRequest()])]);
    // After a silence so large a bucket lets both go at once.
    expect(grants).toMatchObject([{ kind: 'granted' }, { kind: 'granted' }]);
  });

  it('was lost where this environment has seen it', async () => {
    const { items, connect } = createWorld();
    const table = connect();
    await table.reserve([limitsRequest()]);
    items.clear();
    expect(isLost(await table.read())).toBe(true);
    expect(await table.reserve([limitsRequest()])).toMatchObject({ kind: 'wait', for: 'window' });
    // Another one, that comes later, reads what the first has written.
    expect(await connect().reserve([limitsRequest()])).toMatchObject({ kind: 'wait', for: 'window' });
  });

  it('was lost where the table was used before', async () => {
    const { items, clock, connect } = createWorld();
    await connect().reserve([limitsRequest()]);
    items.delete('rate-window');
    expect(isLost(await connect().read())).toBe(false);
    clock.nowMs += 10_001;
    expect(isLost(await connect().read())).toBe(true);
  });

  it('is not lost where this environment writes it while it reads', async () => {
    const { connect, client } = createWorld();
    let release = () => {};
    const isHeld = new Promise<void>((settle) => {
      release = settle;
    });
    let reads = 0;
    const slowFirst = {
      async send(command: { readonly input: { readonly Item?: unknown } }) {
        const answer = await client.send(command as never);
        if (command.input.Item === undefined && ++reads === 1) await isHeld;
        return answer;
      },
    } as unknown as DynamoDBClient;
    const table = connect(slowFirst);
    const read = table.read();
    await table.note((state) => ({ ...state }));
    release();
    expect(isLost(await read)).toBe(false);
    expect(isLost(await table.read())).toBe(false);
  });

  it('keeps what deployments have declared, as far as it was seen', async () => {
    const { items, connect } = createWorld();
    const table = connect();
    await table.reserve([limitsRequest()]);
    items.clear();
    expect(Object.keys((await table.read()).window.declared)).toEqual(['one']);
  });
});

describe('an item that is older than it was', () => {
  it('was lost, and is taken for that once', async () => {
    const { items, clock, connect } = createWorld();
    const [first, second] = [connect(), connect()];
    await first.reserve([limitsRequest()]);
    const old = items.get('rate-window');
    for (const table of [first, second]) await table.note((state) => ({ ...state }));
    if (old !== undefined) items.set('rate-window', old);
    expect(isLost(await first.read())).toBe(true);
    expect((await first.reserve([limitsRequest()])).kind).toBe('wait');
    clock.nowMs += 400_000;
    expect((await second.reserve([limitsRequest()])).kind).toBe('granted');
  });
});

describe('a write', () => {
  it('over an item without a version succeeds', async () => {
    const { items, connect, operations } = createWorld();
    items.set('rate-window', { pk: { S: 'rate-window' } });
    expect((await connect().reserve([limitsRequest()])).kind).toBe('granted');
    expect(operations()).toBeLessThan(5);
  });

  it('is given up after twenty lost races', async () => {
    const { connect } = createWorld();
    let writes = 0;
    const client = {
      async send({ input }: Command) {
        if (input.Item === undefined) return {};
        writes++;
        throw new ConditionalCheckFailedException({ message: 'others were faster', $metadata: {} });
      },
    } as unknown as DynamoDBClient;
    await expect(connect(client).reserve([limitsRequest()])).rejects.toThrow(SlowLedgerError);
    await expect(connect(client).note((state) => ({ ...state }))).rejects.toThrow(SlowLedgerError);
    // Each writes the mark, too.
    expect(writes).toBe(80);
  });

  it('of a note is made whatever is granted', async () => {
    const { connect, operations } = createWorld();
    const table = connect();
    const note = (state: LimitsState) => ({ ...state, directories: { a: startMs } });
    const tooDear = limitsRequest({ price: { files: 6000, dirs: 0 } });
    expect(await table.reserve([tooDear], note)).toEqual({
      kind: 'short',
      spendable: { files: 4950, dirs: 19 },
    });
    expect((await connect().read()).directories).toEqual({ a: startMs });
    const before = operations();
    expect((await table.reserve([tooDear])).kind).toBe('short');
    expect(operations() - before).toBe(1);
  });

  it('has the answers of all requests before it', async () => {
    const { connect } = createWorld();
    const table = connect();
    const grant = await table.reserve([limitsRequest({ price: { files: 5, dirs: 0 } })]);
    if (grant.kind !== 'granted') throw new Error(`expected a slot, got ${grant.kind}`);
    for (const slot of grant.slots) table.answered(slot, { remaining: 100, isRefused: true });
    expect((await table.read()).bucket.level).toBe(100);
    expect((await connect().read()).bucket.level).toBe(9999);
    await table.reserve([limitsRequest()]);
    const { bucket, quotas } = await connect().read();
    expect(bucket.level).toBe(99);
    expect(quotas.production?.spent).toEqual({});
  });
});

it('writes that are too slow for their slots cost none of the tokens of the day, however many there are', async () => {
  const { clock, connect, client } = createWorld();
  let writeMs = 1200;
  const slow = {
    async send(command: Command) {
      if (command.input.Item !== undefined) clock.nowMs += writeMs;
      return client.send(command as never);
    },
  } as unknown as DynamoDBClient;
  const table = connect(slow);
  const files = limitsRequest({ price: { files: 100, dirs: 0 }, senders: { a: { files: 100, dirs: 0 } } });
  for (let tries = 0; tries < 60; tries++) {
    await expect(table.reserve([files, files])).rejects.toThrow(SlowLedgerError);
    clock.nowMs += 15_000;
  }
  writeMs = 10;
  expect((await table.reserve([files])).kind).toBe('granted');
  const { quotas, senders, window } = await connect().read();
  expect(spentTokens(quotas.production ?? freshQuota, clock.nowMs)).toEqual({ files: 100, dirs: 0 });
  expect(senders.a?.recent).toEqual({ files: 100, dirs: 0 });
  // A slot is used all the same.
  expect(window.arrivedByMs.length).toBeGreaterThan(20);
});

it('that a request was never sent says nothing of the bucket, and its tokens are returned once', async () => {
  const { connect } = createWorld();
  const table = connect();
  const grant = await table.reserve([limitsRequest({ price: { files: 5, dirs: 0 } })]);
  if (grant.kind !== 'granted') throw new Error(`expected a slot, got ${grant.kind}`);
  await table.reserve([limitsRequest({ price: { files: 7, dirs: 0 } })]);
  const { bucket } = await connect().read();
  for (const _ of ['once', 'twice']) for (const slot of grant.slots) table.answered(slot, { isUnsent: true });
  const noted = await table.read();
  expect(noted.bucket).toEqual(bucket);
  expect(spentTokens(noted.quotas.production ?? freshQuota, startMs)).toEqual({ files: 7, dirs: 0 });
});

it('requests are granted in their order, up to the first that has to wait', async () => {
  const { connect } = createWorld();
  const files = (count: number) => limitsRequest({ price: { files: count, dirs: 0 } });
  const table = connect();
  const first = await table.reserve([files(1)]);
  if (first.kind !== 'granted') throw new Error(`expected a slot, got ${first.kind}`);
  for (const slot of first.slots) table.answered(slot, {});
  const grant = await table.reserve([files(1000), files(4000), files(1)]);
  expect(grant).toMatchObject({ kind: 'granted', slots: [expect.anything()] });
});

it('tokens of the last second of an hour are counted until a day after they may have arrived', async () => {
  const { clock, connect } = createWorld();
  const table = connect();
  const all = limitsRequest({ price: { files: 4900, dirs: 0 } });
  clock.nowMs = startMs + 3_600_000 - 1000;
  expect((await table.reserve([all])).kind).toBe('granted');
  // It may have arrived 13 seconds later, so these 24 hours are not over.
  clock.nowMs += 24 * 3_600_000 + 2000;
  expect((await table.reserve([all])).kind).toBe('short');
});

describe('what was read just before', () => {
  const spend = (state: LimitsState): LimitsState => ({
    ...state,
    directories: { ...state.directories, [Object.keys(state.directories).length]: startMs },
  });

  it('is what the next write starts from, so that it does not read again', async () => {
    const { connect, operations } = createWorld();
    const table = connect();
    await table.note(spend);
    await table.read();
    const before = operations();
    await table.note(spend);
    expect(operations() - before).toBe(1);
  });

  it('is read again where somebody else has written since', async () => {
    const { connect } = createWorld();
    const [table, other] = [connect(), connect()];
    await other.note(spend);
    await table.read();
    await other.note(spend);
    await table.note(spend);
    expect(Object.keys((await table.read()).directories)).toHaveLength(3);
  });

  it('is forgotten after a second', async () => {
    const { connect, clock, operations } = createWorld();
    const table = connect();
    await table.note(spend);
    await table.read();
    clock.nowMs += 1500;
    const before = operations();
    await table.note(spend);
    expect(operations() - before).toBe(2);
  });
});

describe('a write whose answer was lost', () => {
  it('takes no more than once from the limits', async () => {
    const { connect, client } = createWorld();
    let isLost = false;
    const losing = {
      async send(command: Command) {
        const answer = await client.send(command as never);
        if (command.input.Item === undefined || !isLost) return answer;
        isLost = false;
        // The SDK sends it again.
        return client.send(command as never);
      },
    } as unknown as DynamoDBClient;
    const limits = connect(losing);
    await limits.reserve([limitsRequest()]);
    isLost = true;
    const price = { files: 100, dirs: 0 };
    expect(await limits.reserve([limitsRequest({ price })])).toMatchObject({ kind: 'granted' });
    const { quotas, window } = await limits.read();
    expect(spentTokens(quotas.production ?? freshQuota, startMs + guardMs)).toEqual(price);
    expect(window.arrivedByMs).toHaveLength(2);
  });
});
