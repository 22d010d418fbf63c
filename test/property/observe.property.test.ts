import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { createCdnProClient } from '../../functions/cdn-pro/client.ts';
import { createObservingClient } from '../../functions/cdn-pro/observe.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import * as submitEvents from '../../functions/lambda/submit-events.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { buffered, createWorld, looseContract, type World } from '../helpers/submit-fixture.ts';

const url = fc.integer({ min: 0, max: 40 }).map((page) => `https://h.example/${page}`);
const scenario = fc.record({
  batch: fc.array(fc.array(url, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 }),
  maxFileUrls: fc.integer({ min: 1, max: 10 }),
  requestsPerMinute: fc.integer({ min: 1, max: 20 }),
  /** Files of the day. */
  tokens: fc.constantFrom(1, 10, 1000),
  /** What CDN Pro answers a GET with. */
  status: fc.constantFrom(200, 401, 429, 503),
});
interface Scenario {
  readonly batch: readonly (readonly string[])[];
  readonly maxFileUrls: number;
  readonly requestsPerMinute: number;
  readonly tokens: number;
  readonly status: number;
}

afterEach(() => vi.unstubAllGlobals());

/** Submits to an API that counts what is sent. */
async function play(
  { batch, maxFileUrls, requestsPerMinute, tokens, status }: Scenario,
  observes: boolean,
): Promise<{
  readonly world: World;
  readonly methods: readonly string[];
  readonly failed: readonly string[];
}> {
  const methods: string[] = [];
  const contract = { ...looseContract, quota: { production: { files: tokens, dirs: 1 } } };
  const world = createWorld({
    limit: { requests: requestsPerMinute, perSeconds: 60, headroom: 0 },
    contract,
    answer: (_, request) => ({ kind: 'accepted', purgeId: `purge-${request}` }),
  });
  vi.stubGlobal('fetch', async (_: URL, { method }: RequestInit) => {
    methods.push(method ?? 'GET');
    return method === 'POST'
      ? new Response('', { status: 201, headers: { location: 'https://api.example/cdn/purges/sent' } })
      : new Response('{}', { status });
  });
  const client = createCdnProClient({
    endpoint: 'https://api.example',
    credentials: async () => ({ kind: 'api-key', username: 'user', apiKey: 'key' }),
    nowMs: world.ports.nowMs,
  });
  const ports = observes ? { ...world.ports, cdnPro: createObservingClient(client) } : world.ports;
  const failed = await submitBatch(
    batch.map((urls, index) => buffered(`m${index}`, ...urls)),
    ports,
    { limits: { maxFileUrls, maxBodyBytes: 1e6 }, contract, deadlineMs: 250_000 },
  );
  return { world, methods, failed };
}

/** What of a world is settled, each with its URLs. */
function settledIn({ recorded, parked, requeued }: World) {
  const urlsOf = (entries: readonly Parameters<typeof entryText>[0][]) => entries.map(entryText);
  return {
    sent: new Set(recorded.flatMap(({ messages }) => messages.flatMap(({ entries }) => urlsOf(entries)))),
    parked: new Set(urlsOf(parked.map(({ entry }) => entry))),
    requeued: new Set(requeued.flatMap(({ message }) => urlsOf(message.entries))),
  };
}

test('a purger that observes sends no purge request, whatever comes, and writes down each URL once', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const { world, methods, failed } = await play(given, true);
      expect(methods).not.toContain('POST');
      expect(failed).toEqual([]);
      expect(world.recorded.every(({ isObserved }) => isObserved === true)).toBe(true);
      expect(new Set(world.recorded.map(({ purgeId }) => purgeId)).size).toBe(world.recorded.length);
      const { sent, parked, requeued } = settledIn(world);
      expect(new Set([...sent, ...parked, ...requeued])).toEqual(new Set(given.batch.flat()));
      const files = world.recorded.reduce((sum, { urls }) => sum + urls.files, 0);
      expect(files).toBe(sent.size);
      expect(files).toBeLessThanOrEqual(given.tokens);
    }),
    { numRuns: 60 },
  );
});

test('it plans the requests that a purger with the same limits sends', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const roomy = { ...given, tokens: 1000, requestsPerMinute: 300 };
      const planned = await play(roomy, true);
      const sent = await play(roomy, false);
      const shape = ({ world }: { world: World }) =>
        world.recorded.map(({ urls, lane, target, messages }) => ({ urls, lane, target, messages }));
      expect(shape(planned)).toEqual(shape(sent));
    }),
    { numRuns: 40 },
  );
});

test('nothing is logged or measured as purged', async () => {
  const batch = [['https://h.example/1'], ['https://h.example/2']];
  const given = { batch, maxFileUrls: 1, requestsPerMinute: 60, tokens: 10, status: 200 };
  const { world } = await play(given, true);
  const messages = world.lines.map(({ message }) => message).filter((message) => message.startsWith('purge'));
  expect(messages).toEqual([submitEvents.purgeObserved, submitEvents.purgeObserved]);
  for (const name of ['RequestsAccepted', 'EntriesPurged', 'FreshnessSeconds']) {
    expect(world.metrics.has(name)).toBe(false);
  }
});
