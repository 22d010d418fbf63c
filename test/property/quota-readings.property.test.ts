import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  covers,
  freshQuota,
  lostQuota,
  type QuotaState,
  spend,
  spendableTokens,
  spentByOthers,
  spentTokens,
  type Tokens,
} from '../../functions/core/limits/tokens/quota.ts';
import { correct, isReadingDue, isReadingOld } from '../../functions/core/limits/tokens/quota-readings.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const quota = { files: 5000, dirs: 20 };
/** 600 an hour. */
const othersAMinute = 10;

interface Rules {
  /** Whether `purgeTokens` is read before so much is spent. */
  readonly isDue: (state: QuotaState, price: Tokens, nowMs: number) => boolean;
  /** Whether it is read each five minutes after something was spent. */
  readonly isReadAfterwards: boolean;
}
const rules: Rules = {
  isDue: (state, price, nowMs) => isReadingDue(state, price, quota, nowMs),
  isReadAfterwards: true,
};

interface Batch {
  readonly afterMs: number;
  readonly files: number;
}

/** @returns how much is spent here although the quota is used up: others spend all the time, and nothing shows it */
function overspent(spentByOthers: number, batches: readonly Batch[], { isDue, isReadAfterwards }: Rules) {
  const startMs = 1000 * dayMs;
  let state = freshQuota;
  let nowMs = startMs;
  let own = 0;
  let over = 0;
  let tickMs = startMs;
  const othersAt = (ms: number) => spentByOthers + Math.floor((ms - startMs) / minuteMs) * othersAMinute;
  const leftAt = (ms: number) => Math.max(0, quota.files - own - othersAt(ms));
  const read = (ms: number) => {
    state = correct(state, { files: leftAt(ms), dirs: quota.dirs }, undefined, ms);
  };
  for (const { afterMs, files } of batches) {
    nowMs += afterMs;
    for (; tickMs <= nowMs; tickMs += 5 * minuteMs) {
      if (isReadAfterwards && state.unchecked !== undefined && isReadingOld(state, tickMs)) read(tickMs);
    }
    const price = { files, dirs: 0 };
    if (isDue(state, price, nowMs)) read(nowMs);
    if (!covers(spendableTokens(state, quota, 'people', nowMs), price)) continue;
    over += Math.min(files, Math.max(0, files - leftAt(nowMs)));
    own += files;
    state = spend(state, price, nowMs);
  }
  return over;
}

const batches = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 60 * minuteMs })),
    files: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 2000 })),
  }),
  { minLength: 1, maxLength: 80 },
);
const calm = (count: number, files: number): Batch[] =>
  Array.from({ length: count }, (_, index) => ({ afterMs: index === 0 ? 6 * 60 * minuteMs : 2000, files }));

describe('with others on the account who spend 600 an hour', () => {
  test('at most 200 tokens are spent in a day that is used up, however changes come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), batches, (spentByOthers, given) => {
        expect(overspent(spentByOthers, given, rules)).toBeLessThanOrEqual(200);
      }),
      {
        numRuns: 300,
        examples: [
          [5000, calm(60, 99)],
          [4900, calm(1, 2000)],
        ],
      },
    );
  });

  test('more would be without reading what is left before much is spent, or after little was', () => {
    const never = { ...rules, isDue: () => false };
    expect(overspent(4900, calm(1, 2000), never)).toBeGreaterThan(200);
    expect(overspent(5000, calm(60, 20), { ...never, isReadAfterwards: false })).toBeGreaterThan(200);
  });
});

test('a reading is old after five minutes, and when tokens have come back since', () => {
  const spentMs = 1000 * dayMs;
  const state = spend(freshQuota, { files: 10, dirs: 0 }, spentMs);
  const readMs = spentMs + dayMs - minuteMs;
  const read = correct(state, { files: 4990, dirs: 20 }, undefined, readMs);
  expect([minuteMs - 1, minuteMs].map((ms) => isReadingOld(read, readMs + ms))).toEqual([false, true]);
  const other = correct(state, { files: 4990, dirs: 20 }, undefined, spentMs);
  expect([5 * minuteMs - 1, 5 * minuteMs].map((ms) => isReadingOld(other, spentMs + ms))).toEqual([
    false,
    true,
  ]);
  expect(isReadingOld(freshQuota, spentMs)).toBe(true);
});

test('of what is spent, what others on the account had is told from the own, as far as CDN Pro was asked', () => {
  const step = fc.record({ own: fc.nat({ max: 50 }), others: fc.nat({ max: 50 }), isAsked: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let state: QuotaState = freshQuota;
      let [own, others, seen, nowMs] = [0, 0, 0, 100 * dayMs];
      for (const { isAsked, ...spent } of steps) {
        nowMs += 10 * minuteMs;
        own += spent.own;
        others += spent.others;
        state = spend(state, { files: spent.own, dirs: 0 }, nowMs);
        if (isAsked) {
          state = correct(state, { files: quota.files - own - others, dirs: quota.dirs }, quota, nowMs);
          seen = others;
        }
        expect(spentByOthers(state, nowMs)).toEqual({ files: seen, dirs: 0 });
        expect(spentTokens(state, nowMs)).toEqual({ files: own + seen, dirs: 0 });
      }
      expect(spentByOthers(state, nowMs + dayMs + 1).files).toBe(0);
    }),
    { numRuns: 100 },
  );
});

test('whose the tokens are that were spent before the count was lost, nobody says', () => {
  const nowMs = 100 * dayMs;
  const state = correct(lostQuota(nowMs - minuteMs), { files: 1000, dirs: 20 }, quota, nowMs);
  expect([spentByOthers(state, nowMs).files, state.othersSinceMs]).toEqual([0, nowMs]);
  const later = correct(state, { files: 900, dirs: 20 }, quota, nowMs + minuteMs);
  expect([spentByOthers(later, nowMs + minuteMs).files, later.othersSinceMs]).toEqual([100, nowMs]);
});
