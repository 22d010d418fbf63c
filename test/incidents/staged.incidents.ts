import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { incidents } from './incidents.ts';
import { startWorld } from './world.ts';

/** How long a command may take until it shows what is wrong, in milliseconds: some things show after a minute. */
const timeoutMs = 150_000;

test.each(incidents)('$name: cdn-purger $command.0 shows it', async (incident) => {
  const { happens, command, by, shows } = incident;
  const world = await startWorld(incident);
  try {
    await happens(world);
    const startedMs = performance.now();
    let said = '';
    while (performance.now() - startedMs < timeoutMs) {
      said = (await world.cli(command, by)).stdout;
      if (shows.test(said)) break;
      await sleep(1000);
    }
    expect(said).toMatch(shows);
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    console.log(`cdn-purger ${command.join(' ')} showed it after ${seconds} s`);
  } finally {
    await world.stop();
  }
});
