import { describe, expect, it } from 'vitest';
import { webhookSources } from '../../functions/sources/registry.ts';
import { bombsOf, deliveriesWith, genuineDeliveries } from '../helpers/hostile-deliveries.ts';
import { createDelivery } from '../helpers/hostile-world.ts';

/** Of one delivery of 40 KB. What is quadratic takes seconds. */
const maxCpuMs = 800;

it('a long string that every entry of a delivery has is not looked at for each', async () => {
  const { body } = genuineDeliveries.generic ?? { body: {} };
  const [item] = body.items as readonly object[];
  const items = Array.from({ length: 1500 }, (_, index) => ({ ...item, id: String(index) }));
  const { deliver } = createDelivery('generic');
  const { statusCode, cpuMs } = await deliver(JSON.stringify({ ...body, url: 'a/'.repeat(200_000), items }));
  expect([statusCode < 500, cpuMs < 2 * maxCpuMs]).toEqual([true, true]);
});

describe.each(Object.keys(webhookSources))('a signed delivery of %s', (source) => {
  it('is understood as it is', async () => {
    const { deliver } = createDelivery(source);
    const { statusCode } = await deliver(JSON.stringify(genuineDeliveries[source]?.body));
    expect([200, 202]).toContain(statusCode);
  });

  it('is answered for good where any value is the name of a member of every object', async () => {
    const failed: string[] = [];
    for (const name of ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty']) {
      const { deliver } = createDelivery(source);
      for (const text of deliveriesWith(source, name)) {
        const { statusCode } = await deliver(text);
        if (statusCode >= 500) failed.push(`${statusCode}: ${text}`);
      }
    }
    expect(failed).toEqual([]);
  });

  it('takes a time that its size bounds, whatever is long in it, and is answered for good', async () => {
    const slow: string[] = [];
    for (const { what, body } of bombsOf(source, 40_000)) {
      // On a busy machine the same work takes more of its CPU, at times.
      for (let tries = 1; tries <= 3; tries++) {
        const { deliver } = createDelivery(source);
        const { statusCode, cpuMs } = await deliver(body());
        if (cpuMs <= maxCpuMs && statusCode < 500) break;
        if (tries === 3) slow.push(`${what}: ${statusCode}, ${cpuMs.toFixed()} ms`);
      }
    }
    expect(slow).toEqual([]);
  });
});
