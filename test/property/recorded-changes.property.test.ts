import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entriesIn } from '../../bench/simulation/changes.ts';
import { entryKey } from '../../functions/core/model/entry-key.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { SubmitPorts } from '../../functions/submit/ports.ts';
import { changesOf, playWorld, type World, worlds } from '../helpers/random-worlds.ts';

/** Worlds with hardly a token, in which few pages change again and again, and nobody is killed. */
const short = worlds.map(
  (world): World => ({
    ...world,
    changes: world.changes.map((change) => ({ ...change, page: change.page % 3, target: 'production' })),
    quota: { files: 4, dirs: 3 },
    badPages: [],
    livesMs: [],
    livesCalls: [],
    tableIsGoneMs: 0,
  }),
);

/** @returns the newest change of each entry that was purged, and is in no purge of the journal */
async function missingIn(world: World, mutate: (ports: SubmitPorts) => SubmitPorts = (same) => same) {
  const nameOf = (atMs: number, entry: PurgeEntry) => `${new Date(atMs).toISOString()} ${entryKey(entry)}`;
  const recorded = new Set<string>();
  const journal: SubmitPorts['journal'] = {
    async record({ messages }) {
      for (const { change, entries } of messages) {
        for (const entry of entries) recorded.add(nameOf(Date.parse(change?.occurredAt ?? ''), entry));
      }
    },
  };
  const outcome = await playWorld(world, { mutate: (ports) => mutate({ ...ports, journal }) });
  const inQueues = entriesIn([...outcome.events, ...outcome.queue.bodies(), ...outcome.dead]);
  const left = new Set([...inQueues, ...outcome.parked].map(entryKey));
  const newest = new Map(changesOf(world).map(({ atMs, entry }) => [entryKey(entry), { atMs, entry }]));
  return [...newest].flatMap(([key, { atMs, entry }]) => {
    const name = nameOf(atMs, entry);
    return left.has(key) || recorded.has(name) ? [] : [name];
  });
}

test('the newest change of all that was purged is in the journal', async () => {
  await fc.assert(
    fc.asyncProperty(short, async (world) => {
      expect(await missingIn(world)).toEqual([]);
    }),
    { numRuns: 20 },
  );
});

test('and is so where invocations are killed before they have written a purge down', async () => {
  await fc.assert(
    fc.asyncProperty(short, fc.integer({ min: 1, max: 3 }), async (world, kills) => {
      let left = kills;
      const killed = (ports: SubmitPorts): SubmitPorts => ({
        ...ports,
        journal: {
          record: (purge) => (left-- > 0 ? new Promise(() => {}) : ports.journal.record(purge)),
        },
      });
      expect(await missingIn(world, killed)).toEqual([]);
    }),
    { numRuns: 20 },
  );
});

test('and is not where what waited for tokens is removed without being recorded', async () => {
  const forgetful = (ports: SubmitPorts): SubmitPorts => ({
    ...ports,
    async findPurged(...options) {
      const { found, failures } = await ports.findPurged(...options);
      await Promise.all(found.map(ports.removeParked));
      return { found: [], failures };
    },
  });
  const outcome = await fc.check(
    fc.asyncProperty(short, async (world) => (await missingIn(world, forgetful)).length === 0),
    // With a random seed, it may take a hundred worlds.
    { numRuns: 500, seed: 4, endOnFailure: true },
  );
  expect(outcome.failed).toBe(true);
});
