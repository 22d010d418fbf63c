import { expect, test } from 'vitest';
import { createThrottle } from '../../local/aws/http-api/throttle.ts';

test('a burst is let through at once, and then what the rate allows', () => {
  const take = createThrottle({ ratePerSecond: 2, burst: 3 });
  expect([0, 0, 0, 0].map(take)).toEqual([true, true, true, false]);
  expect([400, 500, 500, 1000].map(take)).toEqual([false, true, false, true]);
});

test('what is not used does not add up beyond the burst', () => {
  const take = createThrottle({ ratePerSecond: 100, burst: 2 });
  expect([0, 60_000, 60_000, 60_000].map(take)).toEqual([true, true, true, false]);
});
