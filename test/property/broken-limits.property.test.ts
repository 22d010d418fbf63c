import { marshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTable, type Item } from '../../bench/simulation/world/table.ts';
import { createLimitsTable } from '../../functions/aws/tables/limits-table.ts';
import { limitsRequest, looseLimits } from '../helpers/limits-request.ts';

const startMs = 480_000 * 3_600_000;
const guardMs = 13_000;
const clockDifferenceMs = 2000;
const rate = { requests: 5, perSeconds: 60, headroom: 0 };

const anyNumber = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, min: -1e30, max: 1e30 }),
  fc.constantFrom(0, -1, 1e15, 8.64e15, 253_402_300_799_000),
);
/** Half of what another account may write over an attribute is a number in its place, half is anything. */
const anyJunk = fc.oneof(
  anyNumber,
  fc.array(anyNumber, { maxLength: 9 }),
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value), (_, each) => each ?? 'x')),
);
const anyLimits = fc.record({
  requests: fc.oneof(fc.constantFrom(0, 1), anyNumber),
  perSeconds: anyNumber,
  atMs: fc.oneof(fc.constant(startMs), anyNumber),
  bucket: fc.record({ perMinute: anyNumber, burst: anyNumber }),
  quota: fc.record({ production: fc.record({ files: anyNumber, dirs: anyNumber }) }),
});
const anyItem = fc.record(
  {
    arrivedByMs: anyJunk,
    closedUntilMs: anyJunk,
    spent: anyJunk,
    inflow: anyJunk,
    pacedAtMs: anyJunk,
    bucket: anyJunk,
    senders: anyJunk,
    directories: anyJunk,
    quotas: anyJunk,
    stated: fc.oneof(anyJunk, fc.dictionary(fc.string({ maxLength: 5 }), anyLimits, { maxKeys: 3 })),
  },
  { requiredKeys: [] },
);

/** @returns how long a deployment waits for two requests, once somebody has written these attributes over its limits */
async function waitedMs(junk: object): Promise<number> {
  const clock = { nowMs: startMs };
  const items = new Map<string, Item>();
  const virtual = { nowMs: () => clock.nowMs, sleep: async () => {} };
  const { client } = createTable(virtual, { latencyMs: () => 0 }, items);
  const table = createLimitsTable({
    client,
    tableName: 'ledger',
    deployment: 'one',
    limits: { ...looseLimits, rate },
    guardMs,
    clockDifferenceMs,
    nowMs: () => clock.nowMs,
  });
  await table.reserve([limitsRequest()]);
  const attributes = { ...junk, pk: 'rate-window', version: 1 };
  items.set('rate-window', marshall(attributes, { allowImpreciseNumbers: true }) as Item);
  for (let granted = 0; granted < 2; ) {
    const grant = await table.reserve([limitsRequest()]);
    if (clock.nowMs - startMs > 2 * longestMs) return Number.POSITIVE_INFINITY;
    if (grant.kind === 'granted') granted++;
    else clock.nowMs = grant.kind === 'short' ? clock.nowMs + 10_000 : grant.untilMs;
  }
  return clock.nowMs - startMs;
}

/** The longest window that a deployment can declare, for each request, and what it takes to see that the item was broken. */
const longestMs = 2 * 3_600_000 + guardMs + clockDifferenceMs + 60_000;

test('whatever another account writes over the limits, a deployment sends again after a window at most', () =>
  fc.assert(
    fc.asyncProperty(anyItem, async (junk) => {
      expect(await waitedMs(junk)).toBeLessThanOrEqual(longestMs);
    }),
    { numRuns: 200 },
  ));

test('limits that no configuration can declare do not count', () =>
  fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom('a', 'b'), anyLimits, { minKeys: 1 }), async (stated) => {
      expect(await waitedMs({ stated })).toBeLessThanOrEqual(longestMs);
    }),
    { numRuns: 200 },
  ));
