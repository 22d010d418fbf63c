import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FollowedState } from '../../functions/core/following/followed-purge.ts';
import { entryKey } from '../../functions/core/model/entry-key.ts';
import { createFollowWorld, messageFor } from '../helpers/follow-world.ts';

const urls = fc.subarray(['https://h.example/a', 'https://h.example/b'], { minLength: 1 });
const accepted = fc.record({
  kind: fc.constant('accept' as const),
  urls,
  /** How often its changes were repaired before: after the third time it is given up. */
  repair: fc.constantFrom(0, 3),
  /** Whether it is a second purge of an older change, which has none itself. */
  isRepeat: fc.constantFrom(false, false, true),
  lane: fc.constantFrom('people' as const, 'bulk' as const),
  fate: fc.record({
    takesMs: fc.constantFrom(1000, 90_000),
    successRate: fc.constantFrom(100, 99),
    unseenMs: fc.constantFrom(0, 0, 0, 0, Number.POSITIVE_INFINITY),
  }),
});
const steps = fc.array(
  fc.oneof(
    accepted,
    accepted,
    fc.record({
      kind: fc.constant('tick' as const),
      /** Whether the dead letter queue takes what is given up: where not, a purge that has failed stays open. */
      takesLetters: fc.boolean(),
    }),
  ),
  { minLength: 3, maxLength: 10 },
);
type Steps = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;

const later = 'a later purge has the same URLs';

function createWorld() {
  let takesLetters = true;
  const world = createFollowWorld({
    ports: (ports) => ({
      ...ports,
      reject: async (messages) =>
        takesLetters ? ports.reject(messages) : messages.map(() => ({ reason: 'SQS is down' }) as never),
    }),
  });
  const known = new Map<string, FollowedState['kind']>();

  /** @returns the purges of a file sent after another one was accepted that have not failed, nor were left to others */
  async function countedOn(key: string, acceptedMs: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (const { purgeId, keys, acceptedMs: sentMs } of world.purges) {
      if (sentMs <= acceptedMs || !keys.includes(key)) continue;
      const state = (await world.ports.journal.purge(purgeId))?.state;
      const isAgain = state?.kind === 'superseded' && state.reason?.endsWith('sent again');
      if (isAgain || !['failed', 'superseded'].includes(state?.kind ?? 'failed')) ids.push(purgeId);
    }
    return ids;
  }

  async function problemsOfTick(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const { purgeId, keys, acceptedMs, repeats } of world.purges) {
      const state = (await world.ports.journal.purge(purgeId))?.state;
      if (state === undefined || known.get(purgeId) === state.kind) continue;
      known.set(purgeId, state.kind as FollowedState['kind']);
      const isLeft = state.kind === 'superseded' && state.reason?.endsWith(later);
      const isRepeated = repeats.length > 0 || world.sent.some((message) => message.repeats === purgeId);
      const isRepeatLeft = (isLeft || state.kind === 'completed') && !isRepeated;
      if (!isLeft && !isRepeatLeft) continue;
      for (const key of keys) {
        const later = await countedOn(key, acceptedMs);
        if (later.length === 0)
          problems.push(`${purgeId} is ${state.kind}, and left ${key} to purges that are given up`);
        else if (isRepeatLeft && later.every((id) => isRepeat(id)))
          problems.push(`${purgeId} is ${state.kind}, and nothing purges ${key} once more`);
      }
    }
    return problems;
  }

  const isRepeat = (id: string) =>
    world.purges.some(({ purgeId, repeats }) => purgeId === id && repeats.length > 0);

  return {
    ...world,
    async tick(takes = true): Promise<readonly string[]> {
      takesLetters = takes;
      await world.tick();
      const problems = await problemsOfTick();
      await world.deliver();
      return problems;
    },
    async accept({ urls, repair, isRepeat, lane, fate }: Steps[number] & { kind: 'accept' }): Promise<void> {
      world.nowMs += 3000;
      await world.accept(
        [
          {
            ...messageFor(...urls),
            lane,
            ...(repair > 0 && { repair }),
            ...(isRepeat && { repeats: 'before' }),
          },
        ],
        fate,
      );
    },
    /** @returns files that are neither purged in full by the last purge of them nor in the dead letter queue */
    unnamed(): readonly string[] {
      const dead = new Set(world.deadLetters.flatMap(({ entries }) => entries.map(entryKey)));
      const keys = [...new Set(world.purges.flatMap((purge) => purge.keys))];
      return keys.filter((key) => {
        const last = world.purges.findLast((purge) => purge.keys.includes(key));
        return !dead.has(key) && world.ends(last?.purgeId ?? '').at(-1) !== 'completed';
      });
    },
  };
}

async function play(history: Steps): Promise<readonly string[]> {
  const world = createWorld();
  const problems: string[] = [];
  for (const step of history) {
    if (step.kind === 'accept') await world.accept(step);
    else problems.push(...(await world.tick(step.takesLetters)));
  }
  for (let count = 0; count < 16; count++) problems.push(...(await world.tick()));
  return [...problems, ...world.unnamed().map((key) => `${key} is old, and nobody is told`)];
}

test('no purge is left to a later one of its URLs that has failed or is given up in the same tick, in any order, and each URL is purged in full or in the dead letter queue at last', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      expect(await play(history)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
