import { describe, expect, test } from 'vitest';
import {
  closeForEveryone,
  type Limits,
  type LimitsState,
  type ThrottleAnswer,
  unusedLimits,
} from '../../functions/core/limits/limits.ts';
import { closeForDeployment, declareLimits } from '../../functions/core/limits/shared-limit.ts';
import { freshQuota, type QuotaState, spend } from '../../functions/core/limits/tokens/quota.ts';
import { correct } from '../../functions/core/limits/tokens/quota-readings.ts';
import { describeQuota } from '../../infra/cli/commands/quota.ts';
import { quotaReport } from '../../infra/cli/queries/quota.ts';

const nowMs = Date.UTC(2026, 10, 27, 1);
const minuteMs = 60_000;
const quota = { files: 5000, dirs: 20 };
const limits: Limits = {
  rate: { requests: 300, perSeconds: 300, headroom: 0 },
  bucket: { perMinute: 30, burst: 60 },
  requestCost: 1,
  quota: { production: quota },
  tokenUnit: 'url',
};
const purger = { target: 'production', limits, queues: { buffer: 'this' } } as const;
const unused = unusedLimits(limits, nowMs);
const withQuota = (production: QuotaState): LimitsState => ({ ...unused, quotas: { production } });

describe('what is left of the tokens', () => {
  const own = spend(freshQuota, { files: 1000, dirs: 2 }, nowMs);

  test('is split into what was spent by the purger and by others, next to what CDN Pro has counted', () => {
    const state = correct(own, { files: 500, dirs: 18 }, quota, nowMs);
    const report = quotaReport(withQuota(state), purger, nowMs);
    expect(report.files).toMatchObject({ left: 500, spent: { own: 1000, others: 3500 }, leftByCdnPro: 500 });
    expect(report.dirs).toMatchObject({ left: 18, spent: { own: 2, others: 0 }, leftByCdnPro: 18 });
    expect(report.othersKnownSince).toBe(new Date(nowMs).toISOString());
  });

  test('has nothing for takedowns for five minutes after CDN Pro has refused one with none left', () => {
    const state = { ...correct(own, { files: 0, dirs: 18 }, quota, nowMs), takedownRefusedMs: nowMs };
    const at = (minutes: number) => quotaReport(withQuota(state), purger, nowMs + minutes * minuteMs);
    const takedownsRefused = { at: '2026-11-27T01:00:00.000Z', until: '2026-11-27T01:05:00.000Z' };
    expect(at(4)).toMatchObject({ files: { takedown: 0 }, takedownsRefused });
    expect(at(5)).toMatchObject({ files: { takedown: 250 } });
    expect(at(5).takedownsRefused).toBeUndefined();
  });
});

describe('what is left of the requests', () => {
  const throttledBy = (answer: { readonly remaining?: number; readonly message?: string }) =>
    quotaReport(closeForEveryone(unused, nowMs + minuteMs, nowMs, answer), purger, nowMs).requests;

  test('has the size of window and bucket', () => {
    expect(quotaReport(unused, purger, nowMs).requests).toMatchObject({
      limit: 300,
      perSeconds: 300,
      bucket: 60,
      bucketBurst: 60,
      bucketPerMinute: 30,
    });
  });

  test('says after a 429 when it came, in which words, and by which limit', () => {
    const at = new Date(nowMs).toISOString();
    const message = 'Too many requests.';
    expect(throttledBy({ remaining: 0, message }).throttled).toEqual({ at, limit: 'bucket', message });
    expect(throttledBy({}).throttled).toEqual({ at, limit: 'window' });
  });

  test.each([null, 'no', { atMs: 'no' }, { message: 1 }])(
    'says nothing of what others have written: %j',
    (written) => {
      const state = { ...unused, throttle: written } as unknown as LimitsState;
      expect(quotaReport(state, purger, nowMs).requests.throttled).toBeUndefined();
    },
  );

  test('says of a 429 that an older version has noted only when it came', () => {
    const state = { ...unused, bucket: { ...unused.bucket, refusedMs: nowMs } };
    const { throttled } = quotaReport(state, purger, nowMs).requests;
    expect(throttled).toEqual({ at: new Date(nowMs).toISOString() });
  });
});

describe('quota in words', () => {
  const inWords = (state: LimitsState, atMs = nowMs) => describeQuota(quotaReport(state, purger, atMs), atMs);
  const throttled = (answer: ThrottleAnswer) => closeForEveryone(unused, nowMs + minuteMs, nowMs, answer);

  test.each<[ThrottleAnswer, RegExp]>([
    [{ remaining: 0 }, /likely by the customer's bucket, since it says what is left there/],
    [{}, /likely by the user's window, since it does not say what is left in the bucket/],
  ])('say of a 429 with %j which limit has likely answered, and why', (answer, words) => {
    const printed = inWords(throttled({ ...answer, message: 'Too many\nrequests', requestId: 'r1' }));
    expect(printed).toMatch(/answered 429 at \S+, request r1, in its words: Too many\\u\{a\}requests\n/);
    expect(printed).toMatch(words);
    expect(printed).toMatch(/\n\nNext: npx cdn-purger tail {2}# .*docs\/operations\.md#throttled$/);
  });

  test('offer nothing for a 429 of an hour ago, nor where all is well', () => {
    expect(inWords(throttled({}), nowMs + 60 * minuteMs)).not.toContain('Next: ');
    expect(inWords(unused)).not.toContain('Next: ');
  });

  test('offer doctor first where CDN Pro refuses the credentials, and for ten minutes after it', () => {
    const declared = declareLimits(unused.window, 'this', limits, nowMs);
    const window = closeForDeployment(declared, 'this', nowMs + minuteMs);
    const state = { ...unused, window };
    expect(inWords(state)).toMatch(
      / none before .*: CDN Pro refuses the credentials\n\nNext: npx cdn-purger doctor /,
    );
    expect(inWords(state, nowMs + 2 * minuteMs)).toMatch(
      /refused the credentials: a request tries again since 2026-11-27T01:01:00\.000Z\n\nNext: npx cdn-purger doctor /,
    );
    expect(inWords(state, nowMs + 11 * minuteMs)).not.toContain('credentials');
  });
});
