import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PurgeMessage } from '../../functions/core/model/purge-message.ts';
import type { Shows } from '../../functions/core/model/types.ts';
import { readDeadLetter } from '../../infra/cli/queries/dead/dead-letters.ts';
import type { UrlState } from '../../infra/cli/queries/why/steps.ts';
import { newestOf, type SettledPurge, stepsOf } from '../../infra/cli/queries/why/steps.ts';
import { matchUrl } from '../../infra/cli/queries/why/url-match.ts';
import { changeIn, createFollowWorld, type FollowWorld, messageFor } from '../helpers/follow-world.ts';
import { minuteMs } from '../helpers/tick-world.ts';

const urlOf = (index: number) => `https://h.example/${index}`;

const fates = fc.record({
  takesMs: fc.integer({ min: 5000, max: 4 * minuteMs }),
  successRate: fc.constantFrom(100, 100, 100, 99.9),
  unseenMs: fc.constantFrom(0, 0, 0, Number.POSITIVE_INFINITY),
  edge: fc.record({
    edgeAt: fc.constantFrom(0, 0.3, 1),
    parentAt: fc.constantFrom(0, 0.6, 1),
    askedAfterMs: fc.constantFrom(undefined, 0, 20_000),
    obeys: fc.constantFrom(true, true, false),
  }),
});
const histories = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('change' as const),
      urls: fc.uniqueArray(fc.nat({ max: 2 }), { minLength: 1, maxLength: 2 }),
      /** How many of its files show an object. */
      objects: fc.constantFrom(2, 1, 0),
      /** Whether it is parked, and purged with others after the next tick. */
      waits: fc.constantFrom(false, false, true),
      /** Whether its event comes after that of the next change which is not late. */
      isLate: fc.boolean(),
      /** Whether the edge has fetched the version before it. */
      isVisited: fc.boolean(),
      fate: fates,
    }),
    fc.record({ kind: fc.constant('tick' as const), fate: fates }),
  ),
  { minLength: 2, maxLength: 12 },
);

/** The state of a URL, as `why` says it. */
async function stateOf(
  url: string,
  { ports, purges, deadLetters }: FollowWorld,
  waiting: readonly PurgeMessage[],
): Promise<UrlState> {
  const settled: SettledPurge[] = [];
  for (const { purgeId } of purges) {
    const purge = await ports.journal.purge(purgeId);
    if (purge !== undefined) settled.push({ ...purge, messages: await ports.journal.messages(purgeId) });
  }
  const letters = deadLetters.map((letter, index) =>
    readDeadLetter({
      id: String(index),
      sentMs: Date.parse(letter.rejected?.rejectedAt ?? ''),
      body: JSON.stringify(letter),
      attributes: {},
    }),
  );
  const parked = waiting.flatMap(({ entries, change }) =>
    entries.map((entry) => ({
      entry,
      ...(change && { change }),
      lane: 'bulk' as const,
      sinceMs: 0,
      pk: '',
      version: 1,
    })),
  );
  const steps = stepsOf({ purges: settled, parked, letters }, matchUrl(url));
  return newestOf(steps)?.state ?? 'unknown';
}

/** The newest change of a URL. */
interface Changed {
  readonly atMs: number;
  /** Undefined where nobody can tell. */
  readonly shows: Shows | undefined;
}

/** What is wrong with a state. */
function problemOf(
  url: string,
  state: UrlState,
  { atMs: changedMs, shows }: Changed,
  world: FollowWorld,
): readonly string[] {
  const done = world.purges.some(
    ({ acceptedMs, takesMs, successRate, unseenMs, files }) =>
      acceptedMs >= changedMs &&
      acceptedMs + takesMs <= world.nowMs &&
      successRate >= 100 &&
      Number.isFinite(unseenMs) &&
      files.some((file) => file.url === url),
  );
  if ((state === 'completed' || state === 'fresh') && !done)
    return [`${url} is ${state}, and was not purged`];
  if (state !== 'fresh') return [];
  if (shows === undefined) return [`${url} is fresh, and nobody can tell`];
  return !world.edge.isOld(url, shows) ? [] : [`${url} is fresh, and old at the edge`];
}

test('nothing is called completed that was not purged after its newest change, nor fresh that the edge serves old', async () => {
  const seen = new Set<UrlState>();
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const world = createFollowWorld({ files: 60 });
      const changed = new Map<string, Changed>();
      const waiting: PurgeMessage[] = [];
      const late: PurgeMessage[] = [];
      const check = async () => {
        // Nobody knows what has not come.
        if (late.length > 0) return;
        for (const [url, change] of changed) {
          const state = await stateOf(url, world, waiting);
          seen.add(state);
          expect(problemOf(url, state, change, world)).toEqual([]);
        }
      };
      for (const step of history) {
        if (step.kind === 'change') {
          for (const url of step.isVisited ? step.urls.map(urlOf) : []) {
            world.edge.purge([url], 0, {});
            world.edge.ask(url);
          }
          world.nowMs += 3000;
          const message = messageFor(...step.urls.map(urlOf));
          const occurredAt = new Date(world.nowMs).toISOString();
          const change = { source: 's3', action: 'put', id: 's3://bucket/key', occurredAt };
          const shown = changeIn(world, message).entries.slice(0, step.objects);
          const own = { ...message, change, entries: [...shown, ...message.entries.slice(step.objects)] };
          for (const entry of own.entries) {
            if (entry.kind !== 'file') continue;
            changed.set(entry.url, { atMs: world.nowMs, shows: entry.shows });
          }
          const before = step.isLate ? [] : late.splice(0);
          if (step.waits) waiting.push(own);
          else if (step.isLate) late.push(own);
          else await world.accept([own], step.fate);
          for (const each of before) {
            world.nowMs += 3000;
            await world.accept([each], step.fate);
          }
        } else {
          await world.tick();
          await check();
          if (waiting.length > 0) await world.accept(waiting.splice(0), step.fate);
          await world.deliver(() => step.fate);
        }
        await check();
      }
      if (waiting.length > 0) await world.accept(waiting.splice(0));
      for (const each of late.splice(0)) await world.accept([each]);
      for (let count = 0; count < 16; count++) {
        await world.tick();
        await world.deliver();
      }
      for (const url of changed.keys()) {
        expect(['completed', 'fresh', 'failed']).toContain(await stateOf(url, world, waiting));
      }
    }),
    // These worlds reach each state; other seeds may not in so few.
    { numRuns: 60, seed: 3 },
  );
  expect([...seen]).toEqual(expect.arrayContaining(['waiting', 'purging', 'completed', 'fresh']));
});

test('what has failed at the edge is fresh once it was redriven', async () => {
  const world = createFollowWorld();
  world.nowMs += 3000;
  const url = urlOf(0);
  const disobeyed = { edge: { obeys: false } };
  await world.accept([changeIn(world, messageFor(url))], disobeyed);
  for (let count = 0; count < 5; count++) {
    await world.tick();
    await world.deliver(() => disobeyed);
  }
  expect(await stateOf(url, world, [])).toBe('failed');
  const redriven = await world.accept(world.deadLetters.splice(0));
  await world.tick();
  expect([world.ends(redriven), await stateOf(url, world, [])]).toEqual([['fresh'], 'fresh']);
  expect(world.sent.at(-1)).toMatchObject({ repeats: redriven });
});

test('what nobody can tell of is not fresh by the second purge of an older change', async () => {
  const world = createFollowWorld();
  const url = urlOf(0);
  const changeAt = (id: string) => ({
    change: { source: 's3', action: 'put', id, occurredAt: new Date(world.nowMs).toISOString() },
  });
  await world.accept([{ ...changeIn(world, messageFor(url)), ...changeAt('s3://bucket/page') }]);
  await world.tick();
  world.nowMs += 3000;
  const listing = { ...messageFor(url), ...changeAt('s3://bucket/listed') };
  await world.accept([listing], { unseenMs: Number.POSITIVE_INFINITY });
  world.nowMs += 3000;
  await world.deliver();
  await world.tick(11);
  expect(world.events.map(({ end }) => end)).toEqual(['fresh', 'fresh', 'superseded']);
  expect(await stateOf(url, world, [])).toBe('completed');
});

test('what was seen to be old is not completed by a directory of a newer change that was purged before', async () => {
  const world = createFollowWorld();
  const url = urlOf(0);
  const disobeyed = { edge: { obeys: false } };
  const dir = {
    kind: 'dir',
    url: 'https://h.example/**',
    target: 'production',
    action: 'invalidate',
  } as const;
  const listed = (index: number) => {
    world.nowMs += 3000;
    const { entries, ...message } = changeIn(world, messageFor(urlOf(index)));
    const occurredAt = new Date(world.nowMs).toISOString();
    const change = { source: 's3', action: 'put', id: `s3://bucket/${index}`, occurredAt };
    return [{ ...message, change, entries: [...entries, dir] }];
  };
  await world.accept(listed(0), disobeyed);
  await world.accept(listed(1));
  const states: UrlState[] = [];
  for (let count = 0; count < 5; count++) {
    await world.tick();
    states.push(await stateOf(url, world, []));
    await world.deliver(() => disobeyed);
  }
  expect([states.at(-1), await stateOf(urlOf(1), world, [])]).toEqual(['failed', 'completed']);
  await world.accept(world.deadLetters.splice(0));
  await world.tick();
  expect(await stateOf(url, world, [])).toBe('completed');
});

test('what was seen to be old is not completed by a directory of a newer change that was in the same purge', async () => {
  const world = createFollowWorld({ files: 5 });
  await world.spend({ files: 5, dirs: 0 });
  const dir = {
    kind: 'dir',
    url: 'https://h.example/list/*',
    target: 'production',
    action: 'invalidate',
  } as const;
  const changed = [0, 1].map((index) => {
    world.nowMs += 3000;
    const { entries, ...message } = changeIn(world, messageFor(urlOf(index), 'https://h.example/list/page'));
    const occurredAt = new Date(world.nowMs).toISOString();
    const change = { source: 's3', action: 'put', id: `s3://bucket/${index}`, occurredAt };
    return { ...message, change, entries: index === 0 ? entries : [dir] };
  });
  await world.accept(changed, { edge: { obeys: false } });
  // There are not enough tokens to repair both files.
  await world.tick();
  expect(await stateOf('https://h.example/list/page', world, [])).toBe('failed');
});
