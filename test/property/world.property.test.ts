import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CdnProFault } from '../../bench/simulation/cdn-pro.ts';
import { entriesIn } from '../../bench/simulation/changes.ts';
import { type Outcome, runWorld, type WorldOptions } from '../../bench/simulation/world.ts';
import { requestsInWindow } from '../../functions/core/limits/window.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import { readMessage } from '../../functions/core/model/purge-message.ts';
import type { PurgeAction, PurgeEntry, Scope, Target } from '../../functions/core/model/types.ts';
import type { SubmitPorts } from '../../functions/submit/ports.ts';
import type { TickPorts } from '../../functions/tick/ports.ts';
import { sendingBy } from '../helpers/submit-fixture.ts';

/** `npm run test:fuzz` runs more. */
const times = Number(process.env.FUZZ_TIMES ?? 1);

type Kind = 'file' | 'file with headers' | 'directory' | 'regex';

/** Random small worlds around the real consumer, its ledger and its pacing. */
const fault = fc.oneof(
  { weight: 6, arbitrary: fc.constant<CdnProFault | undefined>(undefined) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<CdnProFault>(
      'error',
      'throttled',
      'too-large',
      'unauthorized',
      'answer-lost',
      'request-lost',
      'odd',
      { retryAfterMs: 1000 },
      { retryAfterMs: 299_000 },
      { slowMs: 3000 },
      { slowMs: 9900 },
    ),
  },
);
const worlds = fc.record({
  changes: fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 4000 }),
      page: fc.integer({ min: 0, max: 12 }),
      as: fc.oneof(
        { weight: 6, arbitrary: fc.constant<Kind>('file') },
        { weight: 4, arbitrary: fc.constantFrom<Kind>('file with headers', 'directory', 'regex') },
      ),
      action: fc.constantFrom<PurgeAction>('invalidate', 'invalidate', 'delete'),
      target: fc.constantFrom<Target>('production', 'production', 'staging'),
    }),
    { minLength: 1, maxLength: 25 },
  ),
  badPages: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 3 }),
  isNamed: fc.boolean(),
  limit: fc.record({
    requests: fc.integer({ min: 1, max: 6 }),
    perSeconds: fc.integer({ min: 2, max: 20 }),
    headroom: fc.constantFrom(0, 0.1, 0.5),
  }),
  bucket: fc.record({
    perMinute: fc.integer({ min: 30, max: 600 }),
    // Some of it always stays in it: a request that is slow is counted later.
    burst: fc.integer({ min: 30, max: 60 }),
  }),
  quota: fc.record({ files: fc.integer({ min: 4, max: 30 }), dirs: fc.integer({ min: 3, max: 12 }) }),
  maxFileUrls: fc.integer({ min: 1, max: 6 }),
  batchSize: fc.integer({ min: 1, max: 12 }),
  gatherers: fc.integer({ min: 1, max: 3 }),
  reordering: fc.integer({ min: 0, max: 5 }),
  duplicates: fc.constantFrom(0, 0, 0.3),
  /** What goes wrong with the first requests; all is well after them. */
  faults: fc.array(fault, { maxLength: 12 }),
  sendsRetryAfter: fc.boolean(),
  wayMs: fc.integer({ min: 0, max: 400 }),
  tableMs: fc.integer({ min: 0, max: 900 }),
  tableIsGoneMs: fc.constantFrom(0, 0, 15_000),
  /** How long the first invocations live; undefined: until their timeout. */
  livesMs: fc.array(fc.option(fc.integer({ min: 0, max: 8000 }), { nil: undefined, freq: 2 }), {
    maxLength: 6,
  }),
  /** The same for ticks. */
  tickLivesMs: fc.array(fc.option(fc.integer({ min: 0, max: 3000 }), { nil: undefined, freq: 2 }), {
    maxLength: 4,
  }),
  aheadMs: fc.integer({ min: -2000, max: 2000 }),
  lookMs: fc.integer({ min: 0, max: 120_000 }),
  seed: fc.nat(),
});
type World = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;
type Mutation = Pick<WorldOptions, 'mutate' | 'mutateTick' | 'guardMs'>;

/** A day of tokens is ten minutes. */
const hourMs = 25_000;
/** The smallest share of which each kind of the day's tokens makes one. */
const overdraft = 0.05;

/** Three directories, so that those that are purged cover some of the files. */
const directoryOf = (page: number) => `https://h.example/${page % 3}/`;
const urlOf = (page: number) => `${directoryOf(page)}${page}`;

function run(world: World, mutation: Mutation = {}, untilMs = 7_200_000): Promise<Outcome> {
  const { limit, maxFileUrls, batchSize, gatherers, reordering, duplicates, seed, livesMs, wayMs } = world;
  return runWorld(
    {
      seed,
      changes: changesOf(world),
      limit,
      bucket: world.bucket,
      quota: { production: world.quota, staging: world.quota },
      hourMs,
      limits: { maxFileUrls, maxBodyBytes: 1e6 },
      eventSource: {
        batchSize,
        windowMs: 1000,
        maximumConcurrency: 2,
        maxPayloadBytes: 6e6,
        gatherers,
        envelopeBytes: 800,
        grain: 1,
        invokeMs: 10,
        receiveRate: 1000,
      },
      queue: { visibilityTimeoutMs: 332_000, maxReceiveCount: 10, reordering, duplicates },
      cdnPro: {
        requests: limit.requests,
        windowMs: limit.perSeconds * 1000,
        wayMs: () => wayMs,
        bucket: world.bucket,
        sendsRetryAfter: world.sendsRetryAfter,
        fault: (index) => world.faults[index],
        bad: {
          isBad: (url) => world.badPages.some((page) => urlOf(page) === url),
          isNamed: world.isNamed,
        },
      },
      table: { latencyMs: () => world.tableMs, fails: (nowMs) => nowMs < world.tableIsGoneMs },
      transitMs: 10,
      functionTimeoutMs: 300_000,
      lifeMs: (invocation) => livesMs[invocation],
      tickLifeMs: (tick) => world.tickLivesMs[tick],
      skewMs: [0, world.aheadMs],
      ...mutation,
    },
    untilMs,
  );
}

function changesOf({ changes }: World) {
  let atMs = 0;
  return changes.map(({ afterMs, page, as, action, target }) => {
    atMs += afterMs;
    const entry = entryFor(page, as, { action, target });
    return { atMs, url: entryText(entry), entry };
  });
}

function entryFor(page: number, as: Kind, scope: Scope): PurgeEntry {
  if (as === 'directory') return { kind: 'dir', url: `${directoryOf(page)}*`, ...scope };
  if (as === 'regex') return { kind: 'regex', pattern: `${urlOf(page)}[?].*`, ...scope };
  if (as === 'file') return { kind: 'file', url: urlOf(page), ...scope };
  return { kind: 'file', url: urlOf(page), headers: [{ name: 'Accept', value: 'image/webp' }], ...scope };
}

/** Tells an entry from every other one. */
function nameOf(entry: PurgeEntry): string {
  const headers = entry.kind === 'file' && entry.headers !== undefined ? ' with headers' : '';
  return `${entry.action} ${entry.kind} ${entryText(entry)}${headers} in ${entry.target}`;
}

/** Promise 1: changes that are neither in a request accepted after them, nor in a queue. */
function lostIn(world: World, outcome: Outcome): string[] {
  const inQueues = entriesIn([...outcome.queue.bodies(), ...outcome.dead]);
  const kept = new Set([...inQueues, ...outcome.parked].map(nameOf));
  return changesOf(world)
    .filter(({ atMs }, index) => atMs <= outcome.nowMs && Number.isNaN(outcome.acceptedMs[index]))
    .filter(({ entry }) => !kept.has(nameOf(entry)))
    .map(({ entry, atMs }) => `${nameOf(entry)}, changed at ${atMs} ms, is nowhere`);
}

/** Promise 2: windows of the server with more requests than the configuration allows. */
function overfullIn({ limit }: World, { cdnPro: { arrivals } }: Outcome): string[] {
  const most = requestsInWindow(limit);
  return arrivals.flatMap((atMs, index) => {
    const first = arrivals[index - most];
    if (first === undefined || first <= atMs - limit.perSeconds * 1000) return [];
    return [`request ${index} at ${atMs} ms is one too many: ${most} came since ${first} ms`];
  });
}

/** Promise 2: more tokens than a day has, and takedowns may overdraw. */
function overspentIn({ quota }: World, { cdnPro: { spent } }: Outcome): string[] {
  return spent.flatMap(({ target, atMs }) => {
    const ofDay = spent.filter(
      (other) => other.target === target && other.atMs <= atMs && other.atMs > atMs - 24 * hourMs,
    );
    return (['files', 'dirs'] as const).flatMap((kind) => {
      const sum = ofDay.reduce((tokens, each) => tokens + each[kind], 0);
      const most = quota[kind] + Math.ceil(quota[kind] * overdraft);
      return sum > most ? [`${sum} ${kind} in the day before ${atMs} ms, ${most} are allowed`] : [];
    });
  });
}

/** Promise 4: good URLs that did not get through, or were rejected. */
function hurtIn(world: World, outcome: Outcome): string[] {
  const isBad = (url: string) => world.badPages.some((page) => urlOf(page) === url);
  const unsent = changesOf(world).filter(
    ({ url }, index) => !isBad(url) && Number.isNaN(outcome.acceptedMs[index]),
  );
  const rejected = outcome.dead.filter((body) => {
    const read = readMessage(body);
    return read.kind === 'message' && JSON.parse(body).rejected !== undefined;
  });
  return [
    ...unsent.map(({ entry }) => `${nameOf(entry)} was never accepted`),
    ...entriesIn(rejected)
      .map(entryText)
      .flatMap((url) => (isBad(url) ? [] : [`${url} was rejected`])),
  ];
}

/** Worlds with hardly a token, in which the first ticks are killed. */
const crashing = fc
  .record({
    world: worlds,
    livesMs: fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 3, maxLength: 3 }),
  })
  .map(
    ({ world, livesMs }): World => ({
      ...world,
      quota: { files: 4, dirs: 3 },
      tickLivesMs: livesMs,
    }),
  );

/** Worlds with hardly a token, in which requests could spend many of them. */
const busy = worlds.map(
  (world): World => ({
    ...world,
    quota: { files: 4, dirs: 3 },
    limit: { requests: 6, perSeconds: 2, headroom: 0 },
    batchSize: 2,
    faults: [],
    livesMs: [],
  }),
);

/** Whether the check finds a counter-example when a mechanism is taken away. */
async function isSeen(
  mutation: Mutation,
  failuresOf: (world: World, outcome: Outcome) => string[],
  among = worlds,
) {
  const outcome = await fc.check(
    fc.asyncProperty(
      among,
      async (world) => failuresOf(world, await run(world, mutation, 600_000)).length === 0,
    ),
    { numRuns: 500, endOnFailure: true },
  );
  return outcome.failed;
}

test('promise 1: whenever one looks, every change is accepted, in the dead letter queue, or waiting', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      expect(lostIn(world, await run(world, {}, world.lookMs))).toEqual([]);
    }),
    { numRuns: 300 * times },
  );
});

test('promise 1 breaks when what is left is not requeued, or a lost request counts as accepted', async () => {
  const dropping = (ports: SubmitPorts): SubmitPorts => ({ ...ports, requeue: async () => [] });
  const trusting = (ports: SubmitPorts): SubmitPorts =>
    sendingBy(ports, (submit) => async (body, options) => {
      const answer = await submit(body, options);
      return answer.kind === 'unavailable' ? { kind: 'accepted', purgeId: 'p' } : answer;
    });
  expect(await isSeen({ mutate: dropping }, lostIn)).toBe(true);
  expect(await isSeen({ mutate: trusting }, lostIn)).toBe(true);
});

test('promise 1 breaks when what is parked is lost, or taken out of the table before it is released', async () => {
  const forgetting = (ports: SubmitPorts): SubmitPorts => ({ ...ports, park: async () => [] });
  const hasty = (ports: TickPorts): TickPorts => ({
    ...ports,
    async send(messages) {
      for (const { body } of messages) {
        for await (const item of ports.parked.oldest('production', 'files', 100)) {
          if (body.includes(entryText(item.entry))) await ports.parked.remove(item);
        }
      }
      return ports.send(messages);
    },
  });
  expect(await isSeen({ mutate: forgetting }, lostIn)).toBe(true);
  expect(await isSeen({ mutateTick: hasty }, lostIn, crashing)).toBe(true);
});

test('promise 2: no window of the server ever holds more than the limit, and nothing is answered with 429', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const outcome = await run(world);
      expect(overfullIn(world, outcome)).toEqual([]);
      expect(outcome.cdnPro.throttled).toBe(0);
      expect(overspentIn(world, outcome)).toEqual([]);
    }),
    { numRuns: 300 * times },
  );
});

test('promise 2 breaks when requests are thought to cost no tokens', async () => {
  const lavish = (ports: SubmitPorts): SubmitPorts => ({
    ...ports,
    limitsTable: {
      ...ports.limitsTable,
      reserve: (requests, note) =>
        ports.limitsTable.reserve(
          requests.map((request) => ({ ...request, price: { files: 0, dirs: 0 } })),
          note,
        ),
    },
  });
  expect(await isSeen({ mutate: lavish }, overspentIn, busy)).toBe(true);
});

test('promise 2 breaks without the guard, and without the ledger', async () => {
  expect(await isSeen({ guardMs: 0 }, overfullIn)).toBe(true);
  expect(await isSeen({ mutate: ignoringLedger }, overfullIn)).toBe(true);
});

function ignoringLedger(ports: SubmitPorts): SubmitPorts {
  const reserve: SubmitPorts['limitsTable']['reserve'] = async (requests) => ({
    kind: 'granted',
    slots: requests.map((request) => ({ slot: { arrivedByMs: 0 }, sequence: 0, countedMs: 0, request })),
    usedShare: 0,
    sentByMs: Number.POSITIVE_INFINITY,
  });
  return { ...ports, limitsTable: { ...ports.limitsTable, reserve } };
}

/** With tokens for all: a directory that waits for one covers nothing. */
const quiet = worlds.map(
  (world): World => ({
    ...world,
    faults: [],
    badPages: [],
    livesMs: [],
    tickLivesMs: [],
    quota: { files: 1000, dirs: 1000 },
  }),
);

test('promise 3: a batch takes no more requests than its lower bound', async () => {
  await fc.assert(
    fc.asyncProperty(quiet, async (world) => {
      expect((await run(world)).aboveBound).toBe(0);
    }),
    { numRuns: 200 * times },
  );
});

test('promise 3 breaks when requests are split', async () => {
  const splitting = (ports: SubmitPorts): SubmitPorts =>
    sendingBy(ports, (submit) => async (body, options) => {
      const { fileUrls = [] } = body;
      const middle = Math.ceil(fileUrls.length / 2);
      if (middle < fileUrls.length) await submit({ ...body, fileUrls: fileUrls.slice(middle) }, options);
      return submit({ ...body, fileUrls: fileUrls.slice(0, middle) }, options);
    });
  const outcome = await fc.check(
    fc.asyncProperty(quiet, async (world) => (await run(world, { mutate: splitting })).aboveBound === 0),
    { numRuns: 500, endOnFailure: true },
  );
  expect(outcome.failed).toBe(true);
});

test('promise 4: every good URL gets through, and none is rejected, whatever else is in the batch', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      expect(hurtIn(world, await run(world))).toEqual([]);
    }),
    { numRuns: 300 * times },
  );
});

test('promise 4 breaks when a refused request is only tried again', async () => {
  const stubborn = (ports: SubmitPorts): SubmitPorts =>
    sendingBy(ports, (submit) => async (body, options) => {
      const answer = await submit(body, options);
      return answer.kind === 'refused' ? { kind: 'unavailable', reason: 'HTTP 400' } : answer;
    });
  expect(await isSeen({ mutate: stubborn }, hurtIn)).toBe(true);
});

test('a world is reproducible: the same seed, the same requests at the same times', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const [first, second] = [await run(world), await run(world)];
      expect(second.cdnPro.arrivals).toEqual(first.cdnPro.arrivals);
    }),
    { numRuns: 50 },
  );
});
