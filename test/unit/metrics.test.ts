import { describe, expect, test } from 'vitest';
import { reservePaced } from '../../functions/core/limits/acquire-slots.ts';
import { emptyWindow } from '../../functions/core/limits/window.ts';
import { counted } from '../../functions/lambda/emf.ts';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { metricsIn } from '../helpers/published-metrics.ts';
import { buffered, createWorld } from '../helpers/submit-world.ts';
import { createWebhookWorld } from '../helpers/webhook-world.ts';

const limits = { maxFileUrls: 1000, maxBodyBytes: 524_288 };
const names = { service: 'receive-s3', purger: 'Stack-Purger' };

describe('a line that counts', () => {
  test('is read by CloudWatch as one metric by service and purger', () => {
    const line = JSON.stringify({ ...names, message: 'x', ...counted('RefusedUrls', 2, 1_000) });
    expect(metricsIn([line, 'no metric'])).toEqual([
      { namespace: 'CdnProPurger', name: 'RefusedUrls', unit: 'Count', dimensions: names },
    ]);
    expect(JSON.parse(line)).toMatchObject({ RefusedUrls: 2, _aws: { Timestamp: 1_000 } });
  });

  test('can have a further dimension', () => {
    const line = { ...names, ...counted('WebhooksUnverified', 1, 1_000, { webhook: 'blog' }) };
    expect(metricsIn([JSON.stringify(line)])).toMatchObject([{ dimensions: { ...names, webhook: 'blog' } }]);
  });
});

describe('a webhook that is refused', () => {
  const webhooks = { blog: { source: 'ghost', secretIds: ['blog'] } };
  const request = { method: 'POST', path: '/webhooks/blog', headers: {}, body: Buffer.from('{}') };
  const lineOf = async (name: string) => {
    const world = createWebhookWorld({ webhooks, secrets: { blog: 'secret' } });
    await receiveWebhook(name, request, world.ports);
    return world.lines.map(({ level, message, fields }) => ({ level, message, ...fields }));
  };
  const metricsOf = (lines: readonly object[]) =>
    metricsIn(lines.map((line) => JSON.stringify({ ...names, ...line })));

  test('for its signature is counted by its name', async () => {
    const lines = await lineOf('blog');
    expect(lines).toMatchObject([{ level: 'warn', webhook: 'blog', reason: expect.any(String) }]);
    expect(metricsOf(lines)).toMatchObject([{ name: 'WebhooksUnverified', dimensions: { webhook: 'blog' } }]);
  });

  test('for a name that does not exist is named and counted, but not by that name: others choose it', async () => {
    const lines = await lineOf('blog-2');
    expect(lines).toMatchObject([{ level: 'warn', webhook: 'blog-2' }]);
    expect(metricsOf(lines)).toEqual([
      { namespace: 'CdnProPurger', name: 'WebhooksRefused', unit: 'Count', dimensions: names },
    ]);
  });
});

describe('what submit measures', () => {
  test('of changes that go back is the age of the oldest of them', async () => {
    const world = createWorld({ answer: () => ({ kind: 'throttled', retryAfterMs: 600_000 }) });
    world.nowMs = 90_000;
    await submitBatch([buffered('m1', 'https://h.example/a')], world.ports, { limits, deadlineMs: 200_000 });
    expect(world.requeued).toHaveLength(1);
    // One request of 100 ms went out.
    expect(world.metrics.get('WaitingSeconds')).toBeCloseTo(90.1);
    expect(world.metrics.has('FreshnessSeconds')).toBe(false);
  });

  test('of the budget is what the ledger says at each request', async () => {
    const world = createWorld({ answer: () => ({ kind: 'accepted' }) });
    const ledger = {
      ...world.ports.ledger,
      reserve: async () => ({ kind: 'granted', slots: [{ arrivedByMs: 0 }], usedShare: 0.25 }) as const,
    };
    const batch = [buffered('m1', 'https://h.example/a')];
    await submitBatch(batch, { ...world.ports, ledger }, { limits, deadlineMs: 60_000 });
    expect(world.metrics.get('BudgetUsedPercent')).toBe(25);
  });
});

describe("the share of the window's slots that is used", () => {
  const request = { fillRatio: 1, oldestChangeMs: 0 };
  const limit = { requests: 10, perSeconds: 300, headroom: 0 };

  test('counts the slot that was just reserved, and is 1 for a request that has to wait for one', () => {
    let window = emptyWindow;
    const shares = Array.from({ length: 11 }, (_, index) => {
      const reservation = reservePaced(request, { window: window, limit: limit, guardMs: 0, nowMs: index });
      if (reservation.kind === 'granted') window = reservation.window;
      return [reservation.kind, reservation.usedShare];
    });
    expect(shares[0]).toEqual(['granted', 0.1]);
    expect(shares[9]).toEqual(['granted', 1]);
    expect(shares[10]).toEqual(['wait', 1]);
    expect(
      reservePaced(request, { window: window, limit: limit, guardMs: 0, nowMs: 301_000 }).usedShare,
    ).toBe(0.1);
  });

  test('is of what headroom leaves', () => {
    const half = { ...limit, headroom: 0.5 };
    expect(reservePaced(request, { window: emptyWindow, limit: half, guardMs: 0, nowMs: 0 }).usedShare).toBe(
      0.2,
    );
  });
});
