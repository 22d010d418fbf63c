import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  emptyWindow,
  markAnswered,
  reserve,
  type Slot,
} from '../../functions/core/limits/requests/window.ts';

const limit = fc.record({
  requests: fc.integer({ min: 1, max: 8 }),
  perSeconds: fc.integer({ min: 1, max: 20 }),
  headroom: fc.constant(0),
});
/** When consumers ask, and how long each request that is granted takes to arrive. */
const asks = fc.array(
  fc.record({ afterMs: fc.integer({ min: 0, max: 4000 }), latencyMs: fc.integer({ min: 0, max: 3000 }) }),
  {
    minLength: 1,
    maxLength: 120,
  },
);

/** The most arrivals in any window that ends with an arrival: no window can hold more. */
function mostInWindow(arrivals: number[], windowMs: number): number {
  const sorted = arrivals.toSorted((a, b) => a - b);
  return Math.max(
    ...sorted.map((endMs) => sorted.filter((timeMs) => timeMs > endMs - windowMs && timeMs <= endMs).length),
  );
}

function arrivalsOf(
  run: { afterMs: number; latencyMs: number }[],
  rate: { requests: number; perSeconds: number; headroom: number },
  guardMs: number,
) {
  let nowMs = 0;
  let window = emptyWindow;
  const arrivals: number[] = [];
  for (const { afterMs, latencyMs } of run) {
    nowMs += afterMs;
    const reservation = reserve(window, rate, guardMs, nowMs);
    if (reservation.kind === 'wait') continue;
    window = reservation.window;
    arrivals.push(nowMs + latencyMs);
  }
  return arrivals;
}

test('seen from the server, no window ever holds more than the limit, however late requests arrive', () => {
  fc.assert(
    fc.property(asks, limit, (run, rate) => {
      const arrivals = arrivalsOf(run, rate, 3000);
      expect(mostInWindow(arrivals, rate.perSeconds * 1000)).toBeLessThanOrEqual(rate.requests);
    }),
    { numRuns: 1000 },
  );
});

test('without the guard, late arrivals do break the limit: the guard is what holds the promise', () => {
  const broken = fc.check(
    fc.property(
      asks,
      limit,
      (run, rate) => mostInWindow(arrivalsOf(run, rate, 0), rate.perSeconds * 1000) <= rate.requests,
    ),
    { numRuns: 1000 },
  );
  expect(broken.failed).toBe(true);
});

/** As `arrivalsOf`, with each answer noted some time after the request's arrival. */
function arrivalsWithAnswers(
  run: { afterMs: number; latencyMs: number }[],
  rate: { requests: number; perSeconds: number; headroom: number },
  answerMs: number,
) {
  let nowMs = 0;
  let window = emptyWindow;
  const arrivals: number[] = [];
  const open: { slot: Slot; arrivesMs: number }[] = [];
  for (const { afterMs, latencyMs } of run) {
    nowMs += afterMs;
    for (const { slot, arrivesMs } of open) {
      if (arrivesMs + answerMs <= nowMs) window = markAnswered(window, slot, arrivesMs + answerMs);
    }
    const reservation = reserve(window, rate, 3000, nowMs);
    if (reservation.kind === 'wait') continue;
    window = reservation.window;
    arrivals.push(nowMs + latencyMs);
    open.push({ slot: reservation.slot, arrivesMs: nowMs + latencyMs });
  }
  return arrivals;
}

test('slots that come free by their answers keep the limit, too', () => {
  fc.assert(
    fc.property(asks, limit, fc.integer({ min: 0, max: 500 }), (run, rate, answerMs) => {
      const arrivals = arrivalsWithAnswers(run, rate, answerMs);
      expect(mostInWindow(arrivals, rate.perSeconds * 1000)).toBeLessThanOrEqual(rate.requests);
    }),
    { numRuns: 1000 },
  );
});

test('an answer noted before the request has arrived breaks the limit: the test would see it', () => {
  const broken = fc.check(
    fc.property(
      asks,
      limit,
      (run, rate) =>
        mostInWindow(arrivalsWithAnswers(run, rate, -2000), rate.perSeconds * 1000) <= rate.requests,
    ),
    { numRuns: 1000 },
  );
  expect(broken.failed).toBe(true);
});

test('who waits until the time that was named gets a slot', () => {
  fc.assert(
    fc.property(asks, limit, (run, rate) => {
      let nowMs = 0;
      let window = emptyWindow;
      for (const { afterMs } of run) {
        nowMs += afterMs;
        const first = reserve(window, rate, 3000, nowMs);
        if (first.kind === 'wait') {
          expect(first.untilMs).toBeGreaterThan(nowMs);
          nowMs = first.untilMs;
        }
        const second = reserve(window, rate, 3000, nowMs);
        if (second.kind === 'wait') throw new Error('expected a slot');
        window = second.window;
      }
    }),
  );
});
