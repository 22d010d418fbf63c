import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RepairsSpent, reserveRepair } from '../../functions/core/following/repairs.ts';
import { freshQuota, spentTokens } from '../../functions/core/limits/tokens/quota.ts';

const quota = { files: 200, dirs: 40 };
const share = { files: 10, dirs: 2 };

/** A tick decides on a purge, and ends before that is written down: the next one may see more, or less, of it. */
const decided = fc.record({
  purgeId: fc.constantFrom('p0', 'p1', 'p2', 'p3'),
  why: fc.constantFrom('partial', 'stale'),
  again: fc.record({ files: fc.nat({ max: 8 }), dirs: fc.nat({ max: 1 }) }),
  isNamed: fc.boolean(),
});

test('repairs stay within their share of the tokens, however often ticks end before they are written down', () => {
  fc.assert(
    fc.property(fc.array(decided, { maxLength: 20 }), fc.boolean(), (ticks, isOfOlder) => {
      let spent: RepairsSpent = isOfOlder ? { reserved: { p0: 'all', p1: 'named' } } : {};
      const carriedOut = new Map<string, { readonly files: number; readonly dirs: number }>();
      for (const [index, { purgeId, why, again, isNamed }] of ticks.entries()) {
        const named = { files: 0, dirs: 1 };
        const urls = { files: 1, dirs: 1 };
        const purge = { purgeId, repair: 0, target: 'production', urls, again } as const;
        const againNamed = isNamed && why === 'partial' ? { againNamed: named } : {};
        const repair = reserveRepair({ ...purge, ...againNamed }, why, spent, quota, index);
        if (repair.kind === 'refused') continue;
        spent = repair.spent;
        // The last decision is the one that is carried out.
        carriedOut.set(purgeId, repair.namedAlone ? named : again);
      }
      const all = [...carriedOut.values()];
      const files = all.reduce((sum, each) => sum + each.files, 0);
      const dirs = all.reduce((sum, each) => sum + each.dirs, 0);
      const counted = spentTokens(spent.production ?? freshQuota, ticks.length);
      expect(counted.files).toBeGreaterThanOrEqual(files);
      expect(counted.dirs).toBeGreaterThanOrEqual(dirs);
      expect(counted.files).toBeLessThanOrEqual(share.files);
      expect(counted.dirs).toBeLessThanOrEqual(share.dirs);
    }),
    { numRuns: 1000 },
  );
});
