import { describe, expect, it } from 'vitest';
import {
  byHandSource,
  classify,
  failedSender,
  noTallies,
  type SenderTallies,
  senderOf,
} from '../../functions/core/limits/tokens/lane.ts';
import {
  noteSpent,
  noteWaiting,
  senderIn,
  senderOfTarget,
  shareLeft,
  spentBy,
} from '../../functions/core/limits/tokens/senders.ts';
import type { ChangeReference } from '../../functions/core/model/purge-message.ts';
import type { Target } from '../../functions/core/model/types.ts';

const put: ChangeReference = {
  source: 's3',
  action: 'put',
  id: 's3://www/a.html',
  occurredAt: '2026-01-01T00:00:00Z',
};
const published: ChangeReference = { ...put, source: 'ghost', webhook: 'blog', id: '1' };
const nowMs = Date.parse('2026-01-01T00:00:00Z');

/** The lanes of messages that come one after the other. */
function lanesOf(change: ChangeReference | undefined, counts: readonly number[], everyMs = 0) {
  let tallies: SenderTallies = noTallies;
  return counts.map((entries, index) => {
    const classified = classify(change, entries, tallies, nowMs + index * everyMs);
    tallies = classified.tallies;
    return classified.lane;
  });
}

describe('a lane', () => {
  it('is of people for the first 100 entries of a sender in ten minutes, then bulk', () => {
    expect(lanesOf(put, [60, 40, 1])).toEqual(['people', 'people', 'bulk']);
    expect(lanesOf(published, [101])).toEqual(['bulk']);
    expect(lanesOf(put, [100, 1, 1], 300_000)).toEqual(['people', 'bulk', 'people']);
  });

  it('is a takedown for each unpublish or delete of a CMS', () => {
    expect(
      lanesOf(
        { ...published, action: 'delete' },
        Array.from({ length: 200 }, () => 5),
      ),
    ).toEqual(Array.from({ length: 200 }, () => 'takedown'));
  });

  it('is a takedown for the first 20 deletes of a bucket in five minutes, then bulk', () => {
    const lanes = lanesOf(
      { ...put, action: 'delete' },
      Array.from({ length: 25 }, () => 1),
    );
    expect(lanes.filter((lane) => lane === 'takedown')).toHaveLength(20);
    expect(lanes.slice(20)).toEqual(Array.from({ length: 5 }, () => 'bulk'));
  });

  it('is of people for a message written by hand', () => {
    expect(lanesOf(undefined, [5000])).toEqual(['people']);
  });
});

it('a sender is a webhook or a bucket', () => {
  expect(senderOf(put)).toBe('bucket:www');
  expect(senderOf(published)).toBe('webhook:blog');
  expect(senderOf({ ...published, webhook: '__proto__' })).toBe('webhook:__proto__');
  expect(senderOf(undefined)).toBeUndefined();
  expect(senderOf({ ...put, source: byHandSource, id: 's3://www/a' })).toBeUndefined();
});

describe('the share of a sender', () => {
  const quota = { files: 100, dirs: 20 };
  const target = 'production';
  const spent = noteSpent({}, { 'bucket:a': { files: 70, dirs: 1 } }, nowMs);

  it('is all that there is while nobody else waits', () => {
    expect(
      shareLeft({ senders: spent, neighbors: {} }, { sender: 'bucket:a', target }, quota, nowMs).files,
    ).toBe(Number.POSITIVE_INFINITY);
    expect(
      shareLeft(
        { senders: noteWaiting(spent, ['bucket:a'], nowMs), neighbors: {} },
        { sender: 'bucket:a', target },
        quota,
        nowMs,
      ).files,
    ).toBe(Number.POSITIVE_INFINITY);
  });

  it('is half of the quota for what has failed, also while nobody else waits, and at least one token', () => {
    const failed = noteSpent({}, { [failedSender]: { files: 49, dirs: 10 } }, nowMs);
    const all = { senders: failed, neighbors: {} };
    expect(shareLeft(all, { sender: failedSender, target }, quota, nowMs)).toEqual({ files: 1, dirs: 0 });
    const unspent = { senders: {}, neighbors: {} };
    expect(shareLeft(unspent, { sender: failedSender, target }, { files: 1, dirs: 1 }, nowMs)).toEqual({
      files: 1,
      dirs: 1,
    });
  });

  it('is half of the quota while others wait', () => {
    const waiting = { senders: noteWaiting(spent, ['bucket:b'], nowMs), neighbors: {} };
    expect(shareLeft(waiting, { sender: 'bucket:a', target }, quota, nowMs)).toEqual({ files: 0, dirs: 9 });
    expect(shareLeft(waiting, { sender: 'bucket:b', target }, quota, nowMs).files).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(shareLeft(waiting, { sender: 'bucket:a', target }, quota, nowMs + 200_000).files).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it('is all that there is where those who wait have had their half, so that no token stays unused', () => {
    const all = noteSpent(spent, { 'bucket:b': { files: 50, dirs: 0 } }, nowMs);
    const senders = noteWaiting(all, ['bucket:a', 'bucket:b'], nowMs);
    for (const name of ['bucket:a', 'bucket:b']) {
      expect(shareLeft({ senders, neighbors: {} }, { sender: name, target }, quota, nowMs).files).toBe(
        Number.POSITIVE_INFINITY,
      );
    }
    const third = noteWaiting(senders, ['bucket:c'], nowMs);
    expect(
      shareLeft({ senders: third, neighbors: {} }, { sender: 'bucket:a', target }, quota, nowMs).files,
    ).toBe(0);
  });

  it('is of one target: staging takes nothing of production, neither spent nor waiting, of this deployment or another', () => {
    const staged = (sender: string) => senderOfTarget(sender, 'staging');
    const some = noteSpent(spent, { [staged('bucket:b')]: { files: 60, dirs: 0 } }, nowMs);
    const senders = noteWaiting(some, [staged('bucket:c')], nowMs);
    const all = { senders, neighbors: { other: noteWaiting({}, [staged('bucket:d')], nowMs) } };
    const left = (sender: string, of: Target) => shareLeft(all, { sender, target: of }, quota, nowMs).files;
    expect(left('bucket:a', 'production')).toBe(Number.POSITIVE_INFINITY);
    expect(left('bucket:b', 'production')).toBe(Number.POSITIVE_INFINITY);
    expect(left('bucket:b', 'staging')).toBe(0);
    expect(left('bucket:a', 'staging')).toBe(0);
    const failed = noteSpent(senders, { [staged(failedSender)]: { files: 50, dirs: 0 } }, nowMs);
    const own = (of: Target) =>
      shareLeft({ senders: failed, neighbors: {} }, { sender: failedSender, target: of }, quota, nowMs).files;
    expect([own('production'), own('staging')]).toEqual([50, 0]);
  });

  it('is all that there is of what nobody else waits for: directories are short long before files are', () => {
    const ofDirs = { senders: noteWaiting(spent, ['bucket:b'], nowMs, ['dirs']), neighbors: {} };
    expect(shareLeft(ofDirs, { sender: 'bucket:a', target }, quota, nowMs)).toEqual({
      files: Number.POSITIVE_INFINITY,
      dirs: 9,
    });
    const ofFiles = { senders: noteWaiting(spent, ['bucket:b'], nowMs, ['files']), neighbors: {} };
    expect(shareLeft(ofFiles, { sender: 'bucket:a', target }, quota, nowMs)).toEqual({
      files: 0,
      dirs: Number.POSITIVE_INFINITY,
    });
    const neighbors = { second: ofDirs.senders };
    expect(shareLeft({ senders: spent, neighbors }, { sender: 'bucket:a', target }, quota, nowMs)).toEqual({
      files: Number.POSITIVE_INFINITY,
      dirs: 9,
    });
  });

  it('is all that there is where the deployments that wait have had their share', () => {
    const third = (files: number) =>
      noteWaiting(noteSpent({}, { 'bucket:c': { files, dirs: 0 } }, nowMs), ['bucket:c'], nowMs, ['files']);
    const idle = noteSpent({}, { 'bucket:d': { files: 1, dirs: 0 } }, nowMs);
    const left = (files: number) =>
      shareLeft(
        { senders: spent, neighbors: { third: third(files), idle } },
        { sender: 'bucket:a', target },
        quota,
        nowMs,
      ).files;
    expect([left(32), left(33)]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it('is all that there is where what has failed waits, and has had its share of all deployments', () => {
    const failed = (files: number) =>
      noteWaiting(noteSpent(spent, { [failedSender]: { files, dirs: 0 } }, nowMs), [failedSender], nowMs);
    const neighbors = { idle: noteSpent({}, { 'bucket:d': { files: 1, dirs: 0 } }, nowMs) };
    const left = (files: number) =>
      shareLeft({ senders: failed(files), neighbors }, { sender: 'bucket:a', target }, quota, nowMs).files;
    expect([left(24), left(25)]).toEqual([0, Number.POSITIVE_INFINITY]);
    const elsewhere = (files: number) =>
      noteWaiting(noteSpent({}, { [failedSender]: { files, dirs: 0 } }, nowMs), [failedSender], nowMs);
    const leftHere = (files: number) =>
      shareLeft(
        { senders: spent, neighbors: { second: elsewhere(files) } },
        { sender: 'bucket:a', target },
        quota,
        nowMs,
      ).files;
    expect([leftHere(24), leftHere(25)]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it('is forgotten after a day, at most', () => {
    const hourMs = 3_600_000;
    expect(spentBy(senderIn(spent, 'bucket:a'), nowMs + 11 * hourMs).files).toBe(70);
    expect(spentBy(senderIn(spent, 'bucket:a'), nowMs + 24 * hourMs).files).toBe(0);
    expect(noteSpent(spent, {}, nowMs + 48 * hourMs)).toEqual({});
  });
});
