import { expect, test } from 'vitest';
import { incidents } from './incidents.ts';
import { startWorld } from './world.ts';

/** How long a command may take until it tells what is wrong, in milliseconds: some things show after a minute. */
const timeoutMs = 150_000;

test.each(incidents)(
  '$name: cdn-purger $command.0 tells it',
  async ({ cdnPro, happens, command, tells, look }) => {
    const world = await startWorld(cdnPro);
    try {
      await happens(world);
      const startedMs = performance.now();
      let said = '';
      while (performance.now() - startedMs < timeoutMs) {
        const { stdout } = await (look === undefined ? world.cli(command) : look(world));
        said = stdout;
        if (tells.test(said)) break;
        await new Promise((settle) => setTimeout(settle, 1000));
      }
      expect(said).toMatch(tells);
      console.log(
        `cdn-purger ${command.join(' ')} told it after ${Math.round((performance.now() - startedMs) / 1000)} s`,
      );
    } finally {
      await world.stop();
    }
  },
);
