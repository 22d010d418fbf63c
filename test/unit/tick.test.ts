import { describe, expect, test } from 'vitest';
import type { ToPark } from '../../functions/aws/tables/parked-table.ts';
import { freshQuota, spend } from '../../functions/core/limits/tokens/quota.ts';
import { isWaiting } from '../../functions/core/limits/tokens/senders.ts';
import { miscountedPercent } from '../../functions/tick/tokens/read-tokens.ts';
import { createTickWorld, minuteMs, parkedFile, urlsIn, worldBeginsMs } from '../helpers/tick-world.ts';

const h = (path: string) => `https://h.example/${path}`;
const files = (count: number, own: Partial<ToPark> = {}) =>
  Array.from({ length: count }, (_, index) => parkedFile(h(`${index}`), own));
const directory = (url: string, own: Partial<ToPark> = {}): ToPark => ({
  ...parkedFile(url, own),
  entry: { kind: 'dir', url, target: 'production', action: 'invalidate' },
});

describe('while nothing waits', () => {
  test('a tick costs one read, and the limits are looked at each five minutes', async () => {
    const world = createTickWorld({ serviceQuotas: () => ({ status: 200, value: {} }) });
    await world.tick(61);
    expect(world.operations).toEqual(Array.from({ length: 61 }, () => 'ScanCommand'));
    expect(world.metrics).toEqual([]);
    expect(world.lines).toHaveLength(1);
  });

  test('the quotas are asked for once a day, and the tokens not at all', async () => {
    const world = createTickWorld({
      serviceQuotas: () => ({ status: 200, value: { production: { files: 9000, dirs: 40 } } }),
    });
    await world.tick(3 * 24 * 60);
    expect(world.asked).toEqual(['quotas', 'quotas', 'quotas']);
    expect((await world.limits()).quotas.production).toMatchObject({ learned: { files: 9000, dirs: 40 } });
  });

  test('an API that does not answer is asked again a day later, not each minute', async () => {
    const world = createTickWorld();
    await world.tick(60);
    expect(world.asked).toEqual(['quotas']);
  });

  test('quotas that are configured are not asked for', async () => {
    const world = createTickWorld({ quota: { files: 10, dirs: 10 } });
    await world.tick(10);
    expect(world.asked).toEqual([]);
  });

  test('the tokens are asked for once after something was spent: others may have spent, too', async () => {
    const world = createTickWorld({
      quota: { files: 100, dirs: 20 },
      purgeTokens: () => ({ status: 200, value: { files: 90, dirs: 20 } }),
    });
    await world.spend({ files: 5, dirs: 0 });
    await world.tick(30);
    expect(world.asked).toEqual(['tokens of production']);
    await world.spend({ files: 5, dirs: 0 });
    await world.tick(30);
    expect(world.asked).toEqual(['tokens of production', 'tokens of production']);
  });

  test('the tokens are asked for each five minutes where less than a quarter is left, and measured', async () => {
    const world = createTickWorld({
      quota: { files: 100, dirs: 20 },
      purgeTokens: () => ({ status: 200, value: { files: 10, dirs: 20 } }),
    });
    await world.spend({ files: 76, dirs: 0 });
    await world.tick(16);
    expect(world.asked.filter((what) => what === 'tokens of production')).toHaveLength(4);
    const used = world.metrics.filter(({ name }) => name === 'TokensUsedPercent').map(({ value }) => value);
    // 90 of 100 are spent then, and one is kept for takedowns.
    expect(used.at(-1)).toBeCloseTo((90 / 99) * 100);
    expect(world.metrics.find(({ name }) => name === 'TokensMiscountedPercent')?.value).toBeCloseTo(14);
  });
});

describe('what waits', () => {
  test('is released at once where there are tokens, and removed', async () => {
    const world = createTickWorld();
    await world.park(...files(5), directory(h('d/*')));
    await world.tick();
    expect([...urlsIn(world.sent)].toSorted()).toEqual(
      [...files(5).map((_, index) => h(`${index}`)), h('d/*')].toSorted(),
    );
    expect(await world.waiting()).toEqual([]);
  });

  test('stays as long as there are no tokens, and goes when they come back, a day later', async () => {
    const world = createTickWorld({ quota: { files: 100, dirs: 20 } });
    await world.spend({ files: 100, dirs: 0 });
    await world.park(...files(3, { lane: 'people' }));
    await world.tick();
    world.nowMs = worldBeginsMs + (24 * 60 - 2) * minuteMs;
    await world.tick();
    expect(world.sent).toEqual([]);
    await world.tick();
    expect(urlsIn(world.sent)).toHaveLength(3);
  });

  test('goes by lane, the oldest first, as far as the tokens reach', async () => {
    const world = createTickWorld({ quota: { files: 100, dirs: 20 } });
    await world.spend({ files: 87, dirs: 0 });
    const item = (name: string, lane: ToPark['lane'], ageMinutes: number) =>
      parkedFile(h(name), { lane, sinceMs: worldBeginsMs - ageMinutes * minuteMs });
    await world.park(
      item('bulk-1', 'bulk', 90),
      item('bulk-2', 'bulk', 80),
      item('bulk-3', 'bulk', 70),
      item('people', 'people', 5),
      item('takedown', 'takedown', 1),
    );
    await world.tick();
    // Bulk leaves eleven of the thirteen that are left to people and takedowns; these have taken two of the thirteen.
    expect([...urlsIn(world.sent)].toSorted()).toEqual([h('people'), h('takedown')]);
    expect(world.sent.map(({ lane }) => lane).toSorted()).toEqual(['people', 'takedown']);
    const left = await world.waiting();
    expect(left.map(({ entry }) => entry)).toMatchObject([1, 2, 3].map((n) => ({ url: h(`bulk-${n}`) })));
  });

  test('keeps its change, lane and age, and shares a message with what waits for the same change', async () => {
    const world = createTickWorld();
    const change = {
      source: 'shop',
      webhook: 'shop',
      action: 'put',
      id: '7',
      occurredAt: '2026-01-01T00:00:00Z',
    };
    const own = { change, lane: 'people', sender: 'webhook:shop' } as const;
    await world.park(
      parkedFile(h('a'), { ...own, sinceMs: 5000 }),
      parkedFile(h('b'), { ...own, sinceMs: 3000 }),
      parkedFile(h('c')),
    );
    await world.tick();
    const [one] = world.sent.filter(({ lane }) => lane === 'people');
    expect(one).toMatchObject({ change, lane: 'people', since: 3000, released: one?.atMs });
    expect(one?.entries).toHaveLength(2);
    expect(world.sent).toHaveLength(2);
  });

  test('keeps how often it has failed, apart from what has not', async () => {
    const world = createTickWorld();
    await world.park(parkedFile(h('a'), { tries: 2 }), parkedFile(h('b')));
    await world.tick();
    expect(world.sent.map(({ tries }) => tries).toSorted()).toEqual([2, undefined]);
  });

  test('is not released again while what was released is on its way to CDN Pro', async () => {
    const world = createTickWorld({ quota: { files: 100, dirs: 20 } });
    await world.spend({ files: 39, dirs: 0 });
    await world.park(...files(200));
    await world.tick(3);
    expect(urlsIn(world.sent)).toHaveLength(50);
    await world.spend({ files: 50, dirs: 0 });
    await world.tick(3);
    expect(urlsIn(world.sent)).toHaveLength(50);
  });

  test('takes what was released for sent after a quarter of an hour', async () => {
    const world = createTickWorld({ quota: { files: 100, dirs: 20 } });
    await world.spend({ files: 79, dirs: 0 });
    await world.park(...files(20));
    await world.tick(20);
    expect(urlsIn(world.sent)).toHaveLength(20);
  });

  test('stays where it could not be sent, and goes with the next tick', async () => {
    let refuses = true;
    const world = createTickWorld({ refusesMessage: () => refuses });
    await world.park(...files(3));
    await world.tick();
    expect(await world.waiting()).toHaveLength(3);
    refuses = false;
    await world.tick();
    expect(await world.waiting()).toEqual([]);
    expect(urlsIn(world.sent)).toHaveLength(3);
  });

  test('does not count as released where it could not be sent', async () => {
    let refuses = true;
    const world = createTickWorld({ quota: { files: 100, dirs: 20 }, refusesMessage: () => refuses });
    await world.spend({ files: 79, dirs: 0 });
    await world.park(...files(10));
    await world.tick();
    refuses = false;
    await world.tick();
    expect(urlsIn(world.sent)).toHaveLength(10);
  });

  test('is read no further than there are tokens, until all is counted', async () => {
    const world = createTickWorld({ quota: { files: 100, dirs: 20 } });
    await world.spend({ files: 100, dirs: 0 });
    await world.park(...files(600));
    await world.tick();
    const reads = () => world.operations.filter((what) => what === 'QueryCommand').length;
    const first = reads();
    await world.tick();
    expect(reads() - first).toBeLessThan(first);
  });

  test('has the tokens asked for each five minutes, by way of the limits', async () => {
    const world = createTickWorld({
      quota: { files: 100, dirs: 20 },
      purgeTokens: () => ({ status: 200, value: { files: 0, dirs: 20 } }),
    });
    await world.park(...files(3));
    await world.tick(11);
    expect(world.asked.filter((what) => what === 'tokens of production')).toHaveLength(3);
    expect(world.sent).toEqual([]);
    const { window } = await world.limits();
    expect(window.arrivedByMs.length).toBeGreaterThan(0);
  });

  test('takes all that there is where nobody else waits any longer, in a backlog that no tick can read', async () => {
    let readMs = 0;
    const world = createTickWorld({
      quota: { files: 100, dirs: 20 },
      step: (what) => {
        if (what === 'after QueryCommand') world.nowMs += readMs;
      },
    });
    await world.spend({ files: 100, dirs: 0 });
    await world.park(...files(600), parkedFile(h('z'), { sender: 'webhook:z' }));
    await world.tick();
    const other = (await world.waiting()).find(({ sender }) => sender === 'webhook:z');
    expect(other && (await world.ports.parked.remove(other))).toBe(true);
    readMs = 225;
    world.nowMs = worldBeginsMs + (24 * 60 - 3) * minuteMs;
    await world.tick(4);
    expect(world.sent.filter(({ atMs }) => atMs === world.sent[0]?.atMs)).toHaveLength(89);
  });

  test('closes the window for everybody where asking is answered 429', async () => {
    const world = createTickWorld({ quota: { files: 100, dirs: 20 }, purgeTokens: () => ({ status: 429 }) });
    await world.park(...files(1));
    await world.tick();
    expect((await world.limits()).window.closedUntilMs).toBeGreaterThan(world.nowMs);
  });

  test('closes it for as long as that says', async () => {
    const reading = { status: 429, retryAfterMs: 120_000 };
    const world = createTickWorld({ quota: { files: 100, dirs: 20 }, purgeTokens: () => reading });
    await world.park(...files(1));
    await world.tick();
    expect((await world.limits()).window.closedUntilMs).toBe(world.nowMs + 121_000);
  });

  test('counts as the sender’s, so that another one takes no more than its share', async () => {
    const world = createTickWorld({ quota: { files: 100, dirs: 20 } });
    await world.spend({ files: 100, dirs: 20 });
    await world.park(...files(1, { sender: 'webhook:a' }));
    await world.park(directory(h('d/*'), { sender: 'webhook:b', sinceMs: 0 }));
    await world.tick();
    const { senders } = await world.limits();
    expect(senders['webhook:a']?.waitingMs).toBe(world.nowMs);
    expect(senders['webhook:a']?.waitingKindsMs).toEqual({ files: world.nowMs, dirs: 0 });
    expect(senders['webhook:b']?.waitingKindsMs).toEqual({ files: 0, dirs: world.nowMs });
  });

  test('counts as the sender’s no longer than it waits', async () => {
    const world = createTickWorld({ quota: { files: 100, dirs: 20 } });
    await world.spend({ files: 100, dirs: 0 });
    await world.park(...files(1, { sender: 'webhook:a' }));
    await world.tick();
    const notedMs = (await world.limits()).senders['webhook:a']?.waitingMs;
    for (const item of await world.waiting()) await world.ports.parked.remove(item);
    await world.park(parkedFile(h('other'), { sender: 'webhook:b' }));
    world.nowMs += minuteMs;
    await world.tick();
    const { senders } = await world.limits();
    expect(senders['webhook:a']?.waitingMs).toBe(notedMs);
    expect(senders['webhook:b']?.waitingMs).toBe(world.nowMs);
  });

  test('is released by one tick at a time', async () => {
    const world = createTickWorld();
    await world.park(...files(3));
    await world.ports.turns.take(world.nowMs + 2.5 * minuteMs);
    await world.tick(2);
    expect(world.sent).toEqual([]);
    await world.tick();
    expect(urlsIn(world.sent)).toHaveLength(3);
  });

  test('does not wait for a turn that a tick with a wrong clock has taken before it crashed', async () => {
    const world = createTickWorld();
    await world.park(...files(3));
    await world.ports.turns.take(world.nowMs + 24 * 60 * minuteMs);
    await world.tick();
    expect(urlsIn(world.sent)).toHaveLength(3);
  });
});

describe('what is measured', () => {
  test('is each lane, how old its oldest is, and when the last will have its token', async () => {
    const world = createTickWorld({ quota: { files: 100, dirs: 20 } });
    await world.spend({ files: 100, dirs: 0 });
    await world.park(...files(100), ...files(2, { lane: 'people', sinceMs: worldBeginsMs }));
    await world.park(parkedFile(h('new'), { lane: 'people', sinceMs: worldBeginsMs }));
    await world.tick();
    const of = (name: string, lane?: string) =>
      world.metrics.find((metric) => metric.name === name && metric.lane === lane)?.value;
    expect([of('ParkedEntries', 'bulk'), of('ParkedEntries', 'people')]).toEqual([98, 3]);
    expect(of('ParkedEntries', 'takedown')).toBe(0);
    // The two that people wait for as well keep the age of bulk.
    expect(of('OldestParkedSeconds', 'people')).toBe(61 * 60);
    expect(of('OldestParkedSeconds', 'bulk')).toBe(61 * 60);
    // Of 100, bulk may have 89: the last of 101 goes in the second round of a day.
    expect(of('DoneBySeconds')).toBe(48 * 3600 - 60);
    expect(of('TokensUsedPercent')).toBe(100);
    expect([of('FilesLeft'), of('DirsLeft')]).toEqual([0, 20]);
  });

  test('is that it takes too long, too, where something never has a token', async () => {
    const doneBySeconds = async (...waiting: readonly ToPark[]) => {
      const world = createTickWorld({ quota: { files: 100, dirs: 2 } });
      await world.spend({ files: 100, dirs: 0 });
      await world.park(...files(1), ...waiting);
      await world.tick();
      return world.metrics.find(({ name }) => name === 'DoneBySeconds')?.value;
    };
    const byPrefix = (hours: number) =>
      directory('https://h.example/**', { byPrefix: true, sinceMs: worldBeginsMs - hours * 60 * minuteMs });
    const daySeconds = 24 * 3600;
    expect(await doneBySeconds()).toBeLessThan(daySeconds);
    // Of two directories, one is kept for takedowns and one for people.
    expect(await doneBySeconds(directory(h('d/*')))).toBe(30 * daySeconds);
    expect(await doneBySeconds(byPrefix(23))).toBeLessThan(daySeconds);
    expect(await doneBySeconds(byPrefix(24))).toBe(30 * daySeconds);
  });

  test('is as much as was read, of a backlog that cannot be read in one tick', async () => {
    const world = createTickWorld({
      quota: { files: 100, dirs: 20 },
      step: (what) => {
        if (what === 'after QueryCommand') world.nowMs += 100;
      },
    });
    await world.spend({ files: 100, dirs: 0 });
    await world.park(parkedFile(h('page'), { lane: 'people' }), ...files(2000));
    await world.tick();
    const of = (name: string, lane?: string) =>
      world.metrics.find((metric) => metric.name === name && metric.lane === lane)?.value;
    expect(of('OldestParkedSeconds', 'people')).toBeGreaterThan(61 * 60);
    expect(of('ParkedEntries', 'bulk')).toBeLessThan(2000);
    expect(of('DoneBySeconds')).toBeGreaterThan(24 * 3600);
  });

  test('is not that nothing waits, and nobody, where all that there was time to read is released', async () => {
    let readMs = 0;
    const world = createTickWorld({
      quota: { files: 5000, dirs: 20 },
      step: (what) => {
        if (what === 'after QueryCommand') world.nowMs += readMs;
      },
    });
    await world.spend({ files: 4450, dirs: 0 });
    await world.park(...files(3000));
    await world.tick();
    readMs = 40;
    world.metrics.length = 0;
    world.nowMs = worldBeginsMs + (24 * 60 + 5) * minuteMs;
    await world.tick();
    expect(world.sent.length).toBeGreaterThan(0);
    expect((await world.waiting()).length).toBeGreaterThan(0);
    expect(isWaiting((await world.limits()).senders, world.nowMs)).toBe(true);
    expect(world.metrics.map(({ name }) => name)).not.toContain('ParkedEntries');
    expect(world.metrics.map(({ name }) => name)).toContain('TokensUsedPercent');
    readMs = 0;
    await world.tick(2);
    expect(await world.waiting()).toEqual([]);
    expect(world.metrics).toContainEqual({ name: 'ParkedEntries', value: 0, lane: 'bulk' });
  });

  test('leaves out the age of what is held on purpose', async () => {
    const world = createTickWorld({ quota: { files: 100, dirs: 20 } });
    await world.spend({ files: 0, dirs: 15 });
    await world.park(directory(h('d/*'), { lane: 'people', sinceMs: worldBeginsMs }));
    await world.tick();
    const of = (name: string) =>
      world.metrics.find((metric) => metric.name === name && metric.lane === 'people');
    expect(of('ParkedEntries')?.value).toBe(1);
    expect(of('OldestParkedSeconds')?.value).toBe(0);
  });

  test.each([[[]], [[h('docs/')]]])(
    'is published each five minutes, converting below %j',
    async (convertInShortage) => {
      const world = createTickWorld({ quota: { files: 10, dirs: 20 }, convertInShortage });
      await world.spend({ files: 10, dirs: 0 });
      await world.park(...files(1));
      await world.tick(11);
      expect(world.metrics.filter(({ name }) => name === 'DoneBySeconds')).toHaveLength(3);
    },
  );
});

describe('in a shortage', () => {
  const shortage = { quota: { files: 100, dirs: 20 }, convertInShortage: [h('docs/')] };

  test('many files of bulk below a named prefix become a directory, once no more come', async () => {
    const world = createTickWorld(shortage);
    await world.spend({ files: 100, dirs: 0 });
    const young = { sinceMs: worldBeginsMs };
    await world.park(...files(60).map((_, index) => parkedFile(h(`docs/${index}`), young)));
    await world.park(...files(60).map((_, index) => parkedFile(h(`shop/${index}`), young)));
    await world.tick();
    expect(world.sent).toEqual([
      {
        v: 1,
        atMs: world.nowMs,
        lane: 'bulk',
        since: worldBeginsMs,
        released: world.nowMs,
        entries: [{ kind: 'dir', url: h('docs/**'), target: 'production', action: 'invalidate' }],
      },
    ]);
    expect(await world.waiting()).toHaveLength(60);
  });

  test('that takes one directory, however many ticks it takes to remove them all', async () => {
    let canRemove = 0;
    const world = createTickWorld({
      ...shortage,
      ports: (ports) => ({
        ...ports,
        parked: {
          ...ports.parked,
          async remove(item) {
            // The time of the tick is over.
            if (--canRemove < 0) world.nowMs += 40_000;
            return ports.parked.remove(item);
          },
        },
      }),
    });
    await world.spend({ files: 100, dirs: 0 });
    await world.park(...Array.from({ length: 700 }, (_, index) => parkedFile(h(`docs/${index}`))));
    canRemove = 200;
    await world.tick();
    expect(world.sent.flatMap(({ entries }) => entries)).toMatchObject([{ url: h('docs/**') }]);
    expect((await world.waiting()).length).toBeGreaterThan(400);
    // What comes afterwards is not purged by it, nor what somebody waits for.
    await world.park(parkedFile(h('docs/new')), parkedFile(h('shop/new')));
    canRemove = 10_000;
    await world.tick(2);
    expect(world.sent).toHaveLength(1);
    expect(urlsIn([{ v: 1, entries: (await world.waiting()).map(({ entry }) => entry) }]).toSorted()).toEqual(
      [h('docs/new'), h('shop/new')],
    );
  });

  test('what could be read in time does, where more waits than a tick can read', async () => {
    const world = createTickWorld({
      ...shortage,
      ports: (ports) => ({
        ...ports,
        parked: {
          ...ports.parked,
          async *oldest(...which) {
            let read = 0;
            for await (const item of ports.parked.oldest(...which)) {
              if (++read === 600) world.nowMs += 40_000;
              yield item;
            }
          },
        },
      }),
    });
    await world.spend({ files: 100, dirs: 0 });
    await world.park(...Array.from({ length: 800 }, (_, index) => parkedFile(h(`docs/${index}`))));
    await world.tick(5);
    expect(world.sent.flatMap(({ entries }) => entries)).toMatchObject([{ url: h('docs/**') }]);
    expect(await world.waiting()).toEqual([]);
  });

  test('all is measured each five minutes, too', async () => {
    const world = createTickWorld(shortage);
    await world.spend({ files: 100, dirs: 0 });
    await world.park(...files(3));
    await world.tick(11);
    expect(world.metrics.filter(({ name }) => name === 'DoneBySeconds')).toHaveLength(3);
  });

  test('nothing does while there are tokens, or directories are short', async () => {
    const world = createTickWorld(shortage);
    await world.spend({ files: 100, dirs: 15 });
    await world.park(...files(60).map((_, index) => parkedFile(h(`docs/${index}`))));
    await world.tick();
    expect(world.sent).toEqual([]);
  });
});

describe('how far the counts are apart', () => {
  const quota = { files: 100, dirs: 20 };
  const nowMs = worldBeginsMs;
  const almostDayMs = 23.5 * 3_600_000;
  const spent = (files: number, state = freshQuota, atMs = nowMs) => spend(state, { files, dirs: 0 }, atMs);

  test('is what others have spent, in percent of the quota', () => {
    const state = spent(20);
    expect(miscountedPercent(state, quota, { files: 70, dirs: 20 }, nowMs)).toBe(10);
    expect(miscountedPercent(state, quota, { files: 80, dirs: 18 }, nowMs)).toBe(10);
    expect(miscountedPercent(state, quota, { files: 80, dirs: 20 }, nowMs)).toBe(0);
  });

  test('is also what CDN Pro has not counted, unless that is a day old just now', () => {
    const state = spent(20, spent(30, freshQuota, nowMs - almostDayMs));
    expect(miscountedPercent(state, quota, { files: 50, dirs: 20 }, nowMs)).toBe(0);
    expect(miscountedPercent(state, quota, { files: 80, dirs: 20 }, nowMs)).toBe(0);
    expect(miscountedPercent(state, quota, { files: 99, dirs: 20 }, nowMs)).toBe(19);
  });

  test('is nothing for a debt, which CDN Pro does not show, and where nobody knows the own count', () => {
    const overdrawn = spent(104);
    expect(miscountedPercent(overdrawn, quota, { files: 0, dirs: 20 }, nowMs)).toBe(0);
    expect(miscountedPercent({ spent: {}, lostMs: nowMs }, quota, { files: 0, dirs: 0 }, nowMs)).toBe(0);
  });
});
