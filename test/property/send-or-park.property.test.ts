import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Limits, type LimitsState, unusedLimits } from '../../functions/core/limits/limits.ts';
import { sendOrPark, type TokenRequest } from '../../functions/core/limits/send-or-park.ts';
import { freshQuota, lostQuota, spend, spendableTokens } from '../../functions/core/limits/tokens/quota.ts';
import { noteSpent, noteWaiting } from '../../functions/core/limits/tokens/senders.ts';
import type { Lane } from '../../functions/core/model/types.ts';

const nowMs = 20_000 * 24 * 60 * 60 * 1000;
const quota = { files: 100, dirs: 20 };
const limits: Limits = {
  rate: { requests: 300, perSeconds: 300, headroom: 0 },
  bucket: { perMinute: 30, burst: 60 },
  requestCost: 1,
  quota: { production: quota },
  tokenUnit: 'url',
};

const wish = fc.record({
  kind: fc.constantFrom<TokenRequest['kind']>('file', 'file', 'file', 'dir', 'regex'),
  target: fc.constant('production' as const),
  lane: fc.constantFrom<Lane>('takedown', 'people', 'bulk'),
  sinceMs: fc.integer({ min: nowMs - 40_000_000, max: nowMs }),
  sender: fc.constantFrom('bucket:a', 'webhook:b', undefined),
});
const wishes = fc
  .array(wish, { maxLength: 200 })
  .map((list) =>
    list.map(
      (each, index): TokenRequest => (each.kind === 'file' ? each : { ...each, directory: `d${index % 7}` }),
    ),
  );
const state = fc
  .record({ files: fc.integer({ min: 0, max: 120 }), dirs: fc.integer({ min: 0, max: 22 }) })
  .map(
    (tokens): LimitsState => ({
      ...unusedLimits(limits, nowMs),
      quotas: { production: spend(freshQuota, tokens, nowMs) },
    }),
  );

const isFile = ({ kind }: TokenRequest) => kind === 'file';
const play = (items: readonly TokenRequest[], given: LimitsState) =>
  sendOrPark(items, (item) => item, given, limits, nowMs);

describe('what the tokens pay for', () => {
  test('is each item, once: sent or parked', () => {
    fc.assert(
      fc.property(wishes, state, (items, given) => {
        const { send, park } = play(items, given);
        expect(new Set([...send, ...park.map(({ item }) => item)])).toEqual(new Set(items));
        expect(send.length + park.length).toBe(items.length);
      }),
    );
  });

  test('is never more than each lane may spend', () => {
    fc.assert(
      fc.property(wishes, state, (items, given) => {
        const { send } = play(items, given);
        const quotaState = given.quotas.production ?? freshQuota;
        for (const lane of ['takedown', 'people', 'bulk'] as const) {
          const spendable = spendableTokens(quotaState, quota, lane, nowMs);
          const ofLane = send.filter((item) => item.lane === lane);
          expect(ofLane.filter(isFile).length).toBeLessThanOrEqual(spendable.files);
          expect(ofLane.filter((item) => !isFile(item)).length).toBeLessThanOrEqual(spendable.dirs);
        }
        const most = spendableTokens(quotaState, quota, 'takedown', nowMs);
        expect(send.filter(isFile).length).toBeLessThanOrEqual(most.files);
        expect(send.filter((item) => !isFile(item)).length).toBeLessThanOrEqual(most.dirs);
      }),
    );
  });

  test('goes to takedowns before people before bulk, and to the oldest first', () => {
    fc.assert(
      fc.property(wishes, state, (items, given) => {
        const { send, park } = play(items, given);
        for (const { item, reason } of park) {
          if (reason !== 'tokens' || !isFile(item)) continue;
          const younger = send.filter(
            (sent) => isFile(sent) && sent.lane === item.lane && sent.sinceMs > item.sinceMs,
          );
          expect(younger).toEqual([]);
        }
      }),
    );
  });
});

describe('a sender', () => {
  const many = (sender: string) =>
    Array.from(
      { length: 80 },
      (): TokenRequest => ({ kind: 'file', target: 'production', lane: 'bulk', sinceMs: nowMs, sender }),
    );
  const base = unusedLimits(limits, nowMs);

  test('has no more than half of the day while another one waits', () => {
    const waiting = { ...base, senders: noteWaiting({}, ['webhook:b'], nowMs) };
    const { send, park } = play(many('bucket:a'), waiting);
    expect(send).toHaveLength(50);
    expect(new Set(park.map(({ reason }) => reason))).toEqual(new Set(['share']));
    expect(play(many('bucket:a'), base).send).toHaveLength(80);
  });

  test('has no more than what is left of the share of its deployment while another deployment waits', () => {
    const spent = noteSpent({}, { 'bucket:c': { files: 30, dirs: 0 } }, nowMs);
    const neighbors = {
      second: noteWaiting({}, ['bucket:a'], nowMs),
      third: noteSpent({}, { 'bucket:a': { files: 1, dirs: 0 } }, nowMs),
    };
    // A third of 100.
    expect(play(many('bucket:a'), { ...base, senders: spent, neighbors }).send).toHaveLength(3);
    expect(play(many('bucket:a'), { ...base, senders: spent }).send).toHaveLength(80);
  });

  test('is never in the way of takedowns', () => {
    const senders = noteWaiting(
      noteSpent({}, { 'bucket:a': { files: 90, dirs: 0 } }, nowMs),
      ['webhook:b'],
      nowMs,
    );
    const takedowns = many('bucket:a').map((each): TokenRequest => ({ ...each, lane: 'takedown' }));
    expect(play(takedowns, { ...base, senders }).send).toHaveLength(80);
  });
});

describe('a purge by prefix that nobody asked for', () => {
  const base = unusedLimits(limits, nowMs);
  const prefix = (directory: string, byPrefix: NonNullable<TokenRequest['byPrefix']>): TokenRequest => ({
    kind: 'dir',
    target: 'production',
    lane: 'people',
    sinceMs: nowMs,
    sender: 'webhook:b',
    directory,
    byPrefix,
  });

  test('is made twice a day for a webhook', () => {
    const { send, park } = play(
      ['1', '2', '3'].map((each) => prefix(each, 'directory')),
      base,
    );
    expect(send).toHaveLength(2);
    expect(park.map(({ reason }) => reason)).toEqual(['prefix']);
  });

  test('never takes a whole host, nor one of the last five directories', () => {
    expect(play([prefix('1', 'whole host')], base).park).toHaveLength(1);
    const short = { ...base, quotas: { production: spend(freshQuota, { files: 0, dirs: 15 }, nowMs) } };
    expect(play([prefix('1', 'directory')], short).park).toHaveLength(1);
    const unknown = { ...base, quotas: { production: lostQuota(nowMs) } };
    expect(play([prefix('1', 'directory')], unknown).park).toHaveLength(1);
  });
});

test("a rule's directory is held while it is young and directories are short; one asked for by hand is not", () => {
  const given = {
    ...unusedLimits(limits, nowMs),
    quotas: { production: spend(freshQuota, { files: 0, dirs: 14 }, nowMs) },
  };
  const dir = (sender: string | undefined, ageMs: number): TokenRequest => ({
    kind: 'dir',
    target: 'production',
    lane: 'people',
    sinceMs: nowMs - ageMs,
    sender,
    directory: 'blog',
  });
  // 2.5 · 1 · 72 min · (0.7 − 0.5)
  const holdMs = 36 * 60_000;
  expect(play([dir('webhook:b', holdMs - 1000)], given).park.map(({ reason }) => reason)).toEqual(['hold']);
  expect(play([dir('webhook:b', holdMs + 1000)], given).send).toHaveLength(1);
  expect(play([dir(undefined, 0)], given).send).toHaveLength(1);
});

test("rules' directories that are wanted together are held one by one, as if they came one after the other", () => {
  const given = {
    ...unusedLimits(limits, nowMs),
    quotas: { production: spend(freshQuota, { files: 0, dirs: 8 }, nowMs) },
  };
  const items = ['a', 'b', 'c', 'd', 'e'].map(
    (directory): TokenRequest => ({
      kind: 'dir',
      target: 'production',
      lane: 'people',
      sinceMs: nowMs,
      sender: 'webhook:b',
      directory,
    }),
  );
  const { send, park } = play(items, given);
  expect(send).toHaveLength(3);
  expect(park.map(({ reason }) => reason)).toEqual(['hold', 'hold']);
});
