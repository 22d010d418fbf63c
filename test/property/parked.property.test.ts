import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Parked } from '../../functions/aws/tables/parked-table.ts';
import { readMessage } from '../../functions/core/model/purge-message.ts';
import type { TickPorts } from '../../functions/tick/ports.ts';
import { createTickWorld, parkedFile, type TickWorldOptions, urlsIn } from '../helpers/tick-world.ts';

/** The function is stopped in the middle of a tick. */
class Crash extends Error {}

const url = (index: number) => `https://h.example/${index}`;

/** What happens one after the other. */
type Step =
  | { readonly kind: 'park'; readonly urls: readonly number[] }
  /** A tick that crashes at its n-th step, if it gets there; URLs are parked meanwhile, at another step. */
  | {
      readonly kind: 'tick';
      readonly crashAt: number;
      readonly parkAt: number;
      readonly urls: readonly number[];
    };

const urls = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 6 });
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('park' as const), urls }),
    fc.record({
      kind: fc.constant('tick' as const),
      crashAt: fc.integer({ min: 1, max: 60 }),
      parkAt: fc.integer({ min: 1, max: 60 }),
      urls,
    }),
  ),
  { minLength: 1, maxLength: 8 },
);

interface Outcome {
  /** URLs that no message was sent for after their change, and that do not wait. */
  readonly lost: readonly string[];
  readonly crashes: number;
  readonly parked: number;
  readonly sent: number;
}

/** Plays what happens, then lets ticks release what is left. */
async function play(history: readonly Step[], options: TickWorldOptions = {}): Promise<Outcome> {
  let now = 0;
  let onStep = () => {};
  let isDead = false;
  const parkedAt: { readonly url: string; readonly at: number }[] = [];
  const sentAt = new Map<string, number>();
  const world = createTickWorld({
    quota: { files: 100_000, dirs: 1000 },
    ...options,
    step() {
      if (isDead) throw new Crash();
      now++;
      onStep();
    },
  });
  const park = async (indexes: readonly number[]) => {
    // The change happened before it is parked.
    for (const index of indexes) parkedAt.push({ url: url(index), at: ++now });
    await world.park(...indexes.map((index) => parkedFile(url(index))));
  };
  const noteSent = () => {
    for (const each of urlsIn(world.sent.slice(noted))) sentAt.set(each, ++now);
    sent += urlsIn(world.sent.slice(noted)).length;
    noted = world.sent.length;
  };
  let noted = 0;
  let sent = 0;
  let crashes = 0;
  const { send } = world.ports;
  Object.assign(world.ports, {
    async send(messages: Parameters<TickPorts['send']>[0]) {
      try {
        return await send(messages);
      } finally {
        noteSent();
      }
    },
  });

  for (const step of history) {
    if (step.kind === 'park') {
      await park(step.urls);
      continue;
    }
    let count = 0;
    let parking: Promise<void> | undefined;
    onStep = () => {
      count++;
      if (count === step.parkAt) parking = park(step.urls);
      if (count !== step.crashAt) return;
      isDead = true;
      throw new Crash();
    };
    await world.tick().catch((error) => {
      if (!isDead) throw error;
    });
    if (isDead) crashes++;
    await setImmediate();
    await parking;
    isDead = false;
    onStep = () => {};
    world.restart();
  }
  await world.tick(3);
  const waiting = new Set((await world.waiting()).map(({ entry }) => ('url' in entry ? entry.url : '')));
  const lost = parkedAt.filter((each) => !waiting.has(each.url) && (sentAt.get(each.url) ?? 0) < each.at);
  return { lost: lost.map((each) => each.url), crashes, parked: parkedAt.length, sent };
}

/** Takes what is released out of the table before its message is sent. */
function deleteFirst(ports: TickPorts): TickPorts {
  const items = new Map<string, Parked>();
  return {
    ...ports,
    parked: {
      ...ports.parked,
      async *oldest(...args) {
        for await (const item of ports.parked.oldest(...args)) {
          if ('url' in item.entry) items.set(item.entry.url, item);
          yield item;
        }
      },
      remove: async () => true,
    },
    async send(messages) {
      for (const { body } of messages) {
        const read = readMessage(body);
        for (const entry of read.kind === 'message' ? read.message.entries : []) {
          const item = 'url' in entry ? items.get(entry.url) : undefined;
          if (item !== undefined) await ports.parked.remove(item);
        }
      }
      return ports.send(messages);
    },
  };
}

/** Removes whatever is there now, and not only what was read. */
function removeBlindly(ports: TickPorts): TickPorts {
  return {
    ...ports,
    parked: {
      ...ports.parked,
      async remove(item) {
        for await (const now of ports.parked.oldest('production', 'files', 1000)) {
          if (now.pk === item.pk) return ports.parked.remove(now);
        }
        return false;
      },
    },
  };
}

const secondPurges = fc.record(
  { repair: fc.integer({ min: 1, max: 3 }), repeats: fc.constantFrom('p1', 'p2') },
  { requiredKeys: [] },
);

describe('what is parked', () => {
  test('is a repair or a repeat afterwards where all that was parked for it is, of the fewest repairs', async () => {
    const { change } = parkedFile(url(0));
    if (change === undefined) throw new Error('expected a change that all of them wait for');
    const history = fc.array(fc.tuple(fc.nat({ max: 3 }), secondPurges), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(history, async (parked) => {
        const world = createTickWorld({ quota: { files: 100_000, dirs: 1000 } });
        for (const [index, own] of parked) await world.park(parkedFile(url(index), { ...own, change }));
        await world.tick(2);
        for (const index of new Set(parked.map(([each]) => each))) {
          const all = parked.flatMap(([each, own]) => (each === index ? [own] : []));
          const sent = world.sent.filter((message) => urlsIn([message]).includes(url(index)));
          expect(sent).toHaveLength(1);
          expect(sent[0]?.repair ?? 0).toBe(Math.min(...all.map(({ repair = 0 }) => repair)));
          expect(sent[0]?.repeats !== undefined).toBe(all.every(({ repeats }) => repeats !== undefined));
        }
      }),
      { numRuns: 100 },
    );
  });

  test('is never lost, wherever a tick crashes and whatever is parked meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        expect((await play(history)).lost).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('is released once for each time that it is parked, and once more for each crash', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const { sent, parked, crashes } = await play(history);
        expect(sent).toBeLessThanOrEqual(parked + crashes * 6);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    ['it were removed before its message is sent', deleteFirst],
    ['what was parked anew were removed, too', removeBlindly],
  ])('would be lost if %s', async (_, ports) => {
    const found = await fc.check(
      fc.asyncProperty(steps, async (history) => (await play(history, { ports })).lost.length === 0),
      { numRuns: 2000, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
  });
});
