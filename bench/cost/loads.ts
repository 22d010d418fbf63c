import { setTimeout as sleep } from 'node:timers/promises';

/** How changes arrive. */
export interface Load {
  readonly name: string;
  /** In a table's head. */
  readonly title: string;
  /** How many changes are measured. */
  readonly changes: number;
  /** Undefined: as fast as they go. */
  readonly perMinute?: number;
}

/** What is measured of each path: the rates of the tables in `docs/cost.md`. */
export const loads: readonly Load[] = [
  { name: '1', title: '1 a minute', changes: 8, perMinute: 1 },
  { name: '100', title: '100 a minute', changes: 100, perMinute: 100 },
  { name: '10000', title: '10,000 a minute', changes: 5000, perMinute: 10_000 },
  { name: 'bulk', title: 'in bulk', changes: 10_000 },
];

/** A change a minute finds everything at rest: it is measured by changes that wait for the one before, not for a minute. */
const aloneBelowPerMinute = 10;
const concurrency = 16;

/**
 * Makes changes in the rhythm of a load, and waits until what they make stale is purged.
 * @param change makes the change of this index
 * @param untilPurged waits until so many changes are purged
 */
export async function play(
  { changes, perMinute }: Load,
  change: (index: number) => Promise<void>,
  untilPurged: (count: number) => Promise<void>,
): Promise<void> {
  if (perMinute !== undefined && perMinute < aloneBelowPerMinute) {
    for (let index = 0; index < changes; index++) {
      await change(index);
      await untilPurged(index + 1);
    }
    return;
  }
  const startMs = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < changes) {
      const index = next++;
      const dueMs = perMinute === undefined ? 0 : (index / perMinute) * 60_000;
      const waitMs = startMs + dueMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      await change(index);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  await untilPurged(changes);
}
