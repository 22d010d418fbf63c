import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createUnfollowedNotes, type Unfollowed } from '../../functions/aws/journal/unfollowed-notes.ts';
import { createUnfollowedMeasure } from '../../functions/tick/follow/measure-unfollowed.ts';
import { createParkedItems } from '../helpers/parked-items.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const startMs = Date.UTC(2026, 10, 27);

function createWorld() {
  const { client } = createParkedItems();
  const world = { nowMs: startMs };
  const notes = createUnfollowedNotes({ client, tableName: 'Parked', nowMs: () => world.nowMs });
  return { world, notes };
}

test('purges that are not followed are known until a day after the last one, however they come', async () => {
  const minutes = fc.array(fc.integer({ min: 0, max: 24 * 60 }), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(minutes, fc.boolean(), async (pauses, areAtOnce) => {
      const { world, notes } = createWorld();
      let expected: Pick<Unfollowed, 'count' | 'sinceMs' | 'lastMs'> | undefined;
      for (const [index, pause] of pauses.entries()) {
        world.nowMs += areAtOnce ? 0 : pause * minuteMs;
        const { nowMs } = world;
        const before = expected !== undefined && nowMs - expected.lastMs < dayMs ? expected : undefined;
        await notes.add(`p${index}`, nowMs);
        expected = { count: (before?.count ?? 0) + 1, sinceMs: before?.sinceMs ?? nowMs, lastMs: nowMs };
        const known = await notes.read();
        expect(known).toMatchObject(expected);
        expect(known?.purgeIds.at(-1)).toBe(`p${index}`);
        expect(known?.purgeIds).toHaveLength(Math.min(20, expected.count));
      }
      world.nowMs += dayMs - 1;
      expect(await notes.read()).toMatchObject(expected ?? {});
      world.nowMs += 1;
      expect(await notes.read()).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});

test('those that consumers note at the same moment are all counted', async () => {
  const { notes } = createWorld();
  await Promise.all(['a', 'b', 'c'].map((purgeId) => notes.add(purgeId, startMs)));
  const known = await notes.read();
  expect([known?.count, known?.purgeIds.toSorted()]).toEqual([3, ['a', 'b', 'c']]);
});

test('tick counts them as late from 15 minutes on, each five minutes, for a day', async () => {
  const { world, notes } = createWorld();
  const measured: (readonly [number, number])[] = [];
  const look = createUnfollowedMeasure({
    unfollowed: notes,
    measure: (name, value) => {
      expect(name).toBe('PurgesLate');
      measured.push([(world.nowMs - startMs) / minuteMs, value]);
    },
    nowMs: () => world.nowMs,
  });
  await notes.add('a', startMs);
  await notes.add('b', startMs);
  for (; world.nowMs <= startMs + 2 * dayMs; world.nowMs += minuteMs) await look();
  const expected = Array.from({ length: (24 * 60 - 15) / 5 }, (_, index) => [15 + index * 5, 2]);
  expect(measured).toEqual(expected);
});
