import { describe, expect, it } from 'vitest';
import { clampLimits } from '../../functions/core/limits/clamp-times.ts';
import {
  closeForEveryone,
  type GrantedSlot,
  type LimitsRequest,
  type LimitsState,
  lostLimits,
  markAnswers,
  noteDirectories,
  reserveRequest,
  unusedLimits,
} from '../../functions/core/limits/limits.ts';
import { priceOf } from '../../functions/core/limits/price.ts';
import { defaultBucket } from '../../functions/core/limits/requests/request-bucket.ts';
import {
  freshQuota,
  quotaOf,
  spend,
  spendableTokens,
  tokensLeft,
} from '../../functions/core/limits/tokens/quota.ts';
import { correct, learnQuota } from '../../functions/core/limits/tokens/quota-readings.ts';
import {
  notePrefixes,
  noteSpent,
  noteTallies,
  noteWaiting,
  prefixesLeft,
  senderIn,
  shareLeft,
  spentBy,
} from '../../functions/core/limits/tokens/senders.ts';
import { firstLane } from '../../functions/core/model/lanes.ts';
import type { Lane } from '../../functions/core/model/types.ts';
import { limitsRequest, looseLimits } from '../helpers/limits-request.ts';

const hourMs = 3_600_000;
const nowMs = 480_000 * hourMs;
const guardMs = 13_000;
const clockDifferenceMs = 2000;
const quota = { files: 1000, dirs: 20 };
const limits = { ...looseLimits, quota: { production: quota } };
const unused = unusedLimits(limits, nowMs);

function granted(state: LimitsState, request: LimitsRequest, atMs = nowMs) {
  const reservation = reserveRequest(state, limits, request, { guardMs, nowMs: atMs });
  if (reservation.kind !== 'granted') throw new Error(`expected a slot, got ${reservation.kind}`);
  return reservation;
}

const wanted = limitsRequest({
  price: { files: 40, dirs: 1 },
  senders: { 'bucket:a': { files: 40, dirs: 1 } },
});
const answered = (slot: GrantedSlot, isRefused: boolean) => [{ slot, answeredMs: nowMs, isRefused }];
const leftIn = (state: LimitsState) => tokensLeft(state.quotas.production ?? freshQuota, quota, nowMs);

describe('a request', () => {
  it('takes a slot of the window, one of the bucket, and its tokens, all at once', () => {
    const { state } = granted(unused, wanted);
    expect(state.window.arrivedByMs).toEqual([nowMs + guardMs]);
    expect(state.bucket.level).toBe(unused.bucket.level - 1);
    expect(leftIn(state)).toEqual({ files: 960, dirs: 19 });
    expect(spentBy(senderIn(state.senders, 'bucket:a'), nowMs)).toEqual({ files: 40, dirs: 1 });
  });

  it('is short where its lane has too few tokens, however much there is of the rest', () => {
    const request = limitsRequest({ price: { files: 900, dirs: 0 }, lane: 'bulk' });
    expect(reserveRequest(unused, limits, request, { guardMs, nowMs })).toEqual({
      kind: 'short',
      spendable: { files: 890, dirs: 17 },
    });
    expect(granted(unused, { ...request, lane: 'people' }).kind).toBe('granted');
  });

  it('waits for the bucket, which keeps more from bulk than from people', () => {
    const small = { ...limits, bucket: { perMinute: 30, burst: 60 } };
    const state = { ...unused, bucket: { ...unused.bucket, level: 15 } };
    expect(reserveRequest(state, small, limitsRequest(), { guardMs, nowMs }).kind).toBe('granted');
    expect(reserveRequest(state, small, limitsRequest({ lane: 'bulk' }), { guardMs, nowMs })).toEqual({
      kind: 'wait',
      for: 'bucket',
      untilMs: nowMs + 12_000,
      usedShare: 1,
    });
  });

  it('tells the used share of whichever limit leaves less, by the bucket with the default contract', () => {
    const contract = {
      ...limits,
      rate: { requests: 300, perSeconds: 300, headroom: 0.1 },
      bucket: defaultBucket,
    };
    const shareAt = (level: number, lane: Lane = 'people') => {
      const state = { ...unused, bucket: { ...unused.bucket, level } };
      const reservation = reserveRequest(state, contract, limitsRequest({ lane }), { guardMs, nowMs });
      return reservation.kind === 'short' ? undefined : reservation.usedShare;
    };
    expect(shareAt(60)).toBeCloseTo(1 / 50);
    expect(shareAt(21)).toBeCloseTo(40 / 50);
    expect(shareAt(10)).toBe(1);
    expect(shareAt(21, 'bulk')).toBe(1);
  });

  it('that is refused for its content has its tokens again, once, and keeps its slots', () => {
    const { state, slot } = granted(unused, wanted);
    const marked = markAnswers(state, limits, answered(slot, true), 500);
    expect(leftIn(marked)).toEqual(quota);
    expect(spentBy(senderIn(marked.senders, 'bucket:a'), nowMs)).toEqual({ files: 0, dirs: 0 });
    expect(marked.window.arrivedByMs).toEqual([nowMs + 500]);
    expect(marked.bucket.level).toBe(state.bucket.level);
    expect(markAnswers(marked, limits, answered(slot, true), 500)).toEqual(marked);
  });

  it('that is answered otherwise has spent them', () => {
    const { state, slot } = granted(unused, wanted);
    expect(leftIn(markAnswers(state, limits, answered(slot, false), 500))).toEqual({ files: 960, dirs: 19 });
  });

  it('is counted in the hour in which it may arrive, and returned to it', () => {
    const lateMs = nowMs + hourMs - 1000;
    const { state, slot } = granted(unused, wanted, lateMs);
    expect(Object.keys(state.quotas.production?.spent ?? {})).toEqual(['480001']);
    const marked = markAnswers(state, limits, [{ slot, answeredMs: lateMs, isRefused: true }], 500);
    expect(marked.quotas.production?.spent).toMatchObject({ '480001': { files: 0, dirs: 0 } });
  });

  it('costs a token for each URL, or one where a token is a request', () => {
    const files = Array.from({ length: 40 }, () => ({ kind: 'file' as const }));
    const others = [{ kind: 'dir' as const }, { kind: 'dir' as const }, { kind: 'regex' as const }];
    expect(priceOf([...files, ...others], 'url')).toEqual({ files: 40, dirs: 3 });
    expect(priceOf([...files, ...others], 'request')).toEqual({ files: 1, dirs: 1 });
    expect(priceOf(files, 'request')).toEqual({ files: 1, dirs: 0 });
  });
});

describe('limits that were lost', () => {
  const lost = lostLimits(limits, {}, guardMs, nowMs);

  it('let nothing go for a window and the guard', () => {
    const wait = reserveRequest(lost, limits, limitsRequest(), { guardMs, nowMs });
    expect(wait).toMatchObject({ kind: 'wait', for: 'window', untilMs: nowMs + guardMs + 300_000 });
  });

  it('let people spend little and bulk nothing until purgeTokens says what is left', () => {
    const state = lost.quotas.production ?? freshQuota;
    expect(spendableTokens(state, quota, 'people', nowMs)).toEqual({ files: 20, dirs: 1 });
    expect(spendableTokens(state, quota, 'bulk', nowMs)).toEqual({ files: 0, dirs: 0 });
    expect(spendableTokens(state, quota, 'takedown', nowMs)).toEqual({ files: 70, dirs: 2 });
    const known = correct(state, { files: 600, dirs: 12 }, quota, nowMs + guardMs);
    expect(tokensLeft(known, quota, nowMs + guardMs)).toEqual({ files: 600, dirs: 12 });
    expect(spendableTokens(known, quota, 'bulk', nowMs + guardMs)).toEqual({ files: 490, dirs: 9 });
  });

  it('stay unknown while requests may be under way that nobody has counted', () => {
    const state = lost.quotas.production ?? freshQuota;
    expect(correct(state, { files: 600, dirs: 12 }, quota, nowMs + guardMs - 1)).toBe(state);
  });

  it('count what is spent before it is known, which purgeTokens may not have seen', () => {
    const state = spend(lost.quotas.production ?? freshQuota, { files: 15, dirs: 0 }, nowMs);
    expect(spendableTokens(state, quota, 'people', nowMs).files).toBe(5);
    const known = correct(state, { files: 600, dirs: 12 }, quota, nowMs + guardMs);
    expect(tokensLeft(known, quota, nowMs + guardMs).files).toBe(585);
  });

  it('are known after a day without it', () => {
    const state = lost.quotas.production ?? freshQuota;
    expect(spendableTokens(state, quota, 'bulk', nowMs + guardMs + 25 * hourMs).files).toBe(890);
  });
});

describe('a limit that CDN Pro says is reached', () => {
  it('closes the window, and raises the margin once for requests that were under way together', () => {
    const closed = closeForEveryone(unused, nowMs + 5000, nowMs);
    const again = closeForEveryone(closed, nowMs + 6000, nowMs + 100);
    expect([closed, again].map(({ window }) => window.closedUntilMs)).toEqual([nowMs + 5000, nowMs + 6000]);
    expect([closed, again].map(({ bucket }) => bucket.extraMargin)).toEqual([3, 3]);
    expect(closeForEveryone(again, nowMs + 7000, nowMs + 6000).bucket.extraMargin).toBeCloseTo(6, 1);
    expect(closeForEveryone(again, nowMs + 5000, nowMs + 200)).toBe(again);
  });
});

describe('times from outside', () => {
  const ahead = { clockDifferenceMs, guardMs, windowMs: 300_000 };

  it('are left alone where they can be right', () => {
    const { state } = granted(unused, wanted, nowMs + clockDifferenceMs);
    const closed = closeForEveryone(state, nowMs + 300_000, nowMs);
    expect(clampLimits(closed, ahead, nowMs)).toBe(closed);
  });

  it('lie no further ahead than a right clock can have put them', () => {
    const wrongMs = nowMs + 5 * hourMs;
    const first = granted(unused, wanted, wrongMs).state;
    const { state } = granted(first, wanted, wrongMs + 3000);
    const wrong = {
      ...closeForEveryone(state, wrongMs, wrongMs),
      senders: noteWaiting(state.senders, ['bucket:a'], wrongMs),
      directories: noteDirectories({}, ['a'], wrongMs),
    };
    const clamped = clampLimits(wrong, ahead, nowMs);
    expect(clamped.window.arrivedByMs).toEqual([nowMs + 15_000, nowMs + 15_001]);
    expect(clamped.window.closedUntilMs).toBe(nowMs + 315_000);
    expect(clamped.window.pace.atMs).toBe(nowMs + 2000);
    expect(clamped.bucket.atMs).toBe(nowMs + 2000);
    expect(clamped.quotas.production?.spent).toEqual({
      '480000': { files: 80, dirs: 2, lastMs: nowMs + 15_000 },
    });
    expect(senderIn(clamped.senders, 'bucket:a').waitingMs).toBe(nowMs + 2000);
    expect(clamped.directories).toEqual({ a: nowMs + 2000 });
  });
});

it('directories are those of the last day, and not more than a hundred', () => {
  const some = noteDirectories({}, ['old'], nowMs - 25 * hourMs);
  expect(noteDirectories(some, ['new'], nowMs)).toEqual({ new: nowMs });
  const many = Array.from({ length: 120 }, (_, index) => `d${index}`);
  expect(Object.keys(noteDirectories({}, many, nowMs))).toEqual(many.slice(-100));
});

it('a quota is what the configuration says, else what the API says, else what the contract has by default', () => {
  const learned = learnQuota(freshQuota, { files: 9000, dirs: 90 }, nowMs);
  expect(quotaOf(freshQuota)).toEqual({ files: 5000, dirs: 20 });
  expect(quotaOf(learned)).toEqual({ files: 9000, dirs: 90 });
  expect(quotaOf(learned, { files: 7 })).toEqual({ files: 7, dirs: 90 });
});

it('of two lanes, the one that goes first', () => {
  expect(firstLane('bulk', 'people')).toBe('people');
  expect(firstLane('takedown', 'people')).toBe('takedown');
});

describe('a sender', () => {
  it('keeps what was seen of it when tokens are spent', () => {
    const entries = { sinceMs: nowMs, count: 90 };
    const seen = noteTallies({}, 'bucket:b', { entries, deletes: { sinceMs: 0, count: 0 } }, nowMs);
    const { state } = granted({ ...unused, senders: seen }, wanted);
    expect(senderIn(state.senders, 'bucket:b').entries).toEqual(entries);
  });

  it('has two purges by prefix a day', () => {
    const left = (hours: number) => {
      const senders = notePrefixes(notePrefixes({}, 'webhook:a', 1, nowMs), 'webhook:a', 1, nowMs + hourMs);
      return prefixesLeft(senderIn(senders, 'webhook:a'), nowMs + hours * hourMs);
    };
    expect([left(1), left(23), left(24)]).toEqual([0, 0, 2]);
  });

  it('has no more of them before the day is over, also where nothing else is left to know of it', () => {
    // A minute before a half day is over.
    const lateMs = nowMs - 60_000;
    const two = notePrefixes({}, 'webhook:a', 2, lateMs);
    const left = (hours: number) => {
      const atMs = lateMs + hours * hourMs;
      const senders = noteSpent(two, { 'bucket:b': { files: 1, dirs: 0 } }, atMs);
      return prefixesLeft(senderIn(senders, 'webhook:a'), atMs);
    };
    expect([left(1), left(12.1), left(23.9), left(24)]).toEqual([0, 0, 0, 2]);
  });

  it('has the share of its deployment left while another deployment waits', () => {
    const { state } = granted(unused, wanted);
    const others = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`${index}`, noteWaiting({}, ['bucket:a'], nowMs)]),
      );
    const left = (neighbors: number) =>
      shareLeft(
        { ...state, neighbors: others(neighbors) },
        { sender: 'bucket:b', target: 'production' },
        quota,
        nowMs,
      ).files;
    expect(left(0)).toBe(Number.POSITIVE_INFINITY);
    expect(left(1)).toBe(460);
    expect(left(3)).toBe(210);
  });
});
