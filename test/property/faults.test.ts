import { expect, test } from 'vitest';
import { entriesIn } from '../../bench/simulation/changes.ts';
import type { CdnProFault } from '../../bench/simulation/world/cdn-pro.ts';
import { type Outcome, runWorld, type WorldOptions } from '../../bench/simulation/world/world.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { FileEntry } from '../../functions/core/model/types.ts';
import type { SubmitPorts } from '../../functions/submit/ports.ts';

/** Faults that were seen in worlds of their own, on the simulation's clock. */

function fileChange(url: string, atMs: number, webhook?: string) {
  const scope = { target: 'production', action: 'invalidate' } as const;
  const entry: FileEntry = { kind: 'file', url, ...scope, ...(webhook === undefined ? {} : { webhook }) };
  return { atMs, url, entry };
}

function play(
  changes: WorldOptions['changes'],
  untilMs: number,
  more: Partial<WorldOptions> & {
    readonly faults?: readonly CdnProFault[];
    readonly bad?: WorldOptions['cdnPro']['bad'];
  } = {},
): Promise<Outcome> {
  const { limit = { requests: 300, perSeconds: 300, headroom: 0.1 }, faults = [], bad, ...rest } = more;
  return runWorld(
    {
      seed: 1,
      changes,
      limit,
      limits: { maxFileUrls: 1000, maxBodyBytes: 512 * 1024 },
      eventSource: {
        batchSize: 10_000,
        windowMs: 1000,
        maximumConcurrency: 2,
        maxPayloadBytes: 6e6,
        gatherers: 2,
        envelopeBytes: 800,
        grain: 1,
        invokeMs: 10,
        receiveRate: 1000,
      },
      queue: { visibilityTimeoutMs: 332_000, maxReceiveCount: 10, reordering: 0, duplicates: 0 },
      cdnPro: {
        requests: limit.requests,
        windowMs: limit.perSeconds * 1000,
        wayMs: () => 20,
        fault: (index) => faults[index],
        ...(bad && { bad }),
      },
      table: { latencyMs: () => 5 },
      transitMs: 10,
      functionTimeoutMs: 300_000,
      ...rest,
    },
    untilMs,
  );
}

test.each(['300000', '99999999', 'Wed, 21 Oct 2105 07:28:00 GMT'])(
  'one 429 with Retry-After: %s stops all deployments that share the ledger for at most 15 minutes',
  async (after) => {
    const faults = [{ status: 429, headers: { 'retry-after': after } }];
    const changes = Array.from({ length: 30 }, (_, minute) =>
      fileChange(`https://h.example/${minute}`, minute * 60_000),
    );
    const { cdnPro, acceptedMs } = await play(changes, 3_600_000, { faults });
    const [first = 0, second = Number.POSITIVE_INFINITY] = cdnPro.arrivals;
    expect(second - first).toBeLessThanOrEqual(900_000);
    expect(acceptedMs.some(Number.isNaN)).toBe(false);
  },
);

/** The most requests that arrived in any five seconds. */
function mostInFiveSeconds({ cdnPro: { arrivals } }: Outcome): number {
  return Math.max(...arrivals.map((toMs) => arrivals.filter((ms) => ms <= toMs && ms > toMs - 5000).length));
}

test('credentials that take 21 s to read after a 401 make no request late: a limit of 3 in 5 s holds', async () => {
  const changes = Array.from({ length: 40 }, (_, index) =>
    fileChange(`https://h.example/${index}`, index * 500),
  );
  const limit = { requests: 3, perSeconds: 5, headroom: 0 };
  const limits = { maxFileUrls: 1, maxBodyBytes: 512 * 1024 };
  const slowly = (prepare: SubmitPorts['cdnPro']['prepare'], ports: SubmitPorts) => {
    let isStale = true;
    return {
      forgetCredentials: () => {
        isStale = true;
      },
      cdnPro: {
        async prepare() {
          if (isStale) await ports.sleep(21_000);
          isStale = false;
          return prepare();
        },
      },
    };
  };
  const faults: readonly CdnProFault[] = ['unauthorized'];
  const mutate = (ports: SubmitPorts): SubmitPorts => ({ ...ports, ...slowly(ports.cdnPro.prepare, ports) });
  const outcome = await play(changes, 600_000, { limit, limits, faults, mutate });
  expect(mostInFiveSeconds(outcome)).toBeLessThanOrEqual(3);
  expect(outcome.acceptedMs.some(Number.isNaN)).toBe(false);
});

test('requeuing that takes longer than the function has makes no copies and no dead letters', async () => {
  const changes = Array.from({ length: 1000 }, (_, index) => fileChange(`https://h.example/${index}`, 0));
  let requeuing = 0;
  let nowMs = () => 0;
  let endedMs = 0;
  const slowRequeue = (ports: SubmitPorts): SubmitPorts => ({
    ...ports,
    // The messages of a batch take half a minute or more.
    async requeue(messages, hasTime) {
      const unsent = [];
      requeuing++;
      nowMs = ports.nowMs;
      for (const [index, message] of messages.entries()) {
        if (hasTime()) {
          await ports.sleep(10_000);
          await ports.requeue([message], hasTime);
        } else unsent.push({ index, reason: 'OutOfTime' });
      }
      requeuing--;
      endedMs = nowMs();
      return unsent;
    },
  });
  const limit = { requests: 1, perSeconds: 10, headroom: 0 };
  const limits = { maxFileUrls: 1, maxBodyBytes: 512 * 1024 };
  // While messages are requeued there are copies next to the originals.
  const isOver = () => requeuing === 0 && nowMs() > Math.max(1_500_000, endedMs + 5000);
  const more = { limit, limits, mutate: slowRequeue, isOver };
  const { queue, dead, acceptedMs, nowMs: lookedMs } = await play(changes, 7_200_000, more);
  expect(lookedMs).toBeLessThan(7_200_000);
  expect(dead).toEqual([]);
  const waiting = entriesIn(queue.bodies()).map(entryText);
  const urls = new Set(waiting);
  expect(waiting).toHaveLength(urls.size);
  expect(changes.every(({ url }, index) => urls.has(url) || !Number.isNaN(acceptedMs[index]))).toBe(true);
});

test('a rule whose completion webhook was deleted costs 30 requests at most, and delays hardly anybody else', async () => {
  const isBroken = (url: string) => url.includes('/w/');
  const broken = Array.from({ length: 1000 }, (_, index) =>
    fileChange(`https://h.example/w/${index}`, 0, 'deleted'),
  );
  const innocent = Array.from({ length: 200 }, (_, second) =>
    fileChange(`https://h.example/${second}`, second * 1000),
  );
  const fault = () => ({ status: 400, body: '{"message":"The webhook does not exist."}' });
  const playWith = async (changes: WorldOptions['changes']) => {
    const outcome = await play(changes, 230_000, { bad: { isBad: isBroken, fault } });
    const ages = changes.flatMap(({ atMs, url }, index) =>
      isBroken(url) ? [] : [(outcome.acceptedMs[index] ?? Number.NaN) - atMs],
    );
    return { ...outcome, p99: ages.toSorted((a, b) => a - b)[198] ?? Number.NaN };
  };
  const { posts, accepted, dead, p99 } = await playWith([...broken, ...innocent]);
  expect(posts - accepted.requests).toBeLessThanOrEqual(30);
  expect(dead).toEqual([]);
  expect(p99 - (await playWith(innocent)).p99).toBeLessThan(5000);
});
