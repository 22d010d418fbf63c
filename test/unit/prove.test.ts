import { describe, expect, test } from 'vitest';
import { followEvents } from '../../functions/lambda/log-events.ts';
import { fileEntry } from '../helpers/changes.ts';
import {
  changeIn,
  createFollowWorld,
  type Fate,
  type FollowWorldOptions,
  messageFor,
} from '../helpers/follow-world.ts';
import { minuteMs } from '../helpers/tick-world.ts';

const page = 'https://h.example/page';
/** An edge that fills itself again before its parent obeys keeps the old page. */
const race = { takesMs: 50_000, edge: { parentAt: 1, askedAfterMs: 1000 } };

/** @returns a world in which a page has changed, and CDN Pro has accepted its purge */
async function worldWith(
  fate: Fate = {},
  options: FollowWorldOptions = {},
  action: 'put' | 'delete' = 'put',
) {
  const world = createFollowWorld(options);
  world.nowMs += 3000;
  const message = changeIn(world, messageFor(page), action);
  const purgeId = await world.accept([message], fate);
  return { world, purgeId, message };
}

const endsOf = (world: ReturnType<typeof createFollowWorld>) =>
  world.purges.map(({ purgeId }) => world.ends(purgeId));

describe('a purge that has completed', () => {
  test.each(['put', 'delete'] as const)(
    'is fresh where the edge shows what a %s has changed',
    async (action) => {
      const { world, purgeId } = await worldWith({}, {}, action);
      await world.tick();
      expect(world.ends(purgeId)).toEqual(['fresh']);
      expect(world.measured('FreshSeconds')).toEqual([60.5]);
      expect(world.measured('CompletionSeconds')).toEqual([20]);
      expect(world.events).toMatchObject([
        { end: 'fresh', proof: '1 of 1 URLs seen at dns (1.2.3.4)', urls: [page] },
      ]);
      expect(world.lines.at(-1)).toMatchObject({
        message: followEvents.purgeEnded,
        fields: { end: 'fresh', proof: '1 of 1 URLs seen at dns (1.2.3.4)', freshSeconds: 60.5 },
      });
    },
  );

  test('has its second purge all the same, which is proven, too, and not measured again', async () => {
    const { world, purgeId } = await worldWith();
    await world.tick();
    expect(world.sent).toMatchObject([{ repeats: purgeId, entries: [{ url: page }] }]);
    await world.deliver();
    await world.tick();
    expect([endsOf(world), world.measured('FreshSeconds').length]).toEqual([[['fresh'], ['fresh']], 1]);
  });

  test.each<[string, FollowWorldOptions['edgeSays'], string]>([
    ['does not answer', () => 'no answer in time', 'no answer in time'],
    ['redirects', () => ({ status: 302 }), 'the answer is 302'],
    ['refuses', () => ({ status: 403 }), 'the answer is 403'],
    ['has no validators', ({ status }) => ({ status }), 'the answer has no ETag'],
    [
      'is older, and does not say when it is from',
      () => ({ status: 200, etag: '"x"' }),
      'it has another ETag, and no Last-Modified',
    ],
  ])('stays completed where the edge %s, and is not purged again for it', async (_, edgeSays, why) => {
    const { world, purgeId } = await worldWith(race, edgeSays === undefined ? {} : { edgeSays });
    await world.tick();
    const reason = `not proven: 1 of 1 probes cannot tell, such as of ${page}: ${why}`;
    expect(world.events).toMatchObject([{ end: 'completed', reason }]);
    expect([world.measured('ProbesUnproven'), world.measured('Repairs'), world.ends(purgeId)]).toEqual([
      [1],
      [],
      ['completed'],
    ]);
  });

  test.each<[string, FollowWorldOptions]>([
    ['nothing is probed', { ports: ({ probing: _, ...ports }) => ports }],
    [
      'its target has no vantage point',
      { ports: (ports) => ({ ...ports, probing: withVantages([], ports) }) },
    ],
  ])('is completed where %s', async (_, options) => {
    const { world, purgeId } = await worldWith(race, options);
    await world.tick();
    expect([world.ends(purgeId), world.probed]).toEqual([['completed'], []]);
  });

  test('is completed where it is not known what it shows', async () => {
    const world = createFollowWorld();
    const purgeId = await world.accept([messageFor(page)], race);
    await world.tick();
    expect([world.ends(purgeId), world.probed]).toEqual([['completed'], []]);
  });

  test('is completed where the function that probes fails, and says so', async () => {
    const { world } = await worldWith(race, {
      ports: (ports) => ({
        ...ports,
        probing: {
          ...withVantages(['dns'], ports),
          probe: async () => {
            throw new Error('no such function');
          },
        },
      }),
    });
    await world.tick();
    expect(world.lines).toContainEqual({
      message: followEvents.notProbed,
      fields: { probes: 1, error: { name: 'Error', message: 'no such function' } },
    });
    const reason = 'not proven: the function that probes has not answered';
    expect(world.events).toMatchObject([{ end: 'completed', reason }]);
  });

  test('is superseded, and not probed, where a later purge of the same URLs will be', async () => {
    const { world, purgeId } = await worldWith();
    world.nowMs += 3000;
    const later = await world.accept([changeIn(world, messageFor(page))], { takesMs: 90_000 });
    await world.tick();
    expect([world.ends(purgeId), world.probed]).toEqual([['superseded'], []]);
    await world.tick();
    expect(world.ends(later)).toEqual(['fresh']);
  });

  test('is proven itself where a later purge of the same URLs knows no version, as that of a listing or by hand', async () => {
    const { world, purgeId } = await worldWith(race);
    world.nowMs += 3000;
    const listing = await world.accept([messageFor(page)], { takesMs: 90_000, edge: { obeys: false } });
    await world.tick(2);
    expect([world.ends(purgeId), world.ends(listing)]).toEqual([['superseded'], ['completed']]);
    expect(world.probed).toMatchObject([{ kind: 'stale' }]);
    expect(world.sent).toMatchObject([{ repair: 1, repeats: purgeId }, { repeats: listing }]);
  });

  test('is proven itself where a later purge is of an older change, whose event came late', async () => {
    const world = createFollowWorld();
    world.nowMs += 3000;
    const older = changeIn(world, messageFor(page));
    world.edge.purge([page], 0, {});
    world.edge.ask(page);
    world.nowMs += 3000;
    const purgeId = await world.accept([changeIn(world, messageFor(page))], { edge: { obeys: false } });
    world.nowMs += 3000;
    const late = await world.accept([older], { takesMs: 30_000, edge: { obeys: false } });
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['superseded']);
    // The edge shows what the older change has made: that is not fresh.
    expect(world.ends(late)).toEqual(['completed']);
    expect(world.probed).toContainEqual(
      expect.objectContaining({ kind: 'stale', shows: { etag: 'v2', sinceMs: expect.any(Number) } }),
    );
    expect(world.sent).toContainEqual(expect.objectContaining({ repair: 1, repeats: purgeId }));
  });

  test.each([
    ['before', 20_000],
    ['after', 70_000],
  ])(
    'is not fresh by a version of a CMS where a purge that ends %s has another one of the same time',
    async (_, takesMs) => {
      const world = createFollowWorld({ edgeSays: (truth) => ({ ...truth, version: '1' }) });
      const entryOf = (value: string) => ({
        ...messageFor(page),
        entries: [{ ...fileEntry(page), shows: { header: { name: 'x-version', value }, sinceMs: 5000 } }],
      });
      const purgeId = await world.accept([entryOf('1')], { takesMs: 50_000 });
      world.nowMs += 3000;
      const other = await world.accept([entryOf('2')], { takesMs });
      await world.tick(2);
      expect([world.ends(purgeId), world.ends(other)]).toEqual([['completed'], ['completed']]);
    },
  );

  test('is sent again where some servers have left it out and the later purge is of an older change', async () => {
    const world = createFollowWorld();
    world.nowMs += 3000;
    const older = changeIn(world, messageFor(page));
    world.edge.purge([page], 0, {});
    world.edge.ask(page);
    world.nowMs += 3000;
    const purgeId = await world.accept([changeIn(world, messageFor(page))], { successRate: 99 });
    world.nowMs += 3000;
    const late = await world.accept([older], { takesMs: 90_000, edge: { obeys: false } });
    await world.tick();
    expect([world.ends(purgeId), world.ends(late)]).toEqual([['superseded'], []]);
    expect(world.sent).toMatchObject([{ repair: 1, entries: [{ shows: { etag: 'v2' } }] }]);
    await world.deliver(() => ({ takesMs: 90_000, edge: { obeys: false } }));
    await world.tick();
    expect(world.ends(late)).toEqual(['superseded']);
  });

  test('is not fresh by a version that a purge that has ended knows a newer one of, whose repair waits', async () => {
    const world = createFollowWorld();
    world.nowMs += 3000;
    const older = changeIn(world, messageFor(page));
    world.edge.purge([page], 0, {});
    world.edge.ask(page);
    world.nowMs += 3000;
    const purgeId = await world.accept([changeIn(world, messageFor(page))], { edge: { obeys: false } });
    world.nowMs += 3000;
    const second = { ...older, repeats: 'before' };
    const late = await world.accept([second], { takesMs: 90_000, edge: { obeys: false } });
    await world.tick();
    expect([world.ends(purgeId), await world.open()]).toMatchObject([['superseded'], [{ purgeId: late }]]);
    await world.tick();
    const reason = 'not proven: another purge knows a newer version';
    expect(world.events.at(-1)).toMatchObject({ purgeId: late, end: 'completed', reason });
  });

  test.each([
    ['people', 'fresh', undefined],
    ['bulk', 'completed', 'not proven: there were too many purges since to look for a newer version'],
  ] as const)(
    'of %s is %s where more purges are to be looked through than bulk may pay',
    async (lane, end, reason) => {
      const read: (number | undefined)[] = [];
      const world = createFollowWorld({
        ports: (ports) => ({
          ...ports,
          search: {
            async find(day, urls, fromMs, most) {
              read.push(most);
              const found = await ports.search.find(day, urls, fromMs, most);
              return most === undefined ? found : { ...found, isCut: true };
            },
          },
        }),
      });
      const purgeId = await world.accept([{ ...changeIn(world, messageFor(page)), lane }]);
      await world.tick();
      expect(new Set(read)).toEqual(new Set([lane === 'bulk' ? 2000 : undefined]));
      expect(world.ends(purgeId)).toEqual([end]);
      expect(world.events[0]?.reason).toBe(reason);
    },
  );

  test('is not fresh by a version that a purge of hours before knows a newer one of, where its own change has waited', async () => {
    const world = createFollowWorld();
    world.nowMs += 3000;
    const older = changeIn(world, messageFor(page));
    world.edge.purge([page], 0, {});
    world.edge.ask(page);
    world.nowMs += 3000;
    await world.accept([changeIn(world, messageFor(page))], { successRate: 99.9 });
    // Its repair waits for tokens all the time.
    await world.tick(10);
    world.nowMs += 30 * 60 * minuteMs;
    const late = await world.accept([older], { edge: { obeys: false } });
    await world.tick();
    const reason = 'not proven: another purge knows a newer version';
    expect(world.events.at(-1)).toMatchObject({ purgeId: late, end: 'completed', reason });
  });

  test('looks for newer versions of two weeks, whatever time its change has', async () => {
    const found: string[] = [];
    const search = {
      async find(day: string) {
        found.push(day);
        return { purges: [], isEmpty: true };
      },
    };
    const world = createFollowWorld({ ports: (ports) => ({ ...ports, search }) });
    world.nowMs += 3000;
    world.edge.purge([page], 0, {});
    const shows = { ...world.edge.change(page, 'put'), sinceMs: 1 };
    const entries = [fileEntry(page, { shows })];
    await world.accept([{ ...messageFor(page), entries }]);
    await world.tick();
    expect([endsOf(world), found.length]).toEqual([[['fresh']], 16]);
  });

  test('is not fresh by a version that is deleted by another purge, which is followed', async () => {
    const world = createFollowWorld();
    world.nowMs += 3000;
    const older = changeIn(world, messageFor(page));
    world.edge.purge([page], 0, {});
    world.edge.ask(page);
    world.nowMs += 3000;
    const message = changeIn(world, messageFor(page), 'delete');
    const entries = message.entries.map((entry) => ({ ...entry, action: 'delete' as const }));
    await world.accept([{ ...message, entries }], { edge: { obeys: false } });
    world.nowMs += 3000;
    const late = await world.accept([older], { edge: { obeys: false } });
    await world.tick();
    const reason = 'not proven: another purge knows a newer version';
    expect(world.events.find(({ purgeId }) => purgeId === late)).toMatchObject({ end: 'completed', reason });
  });

  test('is not fresh by a version that was removed since, after which nobody knows what is to be shown', async () => {
    const world = createFollowWorld();
    world.nowMs += 3000;
    const older = changeIn(world, messageFor(page));
    world.edge.purge([page], 0, {});
    world.edge.ask(page);
    world.nowMs += 3000;
    const removed = fileEntry(page, { shows: { sinceMs: world.nowMs } });
    await world.accept([{ ...messageFor(page), entries: [removed] }], { edge: { obeys: false } });
    world.nowMs += 3000;
    const late = await world.accept([older], { edge: { obeys: false } });
    await world.tick();
    const reason = 'not proven: another purge knows a newer version';
    expect(world.events.find(({ purgeId }) => purgeId === late)).toMatchObject({ end: 'completed', reason });
  });

  test('is not fresh where it cannot be looked up whether a purge that has ended knows a newer version', async () => {
    const search = { find: () => Promise.reject(new Error('the table is slow')) };
    const { world } = await worldWith({}, { ports: (ports) => ({ ...ports, search }) });
    await world.tick();
    const reason = 'not proven: whether there is a newer version was not known';
    expect(world.events).toMatchObject([{ end: 'completed', reason }]);
  });

  test.each([
    ['its own', 60, 1],
    ["the other one's", 1, 60],
    ["both's", 60, 61],
  ])(
    'is not fresh by a version that another purge knows a newer one of, where %s files are many',
    async (_, own, others) => {
      const world = createFollowWorld();
      const pages = Array.from({ length: 61 }, (__, index) => (index === 0 ? page : `${page}/${index}`));
      world.nowMs += 3000;
      const older = changeIn(world, messageFor(...pages.slice(0, own)));
      world.edge.purge(pages, 0, {});
      for (const each of pages) world.edge.ask(each);
      world.nowMs += 3000;
      await world.accept([changeIn(world, messageFor(...pages.slice(0, others)))], {
        edge: { obeys: false },
      });
      world.nowMs += 3000;
      const late = await world.accept([older], { takesMs: 30_000, edge: { obeys: false } });
      await world.tick();
      expect(world.ends(late)).toEqual(['completed']);
    },
  );

  test('is proven by the next tick where this one has no time for it', async () => {
    let takesMs = 30_000;
    const { world, purgeId } = await worldWith(
      {},
      {
        ports: (ports) => ({
          ...ports,
          cdnPro: {
            async prepare() {
              world.nowMs += takesMs;
              return ports.cdnPro.prepare();
            },
          },
        }),
      },
    );
    await world.tick();
    expect([world.ends(purgeId), world.probed]).toEqual([[], []]);
    takesMs = 0;
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['fresh']);
  });

  test('is proven although CDN Pro is asked until nothing is left of a tick, and CDN Pro is not asked for it again', async () => {
    const { world, purgeId } = await worldOfSlowQuestions();
    await world.tick();
    expect([world.ends(purgeId), world.probed]).toEqual([[], []]);
    await world.tick();
    expect([world.ends(purgeId), world.asked]).toEqual([['fresh'], ['list']]);
  });

  test('is not proven where each tick asks for other purges until there is no time, and ends all the same', async () => {
    const { world, purgeId } = await worldOfSlowQuestions();
    await world.accept([messageFor(`${page}/other`)], { takesMs: 60 * minuteMs });
    await world.tick(12);
    const reason = 'not proven: there was no time to ask';
    expect(world.events).toMatchObject([{ purgeId, end: 'completed', reason }]);
  });

  test('keeps no other one waiting where the journal does not have what it settles', async () => {
    const { world, purgeId } = await worldWith(
      {},
      {
        ports: (ports) => ({
          ...ports,
          journal: {
            ...ports.journal,
            async messages(id) {
              if (id === purgeId) throw new Error('unreadable');
              return ports.journal.messages(id);
            },
          },
        }),
      },
    );
    const other = await world.accept([changeIn(world, messageFor(`${page}/other`))]);
    await world.tick();
    expect([world.ends(purgeId), world.ends(other)]).toEqual([[], ['fresh']]);
    world.nowMs += 10 * minuteMs;
    const last = await world.accept([changeIn(world, messageFor(`${page}/last`))], { takesMs: 0 });
    await expect(world.tick()).rejects.toThrow('unreadable');
    expect([world.ends(purgeId), world.ends(last)]).toEqual([[], ['fresh']]);
  });

  test('ends where many large purges are on the way, which take longer to read than a tick has', async () => {
    let endMs = Number.POSITIVE_INFINITY;
    const world = createFollowWorld({
      step() {
        if (world.nowMs > endMs) throw new Error('timed out');
      },
      ports: (ports) => ({
        ...ports,
        journal: {
          ...ports.journal,
          async messages(purgeId) {
            world.nowMs += 250;
            return ports.journal.messages(purgeId);
          },
        },
      }),
    });
    const urls = (purge: number) => Array.from({ length: 51 }, (_, index) => `${page}/${purge}/${index}`);
    for (let purge = 0; purge < 250; purge++) {
      const takesMs = purge < 9 ? 20_000 : 60 * minuteMs;
      const message = changeIn(world, messageFor(...urls(purge)));
      await world.accept([{ ...message, lane: 'bulk' }], { takesMs });
    }
    for (let count = 0; count < 15; count++) {
      endMs = world.nowMs + minuteMs + 53_000;
      await world.tick().catch(() => {});
      world.restart();
    }
    expect(endsOf(world).slice(0, 9)).toEqual(Array.from({ length: 9 }, () => ['completed']));
  });

  test('is proven by the next tick where reading its files left no time to ask', async () => {
    let isSlow = true;
    const { world, purgeId } = await worldWith(
      {},
      {
        ports: (ports) => ({
          ...ports,
          journal: {
            ...ports.journal,
            async messages(id) {
              if (isSlow) world.nowMs += 30_000;
              isSlow = false;
              return ports.journal.messages(id);
            },
          },
        }),
      },
    );
    await world.tick();
    expect(world.ends(purgeId)).toEqual([]);
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['fresh']);
  });

  test('is proven by the next tick, too, where CDN Pro had finished it long before a tick found out', async () => {
    let isSlow = true;
    const { world, purgeId } = await worldWith(
      {},
      {
        ports: (ports) => ({
          ...ports,
          cdnPro: {
            async prepare() {
              if (isSlow) world.nowMs += 34_000;
              isSlow = false;
              return ports.cdnPro.prepare();
            },
          },
        }),
      },
    );
    world.nowMs += 60 * minuteMs;
    await world.tick();
    expect(world.ends(purgeId)).toEqual([]);
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['fresh']);
  });

  test('is not proven where ticks have not got to it for ten minutes', async () => {
    let crashes = true;
    const { world, purgeId } = await worldWith(
      {},
      {
        step: (what) => {
          if (crashes && what === 'before probe') throw new Error('stopped');
        },
        ports: (ports) => ({ ...ports, log: { ...ports.log, warn: stopped } }),
      },
    );
    await expect(world.tick()).rejects.toThrow('stopped');
    expect([await world.open(), world.ends(purgeId)]).toMatchObject([[{ state: { kind: 'purging' } }], []]);
    world.nowMs += 10 * minuteMs;
    crashes = false;
    await world.tick();
    const reason = 'not proven: there was no time to ask';
    expect(world.events).toMatchObject([{ purgeId, end: 'completed', reason }]);
    expect(world.asked).toEqual(['list']);
  });
});

describe('a purge after which the edge shows an old version', () => {
  test('is purged again, which is no second purge in addition, and then it is fresh', async () => {
    const { world, purgeId, message } = await worldWith(race);
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['superseded']);
    expect(world.sent).toEqual([{ ...message, repair: 1, repeats: purgeId, released: world.nowMs }]);
    expect(world.events[0]?.reason).toBe(
      `1 of 1 probes saw an old version, such as of ${page}: it has another ETag, and a Last-Modified from before the change (dns (1.2.3.4), old: status 206): purged again`,
    );
    await world.deliver();
    await world.tick(3);
    expect(endsOf(world)).toEqual([['superseded'], ['fresh']]);
    expect([world.sent.length, world.measured('ProbesStale'), world.measured('Repairs')]).toEqual([
      1,
      [1],
      [1],
    ]);
    expect(world.measured('FreshSeconds')).toEqual([120.5]);
  });

  test.each([1, 20])(
    'is right where its version was removed since, whose purge takes %d minutes',
    async (minutes) => {
      let isBack = false;
      const world = createFollowWorld({
        edgeSays: (truth) => (isBack ? { status: 206, etag: '"v0"', lastModifiedMs: 1000 } : truth),
      });
      world.nowMs += 3000;
      const purgeId = await world.accept([changeIn(world, messageFor(page))], { takesMs: 50_000 });
      world.nowMs += 20_000;
      isBack = true;
      const removed = fileEntry(page, { shows: { sinceMs: world.nowMs } });
      const message = { ...messageFor(page), entries: [removed] };
      await world.accept([message], { takesMs: minutes * minuteMs });
      for (let count = 0; count < 6; count++) {
        await world.tick();
        await world.deliver();
      }
      expect(world.ends(purgeId)).toEqual(['completed']);
      expect([world.measured('Repairs'), world.measured('ProbesStale'), world.deadLetters]).toEqual([
        [],
        [],
        [],
      ]);
    },
  );

  test('is purged again where its version was removed, and a newer one was put since', async () => {
    const world = createFollowWorld();
    world.nowMs += 3000;
    const message = changeIn(world, messageFor(page));
    world.nowMs += 3000;
    const removed = fileEntry(page, { shows: { sinceMs: world.nowMs } });
    await world.accept([{ ...messageFor(page), entries: [removed] }], { edge: { obeys: false } });
    world.nowMs += 3000;
    await world.accept([changeIn(world, messageFor(page))], { edge: { obeys: false } });
    const purgeId = await world.accept([{ ...message, repeats: 'before' }], { edge: { obeys: false } });
    world.edge.ask(page);
    await world.tick();
    expect(world.ends(purgeId)).not.toEqual(['fresh']);
    expect(world.measured('ProbesStale').length).toBeGreaterThan(0);
  });

  test('that a delete has made is purged again as well', async () => {
    const { world } = await worldWith(race, {}, 'delete');
    await world.tick();
    expect(world.sent).toMatchObject([{ repair: 1, entries: [{ shows: { gone: true } }] }]);
  });

  test('is purged again where the tokens do not allow a second purge: on evidence', async () => {
    const { world } = await worldWith(race, { files: 100 });
    await world.spend({ files: 80, dirs: 0 });
    await world.tick();
    expect(world.sent).toMatchObject([{ repair: 1, entries: [{ url: page }] }]);
  });

  test('has only what was seen to be old repaired, and the others repeated', async () => {
    const world = createFollowWorld();
    world.nowMs += 3000;
    const [old, well] = [`${page}/old`, `${page}/well`];
    const purgeId = await world.accept([changeIn(world, messageFor(old, well))], { edge: { obeys: false } });
    world.edge.purge([well], 0, {});
    await world.tick();
    expect(world.sent).toMatchObject([
      { entries: [{ url: old }], repair: 1, repeats: purgeId },
      { entries: [{ url: well }], repeats: purgeId },
    ]);
    expect(world.sent[1]).not.toHaveProperty('repair');
    // Who waits for the other file, or looks for it, finds out that it is not the one that was purged again.
    expect(world.events).toMatchObject([{ end: 'superseded', urls: [old], completed: [well] }]);
    expect((await world.ports.journal.purge(purgeId))?.state.stale).toHaveLength(1);
  });

  test('keeps no other one from its end where the repair cannot be written down, and is repaired by the next tick', async () => {
    let reads = 0;
    const world = createFollowWorld({
      ports: (ports) => ({
        ...ports,
        journal: {
          ...ports.journal,
          readFollowing() {
            reads++;
            if (reads === 2) return Promise.reject(new Error('the table is slow'));
            return ports.journal.readFollowing();
          },
        },
      }),
    });
    world.nowMs += 3000;
    const old = await world.accept([changeIn(world, messageFor(`${page}/old`))], { edge: { obeys: false } });
    const well = await world.accept([changeIn(world, messageFor(`${page}/well`))]);
    await world.tick();
    expect([world.ends(old), world.ends(well)]).toEqual([[], ['fresh']]);
    await world.tick();
    expect(world.ends(old)).toEqual(['superseded']);
  });

  test('has nothing else repaired where the tick ends before it has sent anything', async () => {
    let crashes = true;
    const world = createFollowWorld({
      step: (what) => {
        if (crashes && what === 'before send') throw new Error('stopped');
      },
    });
    world.nowMs += 3000;
    const [old, well] = [`${page}/old`, `${page}/well`];
    await world.accept([changeIn(world, messageFor(old, well))], { edge: { obeys: false } });
    world.edge.purge([well], 0, {});
    await expect(world.tick()).rejects.toThrow('stopped');
    crashes = false;
    await world.tick();
    expect(world.sent).toMatchObject([{ entries: [{ url: old }], repair: 1 }, { entries: [{ url: well }] }]);
    expect([world.ends('p0'), world.probed.length]).toEqual([['superseded'], 2]);
  });

  test('fails after three repairs, with what was seen, and what is old is in the dead letter queue', async () => {
    const { world } = await worldWith({ edge: { obeys: false } });
    for (let count = 0; count < 5; count++) {
      await world.tick();
      await world.deliver(() => ({ edge: { obeys: false } }));
    }
    expect(endsOf(world)).toEqual([['superseded'], ['superseded'], ['superseded'], ['failed']]);
    expect(world.measured('PurgesFailed')).toEqual([1]);
    expect(world.deadLetters).toMatchObject([
      {
        entries: [{ url: page }],
        rejected: { reason: expect.stringMatching(/saw an old version.*repaired 3 times$/) },
      },
    ]);
  });

  test("fails where repairs have used their 5% of the day's tokens, and there are none for a second purge", async () => {
    const world = createFollowWorld({ files: 20 });
    await world.spend({ files: 16, dirs: 0 });
    world.nowMs += 3000;
    for (const name of ['a', 'b']) {
      await world.accept([changeIn(world, messageFor(`${page}/${name}`))], { edge: { obeys: false } });
    }
    await world.tick();
    expect(endsOf(world)).toEqual([['superseded'], ['failed']]);
  });
});

test('where there is no repair left for what is old, the other files of the purge have their second purge', async () => {
  const world = createFollowWorld({ files: 20 });
  world.nowMs += 3000;
  const repeated = (url: string) => ({ ...changeIn(world, messageFor(url)), repeats: 'before' });
  // There is one repair a day.
  await world.accept([repeated(`${page}/first`)], { edge: { obeys: false } });
  await world.tick();
  const before = world.sent.length;
  const well = `${page}/well`;
  const others = [repeated(`${page}/old`), changeIn(world, messageFor(well))];
  const purgeId = await world.accept(others, { edge: { obeys: false } });
  world.edge.purge([well], 0, {});
  await world.tick();
  expect([world.ends(purgeId), world.deadLetters]).toMatchObject([
    ['failed'],
    [{ entries: [{ url: `${page}/old` }] }],
  ]);
  expect(world.sent.slice(before)).toMatchObject([{ entries: [{ url: well }], repeats: purgeId }]);
});

/** @returns the same, where each tick asks CDN Pro nearly as long as it has time */
async function worldOfSlowQuestions(): ReturnType<typeof worldWith> {
  const slow: Awaited<ReturnType<typeof worldWith>> = await worldWith(
    {},
    {
      ports: (ports) => ({
        ...ports,
        cdnPro: {
          async prepare() {
            slow.world.nowMs += 28_000;
            return ports.cdnPro.prepare();
          },
        },
      }),
    },
  );
  return slow;
}

function withVantages(
  production: readonly string[],
  { probing = never() }: Parameters<NonNullable<FollowWorldOptions['ports']>>[0],
) {
  return { ...probing, vantages: { production, staging: [] } };
}

function never(): never {
  throw new Error('Expected a world that probes');
}

function stopped(): never {
  throw new Error('stopped');
}
