import { createFollowWorld, messageFor } from '../../test/helpers/follow-world.ts';
import { minuteMs } from '../../test/helpers/tick-world.ts';

/** How soon the ends of purges are known, and what it takes. */
export interface KnownAfter {
  /** From the moment at which CDN Pro finished a purge, in seconds; the shortest first. */
  readonly seconds: readonly number[];
  /** Questions in five minutes, at the most. */
  readonly asked: number;
}

/** Lets real ticks follow purges that are accepted at random times, for an hour. */
export async function knownAfter(purgesInFiveMinutes: number, random: () => number): Promise<KnownAfter> {
  const world = createFollowWorld({ files: 10_000_000 });
  const seconds: number[] = [];
  const asked: number[] = [];
  const beginsMs = world.nowMs;
  let announced = 0;
  for (let minute = 0; minute < 60; minute++) {
    const minuteStartsMs = beginsMs + minute * minuteMs;
    const count = Math.floor(purgesInFiveMinutes / 5 + random());
    const offsets = Array.from({ length: count }, () => random() * minuteMs).sort((a, b) => a - b);
    for (const offset of offsets) {
      world.nowMs = minuteStartsMs + offset;
      // About three to six minutes, as in the vendor's examples.
      const takesMs = (170 + random() * 190) * 1000;
      await world.accept([{ ...messageFor(`https://h.example/${random()}`), repeats: 'none' }], { takesMs });
    }
    world.nowMs = minuteStartsMs;
    const before = world.asked.length;
    await world.tick();
    asked.push(world.asked.length - before);
    for (const { purgeId } of world.events.slice(announced)) {
      const purge = world.purges.find((each) => each.purgeId === purgeId);
      if (purge !== undefined) seconds.push((world.nowMs - purge.acceptedMs - purge.takesMs) / 1000);
    }
    announced = world.events.length;
  }
  const sums = asked.map((_, index) => asked.slice(index, index + 5).reduce((sum, each) => sum + each, 0));
  return { seconds: seconds.sort((a, b) => a - b), asked: Math.max(...sums) };
}
