import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTable } from '../../bench/simulation/world/table.ts';
import { createLimitsTable } from '../../functions/aws/tables/limits-table.ts';
import type { LimitsState } from '../../functions/core/limits/limits.ts';
import { noteWaiting } from '../../functions/core/limits/tokens/senders.ts';
import { limitsRequest, looseLimits } from '../helpers/limits-request.ts';

const hourMs = 3_600_000;
const startMs = 480_000 * hourMs;
const guardMs = 13_000;
const clockDifferenceMs = 2000;
const worlds = fc.record({
  aheadMs: fc.integer({ min: -48 * hourMs, max: 48 * hourMs }),
  /** How many requests the consumer with the wrong clock reserves each time. */
  reserves: fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 5 }),
  /** For how long a 429, or refused credentials, are said to last. */
  closesForMs: fc.constantFrom(undefined, 1000, 300_000_000, 3e12, Number.MAX_SAFE_INTEGER),
  forWhom: fc.constantFrom('everyone', 'this deployment'),
  rate: fc.record({
    requests: fc.integer({ min: 1, max: 8 }),
    perSeconds: fc.integer({ min: 1, max: 300 }),
    headroom: fc.constant(0),
  }),
});
type World = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;

/** @returns how long a consumer with a right clock waits for a request after one with a wrong clock was there */
async function waitedMs(world: World, noticedAheadMs = clockDifferenceMs): Promise<number> {
  const clock = { nowMs: startMs };
  const { client } = createTable({ nowMs: () => clock.nowMs, sleep: async () => {} }, { latencyMs: () => 0 });
  const connect = (aheadMs: number, clockDifferenceMs: number) =>
    createLimitsTable({
      client,
      tableName: 'ledger',
      deployment: 'one',
      limits: { ...looseLimits, rate: world.rate },
      guardMs,
      clockDifferenceMs,
      nowMs: () => clock.nowMs + aheadMs,
    });
  const wrong = connect(world.aheadMs, clockDifferenceMs);
  const right = connect(0, noticedAheadMs);
  for (const requests of world.reserves) {
    await wrong.reserve(Array.from({ length: requests }, () => limitsRequest()));
  }
  const waiting = (state: LimitsState, nowMs: number) => noteWaiting(state.senders, ['bucket:a'], nowMs);
  await wrong.note((state, nowMs) => ({ ...state, senders: waiting(state, nowMs) }));
  if (world.closesForMs !== undefined) {
    await wrong.close(startMs + world.aheadMs + world.closesForMs, world.forWhom);
  }
  for (;;) {
    const grant = await right.reserve([limitsRequest()]);
    if (grant.kind === 'granted') return clock.nowMs - startMs;
    if (grant.kind === 'short') throw new Error('expected tokens not to matter');
    if (clock.nowMs - startMs > 24 * hourMs) return Number.POSITIVE_INFINITY;
    clock.nowMs = grant.untilMs;
  }
}

/** A window, the guard, the clocks' difference, and some milliseconds: slots are a millisecond apart. */
const longestMs = ({ rate }: World) => rate.perSeconds * 1000 + guardMs + clockDifferenceMs + 100;

test('nobody waits longer than for a window, whatever a wrong clock or an absurd answer has left behind', () =>
  fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      expect(await waitedMs(world)).toBeLessThanOrEqual(longestMs(world));
    }),
    { numRuns: 300 },
  ));

test('without a bound on what is read, one does', async () => {
  const outcome = await fc.check(
    fc.asyncProperty(worlds, async (world) => (await waitedMs(world, 1e15)) <= longestMs(world)),
    { numRuns: 300, endOnFailure: true },
  );
  expect(outcome.failed).toBe(true);
});
