import { describe, expect, test } from 'vitest';
import type { PlannedRequest } from '../../functions/core/planning/planned-request.ts';
import { Evidence } from '../../functions/core/planning/refusals/evidence.ts';
import { Isolation } from '../../functions/core/planning/refusals/isolate.ts';
import { Run } from '../../functions/submit/run.ts';
import { fileEntry } from '../helpers/changes.ts';

const limits = { maxFileUrls: 2, maxBodyBytes: 1e6, coalesce: { siblings: 2, minDepth: 0 } };
const deadlineMs = 60_000;

function createRun(requests: readonly PlannedRequest[]): Run {
  const isolation = new Isolation({
    evidence: new Evidence({ isolationRequests: 15 }),
    triesOf: () => undefined,
    changedMsOf: () => 0,
    priceOf: () => ({ files: 1, dirs: 0 }),
  });
  return new Run(requests, { limits, deadlineMs, isolation });
}

function request(...pages: string[]): PlannedRequest {
  return {
    entries: pages.map((page) => ({ entry: fileEntry(`https://h.example/${page}`), messages: [0] })),
  };
}

/** Sends what the run wants to send at a time. @returns what ends each of these requests, as an answer does */
function send(run: Run, nowMs = 0): (() => Promise<void>)[] {
  const step = run.nextStep(nowMs);
  if (step.kind !== 'send') throw new Error(`expected requests to send, got ${step.kind}`);
  return step.requests.map((request) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    run.start(request, () => promise);
    return () => {
      resolve();
      return run.nextAnswer();
    };
  });
}

describe('a run', () => {
  test('sends requests in their order, and ends when nothing is left', async () => {
    const requests = [request('a'), request('b', 'c')];
    const run = createRun(requests);
    expect(run.nextStep(0)).toEqual({ kind: 'send', requests });
    const [first, second] = send(run);
    expect(run.nextStep(0)).toEqual({ kind: 'await-answer' });
    await first?.();
    expect(run.nextStep(0)).toEqual({ kind: 'await-answer' });
    await second?.();
    expect(run.nextStep(0)).toEqual({ kind: 'end', delaySeconds: 0 });
  });

  test('sends full requests first while a partial one waits for its pace, and says so once', () => {
    const requests = [request('a'), request('b', 'c'), request('d'), request('e', 'f')];
    const run = createRun(requests);
    const isFull = ({ entries }: PlannedRequest) => entries.length === 2;
    expect(run.sendFirst(isFull)).toBe(true);
    expect(run.waiting).toEqual([requests[1], requests[3], requests[0], requests[2]]);
    expect(run.sendFirst(isFull)).toBe(false);
  });

  test('throws what sending a request has thrown, whenever that was: its entries are not settled', async () => {
    const run = createRun([request('a')]);
    const step = run.nextStep(0);
    if (step.kind !== 'send') throw new Error(`expected requests to send, got ${step.kind}`);
    run.start(step.requests[0] ?? request(), () => Promise.reject(new RangeError('a fault')));
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => run.nextStep(0)).toThrow('a fault');
  });

  test('does not send what was withdrawn', () => {
    const [first, second] = [request('a'), request('b')];
    const run = createRun([first, second]);
    run.withdraw([first]);
    expect(run.waiting).toEqual([second]);
  });

  test('has at most eight requests under way', async () => {
    const run = createRun(Array.from({ length: 10 }, (_, page) => request(`${page}`)));
    const [first] = send(run);
    expect(run.nextStep(0)).toEqual({ kind: 'await-answer' });
    await first?.();
    expect(run.nextStep(0)).toMatchObject({ kind: 'send', requests: { length: 1 } });
  });

  test('sends one request alone after a failure, and all again after one was accepted', () => {
    const run = createRun([request('a'), request('b')]);
    run.noteFailure(0, 100);
    expect(run.nextStep(100)).toMatchObject({ kind: 'send', requests: { length: 1 } });
    run.accepted(request('c'), 100);
    expect(run.nextStep(100)).toMatchObject({ kind: 'send', requests: { length: 2 } });
  });

  test('counts failures of requests that were under way at once as one', () => {
    const run = createRun([request('a')]);
    run.noteFailure(0, 100);
    run.noteFailure(50, 110);
    expect(run.failures).toBe(1);
    run.noteFailure(120, 130);
    expect(run.failures).toBe(2);
  });

  test('sleeps through a pause that ends in time, and ends at one that does not', () => {
    const run = createRun([request('a')]);
    run.pauseUntil(10_000);
    expect(run.nextStep(4000)).toEqual({ kind: 'sleep', ms: 6000 });
    expect(run.maySend(4000)).toBe(false);
    expect(run.nextStep(10_000)).toMatchObject({ kind: 'send' });
    run.pauseUntil(deadlineMs);
    expect(run.nextStep(10_000)).toEqual({ kind: 'end', delaySeconds: 50 });
    run.pauseUntil(24 * 3_600_000);
    expect(run.nextStep(10_000)).toEqual({ kind: 'end', delaySeconds: 900 });
  });

  test('does not end a pause earlier when a shorter one is asked for', () => {
    const run = createRun([request('a')]);
    run.pauseUntil(10_000);
    run.pauseUntil(5000);
    expect(run.nextStep(6000)).toEqual({ kind: 'sleep', ms: 4000 });
  });

  test('ends at the deadline or when it is stopped, once nothing is under way', async () => {
    const run = createRun([request('a'), request('b')]);
    const [first, second] = send(run);
    run.retry([request('c')]);
    expect(run.nextStep(deadlineMs)).toEqual({ kind: 'await-answer' });
    run.stopFor(60);
    run.stopFor(1);
    await first?.();
    await second?.();
    expect(run.nextStep(0)).toEqual({ kind: 'end', delaySeconds: 60 });
    expect(run.waiting).toEqual([request('c')]);
  });

  test('plans anew what waits when CDN Pro accepts fewer file URLs, and does not send what it has split', () => {
    const split = request('a', 'b');
    const run = createRun([split]);
    run.lowerLimits({ maxFileUrls: 1 });
    expect(run.limits).toEqual({ maxFileUrls: 1, maxBodyBytes: 1e6 });
    expect(run.waiting).toEqual([request('a'), request('b')]);
    run.start(split, () => Promise.reject(new Error('sent')));
    expect(run.waiting).toHaveLength(2);
  });
});
