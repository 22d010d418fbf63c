import { describe, expect, it } from 'vitest';
import { createSender } from '../helpers/webhook-sender.ts';

const urls = ['https://www.example.com/{slug}'];
const publish = (slug: string, id = 'e1') => ({ body: { type: 'entry.published', data: { id, slug } } });
const remove = (id = 'e1') => ({ body: { type: 'entry.deleted', data: { id } } });

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

  it('takes thirty deliveries of one save at the same time', async () => {
    const { world, deliver } = createSender('standard-webhooks', { urls });
    await deliver(publish('a'));
    const all = await Promise.all(Array.from({ length: 30 }, () => deliver(publish('b'))));
    expect(all.every(({ status }) => status === 202)).toBe(true);
    expect(world.purged().filter((text) => text.startsWith('delete')).length).toBeGreaterThan(0);
    expect((await deliver(remove())).purged).toEqual(['delete https://www.example.com/b']);
  });

  it('purges a remembered URL at once, and what the change maps to after the delay of its rule', async () => {
    const { world, deliver } = createSender('standard-webhooks', { urls, delaySeconds: 30 });
    await deliver(publish('a'));
    world.delays.length = 0;
    expect((await deliver(publish('b'))).purged).toEqual([
      'delete https://www.example.com/a',
      'invalidate https://www.example.com/b',
    ]);
    expect(world.delays).toEqual([0, 30]);
  });

  it('keeps the entries of two webhooks apart', async () => {
    const first = createSender('standard-webhooks', { urls });
    await first.deliver(publish('a'));
    expect((await first.deliver(remove('e2'))).purged).toEqual([]);
    expect([...first.world.items.keys()]).toEqual(['standard-webhooks#e1', 'standard-webhooks#e2']);
  });
});
