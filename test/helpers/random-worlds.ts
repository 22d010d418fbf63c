import fc from 'fast-check';
import type { CdnProFault, RawResponse } from '../../bench/simulation/world/cdn-pro.ts';
import { type Outcome, runWorld, type WorldOptions } from '../../bench/simulation/world/world.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { PurgeAction, PurgeEntry, Scope, Target } from '../../functions/core/model/types.ts';

type Kind = 'file' | 'file with headers' | 'directory' | 'regex';

const jsonRefusal: RawResponse = { status: 400, body: '{"message":"Bad request"}' };
const firewall: RawResponse = { status: 403, body: '<html>Request blocked</html>' };

/** Answers that name no purge, and are no verdict on any URL. */
const oddAnswers: readonly RawResponse[] = [
  { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Please log in</html>' },
  { status: 200, body: '{"code":"SystemError","message":"no"}' },
  { status: 201 },
  { status: 201, headers: { location: 'https://open.chinanetcenter.com/login' } },
  { status: 202 },
  { status: 204 },
  { status: 207, body: '{"failed":1}' },
  { status: 302, headers: { location: 'https://login.example/' } },
  { status: 400, body: '<html>Under maintenance</html>' },
  { status: 404 },
];

/** 429s that ask to stay away for a while, for years, or not at all. */
const throttles = ['1', '299', '0', '-5', '300000', '99999999', 'Wed, 21 Oct 2105 07:28:00 GMT', 'soon'].map(
  (after): RawResponse => ({ status: 429, headers: { 'retry-after': after } }),
);

/** What all requests are answered while the service fails, whatever they ask for. */
const outage = fc.record({
  fromMs: fc.integer({ min: 0, max: 60_000 }),
  lastsMs: fc.integer({ min: 0, max: 60_000 }),
  response: fc.constantFrom(jsonRefusal, { status: 400, body: '{"message":"limit exceeded"}' }, firewall),
  /** Whether questions about the quota are answered so, too. */
  isWhole: fc.boolean(),
});

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
      ...oddAnswers,
      ...throttles,
      { slowMs: 3000 },
      { slowMs: 9900 },
    ),
  },
);
/** Random small worlds around the real `submit` and `tick`. */
export const worlds = fc.record({
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
  /** How a request with one of them fails. */
  badAs: fc.constantFrom('coded', 'named', 'contentless', 'firewall', 'error', 'odd'),
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
  /** Fewer than the refusals that show that an entry is at fault. */
  outages: fc.array(outage, { maxLength: 2 }),
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
  /** How many calls the first invocations, and ticks, live for. */
  livesCalls: fc.array(fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined, freq: 1 }), {
    maxLength: 4,
  }),
  tickLivesCalls: fc.array(fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined, freq: 2 }), {
    maxLength: 4,
  }),
  /** Whether the changes come as events, and after how many requests the first receivers are killed. */
  receiver: fc.option(
    fc.array(fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined, freq: 2 }), { maxLength: 4 }),
    { nil: undefined },
  ),
  aheadMs: fc.integer({ min: -2000, max: 2000 }),
  lookMs: fc.integer({ min: 0, max: 120_000 }),
  seed: fc.nat(),
});
export type World = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;

/** A mechanism that is taken away, and when to look. */
type Changed = Pick<WorldOptions, 'mutate' | 'mutateTick' | 'guardMs' | 'isOver'>;

/** A day of tokens is five minutes. */
export const hourMs = 12_500;
/** Three directories, so that those that are purged cover some of the files. */
const directoryOf = (page: number) => `https://h.example/${page % 3}/`;
const urlOf = (page: number) => `${directoryOf(page)}${page}`;

/** Lets a world run with the real code in it. */
export function playWorld(world: World, changed: Changed = {}, untilMs = 3_600_000): Promise<Outcome> {
  const { limit, maxFileUrls, batchSize, gatherers, reordering, duplicates, seed, livesMs, wayMs } = world;
  const eventSource = {
    batchSize,
    windowMs: 1000,
    maximumConcurrency: 2,
    maxPayloadBytes: 6e6,
    gatherers,
    envelopeBytes: 800,
    grain: 1,
    invokeMs: 10,
    receiveRate: 1000,
  };
  const { receiver } = world;
  return runWorld(
    {
      seed,
      changes: changesOf(world),
      limit,
      bucket: world.bucket,
      quota: { production: world.quota, staging: world.quota },
      hourMs,
      limits: { maxFileUrls, maxBodyBytes: 1e6 },
      eventSource,
      ...(receiver && { receiver: { eventSource, livesRequests: (invocation) => receiver[invocation] } }),
      queue: { visibilityTimeoutMs: 332_000, maxReceiveCount: 10, reordering, duplicates },
      cdnPro: {
        requests: limit.requests,
        windowMs: limit.perSeconds * 1000,
        wayMs: () => wayMs,
        bucket: world.bucket,
        sendsRetryAfter: world.sendsRetryAfter,
        fault: (index, nowMs) => outageAt(world, nowMs)?.response ?? world.faults[index],
        questionFault: (nowMs) => wholeOutageAt(world, nowMs)?.response,
        bad: {
          isBad: (url) => isBad(world, url),
          fault: (url) => faultOfBad(url, world.badAs),
        },
        // It would be seen if more was spent.
        quota: { ...world.quota, overdraft: 100, dayMs: 24 * hourMs, answerWhenSpent: '400' },
      },
      table: { latencyMs: () => world.tableMs, fails: (nowMs) => nowMs < world.tableIsGoneMs },
      transitMs: 10,
      functionTimeoutMs: 300_000,
      lifeMs: (invocation) => livesMs[invocation],
      lifeCalls: (invocation) => world.livesCalls[invocation],
      tickLifeMs: (tick) => world.tickLivesMs[tick],
      tickLifeCalls: (tick) => world.tickLivesCalls[tick],
      skewMs: [0, world.aheadMs],
      ...changed,
    },
    untilMs,
  );
}

function outageAt({ outages }: World, nowMs: number) {
  return outages.find(({ fromMs, lastsMs }) => nowMs >= fromMs && nowMs < fromMs + lastsMs);
}

function wholeOutageAt(world: World, nowMs: number) {
  const found = outageAt(world, nowMs);
  return found?.isWhole ? found : undefined;
}

function faultOfBad(url: string, as: World['badAs']): CdnProFault {
  if (as === 'contentless') return jsonRefusal;
  if (as === 'firewall') return firewall;
  if (as === 'error') return 'error';
  if (as === 'odd') return { status: 200, body: '<html>no</html>' };
  const message = as === 'named' ? `The purge URL '${url}' is invalid, letters need to be encoded.` : 'no';
  return { status: 400, body: JSON.stringify({ code: 'InvalidPurgeUrl', message }) };
}

/** @returns whether CDN Pro never accepts a URL */
export function isBad({ badPages }: World, url: string): boolean {
  return badPages.some((page) => urlOf(page) === url);
}

/** @returns what changes in a world, and when */
export function changesOf({ changes }: World) {
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
