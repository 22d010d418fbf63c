import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { describe, expect, test, vi } from 'vitest';
import { reservePaced } from '../../functions/core/limits/requests/reserve-paced.ts';
import { emptyWindow } from '../../functions/core/limits/requests/window.ts';
import { createMetrics, type Measure } from '../../functions/lambda/metrics.ts';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import type { SubmitPorts } from '../../functions/submit/ports.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { metricsIn } from '../helpers/published-metrics.ts';
import { buffered, createWorld, looseContract } from '../helpers/submit-fixture.ts';
import { createWebhookWorld } from '../helpers/webhook-fixture.ts';

const limits = { maxFileUrls: 1000, maxBodyBytes: 524_288 };
const names = { service: 'receive-s3', purger: 'Stack-Purger' };

/** Runs an invocation that measures, and returns the lines that it writes. */
async function linesOf(invocation: (measure: Measure) => Promise<void>): Promise<readonly string[]> {
  const write = vi.spyOn(console, 'log').mockImplementation(() => {});
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  vi.stubEnv('PURGER_NAME', 'Stack-Purger');
  try {
    const { measure, publishMetrics } = createMetrics('receive-s3');
    const handler = middy(() => invocation(measure)).use(publishMetrics());
    await handler({}, {} as Context).catch(() => {});
    return [...write.mock.calls, ...warn.mock.calls].map(([line]) => String(line));
  } finally {
    vi.unstubAllEnvs();
    write.mockRestore();
    warn.mockRestore();
  }
}

describe('what an invocation measures', () => {
  const refused = { namespace: 'CdnProPurger', name: 'RefusedUrls', unit: 'Count', dimensions: names };

  test('is read by CloudWatch as one metric by service and purger, in one line', async () => {
    const lines = await linesOf(async (measure) => {
      measure('RefusedUrls', 2);
      measure('RefusedUrls', 1);
    });
    expect(metricsIn(lines)).toEqual([refused]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ RefusedUrls: [2, 1] }]);
  });

  test('can have a further dimension, which no other metric gets', async () => {
    const lines = await linesOf(async (measure) => {
      measure('RefusedUrls', 1);
      measure('WebhooksUnverified', 1, { webhook: 'blog' });
    });
    expect(metricsIn(lines).toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      refused,
      { ...refused, name: 'WebhooksUnverified', dimensions: { ...names, webhook: 'blog' } },
    ]);
  });

  test('is published if the handler fails', async () => {
    const lines = await linesOf(async (measure) => {
      measure('RefusedUrls', 1);
      throw new Error('failed');
    });
    expect(metricsIn(lines)).toEqual([refused]);
  });

  test('is not written where it is nothing', async () => {
    expect(await linesOf(async () => {})).toEqual([]);
  });
});

describe('a webhook that is refused', () => {
  const webhooks = { blog: { source: 'ghost', secretIds: ['blog'] } };
  const request = { method: 'POST', path: '/webhooks/blog', headers: {}, body: Buffer.from('{}') };
  const receive = async (name: string) => {
    const world = createWebhookWorld({ webhooks, secrets: { blog: 'secret' } });
    await receiveWebhook(name, request, world.ports);
    return world;
  };

  test('for its signature is counted by its name', async () => {
    const { lines, measured } = await receive('blog');
    expect(lines).toMatchObject([{ level: 'warn', fields: { webhook: 'blog', reason: expect.any(String) } }]);
    expect(measured).toEqual([{ name: 'WebhooksUnverified', value: 1, webhook: 'blog' }]);
  });

  test('for a name that does not exist is named and counted, but not by that name: others choose it', async () => {
    const { lines, measured } = await receive('blog-2');
    expect(lines).toMatchObject([{ level: 'warn', fields: { webhook: 'blog-2' } }]);
    expect(measured).toEqual([{ name: 'WebhooksRefused', value: 1 }]);
  });
});

describe('what submit measures', () => {
  test('of changes that go back is the age of the oldest of them', async () => {
    const world = createWorld({ answer: () => ({ kind: 'throttled', retryAfterMs: 600_000 }) });
    world.nowMs = 90_000;
    await submitBatch([buffered('m1', 'https://h.example/a')], world.ports, {
      limits,
      contract: looseContract,
      deadlineMs: 200_000,
    });
    expect(world.requeued).toHaveLength(1);
    // One request of 100 ms went out.
    expect(world.metrics.get('WaitingSeconds')).toBeCloseTo(90.1);
    expect(world.metrics.has('FreshnessSeconds')).toBe(false);
  });

  test('of the budget is what the ledger says at each request', async () => {
    const world = createWorld({ answer: () => ({ kind: 'accepted', purgeId: 'p1' }) });
    const limitsTable: SubmitPorts['limitsTable'] = {
      ...world.ports.limitsTable,
      async reserve(requests) {
        const grant = await world.ports.limitsTable.reserve(requests);
        return grant.kind === 'granted' ? { ...grant, usedShare: 0.25 } : grant;
      },
    };
    const batch = [buffered('m1', 'https://h.example/a')];
    await submitBatch(
      batch,
      { ...world.ports, limitsTable },
      { limits, contract: looseContract, deadlineMs: 60_000 },
    );
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
