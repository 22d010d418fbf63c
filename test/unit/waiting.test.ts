import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Parked } from '../../functions/aws/tables/parked-table.ts';
import { unusedLimits } from '../../functions/core/limits/limits.ts';
import { sendOrPark } from '../../functions/core/limits/send-or-park.ts';
import { freshQuota, spend } from '../../functions/core/limits/tokens/quota.ts';
import { noteSpent, noteWaiting } from '../../functions/core/limits/tokens/senders.ts';
import { entryKey } from '../../functions/core/model/entry-key.ts';
import type { PurgeEntry, Scope } from '../../functions/core/model/types.ts';
import { readUrls } from '../../infra/cli/queries/purge-by-hand.ts';
import { quotaReport } from '../../infra/cli/queries/quota.ts';
import { soonerLane, stepsAfterCancel, waitingReport, waitingUrl } from '../../infra/cli/queries/waiting.ts';
import { looseLimits } from '../helpers/limits-request.ts';

const nowMs = 20_000 * 86_400_000;
const limits = { ...looseLimits, quota: { production: { files: 100, dirs: 20 } } };
const none = { visible: 0, inFlight: 0, delayed: 0 };
const parked = (path: string, sender: string): Parked => ({
  pk: path,
  version: 1,
  entry: { kind: 'file', target: 'production', action: 'invalidate', url: `https://h.example/${path}` },
  lane: 'people',
  sinceMs: nowMs - 60_000,
  sender,
});

test('what waits says why: its sender has had its share, or the lane has no token; what is released next has no reason', () => {
  const items = [parked('of-a', 'webhook:a'), parked('of-b', 'webhook:b')];
  const report = (files: number) => {
    const spent = noteSpent({}, { 'webhook:a': { files: 50, dirs: 0 } }, nowMs);
    const state = {
      ...unusedLimits(limits, nowMs),
      quotas: { production: spend(freshQuota, { files, dirs: 0 }, nowMs) },
      senders: noteWaiting(spent, ['webhook:b'], nowMs),
    };
    return waitingReport({ buffer: none, inbox: none }, items, state, limits, nowMs);
  };
  expect(report(50).urls.map(({ reason }) => reason)).toEqual(['share', undefined]);
  expect(report(50).lanes).toMatchObject([{ count: 2, reasons: { share: 1 } }]);
  expect(report(99).urls.map(({ reason }) => reason)).toEqual(['tokens', 'tokens']);
});

test('what is purged once more after a purge that has completed is called so, and a repair is not', () => {
  const items = [
    { ...parked('again', 'a'), repeats: 'p' },
    { ...parked('repaired', 'a'), repeats: 'p', repair: 1 },
    parked('changed', 'a'),
  ];
  const state = unusedLimits(limits, nowMs);
  const { urls } = waitingReport({ buffer: none, inbox: none }, items, state, limits, nowMs);
  expect(urls.map(({ repeats }) => repeats)).toEqual(['p', undefined, undefined]);
});

test('what was cancelled is purged by the command that is printed, and nothing else is', () => {
  const forms = fc.constantFrom<Pick<PurgeEntry, 'kind'> & { readonly text: string }>(
    { kind: 'file', text: "https://h.example/it's?a=b&c=$d" },
    { kind: 'file', text: 'https://h.example/page' },
    { kind: 'dir', text: 'https://h.example/news/*' },
    { kind: 'regex', text: 'https://h.example/[a-z]+[.]html' },
    { kind: 'regex', text: 'any://h.example/x.*' },
  );
  const action = fc.constantFrom<'invalidate' | 'delete'>('invalidate', 'delete');
  const entries = fc.array(
    fc.tuple(forms, action).map(([{ kind, text }, action]): PurgeEntry => {
      const scope = { target: 'production', action } as const;
      return kind === 'regex' ? { kind, pattern: text, ...scope } : { kind, url: text, ...scope };
    }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(entries, (own) => {
      const others: readonly PurgeEntry[] = [
        { kind: 'file', url: 'https://h.example/s', target: 'staging', action: 'invalidate' },
        {
          kind: 'file',
          url: 'https://h.example/v',
          target: 'production',
          action: 'invalidate',
          headers: [{ name: 'accept', value: 'image/webp' }],
        },
      ];
      const cancelled = [...own, ...others].map((entry) => waitingUrl({ ...parked('', 'a'), entry }));
      const purged = stepsAfterCancel(cancelled, 'production').flatMap(([command]) => {
        const words = wordsOf(command);
        expect(words[0]).toBe('purge');
        const scope = { target: 'production', action: words.includes('--delete') ? 'delete' : 'invalidate' };
        const { entries, problems } = readUrls(
          words.slice(1).filter((word) => word !== '--delete'),
          scope as Scope,
        );
        expect(problems).toEqual([]);
        return entries;
      });
      expect(new Set(purged.map(entryKey))).toEqual(new Set(own.map(entryKey)));
    }),
  );
});

/** As a shell reads it. */
function wordsOf(command: string): readonly string[] {
  const words = command.match(/(?:'[^']*'|\\'|[^\s'\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|\\'/g, (whole, quoted?: string) => (whole === "\\'" ? "'" : (quoted ?? ''))),
  );
}

test('a purge by hand has its token now in the lane that is offered, and in no other one before it', () => {
  const offered = new Set<string>();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 110 }), fc.constantFrom('people', 'bulk'), (files, lane) => {
      const state = {
        ...unusedLimits(limits, nowMs),
        quotas: { production: spend(freshQuota, { files, dirs: 0 }, nowMs) },
      };
      const isSent = (own: 'takedown' | 'people') => {
        const wish = { kind: 'file', target: 'production', lane: own, sinceMs: nowMs, sender: undefined };
        return sendOrPark([wish], () => wish as never, state, limits, nowMs).send.length === 1;
      };
      const quota = quotaReport(state, { target: 'production', limits, queues: { buffer: 'd' } }, nowMs);
      const sooner = soonerLane(lane as 'people' | 'bulk', quota);
      offered.add(String(sooner));
      const expected = (['people', 'takedown'] as const).find(isSent);
      expect(sooner).toBe(expected);
      expect(soonerLane('takedown', quota)).toBeUndefined();
    }),
  );
  expect([...offered].toSorted()).toEqual(['people', 'takedown', 'undefined']);
});
