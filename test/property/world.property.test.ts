import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entriesIn } from '../../bench/simulation/changes.ts';
import type { Outcome, WorldOptions } from '../../bench/simulation/world/world.ts';
import type { Answer } from '../../functions/cdn-pro/answer.ts';
import type { NotSent } from '../../functions/cdn-pro/client.ts';
import { requestsInWindow } from '../../functions/core/limits/requests/window.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import { readMessage } from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { Evidence } from '../../functions/core/planning/refusals/evidence.ts';
import type { SubmitPorts } from '../../functions/submit/ports.ts';
import type { TickPorts } from '../../functions/tick/ports.ts';
import { fuzzTimes } from '../helpers/fuzz-times.ts';
import { changesOf, hourMs, isBad, playWorld, type World, worlds } from '../helpers/random-worlds.ts';
import { sendingBy } from '../helpers/submit-fixture.ts';

type Mutation = Pick<WorldOptions, 'mutate' | 'mutateTick' | 'guardMs'>;

/** With a random one, a check that a mechanism's removal is seen may take many times as long. */
const seed = 6;

/** The smallest share of which each kind of the day's tokens makes one. */
const overdraft = 0.05;

/** Tells an entry from every other one. */
function nameOf(entry: PurgeEntry): string {
  const headers = entry.kind === 'file' && entry.headers !== undefined ? ' with headers' : '';
  return `${entry.action} ${entry.kind} ${entryText(entry)}${headers} in ${entry.target}`;
}

/** Promise 1: changes that are neither in a request accepted after them, nor in a queue. */
function lostIn(world: World, outcome: Outcome): string[] {
  const inQueues = entriesIn([...outcome.events, ...outcome.queue.bodies(), ...outcome.dead]);
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

/** Promise 4: good URLs that did not get through. */
function unsentIn(world: World, { acceptedMs }: Outcome): string[] {
  return changesOf(world)
    .filter(({ url }, index) => !isBad(world, url) && Number.isNaN(acceptedMs[index]))
    .map(({ entry }) => `${nameOf(entry)} was never accepted`);
}

/** Promise 4: good URLs that were rejected. */
function rejectedIn(world: World, { dead }: Outcome): string[] {
  const rejected = dead.filter((body) => {
    const read = readMessage(body);
    return read.kind === 'message' && JSON.parse(body).rejected !== undefined;
  });
  return entriesIn(rejected)
    .map(entryText)
    .flatMap((url) => (isBad(world, url) ? [] : [`${url} was rejected`]));
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
    outages: [],
    livesMs: [],
    livesCalls: [],
  }),
);

/** Worlds with tokens for all, in which nothing else goes wrong than what an entry is at fault for. */
const plentiful = worlds.map(
  (world): World => ({
    ...world,
    quota: { files: 1000, dirs: 1000 },
    faults: [],
    outages: [],
    livesMs: [],
    livesCalls: [],
  }),
);

/** Worlds in which the whole service refuses everything for a while. */
const refusing = plentiful.map(
  (world): World => ({
    ...world,
    badPages: [],
    outages: [
      { fromMs: 0, lastsMs: 20_000, response: { status: 400, body: '{"message":"no"}' }, isWhole: false },
    ],
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
      async (world) => failuresOf(world, await playWorld(world, mutation, 600_000)).length === 0,
    ),
    { numRuns: 500, seed, endOnFailure: true },
  );
  return outcome.failed;
}

/** CDN Pro's answers, changed on their way. */
function answering(change: (answer: Answer | NotSent) => Answer | NotSent): Mutation {
  return {
    mutate: (ports) =>
      sendingBy(ports, (submit) => async (body, options) => {
        const answer = await submit(body, options);
        return answer.kind === 'observed' ? answer : change(answer);
      }),
  };
}

test('promise 1: whenever one looks, every change is accepted, in the dead letter queue, or waiting', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      expect(lostIn(world, await playWorld(world, {}, world.lookMs))).toEqual([]);
    }),
    { numRuns: 300 * fuzzTimes },
  );
});

test('promise 1 breaks when what is left is not requeued, or a lost request counts as accepted', async () => {
  const dropping = (ports: SubmitPorts): SubmitPorts => ({ ...ports, requeue: async () => [] });
  const trusting = answering((answer) =>
    answer.kind === 'unavailable' ? { kind: 'accepted', purgeId: 'p' } : answer,
  );
  expect(await isSeen({ mutate: dropping }, lostIn)).toBe(true);
  expect(await isSeen(trusting, lostIn)).toBe(true);
});

test('promise 1 breaks when any 2xx counts as accepted', async () => {
  const polite = answering((answer) =>
    answer.kind === 'unavailable' && String(answer.status).startsWith('2')
      ? { kind: 'accepted', purgeId: 'p' }
      : answer,
  );
  expect(await isSeen(polite, lostIn)).toBe(true);
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
      const outcome = await playWorld(world, {}, 600_000);
      expect(overfullIn(world, outcome)).toEqual([]);
      expect(outcome.cdnPro.throttled).toBe(0);
      expect(overspentIn(world, outcome)).toEqual([]);
    }),
    { numRuns: 150 * fuzzTimes },
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
    outages: [],
    livesMs: [],
    livesCalls: [],
    tickLivesMs: [],
    tickLivesCalls: [],
    quota: { files: 1000, dirs: 1000 },
  }),
);

test('promise 3: a batch takes no more requests than its lower bound', async () => {
  await fc.assert(
    fc.asyncProperty(quiet, async (world) => {
      expect((await playWorld(world)).aboveBound).toBe(0);
    }),
    { numRuns: 100 * fuzzTimes },
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
    fc.asyncProperty(
      quiet,
      async (world) => (await playWorld(world, { mutate: splitting })).aboveBound === 0,
    ),
    { numRuns: 500, seed, endOnFailure: true },
  );
  expect(outcome.failed).toBe(true);
});

/** Worlds with tokens for all: the share of what has failed is one of a real day. */
const affluent = worlds.map((world): World => ({ ...world, quota: { files: 1000, dirs: 1000 } }));

/** Worlds with few tokens, in which nothing fails and functions crash. */
const frugal = worlds.map((world): World => ({ ...world, badPages: [], faults: [], outages: [] }));

/** Worlds in which all is refused at first, and then nothing else is purged than a few URLs, of which some are bad. */
const lonely = worlds.map(
  (world): World => ({
    ...world,
    changes: world.changes.slice(0, 6).map(({ afterMs, page }) => {
      return { afterMs, page: page % 4, as: 'file', target: 'production', action: 'invalidate' };
    }),
    badPages: [0, 2],
    badAs: 'contentless',
    quota: { files: 1000, dirs: 1000 },
    batchSize: 1 + (world.batchSize % 3),
    faults: [],
    outages: [
      { fromMs: 0, lastsMs: 26_000, response: { status: 400, body: '{"message":"no"}' }, isWhole: false },
    ],
  }),
);

/** Plays a world until all of its good URLs are accepted, for four hours at most: with few tokens a day, that is 48 days. */
function playUntilAccepted(world: World, mutation: Mutation = {}, hours = 4): Promise<Outcome> {
  const isOver = (acceptedMs: Float64Array) =>
    changesOf(world).every(({ url }, index) => isBad(world, url) || !Number.isNaN(acceptedMs[index]));
  return playWorld(world, { ...mutation, isOver }, hours * 3_600_000);
}

test.each([
  ['whatever else is in the batch', affluent],
  ['however few others there are, and however often those are refused', lonely],
  ['however long it waits for tokens, and wherever functions crash', frugal],
])('promise 4: every good URL gets through, and none is rejected, %s', async (_, among) => {
  await fc.assert(
    fc.asyncProperty(among, async (world) => {
      const outcome = await playUntilAccepted(world);
      expect([...unsentIn(world, outcome), ...rejectedIn(world, outcome)]).toEqual([]);
    }),
    { numRuns: 100 * fuzzTimes },
  );
});

test('promise 4 breaks when a closed scope is opened for whatever comes first', async () => {
  const evidences = new WeakSet<Evidence>();
  const hasty = (ports: SubmitPorts): SubmitPorts => {
    const { evidence } = ports;
    if (evidences.has(evidence)) return ports;
    evidences.add(evidence);
    const { scopes, failedAlone } = evidence;
    const { delayMs } = scopes;
    scopes.delayMs = (key, turn, _, nowMs) =>
      delayMs.call(scopes, key, turn, Number.NEGATIVE_INFINITY, nowMs);
    evidence.failedAlone = (...args) => {
      const record = failedAlone.apply(evidence, args);
      return record && { ...record, failedMs: 0 };
    };
    return ports;
  };
  const outcome = await fc.check(
    fc.asyncProperty(lonely, async (world) => {
      return unsentIn(world, await playUntilAccepted(world, { mutate: hasty }, 1)).length === 0;
    }),
    { numRuns: 4000, seed, endOnFailure: true },
  );
  expect(outcome.failed).toBe(true);
});

test('promise 4 breaks when a refused request is only tried again', async () => {
  const stubborn = answering((answer) =>
    answer.kind === 'refused' ? { kind: 'throttled', retryAfterMs: 1000 } : answer,
  );
  expect(await isSeen(stubborn, unsentIn, plentiful)).toBe(true);
});

test('promise 4 breaks when any refusal, or any 403, is taken for one of the content', async () => {
  const believing = answering((answer) =>
    answer.kind === 'refused' ? { ...answer, code: 'InvalidPurgeUrl' } : answer,
  );
  const accusing = answering((answer) =>
    answer.kind === 'forbidden' ? { ...answer, kind: 'refused', code: 'InvalidPurgeUrl' } : answer,
  );
  expect(await isSeen(believing, rejectedIn, refusing)).toBe(true);
  expect(await isSeen(accusing, rejectedIn)).toBe(true);
});

test('a world is reproducible: the same seed, the same requests at the same times', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const play = () => playWorld(world, {}, 300_000);
      const [first, second] = [await play(), await play()];
      expect(second.cdnPro.arrivals).toEqual(first.cdnPro.arrivals);
    }),
    { numRuns: 50 },
  );
});
