import { describe, expect, it } from 'vitest';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { webhookSources } from '../../functions/sources/registry.ts';
import { signStandardWebhook, standardWebhooksSecret } from '../../infra/cli/webhooks/signing.ts';
import { genuineDeliveries, timeSigners } from '../helpers/hostile-deliveries.ts';
import { createDelivery } from '../helpers/hostile-world.ts';
import { createWebhookWorld } from '../helpers/webhook-fixture.ts';

const nowMs = Date.UTC(2026, 0, 1);
describe.each(Object.keys(webhookSources))('a delivery of %s that comes again', (source) => {
  const text = JSON.stringify(genuineDeliveries[source]?.body);

  it(
    timeSigners.has(source) ? 'is seen, and purges nothing' : 'is purged again, since no time is signed',
    async () => {
      const { world, deliver } = createDelivery(source);
      const first = await deliver(text);
      const messages = world.sent.length;
      const again = await deliver(text);
      expect(first.statusCode).toBe(webhookSources[source as 'prismic'].queuedStatus ?? 202);
      expect(messages).toBeGreaterThan(0);
      if (timeSigners.has(source)) {
        expect([again.statusCode, world.sent.length]).toEqual([200, messages]);
        expect(world.lines.at(-1)?.message).toBe('webhook ignored: the delivery was queued before');
      } else {
        expect([again.statusCode, world.sent.length]).toEqual([first.statusCode, 2 * messages]);
      }
    },
  );

  it('is not seen where its first attempt was not queued', async () => {
    const { world, deliver } = createDelivery(source);
    const ports = world.ports as { send: typeof world.ports.send };
    const { send } = ports;
    ports.send = async () => {
      throw new Error('the queue is away');
    };
    expect((await deliver(text)).statusCode).toBe(503);
    ports.send = async (messages) => messages.map((_, index) => ({ index, reason: 'throttled' }));
    expect((await deliver(text)).statusCode).toBe(503);
    ports.send = send;
    expect((await deliver(text)).statusCode).toBe(webhookSources[source as 'prismic'].queuedStatus ?? 202);
    expect(world.sent.length).toBeGreaterThan(0);
  });
});

describe('a delivery by Standard Webhooks', () => {
  const body = JSON.stringify({ type: 'entry.published', data: { id: 'e1', slug: 'a' } });
  const createReceiver = () => {
    const world = createWebhookWorld({
      webhooks: Object.fromEntries(
        ['site', 'other'].map((name) => [name, { source: 'standard-webhooks', secretIds: ['s'] }]),
      ),
      rules: [
        { match: { source: 'standard-webhooks' }, purge: { fileUrls: ['https://www.example.com/{slug}'] } },
      ],
      secrets: { s: standardWebhooksSecret },
      nowMs,
    });
    const receive = async (options: { id?: string; text?: string; name?: string; laterMs?: number } = {}) => {
      const { id = 'msg_1', text = body, name = 'site', laterMs = 0 } = options;
      world.nowMs = nowMs + laterMs;
      const headers = signStandardWebhook({ body: text, nowMs: world.nowMs, id });
      const before = world.sent.length;
      const request = { method: 'POST', path: `/webhooks/${name}`, headers, body: Buffer.from(text) };
      const { statusCode } = await receiveWebhook(name, request, world.ports);
      return [statusCode, world.sent.length - before];
    };
    return { world, receive };
  };

  it('is seen when its sender tries again, with the same id and another time', async () => {
    const { receive } = createReceiver();
    expect(await receive()).toEqual([202, 1]);
    expect(await receive({ laterMs: 60_000 })).toEqual([200, 0]);
  });

  it('is new with another id, another body, or to another webhook', async () => {
    const { receive } = createReceiver();
    expect(await receive()).toEqual([202, 1]);
    expect(await receive({ id: 'msg_2' })).toEqual([202, 1]);
    expect(await receive({ text: body.replace('"a"', '"b"') })).toEqual([202, 1]);
    expect(await receive({ name: 'other' })).toEqual([202, 1]);
  });

  it('is new where nothing was queued for it: its rule may have come since', async () => {
    const { world, receive } = createReceiver();
    const nothing = body.replace('"slug":"a"', '"title":"a"');
    expect(await receive({ text: nothing })).toEqual([200, 0]);
    expect(world.seen.size).toBe(0);
  });

  it('is new where the ledger cannot tell', async () => {
    const { world, receive } = createReceiver();
    const fail = async () => {
      throw new Error('the table is away');
    };
    const ports = world.ports as { deliveries: unknown };
    ports.deliveries = { has: fail, add: fail };
    expect(await receive()).toEqual([202, 1]);
    expect(await receive()).toEqual([202, 1]);
  });
});
