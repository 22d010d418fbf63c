import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClock, type VirtualClock } from '../../bench/simulation/world/clock.ts';
import {
  createLimitsTable,
  type LimitsTable,
  slowestWriteMs,
} from '../../functions/aws/tables/limits-table.ts';
import type { GrantedSlot, LimitsState } from '../../functions/core/limits/limits.ts';
import { isSpentUnknown } from '../../functions/core/limits/tokens/quota.ts';
import { correct } from '../../functions/core/limits/tokens/quota-readings.ts';
import type { Lane } from '../../functions/core/model/types.ts';
import { limitsRequest } from '../helpers/limits-request.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = 20_000 * dayMs;
const clockDifferenceMs = 2000;
const timeoutMs = 10_000;
const rightGuardMs = slowestWriteMs + timeoutMs + clockDifferenceMs;

interface Tokens {
  readonly files: number;
  readonly dirs: number;
}

/** CDN Pro, which counts by itself: exact windows, an exact bucket, and the tokens of exact 24 hours. */
class Server {
  readonly arrivals: { readonly atMs: number; readonly tokens: Tokens }[] = [];
  emptiest = Number.POSITIVE_INFINITY;
  #level: number;
  #atMs = startMs;
  readonly #bucket: World['bucket'];
  constructor(bucket: World['bucket']) {
    this.#bucket = bucket;
    this.#level = bucket.burst;
  }

  /** @returns how many requests the bucket still holds, whole ones */
  arrive(atMs: number, tokens: Tokens): number {
    const refill = ((atMs - this.#atMs) / 60_000) * this.#bucket.perMinute;
    this.#level = Math.min(this.#bucket.burst, this.#level + refill) - 1;
    this.#atMs = atMs;
    this.emptiest = Math.min(this.emptiest, this.#level);
    this.arrivals.push({ atMs, tokens });
    return Math.floor(this.#level);
  }

  mostIn(spanMs: number, weigh: (tokens: Tokens) => number): number {
    let most = 0;
    let sum = 0;
    let first = 0;
    for (const { atMs, tokens } of this.arrivals) {
      sum += weigh(tokens);
      for (; (this.arrivals[first]?.atMs ?? atMs) <= atMs - spanMs; first++) {
        sum -= weigh(this.arrivals[first]?.tokens ?? { files: 0, dirs: 0 });
      }
      most = Math.max(most, sum);
    }
    return most;
  }

  left(quota: Tokens, atMs: number): Tokens {
    const recent = this.arrivals.filter((arrival) => arrival.atMs > atMs - dayMs);
    const sum = (kind: keyof Tokens) => recent.reduce((total, { tokens }) => total + tokens[kind], 0);
    return { files: Math.max(0, quota.files - sum('files')), dirs: Math.max(0, quota.dirs - sum('dirs')) };
  }
}

type Item = Record<string, { readonly S?: string; readonly N?: string }>;
interface Command {
  readonly input: {
    readonly Key?: Item;
    readonly Item?: Item;
    readonly ExpressionAttributeValues?: Item;
  };
}

/** A table whose items can be lost. */
function createItems(clock: VirtualClock, latencyMs: number, isConditional: boolean) {
  const items = new Map<string, Item>();
  async function send({ input }: Command) {
    await clock.sleep(latencyMs / 2);
    const pk = (input.Key ?? input.Item)?.pk?.S ?? '';
    const known = items.get(pk);
    const isExpected = known?.version?.N === input.ExpressionAttributeValues?.[':version']?.N;
    const isWritten = input.Item !== undefined && (isExpected || !isConditional);
    if (input.Item !== undefined && isWritten) items.set(pk, input.Item);
    await clock.sleep(latencyMs / 2);
    if (input.Item === undefined) return { Item: known };
    if (isWritten) return {};
    throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
  }
  return { client: { send } as unknown as DynamoDBClient, lose: (pk: string) => items.delete(pk) };
}

const ask = fc.record({
  consumer: fc.nat(2),
  afterMs: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 1500 }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 6 * hourMs }) },
  ),
  requests: fc.integer({ min: 1, max: 3 }),
  lane: fc.constantFrom<Lane>('takedown', 'people', 'bulk'),
  files: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 })),
  dirs: fc.constantFrom(0, 0, 0, 1),
  latencyMs: fc.integer({ min: 0, max: timeoutMs }),
  fate: fc.constantFrom('answered', 'answered', 'answered', 'refused', 'lost', 'unsent', 'killed'),
  /** Whether `purgeTokens` is read before it, where the count is unknown. */
  reads: fc.boolean(),
});
const worlds = fc.record({
  asks: fc.array(ask, { minLength: 20, maxLength: 150 }),
  rate: fc.record({
    requests: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constant(60)),
    perSeconds: fc.integer({ min: 1, max: 30 }),
    headroom: fc.constantFrom(0, 0.1),
  }),
  bucket: fc.record({ perMinute: fc.integer({ min: 10, max: 120 }), burst: fc.integer({ min: 5, max: 40 }) }),
  quota: fc.record({ files: fc.integer({ min: 20, max: 200 }), dirs: fc.integer({ min: 2, max: 10 }) }),
  tableMs: fc.integer({ min: 0, max: 900 }),
  skewMs: fc.tuple(...Array.from({ length: 3 }, () => fc.integer({ min: -1000, max: 1000 }))),
  /** Before which of the asks the item is lost. */
  losses: fc.array(fc.nat(100), { maxLength: 2 }),
});
type World = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;
type Ask = World['asks'][number];

interface Mutation {
  readonly guardMs?: number;
  /** Every consumer is new to the item, and nothing says that there was one. */
  readonly forgets?: boolean;
  /** Writes that do not look whether somebody else has written. */
  readonly isBlind?: boolean;
  /** Answers do not say what remains in the bucket. */
  readonly isDeaf?: boolean;
  /** What a deployment has configured instead of the world's limits. */
  readonly limits?: (world: World, deployment: number) => Partial<Pick<World, 'rate' | 'bucket' | 'quota'>>;
  /** Deployments have one name. */
  readonly isNameless?: boolean;
}

/** Lets consumers of two deployments reserve, send, fail and die; each as the asks say. */
async function play(world: World, mutation: Mutation = {}) {
  const { guardMs = rightGuardMs, forgets, isBlind, isDeaf, limits, isNameless } = mutation;
  const { quota } = world;
  const clock = createClock();
  const nowMs = () => startMs + clock.nowMs();
  const server = new Server(world.bucket);
  const items = createItems(clock, world.tableMs, isBlind !== true);
  const connect = (consumer: number): LimitsTable => {
    const deployment = consumer % 2;
    const configured = { ...world, ...limits?.(world, deployment) };
    return createLimitsTable({
      client: items.client,
      tableName: 'ledger',
      deployment: isNameless ? 'deployment' : `deployment ${deployment}`,
      limits: {
        rate: configured.rate,
        bucket: configured.bucket,
        quota: { production: configured.quota },
        requestCost: 1,
        tokenUnit: 'url',
      },
      guardMs,
      clockDifferenceMs,
      nowMs: () => Math.floor(nowMs()) + (world.skewMs[consumer] ?? 0),
    });
  };
  const consumers = world.skewMs.map((_, index) => connect(index));

  async function send(table: LimitsTable, slot: GrantedSlot, tokens: Tokens, { latencyMs, fate }: Ask) {
    await clock.sleep(latencyMs);
    const isRefused = fate === 'refused';
    const remaining = server.arrive(nowMs(), isRefused ? { files: 0, dirs: 0 } : tokens);
    if (fate === 'lost' || fate === 'killed') return;
    await clock.sleep(20);
    table.answered(slot, isDeaf ? { isRefused } : { remaining, isRefused });
  }

  async function readTokens(table: LimitsTable): Promise<void> {
    const told = server.left(quota, nowMs());
    const note = (state: LimitsState, atMs: number) => {
      const { production } = state.quotas;
      if (production === undefined || !isSpentUnknown(production, atMs)) return state;
      return { ...state, quotas: { ...state.quotas, production: correct(production, told, quota, atMs) } };
    };
    await table.note(note);
  }

  async function reserve(wish: Ask): Promise<void> {
    if (forgets) consumers[wish.consumer] = connect(wish.consumer);
    const table = consumers[wish.consumer] ?? connect(wish.consumer);
    if (wish.reads) await readTokens(table);
    const tokens = { files: wish.files, dirs: wish.dirs };
    const request = limitsRequest({ lane: wish.lane, price: tokens, senders: { 'bucket:a': tokens } });
    const grant = await table.reserve(Array.from({ length: wish.requests }, () => request));
    if (wish.fate === 'unsent' || wish.fate === 'killed') consumers[wish.consumer] = connect(wish.consumer);
    if (grant.kind !== 'granted' || wish.fate === 'unsent') return;
    for (const slot of grant.slots) void send(table, slot, tokens, wish);
  }

  // The first use of the table is over.
  let atMs = 20_000;
  for (const [index, each] of consumers.entries()) {
    clock.at(index * 2000, () => void each.note((state) => ({ ...state })));
  }
  for (const [index, wish] of world.asks.entries()) {
    atMs += wish.afterMs;
    if (world.losses.includes(index)) {
      clock.at(atMs, () => items.lose('rate-window'));
      if (forgets) clock.at(atMs, () => items.lose('rate-window-used'));
    }
    // A write that takes too long is thrown, and its slots are not used.
    clock.at(atMs, () => void reserve(wish).catch(() => {}));
  }
  await clock.run(Number.POSITIVE_INFINITY);
  return server;
}

function isWindowKept({ rate }: World, server: Server): boolean {
  const most = Math.max(1, Math.floor(rate.requests * (1 - rate.headroom)));
  return server.mostIn(rate.perSeconds * 1000, () => 1) <= most;
}

const isBucketKept = (_: World, { emptiest }: Server) => emptiest >= 0;

/** Over the quota are the overdraft of takedowns and, for each time that the count was lost, what was allowed until it was known. */
function isQuotaKept({ quota, losses }: World, server: Server): boolean {
  const allowed = (tokens: number) =>
    tokens + Math.ceil(tokens * 0.05) + losses.length * Math.ceil(tokens * 0.07);
  return (
    server.mostIn(dayMs, ({ files }) => files) <= allowed(quota.files) &&
    server.mostIn(dayMs, ({ dirs }) => dirs) <= allowed(quota.dirs)
  );
}

type Check = (world: World, server: Server) => boolean;

async function isSeen(mutation: Mutation, check: Check): Promise<boolean> {
  const outcome = await fc.check(
    fc.asyncProperty(worlds, async (world) => check(world, await play(world, mutation))),
    // With a random seed, some of these may take many times as long.
    { numRuns: 30_000, seed: 6, endOnFailure: true },
  );
  return outcome.failed;
}

/** Checks all three promises on worlds. */
const keepsAll = (of: fc.Arbitrary<World>, mutation: Mutation = {}) =>
  fc.assert(
    fc.asyncProperty(of, async (world) => {
      const server = await play(world, mutation);
      expect({
        window: isWindowKept(world, server),
        bucket: isBucketKept(world, server),
        quota: isQuotaKept(world, server),
      }).toEqual({ window: true, bucket: true, quota: true });
    }),
    { numRuns: 200 },
  );

test('no limit of the server is broken, whatever consumers of two deployments do, and however often the item is lost', () =>
  keepsAll(worlds));

/** The second deployment takes every limit for ten times as much, and the window for shorter. */
const lax: Mutation['limits'] = ({ rate, bucket, quota }, deployment) =>
  deployment === 0
    ? {}
    : {
        rate: { ...rate, requests: rate.requests * 10, perSeconds: Math.ceil(rate.perSeconds / 10) },
        bucket: { perMinute: bucket.perMinute * 10, burst: bucket.burst * 10 },
        quota: { files: quota.files * 10, dirs: quota.dirs * 10 },
      };

describe('deployments that have configured different limits', () => {
  const notLost = worlds.map((world): World => ({ ...world, losses: [] }));

  test('keep the strictest of each, together', () => keepsAll(notLost, { limits: lax }));

  test('break each of them where they do not tell each other', async () => {
    const mutation: Mutation = { limits: lax, isNameless: true };
    expect(await isSeen(mutation, isWindowKept)).toBe(true);
    expect(await isSeen({ ...mutation, isDeaf: true }, isBucketKept)).toBe(true);
    expect(await isSeen(mutation, isQuotaKept)).toBe(true);
  });
});

describe('that breaks', () => {
  test('without the guard', async () => {
    expect(await isSeen({ guardMs: 0 }, isWindowKept)).toBe(true);
  });

  test('where writes do not look whether somebody else has written', async () => {
    expect(await isSeen({ isBlind: true }, isWindowKept)).toBe(true);
    expect(await isSeen({ isBlind: true }, isQuotaKept)).toBe(true);
  });

  test('where nothing says that the item was lost', async () => {
    expect(await isSeen({ forgets: true }, isWindowKept)).toBe(true);
    expect(await isSeen({ forgets: true }, isQuotaKept)).toBe(true);
  });

  test('without the own count of the bucket and what answers say of it', async () => {
    const limits = () => ({ bucket: { perMinute: 1e6, burst: 1e6 } });
    expect(await isSeen({ limits, isDeaf: true }, isBucketKept)).toBe(true);
  });

  test('without the quota', async () => {
    expect(await isSeen({ limits: () => ({ quota: { files: 1e6, dirs: 1e6 } }) }, isQuotaKept)).toBe(true);
  });
});
