import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RawResponse } from '../../bench/simulation/world/cdn-pro.ts';
import { runWorld, type WorldOptions } from '../../bench/simulation/world/world.ts';
import type { FileEntry } from '../../functions/core/model/types.ts';
import type { Evidence } from '../../functions/core/planning/refusals/evidence.ts';
import type { SubmitPorts } from '../../functions/submit/ports.ts';
import { fileEntry } from '../helpers/changes.ts';
import { fuzzTimes } from '../helpers/fuzz-times.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const refusal: RawResponse = { status: 400, body: '{"message":"no"}' };

/** Scopes in which one good URL is purged among bad ones that come again and again, after an outage or without one. */
const stories = fc.record({
  outageMs: fc.constantFrom(0, 0, minuteMs, 10 * minuteMs, hourMs),
  goodMs: fc.integer({ min: 0, max: hourMs }),
  /** Each so often another URL is purged that is refused without a reason. */
  badEachMs: fc.integer({ min: 45_000, max: 15 * minuteMs }),
  seed: fc.nat(),
});
type Story = typeof stories extends fc.Arbitrary<infer Value> ? Value : never;

/** @returns after how long the good URL is accepted, in milliseconds; NaN where it is not in so many hours */
async function play(
  { outageMs, goodMs, badEachMs, seed }: Story,
  hours: number,
  mutate?: WorldOptions['mutate'],
) {
  const untilMs = hours * hourMs;
  const bad = [
    0,
    2000,
    ...Array.from({ length: untilMs / badEachMs }, (_, index) => (index + 1) * badEachMs),
  ];
  const changes = [
    ...bad.map((atMs) => changeOf(fileEntry(`https://h.example/bad/${atMs}`), atMs)),
    changeOf(fileEntry('https://h.example/good'), goodMs),
  ].toSorted((a, b) => a.atMs - b.atMs);
  const index = changes.findIndex(({ url }) => url.endsWith('good'));
  const options = optionsOf(changes, seed);
  const { acceptedMs } = await runWorld(
    {
      ...options,
      cdnPro: {
        ...options.cdnPro,
        fault: (_, nowMs) => (nowMs < outageMs ? refusal : undefined),
        bad: { isBad: (url) => url.includes('/bad/'), fault: () => refusal },
      },
      isOver: (acceptedMs) => !Number.isNaN(acceptedMs[index]),
      ...(mutate && { mutate }),
    },
    untilMs,
  );
  return (acceptedMs[index] ?? Number.NaN) - Math.max(goodMs, outageMs);
}

function optionsOf(changes: WorldOptions['changes'], seed: number): WorldOptions {
  return {
    seed,
    changes,
    limit: { requests: 300, perSeconds: 300, headroom: 0 },
    bucket: { perMinute: 120, burst: 240 },
    quota: { production: { files: 100_000, dirs: 1000 } },
    limits: { maxFileUrls: 1000, maxBodyBytes: 1e6 },
    eventSource: {
      batchSize: 10_000,
      windowMs: 2000,
      maximumConcurrency: 2,
      maxPayloadBytes: 6e6,
      gatherers: 2,
      envelopeBytes: 800,
      grain: 1,
      invokeMs: 10,
      receiveRate: 1000,
    },
    queue: { visibilityTimeoutMs: 332_000, maxReceiveCount: 10 },
    cdnPro: {
      requests: 300,
      windowMs: 300_000,
      wayMs: () => 50,
      bucket: { perMinute: 120, burst: 240 },
      sendsRetryAfter: true,
      quota: { files: 100_000, dirs: 1000, overdraft: 100, dayMs: 24 * hourMs, answerWhenSpent: '400' },
    },
    table: { latencyMs: () => 10, fails: () => false },
    transitMs: 10,
    functionTimeoutMs: 300_000,
    skewMs: [0, 0],
  };
}

function changeOf(entry: FileEntry, atMs: number) {
  return { entry, url: entry.url, atMs };
}

test('promise 4: a good URL comes through, however many that are refused come before it, and after it again and again', async () => {
  await fc.assert(
    fc.asyncProperty(stories, async (story) => {
      expect(await play(story, 8)).not.toBeNaN();
    }),
    { numRuns: 4 * fuzzTimes },
  );
});

test('promise 4 breaks where what was tried last is tried first', async () => {
  const evidences = new WeakSet<Evidence>();
  const unfair = (ports: SubmitPorts): SubmitPorts => {
    const { evidence } = ports;
    if (evidences.has(evidence)) return ports;
    evidences.add(evidence);
    const { failedAlone } = evidence;
    evidence.failedAlone = (...args) => {
      const record = failedAlone.apply(evidence, args);
      return record && { ...record, failedMs: -record.failedMs };
    };
    return ports;
  };
  const story = { outageMs: hourMs, goodMs: 30 * minuteMs, badEachMs: 4 * minuteMs, seed: 1 };
  expect(await play(story, 4)).not.toBeNaN();
  expect(await play(story, 4, unfair)).toBeNaN();
});

/** @returns how many directories are spent in six hours in which CDN Pro makes purges of so many, and never answers */
async function directoriesSpent(
  count: number,
  { isOneDeployment = true, ...fault }: { isOneDeployment?: boolean; questionFault?: () => RawResponse } = {},
) {
  const changes = Array.from({ length: count }, (_, index) => {
    const url = `https://h.example/${index}/*`;
    return {
      entry: { kind: 'dir', url, target: 'production', action: 'invalidate' } as const,
      url,
      atMs: index * 7000,
    };
  });
  const options = optionsOf(changes, 1);
  const { cdnPro } = await runWorld(
    {
      ...options,
      isOneDeployment,
      quota: { production: { files: 100_000, dirs: 100 } },
      cdnPro: {
        ...options.cdnPro,
        fault: () => 'answer-lost',
        quota: { files: 100_000, dirs: 100, overdraft: 100, dayMs: 24 * hourMs, answerWhenSpent: '400' },
        ...fault,
      },
    },
    6 * hourMs,
  );
  return cdnPro.spent.reduce((sum, { dirs }) => sum + dirs, 0);
}

test('a directory that gets no answer is tried less and less often, whether CDN Pro says what is left of the tokens or not', async () => {
  expect(await directoriesSpent(1)).toBeLessThan(40);
  expect(await directoriesSpent(1, { questionFault: () => ({ status: 403, body: '' }) })).toBeLessThan(40);
  expect(await directoriesSpent(1, { questionFault: () => ({ status: 500, body: '' }) })).toBeLessThan(40);
});

test('what has failed takes half of the directories of a day, also where two deployments share them', async () => {
  // Each is tried a few times before it has failed.
  expect(await directoriesSpent(3)).toBeLessThan(65);
  expect(await directoriesSpent(3, { isOneDeployment: false })).toBeLessThan(65);
});

test('a user who may not ask for tokens has the good ones purged, however many of the others get no verdict', async () => {
  const bad = Array.from({ length: 3 }, (_, index) =>
    changeOf(fileEntry(`https://h.example/bad/${index}`), index * 100_000),
  );
  const good = Array.from({ length: 120 }, (_, index) =>
    changeOf(fileEntry(`https://h.example/good/${index}`), 10 * minuteMs + index * minuteMs),
  );
  const options = optionsOf([...bad, ...good], 3);
  const { acceptedMs, dead } = await runWorld(
    {
      ...options,
      isOneDeployment: true,
      cdnPro: {
        ...options.cdnPro,
        bad: { isBad: (url) => url.includes('/bad/'), fault: () => 'error' },
        questionFault: () => ({ status: 403, body: '' }),
      },
    },
    4 * hourMs,
  );
  expect([...acceptedMs].map(Number.isNaN)).toEqual([...bad.map(() => true), ...good.map(() => false)]);
  expect(dead).toHaveLength(bad.length);
});

/** @returns how long a good takedown waits among other deletes, in milliseconds, each of which is refused */
async function takedownWaits(outageMs: number, takenDownMs: number, badEachMs: number) {
  const deleteOf = (url: string, atMs: number) => {
    return { entry: { ...fileEntry(url), action: 'delete' } as const, url, atMs };
  };
  const bad = Array.from({ length: 100 }, (_, index) =>
    deleteOf(`https://h.example/bad/${index}`, index * badEachMs),
  );
  const occurredAt = new Date(takenDownMs).toISOString();
  const takedown = {
    ...deleteOf('https://h.example/takedown', takenDownMs),
    reference: { source: 'contentful', action: 'delete', id: 'page', webhook: 'cms', occurredAt } as const,
  };
  const changes = [...bad, takedown].toSorted((a, b) => a.atMs - b.atMs);
  const index = changes.indexOf(takedown);
  const options = optionsOf(changes, 1);
  const { acceptedMs } = await runWorld(
    {
      ...options,
      isOneDeployment: true,
      cdnPro: {
        ...options.cdnPro,
        fault: (_, nowMs) => (nowMs < outageMs ? refusal : undefined),
        bad: { isBad: (url) => url.includes('/bad/'), fault: () => refusal },
      },
      isOver: (acceptedMs) => !Number.isNaN(acceptedMs[index]),
    },
    8 * hourMs,
  );
  return (acceptedMs[index] ?? Number.NaN) - Math.max(takenDownMs, outageMs);
}

test('a takedown goes before all that has not failed, however long that has waited', async () => {
  // A closure lasts ten minutes at most.
  expect(await takedownWaits(0, 100 * minuteMs + 20_000, 2 * minuteMs)).toBeLessThan(11 * minuteMs);
});

test('a takedown that has failed in an outage comes soon after it, whatever else has', async () => {
  expect(await takedownWaits(hourMs, 55 * minuteMs + 20_000, 5 * minuteMs)).toBeLessThan(45 * minuteMs);
});
