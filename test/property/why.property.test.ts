import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CarriedMessage, createUrlIndex } from '../../functions/aws/journal/url-index.ts';
import { createUrlSearch } from '../../functions/aws/journal/url-search.ts';
import { createJournal } from '../../functions/aws/tables/journal-table.ts';
import type { PurgeMessage } from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { dropCovered } from '../../functions/core/planning/cover.ts';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { openHistory } from '../../infra/cli/purger/history/history.ts';
import { matchUrl } from '../../infra/cli/queries/why/url-match.ts';
import { createParkedItems } from '../helpers/parked-items.ts';

const nowMs = Date.UTC(2026, 10, 26, 12);
const dayMs = 24 * 60 * 60_000;
const cacheKey = { hosts: { 'h.example': ['www.h.example'] } };
const scope = { target: 'production', action: 'invalidate' } as const;

const origins = ['https://h.example', 'http://h.example', 'https://www.h.example', 'https://other.example'];
const urls = fc
  .tuple(fc.constantFrom(...origins), fc.constantFrom('/', '/a', '/a/', '/a/b.html', '/a/b/c.html', '/a?q=1'))
  .map((parts) => parts.join(''));
const entries: fc.Arbitrary<PurgeEntry> = fc.oneof(
  urls.map((url) => ({ kind: 'file', url, ...scope }) as const),
  urls.map((url) => ({ kind: 'file', url, headers: [{ name: 'accept', value: 'x' }], ...scope }) as const),
  fc
    .tuple(fc.constantFrom(...origins), fc.constantFrom('/**', '/a/*', '/a/**', '/a/*.html', '/b/**'))
    .map((parts) => ({ kind: 'dir', url: parts.join(''), ...scope }) as const),
  fc
    .constantFrom('any://h.example/a/.*', 'https://h.example/a/b.*', 'any://other.example/.*')
    .map((pattern) => ({ kind: 'regex', pattern, ...scope }) as const),
);

/** So many days at most, in steps of some minutes: small numbers are not more likely. */
const days = (max: number) => fc.integer({ min: 0, max: max * 100 }).map((hundredths) => hundredths / 100);

/** A purge that was accepted so many days ago, of changes of so many days before that. */
const purges = fc.array(
  fc.record({
    daysAgo: fc.oneof(days(7), days(89)),
    messages: fc.array(
      fc.record({
        entries: fc.array(entries, { minLength: 1, maxLength: 4 }),
        daysBefore: fc.oneof(fc.constant(0), days(89)),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  { maxLength: 8 },
);

async function recorded(
  made: readonly {
    daysAgo: number;
    messages: readonly { entries: readonly PurgeEntry[]; daysBefore: number }[];
  }[],
) {
  const { client } = createParkedItems();
  const table = { client, tableName: 'Journal', nowMs: () => nowMs };
  const journal = createJournal(table);
  const index = createUrlIndex(table);
  const all = made.map(({ daysAgo, messages }, at) => {
    const acceptedMs = Math.floor(nowMs - daysAgo * dayMs);
    return {
      purgeId: `p${at}`,
      ...scope,
      lane: 'people' as const,
      acceptedMs,
      urls: { files: 1, dirs: 0 },
      repair: 0,
      messages: messages.map(({ entries, daysBefore }, index): CarriedMessage => {
        const changedMs = Math.floor(acceptedMs - daysBefore * dayMs);
        const occurredAt = new Date(changedMs).toISOString();
        const change = { source: 's3', action: 'put', id: 'x', occurredAt };
        // Two changes share a message, and the third came by itself, or from a version that did not write it down.
        const messageId = index < 2 ? `m${at}` : at % 2 === 0 ? `n${at}` : undefined;
        return { v: 1, change, entries, ...(messageId !== undefined && { messageId }) };
      }),
    };
  });
  for (const { action: _, ...purge } of all) {
    await journal.record(purge);
    await index.add(purge);
  }
  const clients = { dynamodb: async () => client as DynamoDBClient };
  const purger = { clients, tables: { journal: 'Journal' } } as unknown as Purger;
  return { all, history: await openHistory(purger, nowMs) };
}

const settles = (entry: PurgeEntry, url: string) => {
  const both = [entry, { kind: 'file', url, ...scope } as const];
  return (
    dropCovered(
      both.map((each) => ({ entry: each, messages: [] })),
      cacheKey,
    ).length === 1
  );
};

describe('the history of a URL', () => {
  test('has each purge of 90 days that has settled it: by itself, another spelling, a directory or a pattern', async () => {
    await fc.assert(
      fc.asyncProperty(purges, urls, async (made, url) => {
        const { all, history } = await recorded(made);
        const found = await history.since(nowMs - 90 * dayMs, matchUrl(url, cacheKey));
        const ids = new Set(found.map(({ purgeId }) => purgeId));
        const missing = all.filter(
          ({ purgeId, messages }) =>
            !ids.has(purgeId) &&
            messages.some((message) => message.entries.some((entry) => settles(entry, url))),
        );
        expect(missing).toEqual([]);
        const days = all.map(({ acceptedMs }) => new Date(acceptedMs).toISOString().slice(0, 10));
        expect(history.firstDay()).toBe(days.toSorted()[0]);
        for (const { purgeId, messages } of found) {
          expect(messages).toEqual(all.find((each) => each.purgeId === purgeId)?.messages);
        }
        const times = found.map(({ acceptedMs }) => acceptedMs);
        expect(times).toEqual(times.toSorted((a, b) => b - a));
      }),
      { numRuns: 60 },
    );
  });

  test('has its newest change, though only part of it is read', async () => {
    const url = 'https://h.example/a';
    const entries = [{ kind: 'file', url, ...scope } as const];
    // What had waited for tokens is purged after newer changes.
    const old = fc.record({ daysAgo: days(10), daysBefore: days(75) });
    const any = fc.record({ daysAgo: days(85), daysBefore: fc.oneof(fc.constant(0), days(4)) });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.array(old, { maxLength: 3 }),
          fc.array(old, { minLength: 17, maxLength: 18, size: 'max' }),
        ),
        fc.array(any, { maxLength: 3 }),
        async (late, others) => {
          const made = [...late, ...others].map(({ daysAgo, daysBefore }) => ({
            daysAgo,
            messages: [{ entries, daysBefore }],
          }));
          const { all, history } = await recorded(made);
          const newest = (settled: readonly { readonly messages: readonly PurgeMessage[] }[]) =>
            settled
              .flatMap(({ messages }) => messages.map(({ change }) => change?.occurredAt ?? ''))
              .reduce((last, at) => (last > at ? last : at), '');
          expect(newest(await history.newestOf(matchUrl(url)))).toBe(newest(all));
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('a purge of more URLs than an item holds is found by each of them', async () => {
  const { client, items } = createParkedItems();
  const table = { client, tableName: 'Journal', nowMs: () => nowMs };
  const search = createUrlSearch(table);
  const files = Array.from(
    { length: 50_000 },
    (_, at) => ({ kind: 'file', url: `https://h.example/${at}`, ...scope }) as const,
  );
  const dirs = Array.from(
    { length: 200 },
    (_, at) => ({ kind: 'dir', url: `https://h.example/d${at}/*`, ...scope }) as const,
  );
  await createUrlIndex(table).add({
    purgeId: 'p',
    acceptedMs: nowMs,
    messages: [{ v: 1, entries: [...files, ...dirs] }],
  });
  expect([...items.keys()]).toEqual(['urls#p', 'urls#p#1']);
  for (const item of items.values()) expect(JSON.stringify(item).length).toBeLessThan(380_000);
  for (const at of [0, 39_999, 40_000, 49_999]) {
    const [found] = (await search.find('2026-11-26', [`https://h.example/${at}`])).purges;
    expect(found).toMatchObject({ purgeId: 'p', acceptedMs: nowMs, isNamed: true });
    expect(found?.wide).toHaveLength(200);
  }
  expect(await search.find('2026-11-26', ['https://h.example/none'])).toMatchObject({
    purges: [{ isNamed: false }],
    isEmpty: false,
  });
  expect(await search.find('2026-11-25', ['https://h.example/0'])).toEqual({ purges: [], isEmpty: true });
});
