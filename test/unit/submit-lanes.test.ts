import { describe, expect, test } from 'vitest';
import type { Answer } from '../../functions/cdn-pro/answer.ts';
import type { LimitsState } from '../../functions/core/limits/limits.ts';
import { noTallies } from '../../functions/core/limits/tokens/lane.ts';
import { noTokens, spend } from '../../functions/core/limits/tokens/quota.ts';
import { noteSpent, noteWaiting } from '../../functions/core/limits/tokens/senders.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { ChangeReference, PurgeMessage } from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import * as submitEvents from '../../functions/lambda/submit-events.ts';
import type { BufferedMessage } from '../../functions/submit/ports.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { buffered, createWorld, looseContract, type World } from '../helpers/submit-fixture.ts';

const accepted: Answer = { kind: 'accepted', purgeId: 'p1' };
const hourMs = 3_600_000;
const daily = { files: 1000, dirs: 10 };
const contract = { ...looseContract, quota: { production: daily } };
const options = { limits: { maxFileUrls: 1000, maxBodyBytes: 512 * 1024 }, contract, deadlineMs: 250_000 };
const scope = { target: 'production', action: 'invalidate' } as const;
const file = (path: string): PurgeEntry => ({ kind: 'file', url: `https://h.example/${path}`, ...scope });
const dir = (path: string): PurgeEntry => ({ kind: 'dir', url: `https://h.example/${path}`, ...scope });
const files = (count: number, from = '') =>
  Array.from({ length: count }, (_, index) => file(`${from}${index}`));

let made = 0;
function message(entries: readonly PurgeEntry[], more: Partial<PurgeMessage> = {}): BufferedMessage {
  const id = `s3://bucket/${made++}`;
  const change: ChangeReference = { source: 's3', action: 'put', id, occurredAt: '1970-01-01T00:00:00.000Z' };
  return { messageId: id, body: JSON.stringify({ v: 1, change, entries, ...more }) };
}

/** A state in which so much of the day's quota is spent. */
function spent(tokens: { files?: number; dirs?: number }) {
  return (state: LimitsState): LimitsState => {
    const { files = 0, dirs = 0 } = tokens;
    const quota = { ...spend({ spent: {} }, { files, dirs }, 0), checkedMs: 0, learnedMs: 0 };
    return { ...state, quotas: { production: quota } };
  };
}

function sentUrls({ requests }: World): readonly (readonly string[])[] {
  return requests.map(({ body: { fileUrls = [], dirUrls = [] } }) => [...fileUrls, ...dirUrls]);
}

describe('lanes', () => {
  test('takedowns go first, then people, then bulk, each in requests of its own unless one has room anyway', async () => {
    const world = createWorld({ answer: () => accepted });
    await submitBatch(
      [
        message(files(220, 'bulk'), { lane: 'bulk' }),
        message(
          files(150, 'old').map((entry) => ({ ...entry, action: 'delete' })),
          { lane: 'bulk' },
        ),
        message([file('people')], { lane: 'people' }),
        message([{ ...file('gone'), action: 'delete' }], { lane: 'takedown' }),
      ],
      world.ports,
      options,
    );
    expect(sentUrls(world).map((urls) => [urls.length, urls[0]])).toEqual([
      [100, 'https://h.example/gone'],
      [100, 'https://h.example/people'],
      [100, 'https://h.example/bulk99'],
      [51, 'https://h.example/old99'],
      [21, 'https://h.example/bulk199'],
    ]);
  });

  test('of a bucket that puts masses the first hundred are people, and a copy keeps its lane', async () => {
    const world = createWorld({ answer: () => ({ kind: 'unavailable', reason: 'HTTP 503' }) });
    const messages = [...files(120).map((entry) => message([entry]))];
    await submitBatch(messages, world.ports, options);
    const lanes = world.requeued.map(({ message }) => message.lane);
    expect(lanes.filter((lane) => lane === 'people')).toHaveLength(100);
    expect(lanes.filter((lane) => lane === 'bulk')).toHaveLength(20);
    expect(world.limits().senders['bucket:bucket']?.entries.count).toBe(120);
    const again = createWorld({ answer: () => accepted, known: () => world.limits() });
    await submitBatch(
      world.requeued.map(({ body }, index) => ({ messageId: `${index}`, body })),
      again.ports,
      options,
    );
    expect(again.limits().senders['bucket:bucket']?.entries.count).toBe(120);
  });
});

describe('what had waited for tokens', () => {
  const hour = { occurredAt: '1970-01-01T00:00:00.000Z', source: 's3', action: 'put', id: 's3://bucket/a' };
  const released = (atMs: number) =>
    message([file('a')], { change: hour, lane: 'bulk', since: 0, released: atMs });

  test('is as old for the alarm as it could have been sent, and for the log as its change', async () => {
    const world = createWorld({ answer: () => accepted });
    world.nowMs = hourMs;
    await submitBatch([released(hourMs - 1000)], world.ports, { ...options, deadlineMs: 2 * hourMs });
    expect(world.metrics.get('FreshnessSeconds')).toBeCloseTo(1.1, 1);
    const line = world.lines.find(({ message }) => message === submitEvents.purgeAccepted);
    expect(line?.fields?.oldestChangeSeconds).toBeGreaterThan(3600);
  });

  test('is as young where it is requeued', async () => {
    const world = createWorld({ answer: () => ({ kind: 'unavailable', reason: 'HTTP 503' }) });
    world.nowMs = hourMs;
    await submitBatch([released(hourMs - 1000)], world.ports, { ...options, deadlineMs: hourMs + 5000 });
    expect(world.metrics.get('WaitingSeconds')).toBeLessThan(60);
    expect(world.requeued[0]?.message).toMatchObject({ since: 0, released: hourMs - 1000 });
  });
});

test('a purge by prefix that nobody asked for is counted once it is sent, and not each time that it waits for a slot', async () => {
  const world = createWorld({ answer: () => accepted, contract, known: spent({}) });
  const prefix = message([dir('blog/**')], { lane: 'people', byPrefix: true });
  await world.ports.limitsTable.close(5_000_000, 'everyone');
  for (let times = 1; times <= 3; times++) {
    await submitBatch([prefix], world.ports, options);
    expect([world.requests, world.parked]).toEqual([[], []]);
  }
  world.nowMs = 5_000_000;
  await submitBatch([prefix], world.ports, { ...options, deadlineMs: 6_000_000 });
  expect(sentUrls(world)).toEqual([['https://h.example/blog/**']]);
  expect(world.limits().senders['bucket:bucket']?.prefixes.count).toBe(1);
});

test('two consumers that wait for slots at the same time send two purges by prefix together, and what else they have', async () => {
  const world = createWorld({
    answer: () => accepted,
    contract: { ...contract, quota: {} },
    known: spent({}),
  });
  const more = { lane: 'people', byPrefix: true } as const;
  await world.ports.limitsTable.close(60_000, 'everyone');
  await Promise.all([
    submitBatch([message([dir('a/**'), dir('b/**')], more), message([dir('rule/*')])], world.ports, options),
    submitBatch([message([dir('c/**'), dir('d/**')], more), message([file('page')])], world.ports, options),
  ]);
  const sent = sentUrls(world).flat();
  expect(sent.filter((url) => url.endsWith('/**'))).toHaveLength(2);
  expect(sent).toEqual(expect.arrayContaining(['https://h.example/rule/*', 'https://h.example/page']));
  expect(world.parked.map(({ byPrefix }) => byPrefix)).toEqual([true, true]);
  const line = world.lines.find(({ message }) => message === submitEvents.entriesParked);
  expect(line?.fields).toMatchObject({ reasons: { prefix: 2 } });
  expect(world.limits().senders['bucket:bucket']?.prefixes.count).toBe(2);
});

test('entries of a sender are counted also while nothing of their scope is sent', async () => {
  const refused: Answer = { kind: 'refused', status: 400, message: 'Maintenance.' };
  const world = createWorld({ answer: () => refused, tells: { left: daily } });
  await submitBatch([message(files(50))], world.ports, options);
  const { length } = world.requests;
  await submitBatch([message(files(50, 'more'))], world.ports, options);
  await submitBatch([message(files(50, 'bulk'))], world.ports, options);
  expect(world.requests).toHaveLength(length);
  expect(world.limits().senders['bucket:bucket']?.entries.count).toBe(150);
  expect(new Set(world.requeued.map(({ message: { lane } }) => lane))).toEqual(new Set(['people', 'bulk']));
});

describe('what has no token', () => {
  test('is parked with its lane, its change and since when it waits, and its message is settled', async () => {
    const world = createWorld({ answer: () => accepted, known: spent({ files: 900 }) });
    const failed = await submitBatch(
      [
        message([file('bulk')], { lane: 'bulk', since: -5000 }),
        message([file('people')], { lane: 'people' }),
      ],
      world.ports,
      options,
    );
    expect(failed).toEqual([]);
    expect(sentUrls(world)).toEqual([['https://h.example/people']]);
    expect(world.parked).toMatchObject([
      {
        entry: file('bulk'),
        lane: 'bulk',
        sender: 'bucket:bucket',
        sinceMs: -5000,
        change: { source: 's3' },
      },
    ]);
    expect(world.requeued).toEqual([]);
    expect(world.lines.map(({ message }) => message)).toContain(submitEvents.entriesParked);
    expect(world.metrics.get('EntriesParked')).toBe(1);
  });

  test('stays in the queue where it cannot be parked', async () => {
    const world = createWorld({
      answer: () => accepted,
      known: spent({ files: 1000 }),
      refusesToPark: (index) => index === 1,
    });
    await submitBatch([message(files(3), { lane: 'bulk' })], world.ports, options);
    expect(world.parked).toHaveLength(2);
    expect(world.requeued.map(({ message, delaySeconds }) => [message.entries, delaySeconds])).toEqual([
      [[file('1')], 60],
    ]);
  });

  test('is sent all the same where it is a takedown, until the overdraft is used up', async () => {
    const gone = files(60).map((entry) => ({ ...entry, action: 'delete' as const }));
    const world = createWorld({ answer: () => accepted, known: spent({ files: 1000 }) });
    await submitBatch([message(gone, { lane: 'takedown' })], world.ports, options);
    expect(sentUrls(world).flat()).toHaveLength(50);
    expect(world.parked).toHaveLength(10);
  });

  test('is asked for at CDN Pro before it is parked: the quota may be larger than is known', async () => {
    const world = createWorld({
      answer: () => accepted,
      contract: looseContract,
      tells: { quota: { files: 50_000, dirs: 100 }, left: { files: 40_000, dirs: 90 } },
    });
    const unknown = { ...options, contract: { ...looseContract, quota: {} } };
    const messages = [message(files(6000), { lane: 'bulk' })];
    expect(await submitBatch(messages, world.ports, unknown)).toEqual([]);
    expect(world.asked).toEqual(['serviceQuotas', 'purgeTokens']);
    expect(world.parked).toEqual([]);
    expect(sentUrls(world).flat()).toHaveLength(6000);
  });

  test('is asked for no more than once in five minutes', async () => {
    const world = createWorld({ answer: () => accepted, contract, known: spent({ files: 1000 }) });
    await submitBatch([message(files(3), { lane: 'bulk' })], world.ports, options);
    await submitBatch([message(files(3), { lane: 'bulk' })], world.ports, options);
    expect(world.asked).toEqual([]);
    world.nowMs = 301_000;
    const later = { ...options, deadlineMs: 600_000 };
    await submitBatch([message(files(3), { lane: 'bulk' })], world.ports, later);
    await submitBatch([message(files(3), { lane: 'bulk' })], world.ports, later);
    expect(world.asked).toEqual(['purgeTokens']);
  });

  test('is sent no sooner than a 429 to the question says', async () => {
    const world = createWorld({
      answer: () => accepted,
      contract,
      tells: { status: 429, retryAfterMs: 60_000 },
      known: (state) => ({ ...state, quotas: { production: { spent: {}, learnedMs: 0 } } }),
    });
    await submitBatch([message(files(300), { lane: 'people' })], world.ports, options);
    expect(world.asked).toEqual(['purgeTokens']);
    expect(sentUrls(world).flat()).toHaveLength(300);
    expect(world.requests[0]?.atMs).toBe(61_000);
  });

  test('asks nothing more at once where CDN Pro answers the first question with 429', async () => {
    const world = createWorld({ answer: () => accepted, contract: looseContract, tells: { status: 429 } });
    const unknown = { ...options, contract: { ...looseContract, quota: {} } };
    await submitBatch([message(files(6000), { lane: 'bulk' })], world.ports, unknown);
    expect(world.asked).toEqual(['serviceQuotas']);
  });

  test('is parked where others have spent the tokens, which is asked before much is spent', async () => {
    const world = createWorld({
      answer: () => accepted,
      contract,
      tells: { left: { files: 200, dirs: 10 } },
      known: (state) => ({ ...state, quotas: { production: { spent: {}, learnedMs: 0 } } }),
    });
    await submitBatch([message(files(20), { lane: 'people' })], world.ports, options);
    expect(world.asked).toEqual([]);
    await submitBatch([message(files(300, 'more'), { lane: 'people' })], world.ports, options);
    expect(world.asked).toEqual(['purgeTokens']);
    // Ten of the 200 are kept for takedowns.
    expect(sentUrls(world).flat()).toHaveLength(20 + 190);
    expect(world.parked).toHaveLength(110);
  });

  test('is parked when others were faster', async () => {
    const world = createWorld({ answer: () => accepted, contract });
    const { read } = world.ports.limitsTable;
    const limitsTable = {
      ...world.ports.limitsTable,
      async read() {
        const state = await read();
        await world.ports.limitsTable.note(spent({ files: 1000 }));
        return state;
      },
    };
    await submitBatch([message(files(3), { lane: 'bulk' })], { ...world.ports, limitsTable }, options);
    expect(world.requests).toEqual([]);
    expect(world.parked).toHaveLength(3);
  });

  test('is not parked with what is in the same request, where it is a takedown that may still overdraw', async () => {
    const world = createWorld({ answer: () => accepted, contract, known: spent({}) });
    const { read, note } = world.ports.limitsTable;
    const limitsTable = {
      ...world.ports.limitsTable,
      async read() {
        const state = await read();
        await note(spent({ files: 1000, dirs: 10 }));
        return state;
      },
    };
    const messages = [
      message([...files(60, 'gone'), dir('gone/*'), dir('gone2/*')], { lane: 'takedown' }),
      message([file('page'), dir('pages/*')], { lane: 'people' }),
      message(files(10), { lane: 'bulk' }),
    ];
    const first = { ...options, limits: { ...options.limits, maxFileUrls: 1000 } };
    await submitBatch(messages, { ...world.ports, limitsTable }, first);
    // 5% of 1,000 files and of 10 directories.
    expect(sentUrls(world).flat()).toEqual([...files(50, 'gone').map(entryText), 'https://h.example/gone/*']);
    const lanes = Map.groupBy(world.parked, ({ lane }) => lane);
    expect([...lanes].map(([lane, parked]) => [lane, parked.length])).toEqual([
      ['takedown', 11],
      ['people', 2],
      ['bulk', 10],
    ]);
  });

  test('takes no file along that it covers, where others have spent the directories meanwhile', async () => {
    const world = createWorld({ answer: () => accepted, contract, known: spent({}) });
    const { read, note } = world.ports.limitsTable;
    const limitsTable = {
      ...world.ports.limitsTable,
      async read() {
        const state = await read();
        await note(spent({ dirs: 10 }));
        return state;
      },
    };
    const messages = [message([file('news/a'), dir('news/**')], { lane: 'people' })];
    await submitBatch(messages, { ...world.ports, limitsTable }, options);
    expect(sentUrls(world)).toEqual([['https://h.example/news/a']]);
    expect(world.parked.map(({ entry }) => entryText(entry))).toEqual(['https://h.example/news/**']);
  });

  test('keeps that it is a repair or a repeat, with the fewest repairs, and only where no change asks for it', async () => {
    const world = createWorld({ answer: () => accepted, contract, known: spent({ files: 1000 }) });
    const asked = [
      message([file('a'), file('b')], { lane: 'bulk', repair: 3, repeats: 'p1' }),
      message([file('b'), file('c')], { lane: 'bulk', repair: 2 }),
      message([file('c')], { lane: 'bulk' }),
    ];
    await submitBatch(asked, world.ports, options);
    const parked = world.parked.map(({ entry, repair, repeats }) => ({ entry, repair, repeats }));
    expect(parked).toEqual([
      { entry: file('a'), repair: 3, repeats: 'p1' },
      { entry: file('b'), repair: 2 },
      { entry: file('c') },
    ]);
  });

  test('and has failed without a verdict, is parked with the count of it', async () => {
    const world = createWorld({
      answer: () => ({ kind: 'unavailable', status: 200, reason: 'HTTP 200: <html>' }),
      contract,
      known: spent({ files: 989 }),
    });
    await submitBatch([message([file('odd')])], world.ports, options);
    expect(world.parked).toMatchObject([{ tries: 0, entry: file('odd') }]);
  });

  test('and has failed, pays from a share of its own, whatever its sender and lane', async () => {
    const world = createWorld({ answer: () => accepted, contract });
    const sent = () =>
      submitBatch([message([file('a')], { lane: 'takedown', tries: 1 })], world.ports, options);
    await sent();
    const { failed, ...others } = world.limits().senders;
    expect(failed?.recent).toEqual({ files: 1, dirs: 0 });
    expect(Object.values(others).map(({ recent }) => recent.files)).not.toContain(1);
    await world.ports.limitsTable.note((state) => ({
      ...state,
      senders: noteWaiting(noteSpent(state.senders, { failed: daily }, 0), ['bucket:bucket'], world.nowMs),
    }));
    await sent();
    expect(world.parked).toMatchObject([{ lane: 'takedown', sender: 'failed', tries: 1 }]);
  });

  describe('whose sender has had half of the day, while another one waits in bulk', () => {
    const has = (files: number) => ({
      files: 1000 - files,
      known: (state: LimitsState): LimitsState => {
        const senders = noteSpent({}, { 'bucket:bucket': { files: 500, dirs: 0 } }, 0);
        return {
          ...spent({ files: 1000 - files })(state),
          senders: noteWaiting(senders, ['bucket:other'], 0),
        };
      },
    });

    test('has half of what is kept for people, which bulk never has', async () => {
      const world = createWorld({ answer: () => accepted, contract, ...has(110) });
      await submitBatch([message(files(60), { lane: 'people' })], world.ports, options);
      expect(sentUrls(world).flat()).toHaveLength(50);
      expect(world.parked).toHaveLength(10);
    });

    test('waits where bulk has tokens, and in bulk', async () => {
      const world = createWorld({ answer: () => accepted, contract, ...has(111) });
      await submitBatch([message(files(60), { lane: 'people' })], world.ports, options);
      await submitBatch([message(files(60, 'bulk'), { lane: 'bulk' })], world.ports, options);
      expect(world.requests).toEqual([]);
    });
  });

  test('waits for nothing that its sender has spent on staging, which has tokens of its own', async () => {
    const world = createWorld({ answer: () => accepted, contract });
    const staged = { kind: 'file', url: 'https://h.example/s', ...scope, target: 'staging' } as const;
    await submitBatch([message([staged], { lane: 'people' })], world.ports, options);
    await submitBatch([message([file('p')], { lane: 'people' })], world.ports, options);
    const { senders } = world.limits();
    expect(senders['staging bucket:bucket']?.recent).toEqual({ files: 1, dirs: 0 });
    expect(senders['bucket:bucket']?.recent).toEqual({ files: 1, dirs: 0 });
    // Half of what a contract has where nothing is stated.
    const half = { 'staging bucket:bucket': { files: 2500, dirs: 0 } };
    await world.ports.limitsTable.note((state) => ({
      ...state,
      senders: noteWaiting(noteSpent(state.senders, half, 0), ['bucket:other', 'staging bucket:other'], 0),
    }));
    await submitBatch([message([staged, file('q')], { lane: 'people' })], world.ports, options);
    expect(sentUrls(world).slice(2)).toEqual([['https://h.example/q']]);
    expect(world.parked).toMatchObject([{ entry: { target: 'staging' }, sender: 'bucket:bucket' }]);
  });

  test('does not wait any longer once something else has purged it', async () => {
    const others = { halfDay: 0, recent: noTokens, before: noTokens, waitingMs: 0 };
    const waiting = (state: LimitsState): LimitsState => ({
      ...state,
      senders: { 'bucket:other': { ...noTallies, ...others, prefixes: { sinceMs: 0, count: 0 } } },
    });
    const world = createWorld({ answer: () => accepted, known: waiting });
    await submitBatch([message([dir('a/**'), file('a/1')], { lane: 'people' })], world.ports, options);
    expect(world.removed).toEqual(['https://h.example/a/**', 'https://h.example/a/1']);
    const calm = createWorld({ answer: () => accepted });
    await submitBatch([message([file('a/1')], { lane: 'people' })], calm.ports, options);
    expect(calm.removed).toEqual([]);
  });

  test('a directory that is held does not wait any longer once somebody has purged it by hand', async () => {
    const world = createWorld({ answer: () => accepted, contract, known: spent({ dirs: 7 }) });
    const { ports } = world;
    await submitBatch([message([dir('a/**')], { lane: 'people' })], ports, options);
    expect(world.parked.map(({ entry }) => entry)).toEqual([dir('a/**')]);
    const byHand = { v: 1, entries: [dir('a/**'), file('b')], lane: 'people' };
    await submitBatch([{ messageId: 'hand', body: JSON.stringify(byHand) }], ports, options);
    expect(sentUrls(world)).toEqual([['https://h.example/b', 'https://h.example/a/**']]);
    expect(world.removed).toEqual(['https://h.example/a/**']);
  });

  test('goes on waiting where what has purged it is the first of two purges of a rule: it may be the second', async () => {
    const others = { halfDay: 0, recent: noTokens, before: noTokens, waitingMs: 0 };
    const waiting = (state: LimitsState): LimitsState => ({
      ...state,
      senders: { 'bucket:other': { ...noTallies, ...others, prefixes: { sinceMs: 0, count: 0 } } },
    });
    const world = createWorld({ answer: () => accepted, known: waiting });
    const first = message([file('a'), file('b')], { lane: 'people', scheduledAgain: true });
    await submitBatch([first, message([file('b')], { lane: 'people' })], world.ports, options);
    expect(world.removed).toEqual(['https://h.example/b']);
  });

  test('does not keep waiting what its directory would have covered', async () => {
    const world = createWorld({ answer: () => accepted, contract, known: spent({ dirs: 10 }) });
    await submitBatch([message([dir('a/**'), file('a/1')], { lane: 'people' })], world.ports, options);
    expect(sentUrls(world)).toEqual([['https://h.example/a/1']]);
    expect(world.parked.map(({ entry }) => entry)).toEqual([dir('a/**')]);
  });

  test('does not make files wait for a directory that they would be coalesced into', async () => {
    const world = createWorld({ answer: () => accepted, contract, known: spent({ dirs: 10 }) });
    const coalescing = { ...options.limits, coalesce: { siblings: 2, minDepth: 0 } };
    await submitBatch([message(files(3), { lane: 'people' })], world.ports, {
      ...options,
      limits: coalescing,
    });
    expect(sentUrls(world).flat()).toHaveLength(3);
    expect(world.parked).toEqual([]);
  });

  test('is parked with what it covers, once each, where neither a directory of them nor they can be paid for', async () => {
    const none = { ...contract, quota: { production: { files: 1, dirs: 1 } } };
    const world = createWorld({
      answer: () => accepted,
      contract: none,
      tells: { left: { files: 1, dirs: 1 } },
    });
    const limits = { ...options.limits, coalesce: { siblings: 2, minDepth: 0 } };
    const urls = ['a', 'b', 'c'].flatMap((page) => [`https://h.example/${page}`, `http://h.example/${page}`]);
    await submitBatch([buffered('m1', ...urls)], world.ports, { ...options, contract: none, limits });
    expect(world.parked.map(({ entry }) => entryText(entry)).toSorted()).toEqual(urls.toSorted());
  });
});

test('a directory of a rule is held once half of the day is used, so that it takes more changes along', async () => {
  const world = createWorld({ answer: () => accepted, contract, known: spent({ dirs: 7 }) });
  world.nowMs = 60_000;
  await submitBatch([message([dir('blog/**')], { lane: 'people' })], world.ports, options);
  expect(world.parked.map(({ entry }) => entry)).toEqual([dir('blog/**')]);
  const later = createWorld({ answer: () => accepted, contract, known: spent({ dirs: 7 }) });
  later.nowMs = 23 * hourMs;
  const atLast = { ...options, deadlineMs: 24 * hourMs };
  await submitBatch([message([dir('blog/**')], { lane: 'people' })], later.ports, atLast);
  expect(later.parked).toEqual([]);
});

test('a purge by prefix that nobody asked for never takes a whole host, and two a day of a webhook', async () => {
  const world = createWorld({ answer: () => accepted, contract });
  const change = { source: 'github', webhook: 'site', action: 'put', id: 'push', occurredAt: '' };
  const prefixes = ['**', 'a/**', 'b/**', 'c/**'].map(dir);
  await submitBatch([message(prefixes, { change, byPrefix: true, lane: 'people' })], world.ports, options);
  expect(sentUrls(world).flat()).toHaveLength(2);
  expect(world.parked).toHaveLength(2);
  expect(world.parked).toContainEqual(expect.objectContaining({ entry: dir('**'), byPrefix: true }));
  expect(world.limits().senders['webhook:site']?.prefixes.count).toBe(2);
});

describe('how much a request carries', () => {
  test('is little while requests are plentiful, and more the fewer there are', async () => {
    const withBucket = (burst: number) => ({ ...looseContract, bucket: { perMinute: 30, burst } });
    const sizes = async (burst: number) => {
      const world = createWorld({ answer: () => accepted, contract: withBucket(burst) });
      await submitBatch([message(files(1000), { lane: 'people' })], world.ports, {
        ...options,
        contract: withBucket(burst),
      });
      return sentUrls(world).map((urls) => urls.length);
    };
    const plenty = await sizes(60);
    expect(plenty).toEqual(Array.from({ length: 10 }, () => 100));
    expect(await sizes(30)).toEqual([334, 334, 332]);
    expect(await sizes(21)).toEqual([1000]);
  });
});

describe('senders take turns', () => {
  const from = (webhook: string, index: number, path: string): BufferedMessage => {
    const change: ChangeReference = {
      source: 'generic',
      action: 'put',
      id: path,
      occurredAt: new Date(index).toISOString(),
      webhook,
    };
    const headers = [{ name: 'accept-language', value: `${webhook}-${index}` }];
    const entries = [{ ...file(path), headers }];
    return { messageId: path, body: JSON.stringify({ v: 1, change, entries, lane: 'bulk' }) };
  };
  const flood = Array.from({ length: 30 }, (_, index) => from('flood', index, `flood-${index}`));
  const later = from('later', 1000, 'later');

  test('one with a single change does not wait for all of another', async () => {
    const world = createWorld({ answer: () => accepted, contract });
    await submitBatch([...flood, later], world.ports, options);
    expect(world.requests).toHaveLength(31);
    expect(sentUrls(world).findIndex(([url]) => url === 'https://h.example/later')).toBe(1);
  });

  test('a file that shares requests with many of another is in the first of them', async () => {
    const world = createWorld({ answer: () => accepted, contract });
    const many = files(250, 'many').map((entry, index) => message([entry], { lane: 'bulk', since: index }));
    const one = {
      ...from('later', 1000, 'one'),
      body: from('later', 1000, 'one').body.replace(/,"headers":\[[^\]]*\]/, ''),
    };
    await submitBatch([...many, one], world.ports, options);
    expect(sentUrls(world)[0]).toContain('https://h.example/one');
  });

  test('a batch that waits for slots keeps four partial requests, and the others go back to where they can grow', async () => {
    const limit = { requests: 10, perSeconds: 60, headroom: 0 };
    const world = createWorld({ answer: () => accepted, limit });
    await submitBatch([...flood, later], world.ports, { ...options, contract: looseContract });
    expect(world.requests).toHaveLength(14);
    expect(world.requeued).toHaveLength(17);
    expect(new Set(world.requeued.map(({ delaySeconds }) => delaySeconds))).toEqual(new Set([5]));
    const urls = [
      ...sentUrls(world).flat(),
      ...world.requeued.flatMap(({ message }) =>
        message.entries.map((entry) => (entry as { url: string }).url),
      ),
    ];
    expect(new Set(urls).size).toBe(31);
  });

  test('what goes back takes along what is behind it: full requests of bulk do not go before people', async () => {
    const bucket = { perMinute: 30, burst: 60 };
    const world = createWorld({
      answer: () => accepted,
      contract: { ...looseContract, bucket },
      known: (state) => ({ ...state, bucket: { ...state.bucket, level: 0 } }),
    });
    const people = flood
      .slice(0, 6)
      .map(({ messageId, body }) => ({ messageId, body: body.replace('"bulk"', '"people"') }));
    const bulk = message(files(2000), { lane: 'bulk' });
    await submitBatch([...people, bulk], world.ports, {
      ...options,
      contract: { ...looseContract, bucket },
    });
    expect(sentUrls(world).map((urls) => urls.length)).toEqual([1, 1, 1, 1]);
    expect(world.requeued.map(({ message }) => [message.lane, message.entries.length])).toEqual([
      ['people', 1],
      ['people', 1],
      ['bulk', 2000],
    ]);
  });

  test('takedowns are kept, however many wait', async () => {
    const limit = { requests: 1, perSeconds: 10, headroom: 0 };
    const world = createWorld({ answer: () => accepted, limit });
    const deletes = flood
      .slice(0, 10)
      .map(({ messageId, body }) => ({ messageId, body: body.replace('"bulk"', '"takedown"') }));
    await submitBatch(deletes, world.ports, { ...options, contract: looseContract });
    expect(world.requests).toHaveLength(10);
    expect(world.requeued).toEqual([]);
  });
});
