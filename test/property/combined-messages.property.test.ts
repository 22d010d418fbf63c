import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Answer } from '../../functions/cdn-pro/answer.ts';
import { readMessages, writeMessages } from '../../functions/core/model/messages/combined-messages.ts';
import { byteLength, type PurgeMessage, writeMessage } from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { submitInHalves } from '../../functions/submit/submit-in-halves.ts';
import { createWorld, looseContract } from '../helpers/submit-fixture.ts';

const host = fc.constantFrom('h.example', 'bad.example');
const entry: fc.Arbitrary<PurgeEntry> = fc
  .record({
    url: fc.tuple(host, fc.integer({ min: 0, max: 12 })).map(([host, page]) => `https://${host}/${page}`),
    action: fc.constantFrom('invalidate' as const, 'delete' as const),
    target: fc.constantFrom('production' as const, 'staging' as const),
    webhook: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
    kind: fc.constantFrom('file' as const, 'file' as const, 'file' as const, 'dir' as const),
    sinceMs: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  })
  .map(({ webhook, sinceMs, kind, ...rest }) => ({
    ...rest,
    ...(webhook !== undefined && { webhook }),
    ...(kind === 'file' && sinceMs !== undefined
      ? { kind, shows: { sinceMs, etag: `${sinceMs}` } }
      : { kind }),
  }));

const file = { kind: 'file', target: 'production', action: 'invalidate' } as const;

/** Of few objects, so that changes of one follow each other, in their order and out of it. */
const change = fc.record(
  {
    source: fc.constantFrom('s3', 'contentful'),
    action: fc.constantFrom('put', 'delete'),
    id: fc.constantFrom('s3://bucket/a', 's3://bucket/b', 's3://other/\uffff'),
    occurredAt: fc.integer({ min: 0, max: 20 }).map((seconds) => new Date(seconds * 1000).toISOString()),
    sequencer: fc.constantFrom('01', '02', '0201'),
    webhook: fc.constantFrom('blog', 'shop'),
    rules: fc.constantFrom(['rules[0]'], ['pages', 'rules[2]']),
  },
  { requiredKeys: ['source', 'action', 'id', 'occurredAt'] },
);

const message: fc.Arbitrary<PurgeMessage> = fc.record(
  {
    v: fc.constant(1 as const),
    entries: fc.array(entry, { maxLength: 4 }),
    change,
    lane: fc.constantFrom('takedown' as const, 'people' as const, 'bulk' as const),
    since: fc.constantFrom(0, 1000),
    byPrefix: fc.constant(true as const),
    tries: fc.constantFrom(0, 2),
    repair: fc.constantFrom(1, 2),
  },
  { requiredKeys: ['v', 'entries'] },
);
const messages = fc.array(message, { maxLength: 40 });

function readAll(bodies: readonly string[]): readonly PurgeMessage[] {
  return bodies.flatMap(readMessages).map((read) => {
    if (read.kind === 'unreadable') throw new Error(read.reason);
    return read.message;
  });
}

/** Equal for the same messages in the same order among those that share all but change and entries, and have one or none. */
function inGroups(messages: readonly PurgeMessage[]) {
  const asked = messages.filter(({ entries }) => entries.length > 0);
  const groups = Map.groupBy(asked, ({ v, change, entries: _, ...options }) =>
    stable({ ...options, isChange: change !== undefined }),
  );
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

function stable(options: object): string {
  return JSON.stringify(Object.entries(options).sort());
}

test('what is written together is read as the messages that it was, whatever they hold', () => {
  fc.assert(
    fc.property(messages, (messages) => {
      const bodies = writeMessages(messages).map(({ body }) => body);
      expect(inGroups(readAll(bodies))).toEqual(inGroups(messages));
    }),
    { numRuns: 500 },
  );
});

test('a body with several messages has at most 64 KB, and they are few', () => {
  const long = fc.tuple(message, fc.integer({ min: 1, max: 40 })).map(([message, times]): PurgeMessage => {
    const url = `https://h.example/${'ü'.repeat(900)}`;
    const entries = Array.from({ length: times }, (_, index) => ({ ...file, url: `${url}${index}` }));
    return { ...message, entries };
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(message, long), { maxLength: 60 }), (messages) => {
      const written = writeMessages(messages);
      for (const { body, indices } of written) {
        if (indices.length > 1) expect(byteLength(body)).toBeLessThanOrEqual(64 * 1024);
      }
      const alike = inGroups(messages.filter(({ change }) => change !== undefined));
      const without = messages.filter(({ change, entries }) => change === undefined && entries.length > 0);
      // Two that follow each other are together longer than one may be.
      const most = alike.reduce((sum, [, group]) => {
        const bytes = group.reduce((sum, each) => sum + byteLength(writeMessage(each)) + 100, 0);
        return sum + 1 + Math.floor((2 * bytes) / (64 * 1024));
      }, without.length);
      expect(written.length).toBeLessThanOrEqual(most);
    }),
    { numRuns: 100 },
  );
});

const answers = fc.array(
  fc.constantFrom<Answer>(
    { kind: 'accepted', purgeId: 'p' },
    { kind: 'accepted', purgeId: 'q' },
    { kind: 'unavailable', reason: 'HTTP 503' },
    { kind: 'throttled', retryAfterMs: 20_000 },
    { kind: 'refused', status: 413, message: '' },
  ),
  { minLength: 1, maxLength: 6 },
);

async function submit(
  bodies: readonly string[],
  { answers, tokens }: { readonly answers: readonly Answer[]; readonly tokens: number },
) {
  const contract = {
    ...looseContract,
    quota: { production: { files: tokens, dirs: 2 }, staging: { files: tokens, dirs: 2 } },
  };
  const world = createWorld({
    contract,
    answer: ({ fileUrls = [], dirUrls = [] }, request) => {
      if ([...fileUrls, ...dirUrls].some((url) => url.includes('bad.example'))) {
        return { kind: 'refused', status: 400, message: "The host 'bad.example' has not been deployed." };
      }
      const answer = answers[request % answers.length] ?? { kind: 'accepted', purgeId: 'p' };
      return answer.kind === 'refused' && fileUrls.length + dirUrls.length === 1
        ? { kind: 'accepted', purgeId: 'p' }
        : answer;
    },
  });
  const records = bodies.map((body, index) => ({ messageId: `m${index}`, body }));
  const options = { limits: { maxFileUrls: 5, maxBodyBytes: 1e6 }, contract, deadlineMs: 60_000 };
  const failed = await submitBatch(records, world.ports, options);
  const { requests, parked, recorded, rejected, requeued, removed, metrics, nowMs } = world;
  const again = inGroups(requeued.map(({ message }) => message));
  return {
    failed,
    requests,
    parked,
    recorded,
    rejected,
    again,
    removed,
    metrics,
    nowMs,
    limits: world.limits(),
  };
}

test('messages that come together are settled exactly as if each had come alone', async () => {
  await fc.assert(
    fc.asyncProperty(messages, answers, fc.constantFrom(1, 5, 1000), async (messages, answers, tokens) => {
      const written = writeMessages(messages);
      const alone = written.flatMap(({ indices }) => indices.flatMap((index) => messages[index] ?? []));
      const outcome = await submit(
        written.map(({ body }) => body),
        { answers, tokens },
      );
      expect(outcome).toEqual(await submit(alone.map(writeMessage), { answers, tokens }));
    }),
    { numRuns: 100 },
  );
});

test('a message that cannot be read goes to the dead letter queue alone, and its neighbors are purged', async () => {
  const invalid = fc.constantFrom({ kind: 'file' }, { kind: 'none', target: 'production' }, 7, null);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: 2, maxLength: 20 }),
      invalid,
      async (good, invalid) => {
        const change = (index: number) => ({ source: 's3', action: 'put', id: `${index}`, occurredAt: '' });
        const valid = (index: number) => ({ ...file, url: `https://h.example/${index}` });
        const body = JSON.stringify({
          v: 2,
          changes: good.map((_, index) => ({ ...change(index), entries: 1 })),
          entries: good.map((isGood, index) => (isGood ? valid(index) : invalid)),
        });
        const { failed, requests, rejected } = await submit([body], { answers: [], tokens: 1000 });
        expect(failed).toEqual([]);
        const purged = requests.flatMap(({ body }) => body.fileUrls ?? []);
        expect(purged).toEqual(good.flatMap((isGood, index) => (isGood ? valid(index).url : [])));
        const dead = rejected.map(({ body }) => JSON.parse(body));
        expect(dead.map(({ v, change, entries }) => ({ v, id: change.id, entries }))).toEqual(
          good.flatMap((isGood, index) => (isGood ? [] : [{ v: 1, id: `${index}`, entries: [invalid] }])),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test('one that makes the submission throw takes no others of its message along', async () => {
  const world = createWorld({ answer: () => ({ kind: 'accepted', purgeId: 'p' }) });
  const poison = 'https://h.example/7';
  const ofUrl = (url: string, index: number): PurgeMessage => ({
    v: 1,
    change: { source: 's3', action: 'put', id: `${index}`, occurredAt: '2026-01-01T00:00:00Z' },
    entries: [{ ...file, url }],
  });
  const all = Array.from({ length: 20 }, (_, index) => `https://h.example/${index}`);
  const [{ body } = { body: '' }, ...others] = writeMessages(all.map(ofUrl));
  expect(others).toEqual([]);
  const poisoned = {
    ...world.ports,
    cdnPro: {
      async prepare() {
        const client = await world.ports.cdnPro.prepare();
        return {
          ...client,
          submit: async (...args: Parameters<typeof client.submit>) => {
            if (args[0].fileUrls?.includes(poison)) throw new Error('a bug');
            return client.submit(...args);
          },
        };
      },
    },
  };
  const options = {
    limits: { maxFileUrls: 100, maxBodyBytes: 1e6 },
    contract: looseContract,
    deadlineMs: 1e6,
  };
  expect(await submitInHalves([{ messageId: 'm', body }], poisoned, options)).toEqual([]);
  const alone = world.requeued.map(({ body }, index) => ({ messageId: `m${index}`, body }));
  expect(alone).toHaveLength(20);
  expect(await submitInHalves(alone, poisoned, options)).toEqual(['m7']);
});
