import { expect, test } from 'vitest';
import { describeProgress, oldestProgress, progressOf } from '../../infra/cli/queries/progress.ts';

const minuteMs = 60_000;
const nowMs = Date.UTC(2026, 10, 27, 1);
const purge = (purgeId: string, minutes: number) => ({
  purgeId,
  acceptedMs: nowMs - minutes * minuteMs,
  state: { kind: 'purging' } as const,
});
const nothing = { seen: {} };

test('the purge that was accepted first says since when, and is late from 15 minutes on', () => {
  const open = [purge('b', 3), purge('a', 16)];
  expect(oldestProgress(open, nothing, nowMs)).toMatchObject({ purgeId: 'a', minutes: 16, isLate: true });
  expect(progressOf(purge('b', 14), nothing, nowMs)).toMatchObject({ minutes: 14, isLate: false });
});

test('what CDN Pro has finished is not on its way', () => {
  const proving = { ...purge('a', 16), state: { kind: 'purging', successRate: 100 } as const };
  const ended = { ...purge('b', 16), state: { kind: 'partial' } as const };
  expect(oldestProgress([proving, ended], nothing, nowMs)).toBeUndefined();
});

test('the share of the servers is said with its time, and whether CDN Pro has answered since', () => {
  const seen = { a: { atMs: nowMs - 2 * minuteMs, successRate: 40 } };
  const words = (askedMs: number) => {
    const progress = progressOf(purge('a', 16), { seen, askedMs }, nowMs);
    return progress && describeProgress(progress);
  };
  const rate =
    'accepted 16 minutes ago, more than 15; 40% of the servers had obeyed at 2026-11-27T00:58:00.000Z';
  expect(words(seen.a.atMs)).toBe(rate);
  expect(words(nowMs)).toBe(
    `${rate}; CDN Pro was asked at 2026-11-27T01:00:00.000Z and did not say how far it is`,
  );
});

test('a purge of this minute was accepted less than a minute ago', () => {
  const progress = progressOf(purge('a', 0.5), nothing, nowMs);
  expect(progress && describeProgress(progress)).toBe('accepted less than a minute ago');
});
