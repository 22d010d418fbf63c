import { expect, test } from 'vitest';
import type { LimitsState } from '../../functions/core/limits/limits.ts';
import { writeMessages } from '../../functions/core/model/messages/combined-messages.ts';
import type { PurgeMessage } from '../../functions/core/model/purge-message.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { createWorld, looseContract } from '../helpers/submit-fixture.ts';

/** A quarter of the changes that one invocation takes in its 6 MB. */
const changes = 5000;
const contract = { ...looseContract, quota: { production: { files: 5000, dirs: 20 } } };

function burst() {
  const messages = Array.from({ length: changes }, (_, index): PurgeMessage => {
    const occurredAt = new Date(index).toISOString();
    const change = { source: 's3', action: 'put', id: `s3://b${index % 3}/${index}`, occurredAt };
    const url = `https://h.example/some/directory/${index}/**`;
    return { v: 1, change, entries: [{ kind: 'dir', url, target: 'production', action: 'invalidate' }] };
  });
  return writeMessages(messages).map(({ body }, index) => ({ messageId: `m${index}`, body }));
}

test('what is noted of a burst takes no time while the limits are reserved, which have a second on a third of a CPU', async () => {
  const world = createWorld({
    answer: () => ({ kind: 'accepted', purgeId: 'p' }),
    contract,
    tells: { left: { files: 5000, dirs: 20 } },
  });
  const { limitsTable } = world.ports;
  let slowestMs = 0;
  const leastMs = (note: (state: LimitsState) => LimitsState, state: LimitsState) => {
    const times = Array.from({ length: 5 }, () => {
      const startMs = performance.now();
      note(state);
      return performance.now() - startMs;
    });
    return Math.min(...times);
  };
  const ports = {
    ...world.ports,
    limitsTable: {
      ...limitsTable,
      reserve: (...[requests, note = (state) => state]: Parameters<typeof limitsTable.reserve>) => {
        slowestMs = Math.max(slowestMs, leastMs(note, world.limits()));
        return limitsTable.reserve(requests, note);
      },
    },
  };
  const limits = { maxFileUrls: 1000, maxBodyBytes: 500_000 };
  await submitBatch(burst(), ports, { contract, limits, deadlineMs: 250_000 });
  expect(world.requests).toHaveLength(1);
  expect(Object.keys(world.limits().senders)).toHaveLength(3);
  expect(slowestMs).toBeGreaterThan(0);
  expect(slowestMs).toBeLessThan(45);
});
