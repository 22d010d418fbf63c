import { describe, expect, it } from 'vitest';
import { createSender } from '../helpers/webhook-sender.ts';

const urls = ['https://www.example.com/{slug}'];
const publish = (slug: string, id = 'e1', timestamp?: string) => ({
  body: { type: 'entry.published', timestamp, data: { id, slug } },
});
const remove = (id = 'e1', timestamp?: string) => ({
  body: { type: 'entry.deleted', timestamp, data: { id } },
});

describe('entry memory', () => {
  it('can be switched off: then a delete with an id alone purges nothing', async () => {
    const { world, deliver } = createSender('standard-webhooks', { urls, rememberDays: 0 });
    expect((await deliver(publish('a'))).purged).toEqual(['invalidate https://www.example.com/a']);
    expect(await deliver(remove())).toMatchObject({ status: 200, purged: [] });
    expect(world.items.size).toBe(0);
  });

  it('asks for the delivery again where the ledger fails, and purges at once what the event names', async () => {
    const { world, deliver } = createSender('standard-webhooks', { urls });
    await deliver(publish('a'));
    world.before = (step) => {
      if (step !== 'send') throw new Error('the table is away');
    };
    expect(await deliver(publish('b'))).toMatchObject({
      status: 503,
      purged: ['invalidate https://www.example.com/b'],
    });
    world.before = () => {};
    expect(await deliver(publish('b'))).toMatchObject({
      status: 202,
      purged: ['invalidate https://www.example.com/b', 'delete https://www.example.com/a'],
    });
  });

  it('purges the old URL after all where the first attempt failed between remembering and enqueuing', async () => {
    const { world, deliver } = createSender('standard-webhooks', { urls });
    await deliver(publish('a'));
    world.before = (step) => {
      if (step === 'send') throw new Error('the queue is away');
    };
    expect(await deliver(publish('b'))).toMatchObject({ status: 503, purged: [] });
    world.before = () => {};
    expect((await deliver(publish('c'))).purged.toSorted()).toEqual([
      'delete https://www.example.com/a',
      'delete https://www.example.com/b',
      'invalidate https://www.example.com/c',
    ]);
  });

  it.each([
    [undefined, 'en'],
    ['en', undefined],
  ])(
    'purges what an entry was known under with the locale %s, once it comes with %s',
    async (before, after) => {
      const { deliver } = createSender('standard-webhooks', { urls });
      const publishIn = (slug: string, locale: string | undefined) =>
        deliver({ body: { type: 'entry.published', data: { id: 'e1', slug, locale } } });
      await publishIn('a', before);
      expect((await publishIn('b', after)).purged).toEqual([
        'invalidate https://www.example.com/b',
        'invalidate https://www.example.com/a',
      ]);
    },
  );

  it('takes thirty deliveries of one save at the same time', async () => {
    const { world, deliver } = createSender('standard-webhooks', { urls, apartMs: 10 });
    await deliver(publish('a', 'e1', '2026-01-01T00:00:00.001Z'));
    const save = publish('b', 'e1', '2026-01-01T00:00:00.002Z');
    const all = await Promise.all(Array.from({ length: 30 }, () => deliver(save)));
    expect(all.every(({ status }) => status === 202)).toBe(true);
    expect(world.purged().filter((text) => text.startsWith('delete')).length).toBeGreaterThan(0);
    const gone = await deliver(remove('e1', '2026-01-01T00:00:00.003Z'));
    expect(gone.purged).toEqual(['delete https://www.example.com/b']);
  });

  it('purges a remembered URL when its rule would: after the delay, and again', async () => {
    const setup = { urls, delaySeconds: 30, repeatAfterSeconds: 60 };
    const { world, deliver } = createSender('standard-webhooks', setup);
    await deliver(publish('a'));
    const both = ['invalidate https://www.example.com/b', 'delete https://www.example.com/a'];
    expect((await deliver(publish('b'))).purged).toEqual([...both, ...both]);
    expect((await deliver(remove())).purged).toHaveLength(2);
    expect(world.delays).toEqual([30, 90, 30, 90, 30, 90]);
  });

  it('keeps the URL that visitors have through a late delivery that states no time', async () => {
    const { deliver } = createSender('standard-webhooks', { urls, apartMs: 60_000 });
    for (const slug of ['a', 'b', 'a']) await deliver(publish(slug));
    expect((await deliver(remove())).purged.toSorted()).toEqual([
      'delete https://www.example.com/a',
      'delete https://www.example.com/b',
    ]);
  });

  it.each(['its sender states a time', 'it states none'])(
    'purges what is deleted where the clock here went back, and %s',
    async (what) => {
      const { world, deliver } = createSender('standard-webhooks', { urls, apartMs: 0 });
      const nowMs = world.nowMs;
      await deliver(publish('a', 'e1', new Date(nowMs).toISOString()));
      world.nowMs = nowMs - 60_000;
      const statedAt = what.endsWith('none') ? undefined : new Date(nowMs + 1000).toISOString();
      const { purged } = await deliver(remove('e1', statedAt));
      expect(purged).toEqual(['delete https://www.example.com/a']);
    },
  );

  it('purges all that two saves of one second map to, in whichever order they come', async () => {
    const { deliver } = createSender('standard-webhooks', { urls });
    for (const slug of ['b', 'a']) await deliver(publish(slug, 'e1', '2026-01-01T00:00:05Z'));
    expect((await deliver(remove('e1', '2026-01-01T00:01:00Z'))).purged.toSorted()).toEqual([
      'delete https://www.example.com/a',
      'delete https://www.example.com/b',
    ]);
    expect((await deliver(remove('e1', '2026-01-01T00:02:00Z'))).purged).toEqual([]);
  });

  it('keeps the entries of two webhooks apart', async () => {
    const first = createSender('standard-webhooks', { urls });
    await first.deliver(publish('a'));
    expect((await first.deliver(remove('e2'))).purged).toEqual([]);
    expect([...first.world.items.keys()]).toEqual(['standard-webhooks#e1', 'standard-webhooks#e2']);
  });

  it('asks for the delivery again where a change with an invalid URL cannot be moved to the dead letter queue', async () => {
    const { world, deliver } = createSender('standard-webhooks', { urls });
    world.before = (step) => {
      if (step === 'reject') throw new Error('the queue is away');
    };
    expect(await deliver(publish('x'.repeat(2040)))).toMatchObject({ status: 503 });
  });

  it('moves nothing there for what makes no URL, such as a delete of what was never published', async () => {
    const { world, deliver } = createSender('standard-webhooks', { urls });
    expect(await deliver(remove())).toMatchObject({ status: 200 });
    expect(world.rejected).toEqual([]);
  });
});
