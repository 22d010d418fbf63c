import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  emptyWindow,
  type RateLimit,
  type RateWindow,
  requestsInWindow,
  reserve,
} from '../../functions/core/limits/requests/window.ts';
import { declareLimits, strictestLimits } from '../../functions/core/limits/shared-limit.ts';
import { looseLimits } from '../helpers/limits-request.ts';

const limit = fc.record({
  requests: fc.integer({ min: 1, max: 8 }),
  perSeconds: fc.integer({ min: 1, max: 20 }),
  headroom: fc.constantFrom(0, 0.1, 0.5, 0.9),
});
const limits = fc.array(limit, { minLength: 2, maxLength: 3 });
/** Which deployment asks, when, and how long its request takes to arrive. */
const asks = fc.array(
  fc.record({
    deployment: fc.nat(2),
    afterMs: fc.integer({ min: 0, max: 3000 }),
    latencyMs: fc.integer({ min: 0, max: 3000 }),
  }),
  { minLength: 1, maxLength: 120 },
);

type Agree = (
  window: RateWindow,
  deployment: string,
  limit: RateLimit,
  nowMs: number,
) => { readonly window: RateWindow; readonly limit: RateLimit };
const strictestLimit: Agree = (window, deployment, rate, nowMs) => {
  const limits = { ...looseLimits, rate };
  const declared = declareLimits(window, deployment, limits, nowMs);
  return { window: declared, limit: strictestLimits(declared, limits).rate };
};
const byOwnLimitAlone: Agree = (window, _, limit) => ({ window, limit });

interface Arrival {
  readonly atMs: number;
  readonly deployment: RateLimit;
}

function arrivalsOf(
  run: readonly { deployment: number; afterMs: number; latencyMs: number }[],
  deployments: readonly RateLimit[],
  agree: Agree,
): readonly Arrival[] {
  let nowMs = 0;
  let window = emptyWindow;
  for (const [index, each] of deployments.entries()) window = agree(window, `${index}`, each, 0).window;
  const arrivals: Arrival[] = [];
  for (const { deployment: chosen, afterMs, latencyMs } of run) {
    nowMs += afterMs;
    const index = chosen % deployments.length;
    const deployment = deployments[index];
    if (deployment === undefined) throw new RangeError(`expected a deployment ${index}`);
    const agreed = agree(window, `${index}`, deployment, nowMs);
    const reservation = reserve(agreed.window, agreed.limit, 3000, nowMs);
    if (reservation.kind === 'wait') continue;
    window = reservation.window;
    arrivals.push({ atMs: nowMs + latencyMs, deployment });
  }
  return arrivals;
}

function mostInWindow(arrivals: readonly Arrival[], windowMs: number): number {
  return Math.max(
    0,
    ...arrivals.map(
      ({ atMs: endMs }) => arrivals.filter(({ atMs }) => atMs > endMs - windowMs && atMs <= endMs).length,
    ),
  );
}

function strictestOf(deployments: readonly RateLimit[]) {
  return {
    requests: Math.min(...deployments.map(({ requests }) => requests)),
    windowMs: 1000 * Math.max(...deployments.map(({ perSeconds }) => perSeconds)),
  };
}

test('deployments that share a window keep the strictest limit that one of them declares, together', () => {
  fc.assert(
    fc.property(asks, limits, (run, deployments) => {
      const { requests, windowMs } = strictestOf(deployments);
      expect(mostInWindow(arrivalsOf(run, deployments, strictestLimit), windowMs)).toBeLessThanOrEqual(
        requests,
      );
    }),
    { numRuns: 1000 },
  );
});

test('each by its own limit alone, they break it: the agreement is what holds the promise', () => {
  const broken = fc.check(
    fc.property(asks, limits, (run, deployments) => {
      const { requests, windowMs } = strictestOf(deployments);
      return mostInWindow(arrivalsOf(run, deployments, byOwnLimitAlone), windowMs) <= requests;
    }),
    { numRuns: 1000 },
  );
  expect(broken.failed).toBe(true);
});

test('of equal limits, the one with the larger headroom sends only while the other leaves it room', () => {
  const equal = fc.record({
    requests: fc.integer({ min: 2, max: 8 }),
    perSeconds: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(asks, equal, (run, both) => {
      const eager = { ...both, headroom: 0 };
      const modest = { ...both, headroom: 0.5 };
      const arrivals = arrivalsOf(run, [eager, modest], strictestLimit);
      const own = arrivals.filter(({ deployment }) => deployment === modest);
      expect(mostInWindow(own, both.perSeconds * 1000)).toBeLessThanOrEqual(requestsInWindow(modest));
      expect(mostInWindow(arrivals, both.perSeconds * 1000)).toBeLessThanOrEqual(both.requests);
    }),
  );
});
