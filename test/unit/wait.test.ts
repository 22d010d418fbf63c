import { describe, expect, test } from 'vitest';
import { entryKey } from '../../functions/core/model/entry-key.ts';
import type { ChangeReference } from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { wantedOf } from '../../infra/cli/commands/journal/wait.ts';
import { readDeadLetter } from '../../infra/cli/queries/dead/dead-letters.ts';
import { readDuration, readTime } from '../../infra/cli/queries/time.ts';
import { awaitedReport, type Wanted } from '../../infra/cli/queries/why/awaited.ts';
import type { SettledPurge } from '../../infra/cli/queries/why/steps.ts';
import { matchUrl } from '../../infra/cli/queries/why/url-match.ts';
import { waitedSinceMs as startMs, waitedPurger } from '../helpers/waited-purger.ts';

const scope = { target: 'production', action: 'invalidate' } as const;
const file = (path: string): PurgeEntry => ({ kind: 'file', url: `https://h.example${path}`, ...scope });
const dir = (path: string): PurgeEntry => ({ kind: 'dir', url: `https://h.example${path}`, ...scope });
const changeAt = (minutes: number): ChangeReference => ({
  source: 's3',
  action: 'put',
  id: 'x',
  occurredAt: new Date(startMs + minutes * 60_000).toISOString(),
});

/** A purge of a change that happened so many minutes after the start. */
const purgeOf = (
  minutes: number,
  state: SettledPurge['state']['kind'],
  ...entries: PurgeEntry[]
): SettledPurge => ({
  purgeId: `p${minutes}`,
  target: 'production',
  lane: 'people',
  acceptedMs: startMs + minutes * 60_000 + 5000,
  urls: { files: 1, dirs: 0 },
  repair: 0,
  state: state === 'purging' ? { kind: state } : { kind: state as 'completed', reason: 'why' },
  messages: [{ v: 1, change: changeAt(minutes), entries }],
});

const report = (wanted: Wanted, purges: readonly SettledPurge[], queued = 0) =>
  awaitedReport(wanted, { purges, parked: [], letters: [], queued });

describe('waiting since a time within a second', () => {
  test.each([[['https://h.example/a']], [[]]])('counts what EventBridge tells of that second: %j', (urls) => {
    const sinceMs = startMs + 60_000 + 700;
    const wanted = wantedOf(
      urls,
      { sinceMs, under: undefined },
      {
        planning: { maxFileUrls: 50, maxBodyBytes: 100_000, convertInShortage: [] },
        target: 'production',
      },
    );
    expect(report(wanted, [purgeOf(1, 'completed', file('/a'))]).outcome).toBe('done');
    expect(report(wanted, [purgeOf(0.9, 'completed', file('/a'))]).outcome).not.toBe('done');
  });
});

describe('waiting for all that changed', () => {
  const changes = { kind: 'changes', sinceMs: startMs } as const;
  const done = purgeOf(1, 'completed', file('/blog/a'));

  test('ends where all is completed, and nothing is in the queues', () => {
    expect(report(changes, [done])).toMatchObject({ outcome: 'done', counts: { completed: 1 } });
    expect(report(changes, [done], 1).outcome).toBe('waiting');
    expect(report(changes, [done, purgeOf(2, 'purging', file('/blog/b'))])).toMatchObject({
      outcome: 'waiting',
      open: [{ url: 'https://h.example/blog/b', state: 'purging' }],
    });
  });

  test('ends at once where something has failed', () => {
    const purges = [done, purgeOf(2, 'purging', file('/b')), purgeOf(3, 'failed', file('/c'))];
    expect(report(changes, purges, 3)).toMatchObject({
      outcome: 'failed',
      counts: { failed: 1, purging: 1 },
    });
  });

  test('ends where a purge of an older change has taken the place of its own', () => {
    const replaced = purgeOf(1, 'superseded', file('/blog/a'));
    const older = { ...purgeOf(-1, 'completed', file('/blog/a')), acceptedMs: startMs + 2 * 60_000 };
    expect(report(changes, [older, replaced])).toMatchObject({ outcome: 'done', counts: { completed: 1 } });
    const entries = new Map([[entryKey(file('/blog/a')), file('/blog/a')]]);
    expect(report({ kind: 'entries', sinceMs: startMs, entries }, [older, replaced]).outcome).toBe('done');
  });

  test.each(['completed', 'purging', 'failed', 'superseded'] as const)(
    'takes what a directory covered for as far as the later purge of it alone is: %s',
    (state) => {
      const files = Array.from({ length: 400 }, (_, index) => file(`/blog/${index}`));
      const first = purgeOf(1, 'superseded', dir('/blog/**'), ...files);
      const later = { ...purgeOf(1, state, dir('/blog/**')), acceptedMs: startMs + 5 * 60_000, repair: 1 };
      const other = purgeOf(2, 'completed', dir('/news/**'));
      const outcome = { completed: 'done', purging: 'waiting', failed: 'failed', superseded: 'waiting' }[
        state
      ];
      expect(report(changes, [other, later, first])).toMatchObject({
        outcome,
        counts: { [state]: state === 'completed' ? 402 : 401 },
      });
      expect(report(changes, [other, first]).counts).toEqual({ superseded: 401, completed: 1 });
      const wanted = {
        kind: 'urls',
        sinceMs: startMs,
        urls: new Map([['/blog/7', matchUrl('https://h.example/blog/7')]]),
      } as const;
      expect(report(wanted, [later, first]).outcome).toBe(outcome);
    },
  );

  test('does not take a purge for done that a directory does not cover, or that was sent before', () => {
    const later = { ...purgeOf(1, 'completed', dir('/blog/*')), acceptedMs: startMs + 5 * 60_000 };
    const isCovered = (entry: PurgeEntry, purge = later) =>
      report(changes, [purge, purgeOf(1, 'superseded', entry)]).outcome === 'done';
    expect(isCovered(file('/blog/a'))).toBe(true);
    expect(isCovered(file('/blog/a'), purgeOf(0.5, 'completed', dir('/blog/*')))).toBe(false);
    expect(isCovered(file('/blog/a/b'))).toBe(false);
    expect(isCovered(dir('/blog/**'))).toBe(false);
    expect(isCovered({ ...file('/blog/a'), target: 'staging' })).toBe(false);
    expect(isCovered({ ...file('/blog/a'), action: 'delete' })).toBe(false);
    expect(isCovered({ ...file('/blog/a'), webhook: 'w' })).toBe(false);
  });

  test('leaves out what changed before, and says so where that is all', () => {
    expect(report(changes, [purgeOf(-1, 'failed', file('/c'))])).toMatchObject({
      outcome: 'nothing',
      counts: {},
    });
  });

  test('counts dead letters without a URL as failed, as of an event of which no URL is valid', () => {
    const letterAt = (minutes: number) =>
      readDeadLetter({
        id: 'l',
        sentMs: startMs + minutes * 60_000,
        body: JSON.stringify({
          v: 1,
          change: changeAt(minutes),
          entries: [],
          rejected: { reason: 'no URL' },
        }),
        attributes: { reason: 'no URL' },
      });
    const reportOf = (wanted: Wanted, minutes: number) =>
      awaitedReport(wanted, { purges: [done], parked: [], letters: [letterAt(minutes)], queued: 0 });
    const failed = { outcome: 'failed', open: [{ url: 'x', state: 'failed', reason: 'no URL' }] };
    expect(reportOf(changes, 2)).toMatchObject(failed);
    expect(reportOf({ ...changes, under: 'https://h.example/blog/' }, 2)).toMatchObject(failed);
    expect(reportOf(changes, -2).outcome).toBe('done');
  });

  test('takes under a prefix what may be there: files, directories above and below, and patterns', () => {
    const under = { ...changes, under: 'http://h.example/blog/' };
    const state = (entry: PurgeEntry) => report(under, [purgeOf(1, 'purging', entry)]).outcome;
    const regex = { kind: 'regex', pattern: 'any://h.example/x', ...scope } as const;
    for (const entry of [file('/blog/a'), dir('/blog/*'), dir('/**'), dir('/blog/2026/**'), regex]) {
      expect(state(entry)).toBe('waiting');
    }
    for (const entry of [file('/news'), dir('/news/**')]) expect(state(entry)).toBe('nothing');
  });
});

test('waiting goes on for the last purge that a rule has scheduled, unless the page was proven before', () => {
  const url = 'https://h.example/a';
  const urls = { kind: 'urls', sinceMs: startMs, urls: new Map([[url, matchUrl(url)]]) } as const;
  const entries = {
    kind: 'entries',
    sinceMs: startMs,
    entries: new Map([[entryKey(file('/a')), file('/a')]]),
  };
  const shown = { ...file('/a'), shows: { etag: 'a', sinceMs: startMs } } as PurgeEntry;
  const firstOf = (state: 'completed' | 'fresh') => {
    const purge = purgeOf(1, state, shown);
    return { ...purge, messages: purge.messages.map((each) => ({ ...each, scheduledAgain: true as const })) };
  };
  const last = { ...purgeOf(1, 'completed', shown), acceptedMs: startMs + 2 * 60_000 };
  for (const wanted of [urls, entries] as readonly Wanted[]) {
    expect(report(wanted, [firstOf('completed')])).toMatchObject({
      outcome: 'waiting',
      open: [{ url, state: 'waiting', reason: 'its rule has it purged once more' }],
    });
    expect(report(wanted, [firstOf('fresh')]).outcome).toBe('done');
    expect(report(wanted, [last, firstOf('completed')]).outcome).toBe('done');
    // What has waited may be in one purge, in any order.
    const [first] = firstOf('completed').messages;
    const both = { ...last, messages: [...last.messages, ...(first ? [first] : [])] };
    expect(report(wanted, [both]).outcome).toBe('done');
  }
});

describe('waiting for certain URLs', () => {
  const urls = new Map(['https://h.example/a', 'https://h.example/b'].map((url) => [url, matchUrl(url)]));
  const wanted = { kind: 'urls', sinceMs: startMs, urls } as const;

  test('goes on for the change that came last, where the clock of the source of another one is ahead', () => {
    const only = { ...wanted, urls: new Map([['https://h.example/a', matchUrl('https://h.example/a')]]) };
    const early = purgeOf(1, 'completed', file('/a'));
    const change = { ...changeAt(61), source: 'standard-webhooks', id: 'ahead' };
    const ahead = { ...early, messages: [{ v: 1, change, entries: [file('/a')] }] as const };
    expect(report(only, [ahead]).outcome).toBe('done');
    expect(report(only, [purgeOf(3, 'purging', file('/a')), ahead]).outcome).toBe('waiting');
    const key = entryKey(file('/a'));
    const byHand = { kind: 'entries', sinceMs: startMs, entries: new Map([[key, file('/a')]]) } as const;
    expect(report(byHand, [purgeOf(3, 'purging', file('/a')), ahead]).outcome).toBe('waiting');
  });

  test('goes on until each of them has changed and is completed, whatever else there is', () => {
    const a = purgeOf(1, 'completed', file('/a'));
    expect(report(wanted, [a], 9)).toMatchObject({
      outcome: 'waiting',
      open: [{ url: 'https://h.example/b', state: 'unknown' }],
    });
    expect(report(wanted, [a, purgeOf(-1, 'completed', file('/b'))]).outcome).toBe('waiting');
    const others = purgeOf(2, 'failed', file('/c'));
    expect(report(wanted, [a, others, purgeOf(1, 'completed', dir('/**'))], 9)).toMatchObject({
      outcome: 'done',
      queued: 0,
    });
  });
});

test('waiting for what was purged by hand goes by its entries, and by nothing that was before', () => {
  const entries = new Map([file('/a'), dir('/b/*')].map((entry) => [entryKey(entry), entry]));
  const wanted = { kind: 'entries', sinceMs: startMs, entries } as const;
  const before = purgeOf(-1, 'completed', file('/a'), dir('/b/*'));
  expect(report(wanted, [before])).toMatchObject({ outcome: 'waiting', counts: { queued: 2 } });
  const half = purgeOf(0, 'completed', dir('/b/*'));
  expect(report(wanted, [before, half]).open).toEqual([{ url: 'https://h.example/a', state: 'queued' }]);
  expect(report(wanted, [half, purgeOf(0, 'completed', file('/a'))]).outcome).toBe('done');
});

test('times and durations are read, and what is none is refused with what was expected', () => {
  expect(readDuration('--timeout', '90s')).toBe(90_000);
  expect(readTime('--since', '15m', startMs)).toBe(startMs - 900_000);
  expect(readTime('--since', '2026-11-26T09:00:00+01:00', startMs)).toBe(startMs);
  expect(readTime('--since', String(startMs / 1000), startMs)).toBe(startMs);
  const inFuture = '2026-11-26T08:05:01Z';
  expect(() => readTime('--since', inFuture, startMs)).toThrow(
    `Expected --since to be a time that has been, got "${inFuture}"`,
  );
  expect(readTime('--since', '2026-11-26T08:05:00Z', startMs)).toBe(startMs + 300_000);
  for (const value of ['', '5', '0s', '15 m', '-1m']) {
    expect(() => readDuration('--timeout', value)).toThrow(`got "${value}"`);
  }
  for (const value of ['', 'yesterday', '2026-11-26', '2026-11-26T08:00:00', '2026-13-26T08:00:00Z']) {
    expect(() => readTime('--since', value, startMs)).toThrow(`Expected --since to be a time`);
  }
});

describe('waiting', () => {
  const done = purgeOf(1, 'completed', file('/a'));

  test('believes at the second look that nothing is left', async () => {
    const purger = waitedPurger({ queued: [2, 0, 0, 0, 1, 0], purges: [done] });
    expect(await purger.wait()).toMatchObject({ outcome: 'done', timedOut: false });
    expect(purger.said).toEqual([
      '1 completed, 2 messages in the queues',
      '1 completed',
      '1 completed, 1 message in the queues',
      '1 completed',
    ]);
    expect(purger.seconds()).toBe(20);
  });

  test('finds a purge by hand whose purge is dated before it, by a clock that is behind', async () => {
    const a = file('/a');
    const early = { ...purgeOf(0, 'completed', a), acceptedMs: startMs - 90_000 };
    const entries = new Map([[entryKey(a), a]]);
    const purger = waitedPurger({ purges: [early], wanted: { kind: 'entries', sinceMs: startMs, entries } });
    expect(await purger.wait()).toMatchObject({ outcome: 'done', timedOut: false });
  });

  test('sees a purge that is dated after now, by a clock that is ahead', async () => {
    const purger = waitedPurger({ purges: [{ ...done, acceptedMs: startMs + 34 * 60_000 }] });
    expect(await purger.wait()).toMatchObject({ outcome: 'done', timedOut: false });
    expect(purger.seconds()).toBe(5);
  });

  test('fails where what it waits for may be in a purge that nobody follows', async () => {
    const lost = [{ url: 'purge lost', state: 'failed', reason: expect.stringContaining('journal') }];
    for (const purges of [[done], []]) {
      const purger = waitedPurger({ purges, unfollowedMs: startMs + 60_000 });
      expect(await purger.wait()).toMatchObject({ outcome: 'failed', open: lost });
    }
    const before = waitedPurger({ purges: [done], unfollowedMs: startMs - 1 });
    expect(await before.wait()).toMatchObject({ outcome: 'done' });
    const urls = new Map([['https://h.example/a', matchUrl('https://h.example/a')]]);
    const named = { kind: 'urls', sinceMs: startMs, urls } as const;
    const purger = waitedPurger({ purges: [done], wanted: named, unfollowedMs: startMs + 60_000 });
    expect(await purger.wait()).toMatchObject({ outcome: 'done' });
  });

  test('waits for a purge that the index of URLs does not have', async () => {
    const purges = [purgeOf(1, 'purging', file('/a'))];
    expect(await waitedPurger({ purges, isIndexed: false }).wait(60_000)).toMatchObject({
      outcome: 'waiting',
      open: [{ url: 'https://h.example/a', state: 'purging' }],
    });
    const older = [purgeOf(-60, 'purging', file('/a'))];
    expect(await waitedPurger({ purges: older, isIndexed: false }).wait()).toMatchObject({
      outcome: 'nothing',
    });
  });

  test('takes nothing for done while somebody else has dead letters in hand', async () => {
    const purger = waitedPurger({ purges: [done], hiddenLetters: 2 });
    expect(await purger.wait(60_000)).toMatchObject({ outcome: 'waiting', queued: 2, timedOut: true });
  });

  test('is done at its last look where all that was named is', async () => {
    const entries = new Map([[entryKey(file('/a')), file('/a')]]);
    const purger = waitedPurger({ purges: [done], wanted: { kind: 'entries', sinceMs: startMs, entries } });
    expect(await purger.wait(0)).toMatchObject({ outcome: 'done', timedOut: false });
    expect(await waitedPurger({ purges: [done] }).wait(0)).toMatchObject({ timedOut: true });
  });

  test('believes only after a minute that nothing has changed', async () => {
    const purger = waitedPurger();
    expect(await purger.wait()).toMatchObject({ outcome: 'nothing', timedOut: false });
    expect(purger.seconds()).toBe(65);
  });

  test('ends when time runs out', async () => {
    const purger = waitedPurger({ purges: [purgeOf(1, 'purging', file('/a'))] });
    expect(await purger.wait(12_000)).toMatchObject({ outcome: 'waiting', timedOut: true });
    expect(purger.seconds()).toBe(12);
  });

  test('does not miss what is a dead letter in place of another one, that was redriven meanwhile', async () => {
    const rejected = { reason: 'not deployed', rejectedAt: changeAt(2).occurredAt };
    const letterOf = (path: string) =>
      JSON.stringify({ v: 1, change: changeAt(2), entries: [file(path)], rejected });
    const before = JSON.stringify({ v: 1, change: changeAt(-60), entries: [file('/z')], rejected });
    const letters = [[before], [letterOf('/b')]];
    expect(await waitedPurger({ queued: [1, 0], purges: [done], letters }).wait()).toMatchObject({
      outcome: 'failed',
      open: [{ url: 'https://h.example/b', state: 'failed', reason: 'not deployed' }],
    });
    const url = 'https://h.example/a';
    const wanted = { kind: 'urls', sinceMs: startMs, urls: new Map([[url, matchUrl(url)]]) } as const;
    const newer = waitedPurger({ purges: [done], wanted, letters: [[before], [letterOf('/a')]] });
    expect(await newer.wait()).toMatchObject({ outcome: 'failed' });
  });

  test('never says done where what failed may be among dead letters that nobody has looked at', async () => {
    const purger = waitedPurger({ purges: [done], deadLetters: 501 });
    await expect(purger.wait()).rejects.toThrow('Expected at most 500 dead letters');
    expect(await waitedPurger({ purges: [done], deadLetters: 20 }).wait()).toMatchObject({ outcome: 'done' });
  });
});
