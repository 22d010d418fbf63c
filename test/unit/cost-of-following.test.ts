import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { prices } from '../../bench/cost/prices.ts';
import { type CarriedMessage, createUrlIndex } from '../../functions/aws/journal/url-index.ts';
import { probeMemoryMb } from '../../infra/pipeline/probe.ts';
import { fileEntry } from '../helpers/changes.ts';
import { createFollowWorld } from '../helpers/follow-world.ts';
import { createParkedItems } from '../helpers/parked-items.ts';
import { minuteMs } from '../helpers/tick-world.ts';
import { createUnitMeter, sizeOf, type UnitMeter } from '../helpers/write-units.ts';

const million = 1e6;
/** Where the rate limit has a million changes take the longest. */
const purgesPerMinute = 60;
const tickMemoryMb = 512;
const submitMemoryMb = 512;
/** What a line of `tick` has in addition to its message and fields, 26 bytes of CloudWatch included. */
const lineBytes = 200;
/** A probe a second and host, five at most in bulk, and the answer to the last one. */
const probingSeconds = 5;
/** In bulk `receive-s3` combines what arrives within its batching window: hundreds of changes, in messages of 64 KB. */
const changesPerMessage = 25;
/** Reading, writing and announcing what has ended. */
const followingSeconds = 1;
/** A body below 4 KB is read to choose what is probed, and to announce the end: half a unit each. */
const bodyReadUnits = 1;
/** For so long changes in bulk have waited in the queue: ten thousand are purged by then. */
const waitedMs = 4 * 60_000;
/** For so long `submit` waits for two writes, one after the other. */
const recordingSeconds = 0.02;

function random(what: string, length: number): string {
  return createHash('sha256').update(what).digest('hex').slice(0, length);
}

function uuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** As long as those of a bucket with folders and readable names. */
function changed(world: ReturnType<typeof createFollowWorld>, number: number): CarriedMessage {
  const key = `site/articles/2026/${random(`folder ${number}`, 2)}/what-has-changed-today-${random(`name ${number}`, 8)}.html`;
  const url = `https://www.example.com/${key}`;
  const sequencer = `00${random(`order ${number}`, 16).toUpperCase()}`;
  const { sinceMs } = world.edge.change(url, 'put');
  const shows = { etag: random(`content ${number}`, 32), sinceMs, sequencer };
  const occurredAt = new Date(sinceMs).toISOString();
  const id = `s3://www-example-com/${key}`;
  const change = { source: 's3', action: 'put', id, occurredAt, sequencer, rules: ['articles'] };
  const messageId = uuid(random(`message ${Math.floor(number / changesPerMessage)}`, 32));
  return { v: 1, change, messageId, entries: [{ ...fileEntry(url), shows }], lane: 'bulk' };
}

/** @returns what a purge uses from its acceptance to its end, on average of those that one tick ends */
async function usageOfBulk(urlsPerPurge: number) {
  /** How long before each search the first purge was accepted that it has looked through. */
  const windowsMs = new Map<number, number>();
  let mostSearched = Number.POSITIVE_INFINITY;
  const world = createFollowWorld({
    files: 100,
    ports: ({ probing, ...ports }) => ({
      ...ports,
      // The most that can be done: each file shows what it should, so that newer versions are looked for.
      ...(probing !== undefined && {
        probing: {
          ...probing,
          async probe(request) {
            const { verdicts } = await probing.probe(request);
            return { verdicts: verdicts.map(({ seen }) => ({ kind: 'proven', seen })) };
          },
        },
      }),
      search: {
        find(day, urls, fromMs = 0, most = mostSearched) {
          windowsMs.set(fromMs, ports.nowMs() - fromMs);
          mostSearched = most;
          return ports.search.find(day, urls, fromMs, most);
        },
      },
    }),
  });
  await world.spend({ files: 60, dirs: 0 });
  const table = createUnitMeter();
  meter(world.items, table);
  const index = createParkedItems();
  meter(index.items, table);
  const urls = createUrlIndex({ client: index.client, tableName: 'Journal', nowMs: () => world.nowMs });
  for (let count = 0; count < purgesPerMinute; count++) {
    const messages = Array.from({ length: urlsPerPurge }, (_, each) =>
      changed(world, count * urlsPerPurge + each),
    );
    world.nowMs += 100 + (count === 0 ? waitedMs : 0);
    const purgeId = await world.accept(messages.map(({ messageId: _, ...message }) => message));
    await urls.add({ purgeId, acceptedMs: world.nowMs, messages });
  }
  await world.tick(2);
  expect(world.events.length).toBe(purgesPerMinute);
  expect(world.sent).toEqual([]);
  const logBytes = world.lines.reduce(
    (sum, { message, fields }) => sum + lineBytes + JSON.stringify({ message, ...fields }).length,
    0,
  );
  const per = (all: number) => all / purgesPerMinute;
  // Each search reads the index since the changes happened, of which there are as many purges in each minute.
  const bytesInIndex = [...index.items.values()].reduce((sum, item) => sum + sizeOf(item), 0);
  const searched = ([...windowsMs.values()].reduce((sum, ms) => sum + ms, 0) / minuteMs) * bytesInIndex;
  return {
    units: per(table.units()),
    searchUnits: per(searched / 4096 / 2),
    mostSearchUnits: per((mostSearched * per(bytesInIndex)) / 4096 / 2),
    logBytes: per(logBytes),
    probes: world.probed.length,
  };
}

function meter(items: ReturnType<typeof createParkedItems>['items'], table: UnitMeter): void {
  const set = items.set.bind(items);
  vi.spyOn(items, 'set').mockImplementation((pk, item) => {
    table.put(pk, item);
    return set(pk, item);
  });
}

/** @returns US dollars for a million changes, on top of purging them */
async function billOf(urlsPerPurge: number) {
  const usage = await usageOfBulk(urlsPerPurge);
  const purges = million / urlsPerPurge;
  const minutes = purges / purgesPerMinute;
  const gb = (memoryMb: number) => (memoryMb / 1024) * prices.lambdaGbSecond.usd;
  const following =
    purges *
      (usage.units * prices.dynamodbWriteUnit.usd +
        (bodyReadUnits + usage.searchUnits) * prices.dynamodbReadUnit.usd +
        recordingSeconds * gb(submitMemoryMb) +
        prices.eventBridgeEvent.usd +
        (usage.logBytes / 1e9) * prices.logGb.usd) +
    minutes * followingSeconds * gb(tickMemoryMb);
  const proving = minutes * (probingSeconds * gb(tickMemoryMb + probeMemoryMb) + prices.lambdaRequest.usd);
  const mostSearching = purges * usage.mostSearchUnits * prices.dynamodbReadUnit.usd;
  return { ...usage, following, proving, mostSearching };
}

test('following and proving a million changes in bulk costs at most 0.20 dollars, and docs/cost.md says what', async () => {
  const { units, searchUnits, mostSearchUnits, probes, following, proving, mostSearching } = await billOf(50);
  expect(probes).toBe(probingSeconds);
  expect(following + proving).toBeLessThanOrEqual(0.2);
  const text = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
  // However long changes have waited, looking for newer versions is less than a twentieth of it.
  expect(mostSearching / (following + proving)).toBeLessThan(0.05);
  expect(text).toContain(
    `${searchUnits.toFixed(1)} read units for each purge, and ${mostSearchUnits.toFixed(1)} at most`,
  );
  expect(text).toContain(`${units.toFixed(1)} write units for each purge`);
  expect(text).toContain(`${following.toFixed(2)} dollars for following a million changes in bulk`);
  expect(text).toContain(`${proving.toFixed(2)} for proving them`);
});
