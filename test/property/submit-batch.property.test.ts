import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Answer } from '../../functions/cdn-pro/answer.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import { readMessages, writeMessages } from '../../functions/core/model/messages/combined-messages.ts';
import type { Lane } from '../../functions/core/model/types.ts';
import type { BufferedMessage, SubmitPorts } from '../../functions/submit/ports.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { fuzzTimes } from '../helpers/fuzz-times.ts';
import { buffered, createWorld, looseContract, type World } from '../helpers/submit-fixture.ts';

const host = fc.constantFrom('h.example', 'bad.example');
const url = fc.tuple(host, fc.integer({ min: 0, max: 30 })).map(([host, page]) => `https://${host}/${page}`);
const batch = fc.array(fc.array(url, { maxLength: 5 }), { minLength: 1, maxLength: 15 });
const accepted: Answer = { kind: 'accepted', purgeId: 'p' };
const answer: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(accepted) },
  { weight: 1, arbitrary: fc.constant<Answer>({ kind: 'unavailable', reason: 'HTTP 503' }) },
  { weight: 1, arbitrary: fc.constant<Answer>({ kind: 'throttled', retryAfterMs: 20_000 }) },
  { weight: 1, arbitrary: fc.constant<Answer>({ kind: 'unauthorized', status: 401, message: 'no' }) },
  { weight: 1, arbitrary: fc.constant<Answer>({ kind: 'refused', status: 413, message: '' }) },
);
const scenario = fc.record({
  batch,
  /** Answers to requests without a bad host, in turn, over and over. */
  answers: fc.array(answer, { minLength: 1, maxLength: 8 }),
  /** Whether CDN Pro says of a bad host that it is at fault. */
  named: fc.boolean(),
  maxFileUrls: fc.integer({ min: 1, max: 10 }),
  requestsPerMinute: fc.integer({ min: 1, max: 20 }),
  /** Which of the messages that are sent to a queue cannot be sent: each n-th. */
  refusedEvery: fc.integer({ min: 2, max: 20 }),
  ledgerFailsEvery: fc.integer({ min: 2, max: 20 }),
  /** Files of the day. */
  tokens: fc.constantFrom(1, 10, 30, 1000),
  lane: fc.constantFrom(undefined, 'takedown' as const, 'people' as const, 'bulk' as const),
  /** How many changes one message has. */
  together: fc.integer({ min: 1, max: 6 }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

async function run(scenario: Scenario, mutate: (ports: SubmitPorts) => SubmitPorts = (ports) => ports) {
  const { batch, answers, named, maxFileUrls, requestsPerMinute, refusedEvery, ledgerFailsEvery } = scenario;
  const contract = { ...looseContract, quota: { production: { files: scenario.tokens, dirs: 1 } } };
  const refusal = named
    ? { code: 'InvalidPurgeUrl', message: "The host 'bad.example' has not been deployed." }
    : { message: 'no' };
  const world = createWorld({
    limit: { requests: requestsPerMinute, perSeconds: 60, headroom: 0 },
    answer: ({ fileUrls = [] }, request) => {
      if (fileUrls.some((url) => url.includes('bad.example')))
        return { kind: 'refused', status: 400, ...refusal };
      const answer = answers[request % answers.length] ?? accepted;
      // One URL is never too large.
      return answer.kind === 'refused' && fileUrls.length === 1 ? accepted : answer;
    },
    contract,
    refusesMessage: (_, index) => index % refusedEvery === 1,
    refusesToPark: (index) => index % refusedEvery === 1,
    ledgerFails: (call) => call % ledgerFailsEvery === 1,
  });
  const messages = batch.map((urls, index) => inLane(buffered(`m${index}`, ...urls), scenario.lane));
  const records = messages.flatMap((_, index) =>
    index % scenario.together === 0 ? combined(messages.slice(index, index + scenario.together)) : [],
  );
  const failedRecords = await submitBatch(records, mutate(world.ports), {
    limits: { maxFileUrls, maxBodyBytes: 1e6 },
    contract,
    deadlineMs: 250_000,
  });
  return { world, failed: failedRecords.flatMap((id) => id.split(' ')) };
}

/** @returns the same messages together, with their IDs in its own; without entries there is nothing to lose */
function combined(messages: readonly BufferedMessage[]): readonly BufferedMessage[] {
  const parts = messages.flatMap(({ messageId, body }) =>
    readMessages(body).flatMap((read) => (read.kind === 'message' ? [{ messageId, ...read }] : [])),
  );
  return writeMessages(parts.map(({ message }) => message)).map(({ body, indices }) => ({
    messageId: indices.map((index) => parts[index]?.messageId).join(' '),
    body,
  }));
}

function inLane(message: BufferedMessage, lane: Lane | undefined): BufferedMessage {
  return { ...message, body: JSON.stringify({ ...JSON.parse(message.body), lane }) };
}

function urlsIn(bodies: readonly { body: string }[]): string[] {
  return bodies
    .flatMap(({ body }) => readMessages(body))
    .flatMap((read) => {
      if (read.kind === 'unreadable') throw new Error(read.reason);
      return read.message.entries.map((entry) => (entry.kind === 'regex' ? entry.pattern : entry.url));
    });
}

function whereabouts(world: World) {
  const answered = world.requests.filter(({ answer }) => answer.kind === 'accepted');
  return {
    accepted: new Set(answered.flatMap(({ body }) => body.fileUrls ?? [])),
    waiting: new Set([...urlsIn(world.requeued), ...world.parked.map(({ entry }) => entryText(entry))]),
    rejected: new Set(urlsIn(world.rejected)),
  };
}

/** Promise 1: each URL is accepted, rejected with a reason, waiting, or its message is delivered again. */
function lostIn(batch: string[][], { world, failed }: Awaited<ReturnType<typeof run>>): string[] {
  const { accepted, waiting, rejected } = whereabouts(world);
  return batch.flatMap((urls, index) => {
    if (failed.includes(`m${index}`)) return [];
    return urls.filter((url) => !accepted.has(url) && !waiting.has(url) && !rejected.has(url));
  });
}

/** What each promise forbids, as it happened. */
function brokenIn({ batch, tokens }: Scenario, ran: Awaited<ReturnType<typeof run>>) {
  const { world } = ran;
  const { accepted, rejected } = whereabouts(world);
  const isOfBadHost = (url: string) => url.includes('bad.example');
  const spent = world.requests
    .filter(({ answer }) => answer.kind === 'accepted')
    .reduce((sum, { body }) => sum + (body.fileUrls ?? []).length, 0);
  return {
    lost: lostIn(batch, ran),
    goodRejected: [...rejected].filter((url) => !isOfBadHost(url)),
    badAccepted: [...accepted].filter(isOfBadHost),
    // Takedowns have an overdraft.
    tokensOverspent: Math.max(0, spent - tokens - Math.ceil(tokens * 0.05)),
    // One request may be under way when the time is up.
    lateMs: Math.max(0, world.nowMs - 250_000 - 100),
  };
}

const nothingBroken = { lost: [], goodRejected: [], badAccepted: [], tokensOverspent: 0, lateMs: 0 };

test('nothing is lost or overspent, a bad URL hurts no other, and it ends in time, whatever CDN Pro answers and whichever of our own stores fail', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (scenario) => {
      expect(brokenIn(scenario, await run(scenario))).toEqual(nothingBroken);
    }),
    { numRuns: 400 * fuzzTimes },
  );
});

test('a queue that drops what it is given breaks the promise: the test would see it', async () => {
  const dropping = (ports: SubmitPorts): SubmitPorts => ({
    ...ports,
    requeue: async () => [],
    reject: async () => [],
    park: async () => [],
  });
  const outcome = await fc.check(
    fc.asyncProperty(
      scenario,
      async (scenario) => lostIn(scenario.batch, await run(scenario, dropping)).length === 0,
    ),
    { numRuns: 300 },
  );
  expect(outcome.failed).toBe(true);
});
