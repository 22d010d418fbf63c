import { expect, onTestFinished, test } from 'vitest';
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

/** Counts the characters of directories that are hashed, which takes more time than all else that is noted. */
function countHashed(): () => number {
  const { imul } = Math;
  let count = 0;
  Math.imul = (...numbers) => {
    count++;
    return imul(...numbers);
  };
  onTestFinished(() => {
    Math.imul = imul;
  });
  return () => count;
}

test('what is noted of a burst is made before the limits are reserved, which have a second on a third of a CPU', async () => {
  const world = createWorld({
    answer: () => ({ kind: 'accepted', purgeId: 'p' }),
    contract,
    tells: { left: { files: 5000, dirs: 20 } },
  });
  const { limitsTable } = world.ports;
  const hashed = countHashed();
  let notes = 0;
  let hashedWhileNoting = 0;
  const ports = {
    ...world.ports,
    limitsTable: {
      ...limitsTable,
      reserve: (...[requests, note = (state) => state]: Parameters<typeof limitsTable.reserve>) =>
        limitsTable.reserve(requests, (state) => {
          const before = hashed();
          const noted = note(state);
          hashedWhileNoting += hashed() - before;
          notes++;
          return noted;
        }),
    },
  };
  const limits = { maxFileUrls: 1000, maxBodyBytes: 500_000 };
  await submitBatch(burst(), ports, { contract, limits, deadlineMs: 250_000 });
  expect(world.requests).toHaveLength(1);
  expect(Object.keys(world.limits().senders)).toHaveLength(3);
  expect(hashed()).toBeGreaterThan(changes);
  expect(notes).toBeGreaterThan(0);
  expect(hashedWhileNoting).toBe(0);
});
