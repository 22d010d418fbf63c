import { expect, test } from 'vitest';
import { startHttpApi } from '../../local/aws/http-api/server.ts';
import { createThrottle } from '../../local/aws/http-api/throttle.ts';
import type { LocalFunction } from '../../local/aws/lambda/invocation.ts';

test('a burst is let through at once, and then what the rate allows', () => {
  const take = createThrottle({ ratePerSecond: 2, burst: 3 });
  expect([0, 0, 0, 0].map(take)).toEqual([true, true, true, false]);
  expect([400, 500, 500, 1000].map(take)).toEqual([false, true, false, true]);
});

test('what is not used does not add up beyond the burst', () => {
  const take = createThrottle({ ratePerSecond: 100, burst: 2 });
  expect([0, 60_000, 60_000, 60_000].map(take)).toEqual([true, true, true, false]);
});

test('a flood of one route, or of paths that have none, uses up no other throttle and reaches no other function', async () => {
  const invoked = { cms: 0, other: 0 };
  const target = (name: keyof typeof invoked) =>
    ({
      invoke: async () => {
        invoked[name]++;
        return { outcome: 'returned', payload: { statusCode: 202 } };
      },
    }) as unknown as LocalFunction;
  const throttle = { ratePerSecond: 0.001, burst: 3 };
  const routeOf = (name: keyof typeof invoked) => {
    return { routeKey: `POST /webhooks/${name}`, target: target(name), timeoutMs: 1000, throttle };
  };
  const api = await startHttpApi(undefined, 'a test', () => {});
  try {
    api.serve({ apiId: 'a', routes: [routeOf('cms'), routeOf('other')] });
    const statusesOf = async (name: string, count: number) => {
      const post = async () => (await fetch(`${api.url}/webhooks/${name}`, { method: 'POST' })).status;
      return Promise.all(Array.from({ length: count }, post));
    };
    expect(new Set(await statusesOf('nobody', 50))).toEqual(new Set([404]));
    expect(invoked).toEqual({ cms: 0, other: 0 });
    expect((await statusesOf('other', 10)).toSorted()).toEqual([202, 202, 202, ...Array(7).fill(429)]);
    expect(await statusesOf('cms', 3)).toEqual([202, 202, 202]);
    expect(invoked).toEqual({ cms: 3, other: 3 });
  } finally {
    await api.stop();
  }
});
