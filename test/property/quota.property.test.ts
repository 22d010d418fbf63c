import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  covers,
  freshQuota,
  holdMs,
  type QuotaState,
  quotaOf,
  spend,
  spendableTokens,
  spentTokens,
  type Tokens,
  tokensBackMs,
} from '../../functions/core/limits/tokens/quota.ts';
import { correct } from '../../functions/core/limits/tokens/quota-readings.ts';
import type { Lane } from '../../functions/core/model/types.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const lane = fc.constantFrom<Lane>('takedown', 'people', 'bulk');
const quota = fc.record({ files: fc.integer({ min: 1, max: 200 }), dirs: fc.integer({ min: 2, max: 40 }) });
const wish = fc.record({
  afterMs: fc.integer({ min: 0, max: 3 * hourMs }),
  lane,
  files: fc.integer({ min: 0, max: 40 }),
  dirs: fc.integer({ min: 0, max: 5 }),
});
const wishes = fc.array(wish, { minLength: 1, maxLength: 150 });

interface Spent extends Tokens {
  readonly atMs: number;
  readonly lane: Lane;
}

/** What is spent when each wish is granted whole or not at all. */
function play(
  given: readonly (Tokens & { afterMs: number; lane: Lane })[],
  limit: Tokens,
  spendable: (state: QuotaState, lane: Lane, nowMs: number) => Tokens = (state, each, nowMs) =>
    spendableTokens(state, limit, each, nowMs),
): readonly Spent[] {
  let state = freshQuota;
  let nowMs = 1000 * dayMs;
  const spent: Spent[] = [];
  for (const { afterMs, lane, files, dirs } of given) {
    nowMs += afterMs;
    if (!covers(spendable(state, lane, nowMs), { files, dirs })) continue;
    state = spend(state, { files, dirs }, nowMs);
    spent.push({ atMs: nowMs, lane, files, dirs });
  }
  return spent;
}

/** The most of a kind in any 24 hours: no window holds more than one that ends with an expense. */
function mostInADay(spent: readonly Spent[], kind: keyof Tokens): number {
  return Math.max(
    0,
    ...spent.map(({ atMs }) =>
      spent
        .filter((other) => other.atMs > atMs - dayMs && other.atMs <= atMs)
        .reduce((sum, tokens) => sum + tokens[kind], 0),
    ),
  );
}

describe('the day of tokens', () => {
  test('never holds more than the quota and the overdraft of takedowns, in any 24 hours', () => {
    fc.assert(
      fc.property(wishes, quota, (given, limit) => {
        const spent = play(given, limit);
        expect(mostInADay(spent, 'files')).toBeLessThanOrEqual(limit.files + Math.ceil(limit.files * 0.05));
        expect(mostInADay(spent, 'dirs')).toBeLessThanOrEqual(limit.dirs + Math.ceil(limit.dirs * 0.05));
      }),
      { numRuns: 500 },
    );
  });

  test('never holds more than the quota where no takedown overdraws', () => {
    fc.assert(
      fc.property(wishes, quota, (given, limit) => {
        const spent = play(
          given.filter(({ lane }) => lane !== 'takedown'),
          limit,
        );
        expect(mostInADay(spent, 'files')).toBeLessThanOrEqual(limit.files);
        expect(mostInADay(spent, 'dirs')).toBeLessThanOrEqual(limit.dirs);
      }),
      { numRuns: 500 },
    );
  });

  test('would hold more if the tokens of an hour came back before the last of them is a day old', () => {
    const limit = { files: 50, dirs: 5 };
    const countedUntil =
      (offsetMs: (lastMs: number) => number) => (state: QuotaState, each: Lane, nowMs: number) => {
        const recent = Object.entries(state.spent).filter(
          ([, { lastMs }]) => offsetMs(lastMs) > nowMs - dayMs,
        );
        return spendableTokens({ ...state, spent: Object.fromEntries(recent) }, limit, each, nowMs);
      };
    const wanted = { lane: 'people' as const, files: 20, dirs: 0 };
    const given = [
      { ...wanted, afterMs: 60_000 },
      { ...wanted, afterMs: 50 * 60_000 },
      { ...wanted, afterMs: dayMs - 49 * 60_000 },
    ];
    const beginningOfHour = (ms: number) => ms - (ms % hourMs);
    expect(
      mostInADay(
        play(
          given,
          limit,
          countedUntil((lastMs) => lastMs),
        ),
        'files',
      ),
    ).toBe(40);
    expect(
      mostInADay(play([...given, { ...wanted, afterMs: 1 }], limit, countedUntil(beginningOfHour)), 'files'),
    ).toBe(60);
  });

  test('gives tokens that were spent at once back a day later, not an hour after that', () => {
    fc.assert(
      fc.property(quota, fc.integer({ min: 0, max: hourMs - 1 }), (limit, offsetMs) => {
        const nowMs = 1000 * dayMs + offsetMs;
        const state = spend(freshQuota, limit, nowMs);
        expect(spentTokens(state, nowMs + dayMs - 1)).toEqual(limit);
        expect(spentTokens(state, nowMs + dayMs)).toEqual({ files: 0, dirs: 0 });
      }),
    );
  });

  test('counts what was spent a day ago until then, although requests are counted ahead of the clock', () => {
    fc.assert(
      fc.property(quota, fc.integer({ min: 1, max: 20_000 }), (limit, aheadMs) => {
        const nowMs = 1000 * dayMs;
        const later = spend(
          spend(freshQuota, limit, nowMs),
          { files: 1, dirs: 0 },
          nowMs + dayMs - 1 + aheadMs,
        );
        expect(spentTokens(later, nowMs + dayMs - 1).files).toBe(limit.files + 1);
      }),
    );
  });

  test('leaves to people what is kept for them, whatever bulk does', () => {
    fc.assert(
      fc.property(wishes, quota, (given, limit) => {
        let state = freshQuota;
        let nowMs = 1000 * dayMs;
        for (const { afterMs, files, dirs } of given) {
          nowMs += afterMs;
          if (covers(spendableTokens(state, limit, 'bulk', nowMs), { files, dirs }))
            state = spend(state, { files, dirs }, nowMs);
          // In a small quota the shares are rounded up to more than there is: then bulk gets nothing.
          const keptForPeople = Math.min(
            Math.ceil(limit.files * 0.1),
            limit.files - Math.ceil(limit.files * 0.01),
          );
          expect(spendableTokens(state, limit, 'people', nowMs).files).toBeGreaterThanOrEqual(keptForPeople);
        }
      }),
    );
  });
});

describe('a correction by purgeTokens', () => {
  test('never leaves more than the API says, and never more than the own count', () => {
    fc.assert(
      fc.property(wishes, quota, fc.integer({ min: 0, max: 200 }), (given, limit, files) => {
        let state = freshQuota;
        const nowMs = 1000 * dayMs;
        for (const each of given)
          state = spend(state, { files: each.files, dirs: 0 }, nowMs - each.afterMs * 4);
        const before = limit.files - spentTokens(state, nowMs).files;
        const told = { files: Math.min(files, limit.files), dirs: limit.dirs };
        const after = limit.files - spentTokens(correct(state, told, limit, nowMs), nowMs).files;
        expect(after).toBe(Math.min(before, told.files));
      }),
    );
  });

  test('shows a larger quota only by a number above the whole of it', () => {
    const nowMs = 1000 * dayMs;
    const state = spend(freshQuota, { files: 5000, dirs: 0 }, nowMs);
    expect(quotaOf(correct(state, { files: 5000, dirs: 20 }, undefined, nowMs))).toEqual({
      files: 5000,
      dirs: 20,
    });
    expect(quotaOf(correct(state, { files: 90_000, dirs: 500 }, undefined, nowMs))).toEqual({
      files: 90_000,
      dirs: 500,
    });
  });
});

test('the time at which tokens are back is exact: not a moment before, and then there are enough', () => {
  fc.assert(
    fc.property(wishes, quota, lane, fc.integer({ min: 1, max: 30 }), (given, limit, each, position) => {
      let state = freshQuota;
      const nowMs = 1000 * dayMs;
      for (const { afterMs, files, dirs } of given.slice(0, 20))
        state = spend(state, { files, dirs }, nowMs - afterMs * 7);
      const backMs = tokensBackMs({ state, quota: limit, lane: each, kind: 'files', position, nowMs });
      if (backMs === undefined) {
        expect(spendableTokens(freshQuota, limit, each, nowMs).files).toBeLessThan(position);
        return;
      }
      expect(spendableTokens(state, limit, each, backMs).files).toBeGreaterThanOrEqual(position);
      if (backMs > nowMs)
        expect(spendableTokens(state, limit, each, backMs - 1).files).toBeLessThan(position);
    }),
    { numRuns: 500 },
  );
});

test('a directory is not held while half of the day is left, and then the longer the less is left', () => {
  const nowMs = 1000 * dayMs;
  const limit = { files: 5000, dirs: 20 };
  const holds = Array.from({ length: 21 }, (_, dirs) =>
    holdMs(spend(freshQuota, { files: 0, dirs }, nowMs), limit, 5, nowMs),
  );
  expect(holds.slice(0, 11)).toEqual(Array.from({ length: 11 }, () => 0));
  // 2.5 · 5 · 72 min · ½
  expect(holds[20]).toBe(7.5 * hourMs);
  expect(holds).toEqual(holds.toSorted((a, b) => a - b));
});

test('a quota with shorter hours is like another one on a clock that is as much faster', () => {
  const faster = 720;
  fc.assert(
    fc.property(wishes, quota, fc.integer({ min: 1, max: 50 }), (given, limit, position) => {
      let short: QuotaState = { ...freshQuota, hourMs: hourMs / faster };
      let long: QuotaState = freshQuota;
      let nowMs = 10 * dayMs;
      for (const { afterMs, lane, files, dirs } of given) {
        nowMs += Math.floor(afterMs / faster);
        const longMs = nowMs * faster;
        const spendable = spendableTokens(short, limit, lane, nowMs);
        expect(spendable).toEqual(spendableTokens(long, limit, lane, longMs));
        expect(holdMs(short, limit, 3, nowMs) * faster).toBeCloseTo(holdMs(long, limit, 3, longMs), 3);
        const awaited = { quota: limit, lane, kind: 'files', position } as const;
        const backMs = tokensBackMs({ ...awaited, state: short, nowMs });
        const longBackMs = tokensBackMs({ ...awaited, state: long, nowMs: longMs });
        expect(backMs === undefined ? undefined : backMs * faster).toBe(longBackMs);
        if (!covers(spendable, { files, dirs })) continue;
        short = spend(short, { files, dirs }, nowMs);
        long = spend(long, { files, dirs }, longMs);
      }
    }),
  );
});
