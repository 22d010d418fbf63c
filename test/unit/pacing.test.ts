import { describe, expect, test } from 'vitest';
import { leftoverPacing, sustainableRate } from '../../functions/core/limits/requests/pacing.ts';
import { reservePaced } from '../../functions/core/limits/requests/reserve-paced.ts';
import { emptyWindow, type RateWindow } from '../../functions/core/limits/requests/window.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { fillRatio } from '../../functions/core/planning/fill-ratio.ts';

const limit = { requests: 300, perSeconds: 300, headroom: 0.1 };
const scope = { target: 'production', action: 'invalidate' } as const;

function ask(window: RateWindow, fillRatio: number, nowMs: number, oldestChangeMs = nowMs) {
  return reservePaced({ fillRatio, oldestChangeMs }, { window, limit, guardMs: 13_000, nowMs });
}

/** Sends requests of one fill ratio, each as soon as it may go, until a time. @returns how many went */
function sendUntil(untilMs: number, fill: number, window = emptyWindow): number {
  let [state, nowMs, sent] = [window, 0, 0];
  while (nowMs < untilMs) {
    const reservation = ask(state, fill, nowMs);
    if (reservation.kind === 'wait') nowMs = Math.max(nowMs + 1, reservation.untilMs);
    else {
      state = reservation.window;
      sent++;
    }
  }
  return sent;
}

test('a lone change goes at once, under any limit', () => {
  expect(ask(emptyWindow, 0.001, 0)).toMatchObject({ kind: 'granted' });
  const tight = { requests: 1, perSeconds: 3600, headroom: 0.9 };
  expect(leftoverPacing(emptyWindow, tight, { fillRatio: 0.001, oldestChangeMs: 0 }, 0)).toMatchObject({
    kind: 'go',
  });
});

test('full requests take the whole window in one rush', () => {
  expect(sendUntil(1000, 1)).toBe(270);
});

test('partial requests that keep coming leave slots for the whole window', () => {
  expect(sendUntil(1000, 0.01)).toBeLessThan(10);
  const inAWindow = sendUntil(300_000, 0.01);
  expect(inAWindow).toBeGreaterThan(230);
  expect(inAWindow).toBeLessThan(270);
});

test('an old change goes before a young one', () => {
  let window: RateWindow = emptyWindow;
  for (;;) {
    const reservation = ask(window, 0.01, 0);
    if (reservation.kind === 'wait') break;
    window = reservation.window;
  }
  expect(ask(window, 0.01, 0)).toMatchObject({ kind: 'wait', for: 'pace' });
  expect(ask(window, 0.01, 0, -60_000)).toMatchObject({ kind: 'granted' });
});

test('a request without a slot waits for the window, not for its pace', () => {
  const full: RateWindow = { ...emptyWindow, arrivedByMs: Array(270).fill(13_000) };
  expect(ask(full, 1, 5000)).toEqual({ kind: 'wait', for: 'window', usedShare: 1, untilMs: 313_000 });
});

describe('the sustainable rate', () => {
  test('of an empty window is the limit', () => {
    expect(sustainableRate(emptyWindow, limit, 0)).toBe(0.9);
  });
  test('spreads what a burst has left until the burst leaves the window', () => {
    const burst: RateWindow = { ...emptyWindow, arrivedByMs: Array(100).fill(0) };
    expect(sustainableRate(burst, limit, 0)).toBeCloseTo(171 / 300, 5);
  });
  test('of a full window waits for the first slot', () => {
    const full: RateWindow = { ...emptyWindow, arrivedByMs: Array(270).fill(0) };
    expect(sustainableRate(full, limit, 200_000)).toBeCloseTo(1 / 100, 5);
  });
});

describe('the fill ratio', () => {
  const limits = { maxFileUrls: 10, maxBodyBytes: 1000 };
  const of = (...entries: PurgeEntry[]) =>
    fillRatio({ entries: entries.map((entry) => ({ entry, messages: [0] })) }, limits);
  const file: PurgeEntry = { kind: 'file', url: 'https://h/1', ...scope };
  test.each<[string, number, PurgeEntry[]]>([
    ['files', 0.2, [file, file]],
    ['directories', 0.05, [{ kind: 'dir', url: 'https://h/*', ...scope }]],
    ['regexes', 0.5, [file, { kind: 'regex', pattern: 'any://h/.*', ...scope }]],
    ['bytes', 0.503, [{ kind: 'file', url: 'x'.repeat(500), ...scope }]],
    ['more than enough', 1, [{ kind: 'file', url: 'x'.repeat(5000), ...scope }]],
  ])('by %s is %d', (_, fill, entries) => {
    expect(of(...entries)).toBeCloseTo(fill, 5);
  });
});
