import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Journal } from '../../functions/aws/tables/journal-table.ts';
import { priceOf } from '../../functions/core/limits/price.ts';
import { entryKey } from '../../functions/core/model/entry-key.ts';
import { readMessages } from '../../functions/core/model/messages/combined-messages.ts';
import type { DirEntry, PurgeEntry } from '../../functions/core/model/types.ts';
import type { FollowPorts } from '../../functions/tick/follow/follow-ports.ts';
import { readDeadLetter } from '../../infra/cli/queries/dead/dead-letters.ts';
import { awaitedReport } from '../../infra/cli/queries/why/awaited.ts';
import type { SettledPurge } from '../../infra/cli/queries/why/steps.ts';
import { histories, play } from '../helpers/follow-play.ts';
import { changeIn, createFollowWorld, type FollowWorld, messageFor } from '../helpers/follow-world.ts';

const journalWith =
  (change: (journal: FollowPorts['journal']) => Partial<Journal>) => (ports: FollowPorts) => ({
    ...ports,
    journal: { ...ports.journal, ...change(ports.journal) },
  });

describe('a purge that is followed', () => {
  test('comes to exactly one end, and the right one, whatever CDN Pro says and wherever ticks crash', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        expect(await play(history)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    [
      'an end were not kept until it is announced',
      journalWith(({ write, close }) => ({
        async write(purge, state) {
          const written = await write(purge, state);
          if (written !== undefined && state.kind !== 'partial') await close(written);
          return written;
        },
      })),
    ],
    [
      'entries were sent again on what an older index says',
      journalWith(({ write }) => ({
        write: async (purge, state) => (await write(purge, state)) ?? { ...purge, state },
      })),
    ],
    [
      'a purge that waits for its entries to be sent were followed no longer',
      journalWith(({ write, close }) => ({
        async write(purge, state) {
          const written = await write(purge, state);
          if (written !== undefined && state.kind === 'partial') await close(written);
          return written;
        },
      })),
    ],
    [
      'the purge whose answer came later counted as the later one',
      journalWith(({ open }) => ({
        open: async (limit) =>
          (await open(limit)).map((purge) => ({ ...purge, sentMs: purge.acceptedMs + 2000 })),
      })),
    ],
    [
      'a repeat counted as a purge that is repeated itself',
      journalWith(({ open }) => ({
        open: async (limit) =>
          (await open(limit)).map((purge) => ({ ...purge, repeatable: purge.entryHashes?.length ?? 0 })),
      })),
    ],
    [
      'an end failed were announced before its entries are in the dead letter queue',
      (ports: FollowPorts): FollowPorts => {
        let letters: Parameters<FollowPorts['reject']>[0] = [];
        return {
          ...ports,
          async reject(messages) {
            letters = [...letters, ...messages];
            return [];
          },
          journal: {
            ...ports.journal,
            async close(purge) {
              await ports.journal.close(purge);
              if (letters.length > 0) await ports.reject(letters);
              letters = [];
            },
          },
        };
      },
    ],
    ['repairs were not counted', journalWith(() => ({ writeFollowing: async () => true }))],
    [
      'what CDN Pro does not list at once were taken for lost',
      (ports: FollowPorts): FollowPorts => ({
        ...ports,
        cdnPro: {
          async prepare() {
            const api = await ports.cdnPro.prepare();
            return {
              ...api,
              async purge(purgeId, options) {
                const reading = await api.purge(purgeId, options);
                return reading.value?.kind === 'unknown'
                  ? { ...reading, value: { kind: 'finished', successRate: 0 } }
                  : reading;
              },
            };
          },
        },
      }),
    ],
  ])('would not if %s', async (_, mutate) => {
    const found = await fc.check(
      fc.asyncProperty(histories, async (history) => (await play(history, mutate)).length === 0),
      // With a random seed, it may take hundreds of histories.
      { numRuns: 1000, seed: 6, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
  });
});

/** How many files each message of a purge asked for that names a directory in their place, and its lane. */
const covered = fc.array(
  fc.record({ files: fc.integer({ min: 1, max: 60 }), lane: fc.constantFrom('people', 'bulk') }),
  { minLength: 1, maxLength: 4 },
);
const coveringPurge = fc.record({
  covered,
  areSame: fc.boolean(),
  /** By what the directory is asked for: a message, or by none, since it is named in place of the files. */
  dirFor: fc.constantFrom('message', 'repaired message', 'none'),
});

/** @returns the entries of a body of SQS, each once: what is in other bodies may come to another request */
function entriesOf(body: string): readonly PurgeEntry[] {
  const entries = readMessages(body).flatMap((read) => (read.kind === 'message' ? read.message.entries : []));
  return [...new Map(entries.map((entry) => [entryKey(entry), entry])).values()];
}

/** @returns the entries of purges that are neither sent again, by themselves or by their directory, nor in the dead letter queue */
function lostIn({ purges, sent, deadLetters }: FollowWorld): readonly string[] {
  const keys = new Set([...sent, ...deadLetters].flatMap(({ entries }) => entries.map(entryKey)));
  const dirs = sent.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.kind === 'dir' ? entry.url : [])),
  );
  const isSent = (url: string) => dirs.some((dir) => url.startsWith(dir.slice(0, -2)));
  return purges.flatMap((purge) => {
    const covered = new Set(purge.files.filter(({ url }) => isSent(url)).map(entryKey));
    return purge.keys.filter((key) => !keys.has(key) && !covered.has(key));
  });
}

/** @returns how far all changes are, as `wait` says it */
async function outcomeOf({ purges, deadLetters, ports: { journal } }: FollowWorld) {
  const settled: SettledPurge[] = [];
  for (const { purgeId } of purges) {
    const purge = await journal.purge(purgeId);
    if (purge !== undefined) settled.push({ ...purge, messages: await journal.messages(purgeId) });
  }
  const letters = deadLetters.map((letter, index) =>
    readDeadLetter({
      id: String(index),
      sentMs: Date.parse(letter.rejected?.rejectedAt ?? ''),
      body: JSON.stringify(letter),
      attributes: {},
    }),
  );
  const facts = { purges: settled, letters, parked: [], queued: 0 };
  return awaitedReport({ kind: 'changes', sinceMs: 0 }, facts).outcome;
}

/** @returns a world, and what its repairs cost where each body comes to another request */
function worldOfRepairs(files: number) {
  const spent: PurgeEntry[] = [];
  const world = createFollowWorld({
    files,
    ports: (ports) => ({
      ...ports,
      async send(messages) {
        spent.push(...messages.flatMap(({ body }) => entriesOf(body)));
        return ports.send(messages);
      },
    }),
  });
  return { world, spent: () => priceOf(spent, 'url') };
}

test("repairs spend at most 5% of the day's tokens, lose nothing, and are waited for, also where they cost too much with what was covered", async () => {
  let repaired = 0;
  let alone = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(coveringPurge, { minLength: 1, maxLength: 4 }), async (purges) => {
      const { world, spent } = worldOfRepairs(1000);
      for (const [index, { covered, areSame, dirFor }] of purges.entries()) {
        const url = `https://h.example/${index}`;
        const dir: DirEntry = { kind: 'dir', url: `${url}/**`, target: 'production', action: 'invalidate' };
        const others = covered.map(({ files, lane }, message) => {
          const urls = Array.from({ length: files }, (_, file) => `${url}/${areSame ? 0 : message}/${file}`);
          return { ...messageFor(...urls), lane, covered: files };
        });
        const asking = {
          ...messageFor(),
          entries: [dir],
          ...(dirFor === 'repaired message' && { repair: 3 }),
        };
        await world.accept(dirFor === 'none' ? others : [asking, ...others], {
          successRate: 99,
          ...(dirFor === 'none' && { instead: [dir] }),
        });
      }
      await world.tick();
      repaired += world.measured('Repairs').length;
      const isAlone = world.sent.every(({ entries }) => entries.every(({ kind }) => kind === 'dir'));
      alone += world.sent.length > 0 && isAlone ? 1 : 0;
      expect(lostIn(world)).toEqual([]);
      const { files, dirs } = spent();
      expect({ files: Math.max(files, 50), dirs: Math.max(dirs, 1) }).toEqual({ files: 50, dirs: 1 });
      await world.deliver();
      await world.tick();
      expect(await outcomeOf(world)).toBe(world.deadLetters.length > 0 ? 'failed' : 'done');
    }),
    { numRuns: 60 },
  );
  expect(repaired).toBeGreaterThan(10);
  expect(alone).toBeGreaterThan(5);
});

/** The lanes of the messages that asked for a file, by file: what asks in another lane comes in another body. */
const askedFor = fc.array(fc.subarray(['people', 'bulk', 'takedown'] as const, { minLength: 1 }), {
  minLength: 1,
  maxLength: 4,
});

test("repairs of what was seen to be old spend at most 5% of the day's tokens, however often they are asked for", async () => {
  let repaired = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(askedFor, { minLength: 1, maxLength: 3 }), async (purges) => {
      const { world, spent } = worldOfRepairs(160);
      for (const [index, files] of purges.entries()) {
        const messages = files.flatMap((lanes, file) => {
          const changed = changeIn(world, messageFor(`https://h.example/${index}/${file}`));
          return lanes.map((lane) => ({ ...changed, lane, repeats: 'before' }));
        });
        world.nowMs += 3000;
        await world.accept(messages, { edge: { obeys: false } });
      }
      await world.tick();
      repaired += world.measured('Repairs').length;
      expect(spent().files).toBeLessThanOrEqual(8);
    }),
    { numRuns: 60 },
  );
  expect(repaired).toBeGreaterThan(10);
});
