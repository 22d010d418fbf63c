import { expect, test } from 'vitest';
import { entryKey } from '../../functions/core/model/entry-key.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { awaitedResult } from '../../infra/cli/commands/journal/awaited-result.ts';
import type { Wanted } from '../../infra/cli/queries/why/awaited.ts';
import { describeHolds } from '../../infra/cli/queries/why/holds.ts';
import { type WaitedWorld, waitedPurger, waitedSinceMs } from '../helpers/waited-purger.ts';

const scope = { target: 'production', action: 'invalidate' } as const;
const file = (path: string): PurgeEntry => ({ kind: 'file', url: `https://h.example${path}`, ...scope });
const page = file('/a');
const wanted: Wanted = {
  kind: 'entries',
  sinceMs: waitedSinceMs,
  entries: new Map([[entryKey(page), page]]),
};

/** Waits for the page for a minute, and gives what was said, look by look, and at last. */
async function waited(world: WaitedWorld, timeoutMs = 60_000) {
  const purger = waitedPurger({ wanted, ...world });
  const result = await purger.wait(timeoutMs);
  const inWords = awaitedResult(result, { json: false });
  const json = awaitedResult(result, { json: true });
  return { said: purger.said, seconds: purger.seconds(), inWords, json: JSON.parse(json.stdout ?? '') };
}

test('who waits for a page that is parked is told so at once, and by when it is done', async () => {
  const { said, seconds, inWords, json } = await waited({ parked: [page] });
  const parked = '1 URL waits for tokens of the day, done by 2026-11-27T08:30:00.000Z, an estimate';
  expect(said).toEqual([`1 waiting; ${parked}: later than --timeout allows`]);
  expect(seconds).toBe(60);
  expect(inWords.exitCode).toBe(3);
  expect(inWords.stdout).toContain(
    `Time has run out.\n  waiting    https://h.example/a\n  ${parked}\n\nNext: npx cdn-purger waiting  # `,
  );
  expect(Object.keys(json)).toEqual(['outcome', 'counts', 'queued', 'open', 'timedOut', 'paused']);
  expect(json).toMatchObject({ outcome: 'waiting', counts: { waiting: 1 }, timedOut: true, paused: false });
});

test('what is parked is said to be too late only where it is, and to be released once there are tokens', () => {
  const doneBy = '2026-11-27T08:30:00.000Z';
  const describe = (untilMs: number, isReleased = false) =>
    describeHolds({ parked: { count: 2, doneBy, isReleased } }, untilMs).join();
  const parked = `2 URLs wait for tokens of the day, done by ${doneBy}, an estimate`;
  expect(describe(Date.parse(doneBy))).toBe(parked);
  expect(describe(Date.parse(doneBy) - 1)).toBe(`${parked}: later than --timeout allows`);
  expect(describe(0, true)).toBe('2 URLs are released next');
  expect(describeHolds({ parked: { count: 1, isReleased: false } }, 0)).toEqual([
    '1 URL waits for tokens of the day, nobody knows until when',
  ]);
});

test('what is parked for others is not waited for', async () => {
  const { said } = await waited({ parked: [file('/b')] });
  expect(said).toEqual(['1 queued']);
});

test('who waits while it is paused is told so at once', async () => {
  const { said, seconds, inWords, json } = await waited({ isPaused: true });
  expect(said).toEqual(['1 queued; it is paused for no noted reason']);
  expect(seconds).toBe(60);
  expect(inWords).toMatchObject({
    exitCode: 3,
    stdout: expect.stringMatching(
      /^Time has run out, and it is paused: .*\n.*\n {2}it is paused for no noted reason\n\nNext: npx cdn-purger resume /,
    ),
  });
  expect(json).toMatchObject({ timedOut: true, paused: true });
});

test('who waits while CDN Pro refuses the credentials is told so at once, and what to do about it', async () => {
  const { said, inWords } = await waited({ refusedMs: 50_000 }, 40_000);
  const refused = 'CDN Pro refuses the credentials: a request tries again from 2026-11-26T08:30:50.000Z on';
  expect(said).toEqual([`1 queued; ${refused}`]);
  expect(inWords.stdout).toContain(`\n  ${refused}\n\nNext: npx cdn-purger doctor  # `);
});

test('between two refusals of the credentials it is still said while the purge queue holds something', async () => {
  const refused = 'CDN Pro refuses the credentials: a request tries again from 2026-11-26T08:30:20.000Z on';
  const saidWith = async (count: number) =>
    (await waited({ refusedMs: 20_000, queued: Array.from({ length: 40 }, () => count) }, 80_000)).said;
  expect(await saidWith(1)).toEqual([`1 queued; ${refused}`]);
  expect(await saidWith(0)).toEqual([`1 queued; ${refused}`, '1 queued']);
});

test('why reads that requests are held, as long as they are', async () => {
  const { closed } = await waitedPurger({ queued: [1], refusedMs: 60_000 }).facts('https://h.example/a');
  expect(closed).toEqual({ by: 'CDN Pro refuses the credentials', until: '2026-11-26T08:31:00.000Z' });
  expect(await waitedPurger({ queued: [1] }).facts('https://h.example/a')).not.toHaveProperty('closed');
});
