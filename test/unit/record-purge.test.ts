import { describe, expect, test } from 'vitest';
import { repeatableIn } from '../../functions/core/following/repeats.ts';
import { noteWaiting } from '../../functions/core/limits/tokens/senders.ts';
import type { PurgeMessage } from '../../functions/core/model/purge-message.ts';
import type { RequestLimits } from '../../functions/core/planning/plan.ts';
import { provableIn } from '../../functions/core/proving/choose.ts';
import * as submitEvents from '../../functions/lambda/submit-events.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { createWorld, looseContract, type World } from '../helpers/submit-fixture.ts';

const accept = (_: unknown, request: number) => ({ kind: 'accepted', purgeId: `purge-${request}` }) as const;

const message = (id: string, entries: readonly object[], own: Partial<PurgeMessage> = {}) => ({
  messageId: id,
  body: JSON.stringify({
    v: 1,
    change: { source: 's3', action: 'put', id, occurredAt: '1970-01-01T00:00:00.000Z' },
    entries: entries.map((entry) => ({ target: 'production', action: 'invalidate', ...entry })),
    ...own,
  }),
});
const file = (url: string) => ({ kind: 'file', url });
const dir = (url: string) => ({ kind: 'dir', url });

async function submit(
  world: World,
  messages: readonly ReturnType<typeof message>[],
  own: Partial<RequestLimits> = {},
) {
  return submitBatch(messages, world.ports, {
    limits: { maxFileUrls: 2, maxBodyBytes: 100_000, ...own },
    contract: looseContract,
    deadlineMs: 60_000,
    hasTime: () => true,
  });
}

describe('an accepted purge', () => {
  test('is written into the journal with each message that it settles, and of these its own entries alone', async () => {
    const world = createWorld({ answer: accept });
    await submit(world, [
      message('1', [file('https://h.example/a'), file('https://h.example/b')]),
      message('2', [file('https://h.example/c')]),
    ]);
    expect(world.recorded.map(({ purgeId }) => purgeId)).toEqual(['purge-0', 'purge-1']);
    const settled = world.recorded.map(({ messages }) =>
      messages.map(({ change, entries }) => [
        change?.id,
        ...entries.map((entry) => ('url' in entry ? entry.url : '')),
      ]),
    );
    expect(settled.flat()).toEqual([
      ['1', 'https://h.example/a', 'https://h.example/b'],
      ['2', 'https://h.example/c'],
    ]);
    expect(world.recorded[0]).toMatchObject({
      target: 'production',
      lane: 'people',
      acceptedMs: expect.any(Number),
      urls: { files: 2, dirs: 0 },
      repair: 0,
    });
  });

  test('is written with what its entries cover, for which it costs nothing', async () => {
    const world = createWorld({ answer: accept });
    await submit(world, [
      message('1', [dir('https://h.example/docs/**')]),
      message('2', [file('https://h.example/docs/a')]),
    ]);
    expect(world.recorded).toMatchObject([
      {
        urls: { files: 0, dirs: 1 },
        messages: [{ change: { id: '1' } }, { change: { id: '2' }, covered: 1 }],
      },
    ]);
    expect(world.recorded[0]?.messages[0]).not.toHaveProperty('covered');
  });

  test('is written with the directory that is named in place of files, so that it can be repaired by that alone', async () => {
    const world = createWorld({ answer: accept });
    const urls = Array.from({ length: 400 }, (_, index) => file(`https://h.example/docs/${index}`));
    const coalesce = { siblings: 10, minDepth: 1 };
    await submit(world, [message('1', urls)], { coalesce });
    const entry = {
      kind: 'dir',
      url: 'https://h.example/docs/*',
      target: 'production',
      action: 'invalidate',
    };
    expect(world.recorded).toMatchObject([
      { urls: { files: 0, dirs: 1 }, messages: [{ covered: 400 }], instead: [entry] },
    ]);
    const dirs = [dir('https://h.example/docs/**')];
    await submit(world, [message('2', [...urls, ...dirs])], { coalesce });
    expect(world.recorded[1]).not.toHaveProperty('instead');
  });

  test('is found by its URLs, with the SQS message of each change', async () => {
    const world = createWorld({ answer: accept });
    await submit(world, [
      message('1', [file('https://h.example/a')]),
      message('2', [file('https://h.example/b')]),
    ]);
    expect(world.indexed).toMatchObject([
      {
        purgeId: 'purge-0',
        messages: [
          { change: { id: '1' }, messageId: '1' },
          { change: { id: '2' }, messageId: '2' },
        ],
      },
    ]);
    expect(world.recorded[0]?.messages[0]).not.toHaveProperty('messageId');
  });

  test('is written with when it was sent, and with what its entries cover last', async () => {
    const world = createWorld({ answer: accept });
    const [a, b] = [file('https://h.example/docs/a'), file('https://h.example/b')];
    await submit(world, [message('1', [a, dir('https://h.example/docs/**'), b], { covered: 3 })]);
    expect(world.recorded).toMatchObject([
      { sentMs: 0, acceptedMs: 100, messages: [{ covered: 1, entries: [b, { kind: 'dir' }, a] }] },
    ]);
  });

  test('has the number of repairs of the change that was repaired least often', async () => {
    const world = createWorld({ answer: accept });
    await submit(world, [
      message('1', [file('https://h.example/a')], { repair: 2 }),
      message('2', [file('https://h.example/b')]),
      message('3', [file('https://h.example/c')], { repair: 3 }),
      message('4', [file('https://h.example/d')], { repair: 1 }),
    ]);
    expect(world.recorded).toMatchObject([{ repair: 0 }, { repair: 1 }]);
  });

  test('has what waited for tokens and is purged by it, so that a newer change is found, and proven in its version', async () => {
    const url = 'https://h.example/a';
    const scope = { target: 'production', action: 'invalidate' } as const;
    const shows = { etag: 'v2', sinceMs: 9000 };
    const change = { source: 's3', action: 'put', id: '1', occurredAt: '1970-01-01T00:00:09.000Z' };
    const waits = {
      entry: { kind: 'file', url, ...scope, shows },
      change,
      lane: 'bulk',
      sinceMs: 9000,
    } as const;
    const parked = { ...waits, pk: '', version: 1 };
    const world = createWorld({
      answer: accept,
      known: (state) => ({ ...state, senders: noteWaiting(state.senders, ['bucket:other'], 0) }),
      waiting: (entries) => (entries.some((entry) => 'url' in entry && entry.url === url) ? [parked] : []),
    });
    const older = { ...file(url), shows: { etag: 'v1', sinceMs: 0 } };
    await submit(world, [message('1', [older], { repeats: 'purge-before', repair: 1 })]);
    expect(world.removed).toEqual([url]);
    expect(world.recorded).toMatchObject([
      {
        urls: { files: 1, dirs: 0 },
        repair: 0,
        messages: [{ repeats: 'purge-before' }, { change, entries: [{ shows }], lane: 'bulk', since: 9000 }],
      },
    ]);
    const messages = world.recorded[0]?.messages ?? [];
    expect(provableIn(messages.flatMap(({ entries }) => entries))).toMatchObject([{ shows }]);
    expect(messages.flatMap(repeatableIn)).toHaveLength(1);
    expect(world.indexed[0]?.messages).toHaveLength(2);
  });

  test('has what waited only once where it is of the same change, and what waited behind a directory as covered', async () => {
    const entry = (url: string) =>
      ({ kind: 'file', url, target: 'production', action: 'invalidate' }) as const;
    const [same, other] = [entry('https://h.example/a'), entry('https://h.example/docs/b')];
    const change = { source: 's3', action: 'put', id: '1', occurredAt: '1970-01-01T00:00:00.000Z' };
    const parked = { lane: 'bulk', sinceMs: 0, pk: '', version: 1 } as const;
    const world = createWorld({
      answer: accept,
      known: (state) => ({ ...state, senders: noteWaiting(state.senders, ['bucket:other'], 0) }),
      waiting: () => [
        { ...parked, entry: same, change },
        { ...parked, entry: other, change },
      ],
    });
    await submit(world, [
      message('1', [same]),
      message('2', [dir('https://h.example/docs/**'), file('https://h.example/docs/b')]),
    ]);
    expect(world.recorded.flatMap(({ messages }) => messages)).toMatchObject([
      { change: { id: '1' }, entries: [same] },
      { change: { id: '2' }, covered: 1 },
      { change: { id: '1' }, entries: [other], covered: 1 },
    ]);
  });

  test('counts as accepted where it could not be written: it is said, and nothing comes again', async () => {
    const world = createWorld({ answer: accept });
    const ports = {
      ...world.ports,
      journal: {
        async record() {
          throw new Error('the table is gone');
        },
      },
    };
    const failed = await submit({ ...world, ports }, [message('1', [file('https://h.example/a')])]);
    expect([failed, world.requeued, world.requests.length]).toEqual([[], [], 1]);
    expect([world.metrics.get('PurgesUnfollowed'), world.unfollowed]).toEqual([1, ['purge-0']]);
    expect(world.lines).toContainEqual({
      level: 'error',
      message: submitEvents.purgeNotRecorded,
      fields: { purgeId: 'purge-0', error: { name: 'Error', message: 'the table is gone' } },
    });
  });

  test('counts as accepted where it can be noted nowhere either: that is said', async () => {
    const world = createWorld({ answer: accept });
    const fails = async () => {
      throw new Error('DynamoDB is away');
    };
    const ports = { ...world.ports, journal: { record: fails }, noteUnfollowed: fails };
    const failed = await submit({ ...world, ports }, [message('1', [file('https://h.example/a')])]);
    expect([failed, world.requests.length]).toEqual([[], 1]);
    expect(world.lines).toContainEqual({
      level: 'error',
      message: submitEvents.unfollowedNotNoted,
      fields: { purgeId: 'purge-0', error: { name: 'Error', message: 'DynamoDB is away' } },
    });
  });

  test('is followed where its URLs could not be written down: that is said', async () => {
    const world = createWorld({ answer: accept });
    const ports = {
      ...world.ports,
      async indexUrls() {
        throw new Error('the table is slow');
      },
    };
    const failed = await submit({ ...world, ports }, [message('1', [file('https://h.example/a')])]);
    expect([failed, world.recorded.length, world.metrics.get('PurgesUnfollowed')]).toEqual([
      [],
      1,
      undefined,
    ]);
    expect(world.lines).toContainEqual({
      level: 'warn',
      message: submitEvents.purgeNotIndexed,
      fields: { purgeId: 'purge-0', error: { name: 'Error', message: 'the table is slow' } },
    });
  });

  test('alone is written: one that CDN Pro refuses is not', async () => {
    const world = createWorld({ answer: () => ({ kind: 'refused', status: 400, message: 'no' }) });
    await submit(world, [message('1', [file('https://h.example/a')])]);
    expect(world.recorded).toEqual([]);
  });
});
