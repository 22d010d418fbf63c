import { expect, test } from 'vitest';
import { createJournal } from '../../functions/aws/tables/journal-table.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { describeObserved } from '../../infra/cli/queries/describe-observed.ts';
import { type ObservedFacts, observedReport } from '../../infra/cli/queries/observed.ts';
import { statusOf } from '../../infra/cli/queries/status.ts';
import { awaitedReport } from '../../infra/cli/queries/why/awaited.ts';
import { describeAwaited } from '../../infra/cli/queries/why/describe-awaited.ts';
import type { SettledPurge } from '../../infra/cli/queries/why/steps.ts';
import { createParkedItems } from '../helpers/parked-items.ts';

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 10, 20, 8);
const nowMs = startMs + 7 * dayMs;
const scope = { target: 'production', action: 'invalidate' } as const;
const file = (path: string): PurgeEntry => ({ kind: 'file', url: `https://h.example${path}`, ...scope });
const dir = (path: string): PurgeEntry => ({ kind: 'dir', url: `https://h.example${path}`, ...scope });

/** A purge that would have been sent so long after its change, in milliseconds. */
function observed(atMs: number, waitedMs: number, ...entries: readonly PurgeEntry[]): SettledPurge {
  const files = entries.filter(({ kind }) => kind === 'file').length;
  const occurredAt = new Date(atMs - waitedMs).toISOString();
  return {
    purgeId: `observed-${atMs}`,
    target: 'production',
    lane: 'people',
    acceptedMs: atMs,
    urls: { files, dirs: entries.length - files },
    repair: 0,
    state: { kind: 'observed' },
    messages: [{ v: 1, change: { source: 's3', action: 'put', id: 's3://b/k', occurredAt }, entries }],
  };
}

const week = [
  observed(startMs + 2 * dayMs, 3_600_000, file('/late')),
  observed(startMs + dayMs, 2000, file('/a'), file('/b'), dir('/docs/**')),
];

const reportOf = (facts: Partial<ObservedFacts> = {}) =>
  observedReport(
    { purges: week, parked: [], tokenUnit: 'url', cacheKey: undefined, ...facts },
    startMs,
    nowMs,
  );

test('a report has the tokens and requests of a week, each day, and what would have waited', () => {
  expect(reportOf({ parked: [{ entry: file('/parked') }] })).toEqual({
    since: '2026-11-20T08:00:00.000Z',
    until: '2026-11-27T08:00:00.000Z',
    tokens: { files: 3, dirs: 1 },
    requests: 2,
    secondPurges: { files: 3, dirs: 0 },
    days: [
      { day: '2026-11-21', tokens: { files: 2, dirs: 1 }, requests: 1 },
      { day: '2026-11-22', tokens: { files: 1, dirs: 0 }, requests: 1 },
    ],
    urls: 4,
    waited: { urls: 1, longestSeconds: 3600, now: 1 },
  });
});

test('where a request is one token, it has as many', () => {
  expect(reportOf({ tokenUnit: 'request' })).toMatchObject({
    tokens: { files: 2, dirs: 1 },
    secondPurges: { files: 2, dirs: 0 },
  });
});

test('what was purged for real is not in it', () => {
  const real = week.map((purge) => ({ ...purge, state: { kind: 'completed' } as const }));
  expect(reportOf({ purges: real })).toMatchObject({ requests: 0, urls: 0, days: [] });
});

test('of a list, the URLs are named that nothing would have purged for certain', () => {
  const list = [file('/a'), file('/docs/x'), dir('/docs/v2/*'), file('/parked'), file('/c'), dir('/blog/*')];
  const parked = [{ entry: file('/parked') }];
  const report = reportOf({ list, parked });
  expect(report.list).toEqual({
    urls: 6,
    uncovered: ['https://h.example/c', 'https://h.example/blog/*'],
  });
  expect(describeObserved(report)).toContain('2 of 6 URLs of the list would not have been purged');
  const withRules = reportOf({ list, parked, isPurgeable: (url) => !url.endsWith('/c') });
  expect(withRules.list).toMatchObject({ noRule: ['https://h.example/c'] });
  expect(describeObserved(withRules)).toMatch(
    /1 of 6 URLs .* no rule purges them, whatever changes:\n {2}https:\/\/h\.example\/c\n\n1 of 6 URLs .* no change came/,
  );
  const other: PurgeEntry = { kind: 'file', url: 'http://h.example/a', ...scope };
  expect(reportOf({ list: [other], cacheKey: {} }).list?.uncovered).toEqual([]);
  expect(reportOf({ list: [other], cacheKey: { scheme: true } }).list?.uncovered).toEqual([other.url]);
});

test('it reads in words, with nothing that sounds as if it had been purged', () => {
  expect(describeObserved(reportOf()).split('\n').slice(0, 2)).toEqual([
    'From 2026-11-20T08:00:00.000Z to 2026-11-27T08:00:00.000Z, observing: nothing is purged. It would have taken',
    "  3 files and 1 directory of the days' tokens, in 2 requests",
  ]);
  expect(describeObserved(reportOf({ purges: [] }))).toMatch(/^Nothing was observed from /);
  expect(describeObserved(reportOf({ purges: [] }))).not.toContain('The purger purges');
  expect(describeObserved(reportOf({ purges: [] }), false)).toContain('\nThe purger purges: ');
});

test('the journal has it as observed, and tick is never given it to follow', async () => {
  const { client } = createParkedItems();
  const journal = createJournal({ client, tableName: 'Journal', nowMs: () => startMs });
  const [purge] = week;
  if (purge === undefined) throw new Error('no purge');
  const { state: _, ...accepted } = purge;
  await journal.record({ ...accepted, isObserved: true });
  expect(await journal.open(10)).toEqual([]);
  expect(await journal.purge(accepted.purgeId)).toMatchObject({ state: { kind: 'observed' } });
  await journal.record({ ...accepted, purgeId: 'sent' });
  expect((await journal.open(10)).map(({ purgeId }) => purgeId)).toEqual(['sent']);
});

test('waiting for what is only observed ends at once, and not well', () => {
  const facts = { purges: week, parked: [], letters: [], queued: 0 };
  const report = awaitedReport({ kind: 'changes', sinceMs: startMs }, facts);
  expect(report).toMatchObject({ outcome: 'failed', counts: { observed: 4 } });
  expect(describeAwaited({ ...report, timedOut: false })).toMatch(/^Not purged:\n/);
});

test('the status of a purger that observes is never fresh', () => {
  const none = { visible: 0, inFlight: 0, delayed: 0 };
  const tokens = { quota: 1, left: 1, takedown: 1, people: 1, bulk: 1, spent: { own: 0, others: 0 } };
  const requests = {
    left: 1,
    limit: 1,
    perSeconds: 300,
    used: 0,
    bucket: 1,
    bucketBurst: 60,
    bucketPerMinute: 30,
  };
  const status = statusOf({
    queues: { buffer: none, deadLetters: none, inbox: none },
    parked: [],
    beyondShare: 0,
    open: [],
    unread: 0,
    quota: { target: 'production', files: tokens, dirs: tokens, isKnown: true, requests },
    switches: { submit: 'Enabled', tick: 'ENABLED' },
    observing: true,
    alarms: undefined,
  });
  expect(status).toMatchObject({ fresh: false, observing: true, why: ['observing: nothing is purged'] });
});
