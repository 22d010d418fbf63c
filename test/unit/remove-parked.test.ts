import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Parked } from '../../functions/aws/tables/parked-table.ts';
import * as submitEvents from '../../functions/lambda/submit-events.ts';
import { removeParked } from '../../functions/submit/tokens/park-entries.ts';
import { createWorld } from '../helpers/submit-fixture.ts';

test('what a large purge has settled is removed a few at a time, and one that cannot be keeps no other', async () => {
  const world = createWorld({ answer: () => ({ kind: 'accepted', purgeId: 'p' }) });
  const found = Array.from({ length: 1000 }, (_, index) => ({ pk: `${index}`, version: 1 }) as Parked);
  const removed = new Set<string>();
  let underWay = 0;
  let most = 0;
  const ports = {
    ...world.ports,
    async removeParked({ pk }: Parked) {
      most = Math.max(most, ++underWay);
      await setImmediate();
      underWay--;
      if (pk === '5') throw new Error('throttled');
      removed.add(pk);
      return true;
    },
  };
  await removeParked(found, ports);
  expect(removed.size).toBe(999);
  expect(most).toBeLessThanOrEqual(32);
  expect(world.lines.map(({ message }) => message)).toEqual([submitEvents.purgedNotRemoved]);
});
