import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createParkedTable } from '../../functions/aws/tables/parked-table.ts';
import { Schedule } from '../../functions/core/mapping/schedule.ts';
import { EntrySet } from '../../functions/core/mapping/urls/entry-set.ts';
import { readMessage, writeMessage } from '../../functions/core/model/purge-message.ts';
import type { FileEntry, PurgeEntry, Shows } from '../../functions/core/model/types.ts';
import { withoutDuplicates } from '../../functions/core/planning/plan.ts';
import { chooseProbes, mostOfHost, mostOfPurge, sampleOf } from '../../functions/core/proving/choose.ts';
import { judge } from '../../functions/core/proving/judge.ts';
import { fileEntry } from '../helpers/changes.ts';
import { createParkedItems } from '../helpers/parked-items.ts';

const url = 'https://h.example/a';
const file = (shows: Shows | undefined, own: Partial<FileEntry> = {}): FileEntry => ({
  ...(fileEntry(url) as FileEntry),
  ...own,
  ...(shows !== undefined && { shows }),
});

describe('of changes that come in any order, a file shows the newest', () => {
  /** Changes of one object from the oldest to the newest: S3's times are whole seconds, and its order is not. */
  const changes = fc
    .array(
      fc.record({
        seconds: fc.integer({ min: 0, max: 2 }),
        etag: fc.option(fc.string(), { nil: undefined }),
      }),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    .map((all) => {
      let sinceMs = 1000;
      return all.map(({ seconds, etag }, index): Shows => {
        sinceMs += seconds * 1000;
        return { sinceMs, sequencer: `0${index}`, ...(etag === undefined ? { gone: true } : { etag }) };
      });
    });
  const shuffled = changes.chain((all) =>
    fc.record({
      newest: fc.constant(all.at(-1)),
      entries: fc
        .shuffledSubarray([undefined, ...all], { minLength: all.length + 1 })
        .map((each) => each.map((shows) => file(shows))),
    }),
  );
  const shownBy = ([entry]: readonly PurgeEntry[]) => (entry?.kind === 'file' ? entry.shows : undefined);

  test.each<
    [string, (entries: readonly FileEntry[]) => readonly PurgeEntry[] | Promise<readonly PurgeEntry[]>]
  >([
    [
      'that rules map',
      (entries) => {
        const set = new EntrySet();
        for (const entry of entries) set.add(entry);
        return set.entries;
      },
    ],
    [
      'that rules delay',
      (entries) => {
        const schedule = new Schedule();
        for (const entry of entries) schedule.add({ entry, delaysSeconds: [0] });
        return schedule.entries().map(({ entry }) => entry);
      },
    ],
    [
      'in messages of one plan',
      (entries) =>
        withoutDuplicates(
          entries.map((entry) => {
            const read = readMessage(writeMessage({ v: 1, entries: [entry] }));
            return read.kind === 'message' ? read.message.entries : [];
          }),
        ).map(({ entry }) => entry),
    ],
    [
      'that are parked',
      async (entries) => {
        const { client } = createParkedItems();
        const table = createParkedTable({ client, tableName: 'Parked', nowMs: () => 0, random: () => 0 });
        for (const entry of entries) await table.park([{ entry, lane: 'bulk', sinceMs: 0 }]);
        const waiting: PurgeEntry[] = [];
        for await (const { entry } of table.oldest('production', 'files', 10)) waiting.push(entry);
        return waiting;
      },
    ],
  ])('%s', async (_, merge) => {
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ newest, entries }) => {
        const merged = await merge(entries);
        expect([merged.length, shownBy(merged)]).toEqual([1, newest]);
      }),
      { numRuns: 50 },
    );
  });
});

test('nothing is called stale that may be the new version, or that may not be the file', () => {
  const sinceMs = 1_000_000;
  const etags = fc.constantFrom(undefined, '"new"', 'W/"new"', '"new-gzip"', '"old"', 'W/"old-gzip"');
  const answers = fc.record({
    status: fc.constantFrom(200, 206, 301, 302, 304, 401, 403, 404, 416, 500),
    etag: etags,
    lastModifiedMs: fc.option(fc.integer({ min: sinceMs - 10_000, max: sinceMs + 10_000 }), {
      nil: undefined,
    }),
    cacheControl: fc.constantFrom('max-age=60', 'no-store', 'private, max-age=0'),
    setsCookie: fc.boolean(),
  });
  fc.assert(
    fc.property(answers, fc.boolean(), ({ etag, lastModifiedMs, ...answer }, isGone) => {
      const shows: Shows = { ...(isGone ? { gone: true } : { etag: 'new' }), sinceMs };
      const told = {
        ...answer,
        ...(etag !== undefined && { etag }),
        ...(lastModifiedMs !== undefined && { lastModifiedMs }),
      };
      const { kind } = judge(url, shows, told);
      const isServed = answer.status === 200 || answer.status === 206;
      const isNew = !isGone && isServed && etag?.includes('new') === true;
      if (isNew) expect(kind).toBe('proven');
      if (kind !== 'stale') return;
      expect(isServed && lastModifiedMs !== undefined && lastModifiedMs <= sinceMs - 2000).toBe(true);
      expect(isGone || etag?.includes('old')).toBe(true);
      expect(answer.setsCookie || answer.cacheControl !== 'max-age=60').toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('whatever has completed, no host is asked more often than once a second, nor any purge left out for others', () => {
  const purges = fc.array(
    fc.array(fc.record({ host: fc.integer({ min: 0, max: 2 }), path: fc.nat({ max: 40 }) }), {
      maxLength: 15,
    }),
    { maxLength: 30 },
  );
  const vantages = fc.integer({ min: 1, max: 11 });
  fc.assert(
    fc.property(purges, vantages, (all, count) => {
      const toProve = all.map((files, index) => {
        const entries = files.map(({ host, path }) =>
          file({ etag: 'v', sinceMs: 0 }, { url: `https://h${host}.example/${path}` }),
        );
        return {
          purgeId: `p${index}`,
          target: 'production' as const,
          lane: 'people' as const,
          sample: sampleOf(entries),
        };
      });
      const production = Array.from({ length: count }, (_, index) => `${index}`);
      const chosen = [...chooseProbes(toProve, { production, staging: [] }).values()];
      const hosts = new Map<string, number>();
      for (const probe of chosen.flat()) {
        const { hostname } = new URL(probe.url);
        hosts.set(hostname, (hosts.get(hostname) ?? 0) + count);
      }
      expect(Math.max(0, ...hosts.values())).toBeLessThanOrEqual(mostOfHost);
      expect(Math.max(0, ...chosen.map(({ length }) => length))).toBeLessThanOrEqual(mostOfPurge);
      const isRoom = [...hosts.values()].every((sum) => sum + count <= mostOfHost);
      if (isRoom)
        expect(chosen.map(({ length }) => length)).toEqual(toProve.map(({ sample }) => sample.files.length));
    }),
    { numRuns: 100 },
  );
});
