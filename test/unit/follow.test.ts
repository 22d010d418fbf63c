import { describe, expect, test } from 'vitest';
import { priceOfNamed } from '../../functions/core/following/repairs.ts';
import { followEvents } from '../../functions/lambda/log-events.ts';
import { changeIn, createFollowWorld, type FollowWorldOptions, messageFor } from '../helpers/follow-world.ts';
import { minuteMs } from '../helpers/tick-world.ts';

const page = 'https://h.example/page';

async function worldWith(
  fate: Parameters<ReturnType<typeof createFollowWorld>['accept']>[1],
  options: FollowWorldOptions = {},
) {
  const world = createFollowWorld(options);
  const purgeId = await world.accept([messageFor(page)], fate);
  return { world, purgeId };
}

describe('a purge that CDN Pro finishes in full', () => {
  test('is completed, and its time is measured by when CDN Pro had finished it', async () => {
    const { world, purgeId } = await worldWith({ takesMs: 45_000 });
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['completed']);
    expect(world.measured('CompletionSeconds')).toEqual([45]);
    expect(world.lines.at(-1)).toMatchObject({
      message: followEvents.purgeEnded,
      fields: { purgeId, successRate: 100, urls: { files: 1, dirs: 0 }, repair: 0 },
    });
  });

  test('is not asked for any more, and nothing is while none is open', async () => {
    const { world } = await worldWith({});
    await world.tick(5);
    expect(world.asked).toEqual(['list']);
  });

  test('stays in the journal for 90 days, with its end', async () => {
    const { world } = await worldWith({});
    await world.tick();
    const [purge] = [...world.items].filter(([pk]) => pk.startsWith('purge#'));
    expect(purge?.[1]).toMatchObject({ state: { S: 'completed' }, successRate: { N: '100' } });
    expect(purge?.[1]).not.toHaveProperty('queue');
    expect(purge?.[1]?.expiresAt).toEqual({ N: String((world.nowMs + 90 * 24 * 60 * minuteMs) / 1000) });
  });
});

describe('the event of an end', () => {
  test('says how the purge has ended, of which URLs, and for which changes', async () => {
    const { world, purgeId } = await worldWith({ takesMs: 45_000 });
    const acceptedMs = world.nowMs;
    await world.tick();
    const { entries: _, ...message } = messageFor(page);
    expect(world.events).toEqual([
      {
        type: 'Purge Ended',
        atMs: world.nowMs,
        purger: 'Stack-Purger',
        purgeId,
        end: 'completed',
        successRate: 100,
        target: 'production',
        lane: 'people',
        acceptedAt: new Date(acceptedMs).toISOString(),
        finishedAt: new Date(acceptedMs + 45_000).toISOString(),
        repair: 0,
        urls: [page],
        changes: [message.change],
      },
    ]);
  });

  test('names a change once that has come in several messages', async () => {
    const world = createFollowWorld({});
    await world.accept([messageFor(page), { ...messageFor(page), entries: messageFor(`${page}/2`).entries }]);
    await world.tick();
    expect(world.events).toMatchObject([{ urls: [page, `${page}/2`], changes: [messageFor(page).change] }]);
  });

  test('names the item of the journal in place of more than 64 KB', async () => {
    const world = createFollowWorld({});
    const urls = Array.from({ length: 40 }, (_, index) => `${page}/${index}/${'x'.repeat(2000)}`);
    const purgeId = await world.accept([messageFor(...urls)]);
    await world.tick();
    expect(world.events).toMatchObject([{ purgeId, end: 'completed', journalKey: `body#${purgeId}` }]);
    expect(world.events[0]).not.toHaveProperty('urls');
    expect(world.items.has(`body#${purgeId}`)).toBe(true);
  });

  test('is sent by the next tick where the journal could not be read', async () => {
    let isSlow = true;
    const { world, purgeId } = await worldWith(
      { successRate: 99 },
      {
        ports: (ports) => ({
          ...ports,
          journal: {
            ...ports.journal,
            messages: (id) =>
              isSlow ? Promise.reject(new Error('the table is slow')) : ports.journal.messages(id),
          },
        }),
      },
    );
    world.nowMs += 3000;
    await world.accept([messageFor(page)], { takesMs: 5 * minuteMs });
    await expect(world.tick()).rejects.toThrow('the table is slow');
    expect([world.events, world.ends(purgeId)]).toEqual([[], []]);
    isSlow = false;
    await world.tick();
    expect(world.events).toMatchObject([{ purgeId, end: 'superseded', urls: [page] }]);
  });

  test('is in the log where EventBridge does not take it, and the purge has ended all the same', async () => {
    const { world, purgeId } = await worldWith(
      {},
      {
        ports: (ports) => ({
          ...ports,
          async putEvent() {
            throw new Error('no such bus');
          },
        }),
      },
    );
    await world.tick();
    expect(world.lines.map(({ message }) => message)).toEqual([
      followEvents.purgeRepeated,
      followEvents.endNotPut,
      followEvents.purgeEnded,
    ]);
    expect([world.ends(purgeId), await world.open()]).toEqual([['completed'], []]);
  });
});

describe('asking', () => {
  test('takes one request for 200 purges, and two for more', async () => {
    const world = createFollowWorld({});
    for (let index = 0; index < 201; index++) await world.accept([messageFor(`${page}/${index}`)]);
    await world.tick();
    expect(world.asked).toEqual(['list', 'list']);
    expect(world.measured('CompletionSeconds')).toHaveLength(201);
  });

  test('begins when purges are usually finished, which is learned', async () => {
    const world = createFollowWorld({});
    for (let index = 0; index < 5; index++) await world.accept([messageFor(page)], { takesMs: 170_000 });
    await world.tick(3);
    expect(world.asked).toEqual(['list', 'list', 'list']);
    await world.accept([messageFor(page)], { takesMs: 170_000 });
    await world.tick(2);
    expect(world.asked).toHaveLength(3);
    await world.tick();
    expect(world.asked).toHaveLength(4);
    expect(world.measured('CompletionSeconds')).toHaveLength(6);
  });

  test('begins after five minutes at the latest, however long purges took in an outage', async () => {
    const world = createFollowWorld({});
    for (let index = 0; index < 5; index++) {
      await world.accept([messageFor(`${page}/${index}`)], { takesMs: 120 * minuteMs });
    }
    await world.tick(121);
    expect(await world.open()).toEqual([]);
    const purgeId = await world.accept([messageFor(page)], { successRate: 50 });
    await world.tick(5);
    expect(world.ends(purgeId)).toEqual(['superseded']);
    expect(world.sent.at(-1)).toMatchObject({ repair: 1 });
  });

  test('is no more often than purges usually take, however often ticks come', async () => {
    const { world, purgeId } = await worldWith({}, { answers: () => false });
    await world.tick();
    const asked = world.asked.length;
    for (let count = 0; count < 20; count++) {
      world.nowMs -= 58_000;
      await world.tick();
    }
    expect([asked, world.asked.length]).toEqual([1, 1]);
    expect(world.ends(purgeId)).toEqual([]);
  });

  test('goes on in the next minute where CDN Pro does not answer', async () => {
    let isUp = false;
    const { world, purgeId } = await worldWith({}, { answers: () => isUp });
    await world.tick(3);
    expect(world.ends(purgeId)).toEqual([]);
    isUp = true;
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['completed']);
  });

  test('of one that is not in the list is by its ID, and one that CDN Pro lost does not hold up others', async () => {
    const { world, purgeId } = await worldWith({ unseenMs: Number.POSITIVE_INFINITY });
    await world.tick();
    expect(world.asked).toEqual(['list', purgeId]);
    const other = await world.accept([messageFor(`${page}/other`)]);
    await world.tick();
    expect(world.ends(other)).toEqual(['completed']);
    expect(world.asked.filter((what) => what === purgeId)).toHaveLength(2);
  });

  test('stays within 5% of the requests of the window, whatever happens', async () => {
    const world = createFollowWorld({});
    for (let index = 0; index < 50; index++) {
      await world.accept([messageFor(`${page}/${index}`)], { unseenMs: Number.POSITIVE_INFINITY });
    }
    await world.tick(9);
    expect(world.asked.length).toBeLessThanOrEqual(9 * 3);
  });
});

describe('a purge that some servers have left out', () => {
  test('is sent again with the same entries, and the later one takes its place', async () => {
    const { world, purgeId } = await worldWith({ successRate: 99.2 });
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['superseded']);
    expect(world.sent).toEqual([{ ...messageFor(page), repair: 1, released: world.nowMs }]);
    await world.deliver();
    await world.tick();
    expect(world.ends('p1')).toEqual(['completed']);
    expect(world.measured('PurgesPartial')).toEqual([1]);
    expect(world.measured('Repairs')).toEqual([1]);
  });

  test('fails after three repairs, with an alarm', async () => {
    const { world } = await worldWith({ successRate: 50 });
    for (let count = 0; count < 6; count++) {
      await world.tick();
      await world.deliver(() => ({ successRate: 50 }));
    }
    expect(world.purges.map(({ purgeId }) => world.ends(purgeId))).toEqual([
      ['superseded'],
      ['superseded'],
      ['superseded'],
      ['failed'],
    ]);
    expect(world.measured('PurgesFailed')).toEqual([1]);
    expect(world.lines.at(-1)).toMatchObject({
      message: followEvents.purgeFailed,
      fields: { reason: '50% of the servers have obeyed: repaired 3 times' },
    });
  });

  test('is repaired change by change: what was repaired three times fails alone', async () => {
    const world = createFollowWorld({});
    const spent = { ...messageFor(`${page}/spent`), repair: 3 };
    const purgeId = await world.accept([spent, messageFor(page), { ...messageFor(`${page}/2`), repair: 1 }], {
      successRate: 99,
    });
    await world.tick();
    expect(world.sent).toMatchObject([
      { entries: messageFor(page).entries, repair: 1 },
      { entries: messageFor(`${page}/2`).entries, repair: 2 },
    ]);
    expect(world.deadLetters.map(({ entries }) => entries)).toEqual([spent.entries]);
    expect([world.ends(purgeId), await world.open()]).toEqual([['failed'], []]);
  });

  test('that fails is in the dead letter queue, from where it is tried and repaired anew', async () => {
    const world = createFollowWorld({});
    const message = { ...messageFor(page), repair: 3, tries: 2, covered: 1 };
    await world.accept([message], { successRate: 50 });
    await world.tick();
    const reason = "purge 'p0' failed: 50% of the servers have obeyed: repaired 3 times";
    const rejected = { reason, rejectedAt: new Date(world.nowMs).toISOString() };
    expect(world.deadLetters).toEqual([{ ...messageFor(page), rejected }]);
  });

  test('that fails is followed on while the dead letter queue does not take it', async () => {
    let takes = false;
    const { world, purgeId } = await worldWith(
      { takesMs: Number.POSITIVE_INFINITY },
      {
        ports: (ports) => ({
          ...ports,
          reject: async (messages) =>
            takes ? ports.reject(messages) : messages.map((_, index) => ({ index, reason: 'no' })),
        }),
      },
    );
    world.nowMs += 24 * 60 * minuteMs;
    await world.tick();
    expect([world.ends(purgeId), world.events, world.lines]).toMatchObject([
      [],
      [],
      [{ message: followEvents.notInDeadLetters }],
    ]);
    takes = true;
    await world.tick();
    expect([world.ends(purgeId), world.deadLetters.length, await world.open()]).toEqual([['failed'], 1, []]);
  });

  test('fails where it names more URLs than are repaired whole', async () => {
    const world = createFollowWorld({});
    const urls = Array.from({ length: 51 }, (_, index) => `${page}/${index}`);
    const purgeId = await world.accept([messageFor(...urls)], { successRate: 99 });
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['failed']);
    expect(world.sent).toEqual([]);
  });

  test.each([
    ['a message asks for', false],
    ['is named in place of files', true],
  ])(
    'is repaired by the directory alone that %s where there are too few tokens for what it covered',
    async (_, isInstead) => {
      const world = createFollowWorld({ files: 1000 });
      const dir = { kind: 'dir', url: `${page}/**`, target: 'production', action: 'invalidate' } as const;
      const files = messageFor(...Array.from({ length: 400 }, (_, index) => `${page}/${index}`));
      const covered = { ...files, covered: 400 };
      const purgeId = isInstead
        ? await world.accept([covered], { successRate: 99, instead: [dir] })
        : await world.accept([{ ...messageFor(), entries: [dir] }, covered], { successRate: 99 });
      await world.tick();
      expect(world.sent).toMatchObject([{ entries: [dir], repair: 1 }]);
      expect([world.ends(purgeId), world.deadLetters, world.measured('PurgesFailed')]).toEqual([
        ['superseded'],
        [],
        [],
      ]);
      expect(world.events.at(-1)?.reason).toContain('what it names was sent again');
      await world.deliver();
      await world.tick();
      expect([world.ends('p1'), await world.open()]).toEqual([['completed'], []]);
    },
  );

  test('is never repaired by a part of what it names, since what the rest covered would be purged by nothing', () => {
    const covering = { ...messageFor(page, `${page}/1`), covered: 1 };
    const purge = { urls: { files: 1, dirs: 0 }, lane: 'people', repair: 0 } as const;
    expect(priceOfNamed([covering], purge)).toEqual({ files: 1, dirs: 0 });
    expect(priceOfNamed([covering], { ...purge, urls: { files: 1, dirs: 1 } })).toBeUndefined();
    expect(priceOfNamed([{ ...covering, repair: 3 }], purge)).toBeUndefined();
  });

  test('is repaired by the directory alone where a tick has crashed before it was sent', async () => {
    let crashes = true;
    const world = createFollowWorld({
      files: 1000,
      step(what) {
        if (crashes && what === 'before send') throw new Error('crashed');
      },
    });
    const [dir] = messageFor(`${page}/**`).entries;
    const files = messageFor(...Array.from({ length: 400 }, (_, index) => `${page}/${index}`));
    await world.accept([{ ...messageFor(`${page}/**`) }, { ...files, covered: 400 }], { successRate: 99 });
    await expect(world.tick()).rejects.toThrow('crashed');
    crashes = false;
    await world.tick();
    expect(world.sent.map(({ entries }) => entries)).toEqual([[dir]]);
  });

  test.each(['was left out by some servers', 'was seen to be old'])(
    'is repaired with the only token for it where it %s and a write of the tick has failed, whichever that is',
    async (how) => {
      const isLeftOut = how === 'was left out by some servers';
      let writes = 0;
      let failing = 0;
      const fails = (what: string) => what === 'before PutItemCommand' && ++writes === failing;
      for (let write = 1; write <= 6; write++) {
        const world = createFollowWorld({
          files: 20,
          step(what) {
            if (fails(what)) throw new Error('throttled');
          },
        });
        // Too few are left for a second purge.
        await world.spend({ files: 16, dirs: 0 });
        const fate = isLeftOut ? { successRate: 99 } : { edge: { obeys: false } };
        await world.accept([changeIn(world, messageFor(page))], fate);
        [writes, failing] = [0, write];
        await world.tick().catch(() => {});
        failing = 0;
        await world.tick(2);
        expect([write, new Set(world.ends('p0')), world.deadLetters]).toEqual([
          write,
          new Set(['superseded']),
          [],
        ]);
        expect(world.sent.at(-1)).toMatchObject({ repair: 1 });
        const next = await world.accept([messageFor(`${page}/2`)], { successRate: 99 });
        await world.tick(2);
        expect([write, world.ends(next)]).toEqual([write, ['failed']]);
      }
    },
  );

  test("fails once repairs have spent 5% of the day's tokens, and is repaired again a day later", async () => {
    const world = createFollowWorld({ files: 100 });
    for (let index = 0; index < 7; index++)
      await world.accept([messageFor(`${page}/${index}`)], { successRate: 99 });
    await world.tick();
    expect(world.measured('Repairs')).toHaveLength(5);
    expect(world.measured('PurgesFailed')).toHaveLength(2);
    world.nowMs += 25 * 60 * minuteMs;
    const later = await world.accept([messageFor(`${page}/later`)], { successRate: 99 });
    await world.tick();
    expect(world.ends(later)).toEqual(['superseded']);
  });

  test('is sent again where the clock was set back before it was accepted', async () => {
    const { world, purgeId } = await worldWith({ successRate: 99, answerMs: -5000 });
    await world.tick();
    expect([world.ends(purgeId), world.sent]).toMatchObject([['superseded'], [{ repair: 1 }]]);
  });

  test('is not sent again where a later purge has the same URLs', async () => {
    const { world, purgeId } = await worldWith({ successRate: 99 });
    world.nowMs += 3000;
    const later = await world.accept([messageFor(page)], { takesMs: 90_000 });
    await world.tick();
    expect([world.ends(purgeId), world.ends(later), world.sent]).toEqual([['superseded'], [], []]);
    await world.tick();
    expect(world.ends(later)).toEqual(['completed']);
  });

  test('is sent again where the later purge of the same URLs fails in the same minute', async () => {
    const { world, purgeId } = await worldWith({ successRate: 99 });
    world.nowMs += 3000;
    const later = await world.accept([{ ...messageFor(page), repair: 3 }], { successRate: 99 });
    await world.tick();
    expect([world.ends(purgeId), world.ends(later)]).toEqual([['superseded'], ['failed']]);
    expect(world.sent).toMatchObject([{ repair: 1, entries: [{ url: page }] }]);
  });

  test('is purged once more itself where the later purge of the same URLs fails in the same minute', async () => {
    const { world, purgeId } = await worldWith({});
    world.nowMs += 3000;
    const later = await world.accept([{ ...messageFor(page), repair: 3 }], { successRate: 99 });
    await world.tick();
    expect([world.ends(purgeId), world.ends(later)]).toEqual([['completed'], ['failed']]);
    expect(world.sent).toMatchObject([{ repeats: purgeId, entries: [{ url: page }] }]);
  });

  test('is sent again where the later purge is a second one of an older change, which is not repeated', async () => {
    const { world } = await worldWith({});
    await world.tick();
    const [second] = world.sent;
    const purgeId = await world.accept([messageFor(page)], { successRate: 99 });
    world.nowMs += 3000;
    await world.accept(second === undefined ? [] : [second], { takesMs: 90_000 });
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['superseded']);
    expect(world.sent).toMatchObject([{ repeats: 'p0' }, { repair: 1 }]);
    expect(world.sent[1]).not.toHaveProperty('repeats');
  });

  test('is left to such a purge where no repair is left', async () => {
    const { world } = await worldWith({}, { files: 20 });
    await world.accept([messageFor(`${page}/other`)], { successRate: 99 });
    await world.tick();
    const second = world.sent.find(({ repeats }) => repeats !== undefined);
    const purgeId = await world.accept([messageFor(page)], { successRate: 99 });
    world.nowMs += 3000;
    await world.accept(second === undefined ? [] : [second], { takesMs: 90_000 });
    await world.tick();
    expect([world.ends(purgeId), world.deadLetters]).toEqual([['superseded'], []]);
    // An earlier purge may have left its second purge to this one.
    expect(world.sent.at(-1)).toMatchObject({ repeats: purgeId, entries: [{ url: page }] });
  });
});

describe('a purge that has completed', () => {
  const spending = (files: number) => (world: ReturnType<typeof createFollowWorld>) =>
    world.spend({ files, dirs: 0 });
  const fileAndDir = {
    ...messageFor(page),
    entries: [
      ...messageFor(page).entries,
      { kind: 'dir', url: `${page}/**`, target: 'production', action: 'invalidate' },
    ],
  } as const;

  test('is followed by a second purge of its files, which names it, and is not repeated itself', async () => {
    const world = createFollowWorld({});
    const purgeId = await world.accept([fileAndDir]);
    await world.tick();
    const repeat = { ...messageFor(page), repeats: purgeId, released: world.nowMs };
    expect([world.ends(purgeId), world.sent]).toEqual([['completed'], [repeat]]);
    await world.deliver();
    await world.tick(3);
    expect([world.ends('p1'), world.sent]).toEqual([['completed'], [repeat]]);
  });

  test('of many changes shares its messages, each change with its own files', async () => {
    const world = createFollowWorld();
    const messages = Array.from({ length: 300 }, (_, index) => messageFor(`${page}/${index}`));
    await world.accept(messages);
    await world.tick();
    expect(world.sent.map(({ change, entries }) => [change, entries])).toEqual(
      messages.map(({ change, entries }) => [change, entries]),
    );
    expect(world.sentBodies).toBeLessThan(5);
  });

  test('has no second purge where it was a repeat in part: only what came in addition is repeated', async () => {
    const world = createFollowWorld({});
    await world.accept([{ ...messageFor(page), repeats: 'earlier' }, messageFor(`${page}/2`)]);
    await world.tick();
    expect(world.sent).toMatchObject([{ entries: [{ url: `${page}/2` }], repeats: 'p0' }]);
  });

  test.each([
    ['people', 74, 1],
    ['people', 75, 0],
    ['takedown', 74, 1],
    ['takedown', 75, 0],
    ['bulk', 24, 1],
    ['bulk', 25, 0],
  ] as const)('of %s, with %i of 100 tokens spent, has %i second purges', async (lane, spent, repeats) => {
    const world = createFollowWorld({ files: 100 });
    await spending(spent)(world);
    await world.accept([{ ...messageFor(page), lane }]);
    await world.tick();
    expect([world.ends('p0'), world.sent.length]).toEqual([['completed'], repeats]);
  });

  test('shares what is left with the others that complete at the same time', async () => {
    const world = createFollowWorld({ files: 100 });
    await spending(72)(world);
    for (let index = 0; index < 6; index++) await world.accept([messageFor(`${page}/${index}`)]);
    await world.tick();
    expect(world.sent).toHaveLength(3);
  });

  test('is not repeated where a later purge of the same URLs is under way, which is', async () => {
    const { world, purgeId } = await worldWith({});
    world.nowMs += 3000;
    const later = await world.accept([messageFor(page)], { takesMs: 90_000 });
    await world.tick();
    expect([world.ends(purgeId), world.sent]).toEqual([['completed'], []]);
    await world.tick();
    expect(world.sent).toMatchObject([{ repeats: later }]);
  });

  test('is repeated where of a later purge only other changes are so while as few tokens are left', async () => {
    const { world, purgeId } = await worldWith({}, { files: 1000 });
    await world.spend({ files: 500, dirs: 0 });
    world.nowMs += 3000;
    const inBulk = { ...messageFor(page), lane: 'bulk' } as const;
    const later = await world.accept([messageFor(`${page}/other`), inBulk]);
    await world.tick(2);
    expect([world.ends(purgeId), world.ends(later)]).toEqual([['completed'], ['completed']]);
    // Which of two is sent first in one tick does not matter.
    const sent = world.sent.toSorted((a, b) => String(a.repeats).localeCompare(String(b.repeats)));
    expect(sent).toMatchObject([
      { repeats: purgeId, entries: [{ url: page }] },
      { repeats: later, entries: [{ url: `${page}/other` }] },
    ]);
  });

  test('is repeated where another purge of the same URLs was sent before, and only answered later', async () => {
    const { world, purgeId } = await worldWith({});
    world.nowMs += 5000;
    await world.accept([messageFor(page)], { takesMs: 90_000, answerMs: 3000 });
    await world.tick();
    expect(world.sent).toMatchObject([{ repeats: purgeId }]);
  });

  test.each([
    ['a repeat of an earlier one', { ...messageFor(page), repeats: 'earlier' }],
    ['one of a directory that covers them', { ...messageFor(`${page}/**`, page), covered: 1 }],
  ])(
    'is repeated where the later purge of the same URLs is %s, and not repeated itself',
    async (_, later) => {
      const { world, purgeId } = await worldWith({});
      world.nowMs += 3000;
      await world.accept([later], { takesMs: 90_000 });
      await world.tick(2);
      expect(world.sent.filter(({ repeats }) => repeats === purgeId)).toHaveLength(1);
    },
  );

  test('of people is repeated where the later purge of the same URLs is of bulk, which may have none', async () => {
    const world = createFollowWorld({ files: 100 });
    await spending(50)(world);
    const purgeId = await world.accept([messageFor(page)]);
    world.nowMs += 3000;
    await world.accept([{ ...messageFor(page), lane: 'bulk' }], { takesMs: 90_000 });
    await world.tick(2);
    expect(world.sent).toMatchObject([{ repeats: purgeId }]);
  });

  test('has no second purge where its rule has a later one scheduled, which has one', async () => {
    const world = createFollowWorld({});
    await world.accept([{ ...messageFor(page), scheduledAgain: true }]);
    await world.tick();
    const last = await world.accept([messageFor(page)]);
    await world.tick();
    expect(world.sent).toMatchObject([{ repeats: last }]);
  });

  test('has no second purge of the files that a directory has covered', async () => {
    const world = createFollowWorld({});
    const [first, second] = messageFor(page, `${page}/covered`).entries;
    const [, directory] = fileAndDir.entries;
    await world.accept([
      { ...fileAndDir, entries: [first, directory, second].flatMap((each) => each ?? []), covered: 1 },
    ]);
    await world.tick();
    expect(world.sent).toEqual([{ ...messageFor(page), repeats: 'p0', released: world.nowMs }]);
  });
});

test('where nobody has followed purges for a day, each has failed only once CDN Pro was asked about it', async () => {
  const world = createFollowWorld();
  for (let index = 0; index < 450; index++) {
    world.nowMs += 100;
    await world.accept([messageFor(`${page}/${index}`)]);
  }
  world.nowMs += 25 * 60 * minuteMs;
  await world.tick(3);
  expect(world.measured('PurgesFailed')).toEqual([]);
  expect(world.lines.filter(({ fields }) => fields.end === 'completed')).toHaveLength(450);
});

describe('a purge that CDN Pro does not know', () => {
  test('may be seen minutes later: it is not sent again', async () => {
    const { world, purgeId } = await worldWith({ unseenMs: 8 * minuteMs });
    await world.tick(9);
    expect([world.ends(purgeId), world.measured('Repairs')]).toEqual([['completed'], []]);
  });

  test('is sent again after ten minutes', async () => {
    const { world, purgeId } = await worldWith({ unseenMs: Number.POSITIVE_INFINITY });
    await world.tick(9);
    expect(world.ends(purgeId)).toEqual([]);
    await world.tick(2);
    expect(world.ends(purgeId)).toEqual(['superseded']);
    expect(world.sent).toMatchObject([{ repair: 1, entries: messageFor(page).entries }]);
  });
});

describe('purges that CDN Pro has lost', () => {
  test("are sent again, however much of the day's tokens that takes", async () => {
    const world = createFollowWorld({ files: 20 });
    const urls = Array.from({ length: 60 }, (_, index) => `${page}/${index}`);
    const dirs = ['a', 'b'].map((name) => ({ kind: 'dir', url: `${page}/${name}/**` }) as const);
    const scope = { target: 'production', action: 'invalidate' } as const;
    const lost = { unseenMs: Number.POSITIVE_INFINITY };
    const entries = dirs.map((dir) => ({ ...dir, ...scope }));
    const purgeIds = [
      await world.accept([messageFor(...urls)], lost),
      await world.accept([{ ...messageFor(), entries }], lost),
    ];
    await world.tick(11);
    expect(purgeIds.map(world.ends)).toEqual([['superseded'], ['superseded']]);
    expect(world.sent.flatMap((message) => message.entries)).toHaveLength(62);
    expect(world.deadLetters).toEqual([]);
  });
});

describe('a purge that is not finished', () => {
  test('is an alarm after 15 minutes, is still asked for, and completes', async () => {
    const { world, purgeId } = await worldWith({ takesMs: 31 * minuteMs });
    await world.tick(14);
    expect(world.measured('PurgesLate')).toEqual([]);
    await world.tick();
    expect(world.measured('PurgesLate')).toEqual([1]);
    expect(world.progress().seen[purgeId]?.successRate).toBe(40);
    const asked = world.asked.length;
    await world.tick(21);
    expect(world.ends(purgeId)).toEqual(['completed']);
    expect(world.asked.length - asked).toBeLessThanOrEqual(6);
  });

  test('fails after a day', async () => {
    const { world, purgeId } = await worldWith({ takesMs: Number.POSITIVE_INFINITY });
    world.nowMs += 24 * 60 * minuteMs;
    await world.tick();
    expect(world.ends(purgeId)).toEqual(['failed']);
  });

  test('does not fail after a pause of a day where CDN Pro cannot be asked at once', async () => {
    let answers = false;
    const { world, purgeId } = await worldWith({}, { answers: () => answers });
    for (const isRestarted of [true, false]) {
      world.nowMs += 25 * 60 * minuteMs;
      if (isRestarted) world.restart();
      await world.tick(50);
    }
    answers = true;
    await world.tick(6);
    expect(world.ends(purgeId)).toEqual(['completed']);
    expect(world.deadLetters).toEqual([]);
  });

  test('fails after a day in which CDN Pro has said nothing', async () => {
    const { world, purgeId } = await worldWith({}, { answers: () => false });
    world.nowMs += 23 * 60 * minuteMs;
    await world.tick(59);
    expect(world.ends(purgeId)).toEqual([]);
    await world.tick(5);
    expect(world.ends(purgeId)).toEqual(['failed']);
  });
});
