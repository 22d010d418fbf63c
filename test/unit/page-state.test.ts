import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, LoggedPurge } from '../../local/demo/timeline/timeline.ts';
import { applyEntry, emptyState, viewOf } from '../../local/page/state.ts';

const urlsOf = (...names: readonly string[]) => names.map((name) => `https://www.example.com/${name}`);
const queued = (changeId: string, ...names: readonly string[]): Entry => ({
  kind: 'queued',
  atMs: 1,
  changeId,
  action: 'put',
  urls: urlsOf(...names),
  rules: [],
});
const accepted = (purgeId: string, ...names: readonly string[]): Entry => ({
  kind: 'accepted',
  atMs: 2,
  purgeId,
  purge: { target: 'production', action: 'invalidate', fileUrls: urlsOf(...names) },
});
const finished = (purgeId: string): Entry => ({ kind: 'finished', atMs: 3, purgeId, successRate: 100 });
type End = (Entry & { kind: 'ended' })['end'];
const ended = (end: End, purgeId: string): Entry => ({ kind: 'ended', atMs: 3, purgeId, end });

const purgeIdOf = (entry: Entry) => ('purgeId' in entry ? (entry.purgeId ?? '') : '');

const shown = (...entries: readonly Entry[]) => viewOf(entries.reduce(applyEntry, emptyState));
const stagesOf = (...entries: readonly Entry[]) => shown(...entries).changes.map(({ stage }) => stage);

describe('a change on the page', () => {
  it('waits until each of its URLs is in an accepted purge', () => {
    const half = shown(queued('c', 'a', 'b'), accepted('p', 'a'));
    expect(half.changes).toMatchObject([{ stage: 'waiting', waiting: 1, urlCount: 2 }]);
    expect(stagesOf(queued('c', 'a', 'b'), accepted('p', 'a'), accepted('q', 'b'))).toEqual(['purging']);
  });

  it('is as far as the last of its purges', () => {
    const both = [queued('c', 'a', 'b'), accepted('p', 'a'), accepted('q', 'b')];
    expect(stagesOf(...both, ended('fresh', 'p'))).toEqual(['purging']);
    expect(stagesOf(...both, ended('fresh', 'p'), ended('completed', 'q'))).toEqual(['completed']);
    expect(stagesOf(...both, ended('fresh', 'p'), ended('fresh', 'q'))).toEqual(['fresh']);
  });

  it('has failed where one of its purges has', () => {
    const both = [queued('c', 'a', 'b'), accepted('p', 'a'), accepted('q', 'b')];
    expect(stagesOf(...both, ended('fresh', 'p'), ended('failed', 'q'))).toEqual(['failed']);
  });

  it('is on its way again when it is purged once more', () => {
    const proven = [queued('c', 'a'), accepted('p', 'a'), ended('fresh', 'p'), accepted('q', 'a')];
    expect(stagesOf(...proven)).toEqual(['purging']);
    expect(stagesOf(...proven, ended('superseded', 'q'))).toEqual(['purging']);
    expect(stagesOf(...proven, ended('failed', 'q'))).toEqual(['failed']);
    expect(stagesOf(...proven, ended('fresh', 'q'))).toEqual(['fresh']);
  });

  it('is not in a purge that was accepted before it happened', () => {
    expect(stagesOf(accepted('p', 'a'), ended('fresh', 'p'), queued('c', 'a'))).toEqual(['waiting']);
  });

  it('is in a purge that covers its URL without naming it', () => {
    const purge: LoggedPurge = {
      target: 'production',
      action: 'invalidate',
      dirUrls: urlsOf(''),
      covered: urlsOf('a'),
    };
    expect(stagesOf(queued('c', 'a'), { kind: 'accepted', atMs: 2, purgeId: 'p', purge })).toEqual([
      'purging',
    ]);
  });

  it('says why nothing is purged', () => {
    const { changes } = shown({ kind: 'unmatched', atMs: 1, changeId: 'c' });
    expect(changes).toMatchObject([{ id: 'c', stage: 'ignored', reason: 'no rule matches it' }]);
  });

  it('is never further than its purges, in whatever order their news comes', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const id = fc.constantFrom('p', 'q', 'r');
    const names = fc.uniqueArray(name, { minLength: 1 });
    const news = fc.oneof(
      fc.tuple(id, names).map(([purge, named]) => accepted(purge, ...named)),
      fc
        .tuple(fc.constantFrom<End[]>('completed', 'fresh', 'superseded', 'failed'), id)
        .map(([kind, purge]) => ended(kind, purge)),
      id.map(finished),
    );
    const change = names.map((named) => queued('c', ...named));
    fc.assert(
      fc.property(fc.array(news, { maxLength: 3 }), change, fc.array(news), (before, changed, since) => {
        const [{ stage, urls } = { stage: 'ignored', urls: [] }] = shown(
          ...before,
          changed,
          ...since,
        ).changes;
        if (stage !== 'fresh') return;
        for (const url of urls) {
          const named = since.filter(
            (each) => each.kind === 'accepted' && each.purge.fileUrls?.includes(url),
          );
          const isProven = named
            .slice(-1)
            .some((each) =>
              [...before, ...since].some((end) => isDeepStrictEqual(end, ended('fresh', purgeIdOf(each)))),
            );
          expect(isProven).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a purge on the page', () => {
  it('does not go back when news of an earlier stage comes late', () => {
    const { purges } = shown(finished('p'), ended('fresh', 'p'), accepted('p', 'a'));
    expect(purges).toMatchObject([{ id: 'p', stage: 'fresh', urls: urlsOf('a') }]);
  });

  it('says that it was sent again, and why', () => {
    const repaired: Entry = { kind: 'repaired', atMs: 3, purgeId: 'p', reason: '90% have obeyed' };
    expect(shown(accepted('p', 'a'), repaired).purges).toMatchObject([
      { note: 'purged again: 90% have obeyed' },
    ]);
  });

  it('stays as long as a change that is in it; of all else the page keeps the newest', () => {
    const many = Array.from({ length: 100 }, (_, index) => accepted(`q${index}`, 'other'));
    const { purges } = shown(queued('c', 'a'), accepted('p', 'a'), ...many);
    expect(purges).toHaveLength(31);
    expect(purges.at(-1)).toMatchObject({ id: 'p' });
    const changes = Array.from({ length: 100 }, (_, index) => queued(`c${index}`, 'a'));
    expect(shown(...changes).changes).toHaveLength(30);
  });
});

it('counts warnings that differ in their fields alone', () => {
  const warning = (message: string): Entry => ({ kind: 'problem', atMs: 1, message });
  const { problems } = shown(
    warning('submit: slow (ms: 1)'),
    warning('other'),
    warning('submit: slow (ms: 2)'),
  );
  expect(problems).toEqual([
    { message: 'submit: slow (ms: 2)', atMs: 1, count: 2 },
    { message: 'other', atMs: 1, count: 1 },
  ]);
});
