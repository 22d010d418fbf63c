import { describe, expect, test } from 'vitest';
import { type LimitsState, unusedLimits } from '../../functions/core/limits/limits.ts';
import { noteReleased, withOutstanding } from '../../functions/core/limits/released-tokens.ts';
import { directoryHash, tokenRequestOf } from '../../functions/core/limits/token-request.ts';
import { doneByMs } from '../../functions/core/limits/tokens/done-by.ts';
import { freshQuota, lostQuota, spend, spentTokens } from '../../functions/core/limits/tokens/quota.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { fileEntry } from '../helpers/changes.ts';
import { looseLimits } from '../helpers/limits-request.ts';

const hourMs = 3_600_000;
const nowMs = 490_896 * hourMs;
const quota = { files: 100, dirs: 20 };

describe('when something is done by', () => {
  const spent = spend(
    spend(freshQuota, { files: 60, dirs: 0 }, nowMs - 10 * hourMs),
    { files: 40, dirs: 0 },
    nowMs,
  );
  const awaited = { state: spent, quota, lane: 'people', kind: 'files', position: 1, nowMs } as const;
  const at = (position: number) => (doneByMs({ ...awaited, position }) ?? 0) - nowMs;

  test('is now where the tokens are there', () => {
    expect(doneByMs({ ...awaited, state: freshQuota, position: 99 })).toBe(nowMs);
  });

  test('is when its token comes back: the 99th for people, since one is kept for takedowns', () => {
    expect([at(1) / hourMs, at(59) / hourMs, at(60) / hourMs, at(99) / hourMs]).toEqual([14, 14, 24, 24]);
  });

  test('is rounds later for what the day does not hold', () => {
    expect([at(100) / hourMs, at(198) / hourMs, at(199) / hourMs]).toEqual([38, 48, 62]);
  });

  test('is not known where nobody knows what was spent, or the lane has no tokens', () => {
    expect(doneByMs({ ...awaited, state: lostQuota(nowMs) })).toBeUndefined();
    const tiny = { files: 1, dirs: 1 };
    const none = { ...awaited, state: freshQuota, quota: tiny, lane: 'bulk', kind: 'dirs' } as const;
    expect(doneByMs(none)).toBeUndefined();
  });
});

describe('what was released', () => {
  const state = (files: number) => ({
    ...unusedLimits(looseLimits, nowMs),
    quotas: { production: spend(freshQuota, { files, dirs: 0 }, nowMs) },
  });
  const spentIn = (limits: ReturnType<typeof withOutstanding>, atMs = nowMs) =>
    spentTokens(limits.quotas.production ?? freshQuota, atMs).files;
  const released = noteReleased({}, { production: { files: 30, dirs: 0 } }, state(10), nowMs);

  test('counts as spent until it is', () => {
    expect(spentIn(withOutstanding(state(10), released, nowMs))).toBe(40);
    expect(spentIn(withOutstanding(state(25), released, nowMs))).toBe(40);
    expect(spentIn(withOutstanding(state(50), released, nowMs))).toBe(50);
  });

  test('adds up', () => {
    const more = noteReleased(released, { production: { files: 5, dirs: 0 } }, state(25), nowMs + 60_000);
    expect(spentIn(withOutstanding(state(25), more, nowMs + 60_000))).toBe(45);
  });

  test('counts as no more where tokens of the day before come back meanwhile', () => {
    const atMs = nowMs + hourMs - 60_000;
    const yesterday = { files: 60, dirs: 0 };
    const before = { ...state(0), quotas: { production: spend(freshQuota, yesterday, nowMs - 24 * hourMs) } };
    const noted = noteReleased({}, { production: { files: 30, dirs: 0 } }, before, atMs);
    const sent = spend(before.quotas.production, { files: 30, dirs: 0 }, atMs);
    const laterMs = atMs + 120_000;
    const later = withOutstanding({ ...before, quotas: { production: sent } }, noted, laterMs);
    expect(spentIn(later, laterMs)).toBe(30);
  });

  test('counts no longer than a quarter of an hour, whatever is released after it', () => {
    expect(spentIn(withOutstanding(state(10), released, nowMs + 16 * 60_000))).toBe(10);
    const laterMs = nowMs + 10 * 60_000;
    const more = noteReleased(released, { production: { files: 5, dirs: 0 } }, state(10), laterMs);
    expect(spentIn(withOutstanding(state(10), more, laterMs))).toBe(45);
    expect(spentIn(withOutstanding(state(10), more, nowMs + 16 * 60_000))).toBe(15);
    expect(spentIn(withOutstanding(state(10), more, laterMs + 16 * 60_000))).toBe(10);
  });

  test('is never taken for sent because of what was spent before it was released', () => {
    const sentFirst = noteReleased(
      released,
      { production: { files: 20, dirs: 0 } },
      state(40),
      nowMs + 60_000,
    );
    expect(spentIn(withOutstanding(state(40), sentFirst, nowMs + 60_000))).toBe(60);
  });

  test('counts no longer than a day of its quota, after which the hours that it counts from are forgotten', () => {
    const dayMs = 60_000;
    let limits: LimitsState = {
      ...unusedLimits(looseLimits, nowMs),
      quotas: { production: { ...freshQuota, hourMs: dayMs / 24 } },
    };
    const spentNow = (files: number, atMs: number) =>
      spend(limits.quotas.production ?? freshQuota, { files, dirs: 0 }, atMs);
    let noted = {};
    for (let atMs = nowMs; atMs < nowMs + 10 * dayMs; atMs += dayMs / 6) {
      noted = noteReleased(noted, { production: { files: 10, dirs: 0 } }, limits, atMs);
      limits = { ...limits, quotas: { production: spentNow(10, atMs + 1000) } };
      const laterMs = atMs + 2000;
      expect(spentIn(withOutstanding(limits, noted, laterMs), laterMs)).toBe(spentIn(limits, laterMs));
    }
  });

  test('counts where an earlier version has stored it', () => {
    const stored = {
      production: { tokens: { files: 30, dirs: 0 }, spent: { files: 10, dirs: 0 }, atMs: nowMs },
    };
    expect(spentIn(withOutstanding(state(25), stored, nowMs))).toBe(40);
  });
});

describe('what an entry is to the day’s tokens', () => {
  const origin = { lane: 'people', sinceMs: 5, sender: 'webhook:a', byPrefix: true } as const;
  const scope = { target: 'production', action: 'invalidate' } as const;
  const dir = (url: string): PurgeEntry => ({ kind: 'dir', url, ...scope });
  const regex = (pattern: string): PurgeEntry => ({ kind: 'regex', pattern, ...scope });

  test('of a file is neither a directory nor a purge by prefix', () => {
    const wanted = tokenRequestOf(fileEntry('https://h.example/a'), origin);
    expect(wanted).toEqual({
      kind: 'file',
      target: 'production',
      lane: 'people',
      sinceMs: 5,
      sender: 'webhook:a',
    });
  });

  test.each([
    [dir('https://h.example/**'), 'whole host'],
    [dir('https://h.example/*'), 'whole host'],
    [regex('any://h.example/.*'), 'whole host'],
    [dir('https://h.example/blog/**'), 'directory'],
    [dir('https://h.example/a**'), 'directory'],
    [regex('https://h.example/blog/.*'), 'directory'],
  ])('by prefix: %j is a %s', (entry, expected) => {
    expect(tokenRequestOf(entry, origin).byPrefix).toBe(expected);
    expect(tokenRequestOf(entry, { ...origin, byPrefix: false })).not.toHaveProperty('byPrefix');
  });

  test('is one directory whatever is done to it', () => {
    const url = 'https://h.example/blog/**';
    expect(directoryHash({ ...dir(url), action: 'delete' })).toBe(directoryHash(dir(url)));
    expect(directoryHash(dir(`${url}x`))).not.toBe(directoryHash(dir(url)));
  });
});
