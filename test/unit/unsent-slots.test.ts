import { expect, test } from 'vitest';
import type { Answer, Answered } from '../../functions/cdn-pro/answer.ts';
import type { GrantedSlot, LimitsAnswer } from '../../functions/core/limits/limits.ts';
import type { SubmitPorts } from '../../functions/submit/ports.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { buffered, createWorld, looseContract, sendingBy } from '../helpers/submit-fixture.ts';

const options = {
  contract: looseContract,
  limits: { maxFileUrls: 1000, maxBodyBytes: 100_000 },
  deadlineMs: 600_000,
};

type Noted = LimitsAnswer & { readonly slot: GrantedSlot };

/** The same ports, with what was granted and what is noted of it. */
function watchingSlots(ports: SubmitPorts) {
  const granted: GrantedSlot[] = [];
  const noted: Noted[] = [];
  const { limitsTable } = ports;
  const watched: SubmitPorts = {
    ...ports,
    limitsTable: {
      ...limitsTable,
      async reserve(requests, note) {
        const grant = await limitsTable.reserve(requests, note);
        if (grant.kind === 'granted') granted.push(...grant.slots);
        // Answers come meanwhile.
        await new Promise(setImmediate);
        return grant;
      },
      answered: (slot, answer) => noted.push({ ...answer, slot }),
    },
  };
  const unsent = () => noted.filter(({ isUnsent }) => isUnsent).map(({ slot }) => slot);
  return { watched, granted, unsent };
}

/** Messages that take a request each. */
function messages(count: number) {
  return Array.from({ length: count }, (_, index) => {
    const message = buffered(`m${index}`, `https://h.example/${index}`);
    return {
      ...message,
      body: message.body.replace('"action":"invalidate"', `"action":"invalidate","webhook":"w${index}"`),
    };
  });
}

const accepted = { kind: 'accepted', purgeId: 'p' } as const satisfies Answer & Answered;

test('what a 429 keeps from being sent after its slot was acquired returns its tokens', async () => {
  const world = createWorld({
    answer: (_, request) => (request > 0 && request < 8 ? { kind: 'throttled' } : accepted),
  });
  let sent = 0;
  const firstIsQuick = sendingBy(world.ports, (submit) => async (body, options) => {
    if (sent++ > 0) await new Promise(setImmediate);
    return submit(body, options);
  });
  const { watched, granted, unsent } = watchingSlots(firstIsQuick);
  expect(await submitBatch(messages(12), watched, options)).toEqual([]);
  expect(unsent()).toHaveLength(1);
  expect(granted.length).toBe(world.requests.length + 1);
});

test('a request that is too late for its slot returns its tokens', async () => {
  const world = createWorld({ answer: () => accepted });
  let late = 2;
  const tooLate = sendingBy(
    world.ports,
    (submit) => async (body, sent) => (late-- > 0 ? { kind: 'not-sent' } : submit(body, sent)),
  );
  const { watched, granted, unsent } = watchingSlots(tooLate);
  expect(await submitBatch(messages(3), watched, options)).toEqual([]);
  expect(unsent()).toHaveLength(2);
  expect(granted.length).toBe(world.requests.length + 2);
});
