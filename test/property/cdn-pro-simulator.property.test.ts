import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQuotaMeter } from '../../local/cdn-pro/limits/quota-meter.ts';
import { createRateBucket } from '../../local/cdn-pro/limits/rate-bucket.ts';
import { createRateWindow } from '../../local/cdn-pro/limits/rate-window.ts';

/** Arrivals in the order of time, with what each asks for. */
function arrivals(maxGapMs: number, maxAmount: number) {
  const arrival = fc.record({
    gapMs: fc.integer({ min: 0, max: maxGapMs }),
    amount: fc.integer({ min: 1, max: maxAmount }),
  });
  return fc.array(arrival, { minLength: 1, maxLength: 60, size: 'max' }).map((list) => {
    let atMs = 1_000_000;
    return list.map(({ gapMs, amount }) => {
      atMs += gapMs;
      return { atMs, amount };
    });
  });
}

test('the window admits a request exactly while fewer than its limit arrived in the period before it', () => {
  fc.assert(
    fc.property(arrivals(400, 1), fc.integer({ min: 1, max: 6 }), (list, requests) => {
      const window = createRateWindow({ requests, perSeconds: 1 });
      for (const [index, { atMs }] of list.entries()) {
        const before = list.slice(0, index).filter((earlier) => earlier.atMs > atMs - 1000).length;
        const admission = window.arrive(atMs);
        expect(admission.admitted).toBe(before < requests);
      }
    }),
  );
});

test('a bucket admits what a recalculation from its first token on admits, and says truly when it will', () => {
  fc.assert(
    fc.property(arrivals(5000, 3), fc.integer({ min: 3, max: 10 }), (list, burst) => {
      const bucket = createRateBucket({ perMinute: 60, burst });
      // In thousandths, of which one comes back in a millisecond.
      let level = burst * 1000;
      let lastMs = list[0]?.atMs ?? 0;
      for (const { atMs, amount } of list) {
        level = Math.min(burst * 1000, level + (atMs - lastMs));
        lastMs = atMs;
        const { admitted, remaining, retryAfterSeconds } = bucket.arrive(amount, atMs);
        expect(admitted).toBe(level >= amount * 1000);
        level = Math.max(0, level - amount * 1000);
        expect(remaining).toBe(Math.floor(level / 1000));
        expect(retryAfterSeconds).toBe(admitted ? 0 : Math.ceil(amount - level / 1000));
      }
    }),
  );
});

test('no bucket admits more in any period than a full one and what comes back in it', () => {
  fc.assert(
    fc.property(arrivals(3000, 3), fc.integer({ min: 3, max: 10 }), (list, burst) => {
      const bucket = createRateBucket({ perMinute: 60, burst });
      const admitted = list.filter(({ atMs, amount }) => bucket.arrive(amount, atMs).admitted);
      for (const [from, first] of admitted.entries()) {
        let sum = 0;
        for (const { atMs, amount } of admitted.slice(from)) {
          sum += amount;
          expect(sum).toBeLessThanOrEqual(burst + (atMs - first.atMs) / 1000 + 1e-6);
        }
      }
    }),
  );
});

/** A quota, token by token: each has the time at which it comes back. */
function tokenByToken(quota: number, dayMs: number) {
  const backMs: number[] = [];
  return {
    left: (nowMs: number) => quota - backMs.filter((back) => back > nowMs).length,
    spend(count: number, nowMs: number) {
      for (let i = 0; i < count; i++) {
        const isBorrowed = quota <= backMs.filter((back) => back > nowMs).length;
        backMs.push(nowMs + (isBorrowed ? 2 * dayMs : dayMs));
      }
    },
  };
}

test('a quota has left what a count of single tokens says, of which each borrowed one is away for two days', () => {
  fc.assert(
    fc.property(
      arrivals(700, 6),
      fc.integer({ min: 0, max: 10 }),
      fc.constantFrom(0, 0.25, 1),
      (list, quota, overdraft) => {
        const dayMs = 1000;
        const meter = createQuotaMeter({ quota, overdraft, dayMs });
        const model = tokenByToken(quota, dayMs);
        const debt = Math.floor(quota * overdraft);
        for (const { atMs, amount } of list) {
          expect(meter.left(atMs)).toBe(model.left(atMs));
          const affords = meter.affords(amount, atMs);
          expect(affords).toBe(amount <= model.left(atMs) + debt);
          if (!affords) continue;
          meter.spend(amount, atMs);
          model.spend(amount, atMs);
          expect(meter.left(atMs)).toBeGreaterThanOrEqual(-debt);
        }
      },
    ),
  );
});

test('no two days have more than two quotas, and what is borrowed after them', () => {
  fc.assert(
    fc.property(arrivals(300, 4), fc.integer({ min: 1, max: 10 }), (list, quota) => {
      const dayMs = 1000;
      const meter = createQuotaMeter({ quota, overdraft: 0.5, dayMs });
      const spent = list.filter(({ atMs, amount }) => {
        if (!meter.affords(amount, atMs)) return false;
        meter.spend(amount, atMs);
        return true;
      });
      for (const { atMs: fromMs } of spent) {
        const days = spent.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + 2 * dayMs);
        const sum = days.reduce((total, { amount }) => total + amount, 0);
        expect(sum).toBeLessThanOrEqual(2 * quota + Math.floor(quota * 0.5));
      }
    }),
  );
});
