import { describe, expect, test } from 'vitest';
import {
  closeWindow,
  emptyWindow,
  type RateWindow,
  requestsInWindow,
  reserve,
} from '../../functions/core/limits/requests/window.ts';
import { backoffMs } from '../../functions/core/model/backoff.ts';

const limit = { requests: 3, perSeconds: 10, headroom: 0 };
const guardMs = 2000;

function take(window: RateWindow, nowMs: number): RateWindow {
  const reservation = reserve(window, limit, guardMs, nowMs);
  if (reservation.kind === 'wait') throw new Error(`expected a slot at ${nowMs}`);
  return reservation.window;
}

test('the window gives as many slots as the limit, and the next when the first is free, guard included', () => {
  const full = [0, 1000, 2000].reduce(take, emptyWindow);
  expect(reserve(full, limit, guardMs, 3000)).toEqual({ kind: 'wait', untilMs: 12_000 });
  expect(reserve(full, limit, guardMs, 11_999)).toEqual({ kind: 'wait', untilMs: 12_000 });
  expect(reserve(full, limit, guardMs, 12_000)).toMatchObject({
    kind: 'granted',
    window: { arrivedByMs: [3000, 4000, 14_000], closedUntilMs: 0 },
    slot: { arrivedByMs: 14_000 },
  });
});

test('a limit that was lowered waits until enough slots are free', () => {
  const full = [0, 1000, 2000].reduce(take, emptyWindow);
  expect(reserve(full, { ...limit, requests: 1 }, guardMs, 3000)).toEqual({ kind: 'wait', untilMs: 14_000 });
});

test('a closed window gives no slot, and closing never opens earlier', () => {
  const closed = closeWindow(closeWindow(emptyWindow, 5000), 4000);
  expect(reserve(closed, limit, guardMs, 4999)).toEqual({ kind: 'wait', untilMs: 5000 });
  expect(reserve(closed, limit, guardMs, 5000)).toMatchObject({ kind: 'granted' });
});

test('a consumer whose clock is behind keeps the times in order', () => {
  expect([1000, 500].reduce(take, emptyWindow).arrivedByMs).toEqual([2500, 3000]);
});

describe('the headroom', () => {
  test.each([
    [300, 0.1, 270],
    [300, 0, 300],
    [1, 0.9, 1],
    [7, 0.5, 3],
  ])('of %d requests, %d leaves %d', (requests, headroom, left) => {
    expect(requestsInWindow({ requests, perSeconds: 300, headroom })).toBe(left);
  });
});

test('the backoff grows up to half a minute, and jitters over all of it', () => {
  expect(backoffMs(1, 0.5)).toBe(500);
  expect(backoffMs(3, 0.5)).toBe(2000);
  expect(backoffMs(30, 0.5)).toBe(15_000);
  expect(backoffMs(3, 0)).toBe(0);
});
