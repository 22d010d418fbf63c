import {
  changeIn,
  createFollowWorld,
  type FollowWorld,
  messageFor,
} from '../../test/helpers/follow-world.ts';
import { minuteMs } from '../../test/helpers/tick-world.ts';

/** How soon the ends of purges are known, and what it takes. */
export interface KnownAfter {
  /** From the moment at which CDN Pro finished a purge, in seconds; the shortest first. */
  readonly known: readonly number[];
  /** The same, of those that were proven. */
  readonly proven: readonly number[];
  /** Questions to CDN Pro in five minutes, at the most. */
  readonly asked: number;
}

/** Lets real ticks follow and prove purges of one host that are accepted at random times, for an hour. */
export async function knownAfter(purgesInFiveMinutes: number, random: () => number): Promise<KnownAfter> {
  const world = createFollowWorld({ files: 10_000_000 });
  const known: number[] = [];
  const proven: number[] = [];
  const asked: number[] = [];
  const beginsMs = world.nowMs;
  let announced = 0;
  for (let minute = 0; minute < 60; minute++) {
    const minuteStartsMs = beginsMs + minute * minuteMs;
    const count = Math.floor(purgesInFiveMinutes / 5 + random());
    const offsets = Array.from({ length: count }, () => random() * minuteMs).sort((a, b) => a - b);
    for (const offset of offsets) {
      world.nowMs = Math.round(minuteStartsMs + offset);
      await accept(world, random);
    }
    world.nowMs = minuteStartsMs;
    const before = world.asked.length;
    await world.tick();
    asked.push(world.asked.length - before);
    for (const { purgeId, end, atMs } of world.events.slice(announced)) {
      const purge = world.purges.find((each) => each.purgeId === purgeId);
      if (purge === undefined) continue;
      const finishedMs = purge.acceptedMs + purge.takesMs;
      // It is in the journal before the edge is asked.
      known.push((minuteStartsMs + minuteMs - finishedMs) / 1000);
      if (end === 'fresh') proven.push((atMs - finishedMs) / 1000);
    }
    announced = world.events.length;
  }
  const sums = asked.map((_, index) => asked.slice(index, index + 5).reduce((sum, each) => sum + each, 0));
  return {
    known: known.sort((a, b) => a - b),
    proven: proven.sort((a, b) => a - b),
    asked: Math.max(...sums),
  };
}

async function accept(world: FollowWorld, random: () => number): Promise<void> {
  // About three to six minutes, as in the vendor's examples.
  const takesMs = (170 + random() * 190) * 1000;
  const message = changeIn(world, messageFor(`https://h.example/${random()}`));
  await world.accept([{ ...message, repeats: 'none' }], {
    takesMs,
    edge: { edgeAt: random(), parentAt: random() },
  });
}
