import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BucketLimit,
  type BucketState,
  bucketMargin,
  fullBucket,
  noteAnswer,
  noteThrottled,
  reserveInBucket,
} from '../../functions/core/limits/requests/request-bucket.ts';

const limit: BucketLimit = { perMinute: 30, burst: 60 };

/** The customer's bucket at CDN Pro, from which others take, too. It counts refused requests as well. */
class Server {
  level: number;
  #atMs = 0;
  constructor() {
    this.level = limit.burst;
  }
  arrive(nowMs: number): { readonly isAccepted: boolean; readonly remaining: number } {
    this.level = Math.min(limit.burst, this.level + ((nowMs - this.#atMs) / 60_000) * limit.perMinute);
    this.#atMs = nowMs;
    const isAccepted = this.level >= 1;
    if (isAccepted) this.level -= 1;
    return { isAccepted, remaining: Math.floor(this.level) };
  }
}

interface Played {
  readonly sent: number;
  readonly refused: number;
  /** The longest row of refusals without an acceptance between them. */
  readonly refusedInARow: number;
}

/** Sends as soon as the bucket allows, up to eight at once, for some minutes; others send at the given times. */
function play(minutes: number, others: readonly number[], latencyMs: number, margin: number): Played {
  const server = new Server();
  let bucket: BucketState = fullBucket(limit, 0);
  let pausedUntilMs = 0;
  const underWay: { sequence: number; arrivesMs: number }[] = [];
  const waiting = others.toSorted((a, b) => a - b);
  const played = { sent: 0, refused: 0, refusedInARow: 0 };
  let row = 0;
  for (let nowMs = 0; nowMs < minutes * 60_000; nowMs += 50) {
    while (waiting[0] !== undefined && waiting[0] <= nowMs) {
      waiting.shift();
      server.arrive(nowMs);
    }
    for (const { sequence } of underWay.filter(({ arrivesMs }) => arrivesMs <= nowMs)) {
      const { isAccepted, remaining } = server.arrive(nowMs);
      bucket = isAccepted
        ? noteAnswer(bucket, limit, { sequence, remaining }, nowMs)
        : noteThrottled(bucket, nowMs);
      if (!isAccepted) pausedUntilMs = nowMs + 3000;
      played.refused += isAccepted ? 0 : 1;
      row = isAccepted ? 0 : row + 1;
      played.refusedInARow = Math.max(played.refusedInARow, row);
    }
    underWay.splice(0, underWay.length, ...underWay.filter(({ arrivesMs }) => arrivesMs > nowMs));
    while (underWay.length < 8 && nowMs >= pausedUntilMs) {
      const reservation = reserveInBucket(bucket, limit, { cost: 1, margin }, nowMs);
      if (reservation.kind === 'wait') break;
      bucket = reservation.bucket;
      underWay.push({ sequence: reservation.sequence, arrivesMs: nowMs + latencyMs });
      played.sent++;
    }
  }
  return played;
}

describe('the bucket of the customer', () => {
  test('is never found empty by one who is alone, and nearly all of its rate is used', () => {
    for (const latencyMs of [50, 500, 2000]) {
      const { sent, refused } = play(60, [], latencyMs, bucketMargin.people);
      expect(refused).toBe(0);
      expect(sent).toBeGreaterThanOrEqual(0.95 * (60 - bucketMargin.people + 60 * 30));
    }
  });

  test('gives bulk nine tenths of five minutes, although answers report whole requests only', () => {
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 300 }), (latencyMs) => {
        const { sent, refused } = play(5, [], latencyMs, bucketMargin.bulk);
        expect(refused).toBe(0);
        expect(sent).toBeGreaterThanOrEqual(0.9 * (limit.burst + 5 * limit.perMinute));
      }),
      { numRuns: 50 },
    );
  });

  test('is found empty at most once for each burst of others, whenever it comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 15, max: 40 }),
        (minutes, size) => {
          const bursts = [...new Set(minutes)];
          const others = bursts.flatMap((minute) => Array.from({ length: size }, () => minute * 60_000));
          for (const margin of [bucketMargin.people, bucketMargin.bulk]) {
            expect(play(35, others, 200, margin).refused).toBeLessThanOrEqual(bursts.length);
          }
        },
      ),
      // When the second comes, the margin that the first has raised begins to fall.
      { numRuns: 100, examples: [[[18, 0, 28], 25]] },
    );
  });

  test('would be found empty again and again without believing what the answers say', () => {
    const server = new Server();
    let bucket = fullBucket(limit, 0);
    let refused = 0;
    // Others keep it empty; what is believed without the answers refills all the same.
    for (let nowMs = 0; nowMs < 600_000; nowMs += 1000) {
      server.arrive(nowMs);
      const reservation = reserveInBucket(
        { ...bucket, answered: bucket.reserved, answeredMs: nowMs },
        limit,
        { cost: 1, margin: 0 },
        nowMs,
      );
      if (reservation.kind === 'wait') continue;
      bucket = reservation.bucket;
      if (!server.arrive(nowMs).isAccepted) refused++;
    }
    expect(refused).toBeGreaterThan(50);
  });

  test('lets one request go alone after a silence, and the next when that one is answered, or a second later', () => {
    const bucket = { ...fullBucket(limit, 0), atMs: 0 };
    const first = reserveInBucket(bucket, limit, { cost: 1, margin: 10 }, 60_000);
    expect(first.kind).toBe('granted');
    if (first.kind !== 'granted') return;
    expect(reserveInBucket(first.bucket, limit, { cost: 1, margin: 10 }, 60_100)).toEqual({
      kind: 'wait',
      untilMs: 60_350,
    });
    // Where the answer is not known by then, nobody waits for it any longer.
    expect(reserveInBucket(first.bucket, limit, { cost: 1, margin: 10 }, 61_000).kind).toBe('granted');
    const noted = noteAnswer(first.bucket, limit, { sequence: first.sequence, remaining: 40 }, 60_200);
    expect(noted.level).toBe(40);
    expect(reserveInBucket(noted, limit, { cost: 1, margin: 10 }, 60_200).kind).toBe('granted');
  });

  test('is found empty by a few requests at most after a silence, however much others have taken in it', () => {
    fc.assert(
      fc.property(contract, silence, (limit, { seconds, othersPerSecond }) => {
        const { refused } = rushAfter(seconds, othersPerSecond, limit);
        expect(refused).toBeLessThanOrEqual(Math.max(1, limit.perMinute / 30));
      }),
    );
  });

  test('would be found empty by all that go at once if no silence were noticed', () => {
    const refused = (answeredMs?: number) =>
      rushAfter(300, 3, { perMinute: 120, burst: 240 }, answeredMs).refused;
    expect(refused(300_000)).toBe(8);
    expect(refused()).toBe(4);
  });

  test('lets all go at once after a silence in which others cannot have emptied it', () => {
    expect(rushAfter(60, 0, { perMinute: 120, burst: 240 }).sent).toBe(8);
    expect(rushAfter(200, 0, { perMinute: 30, burst: 60 }).sent).toBe(1);
    expect(rushAfter(15, 0, { perMinute: 30, burst: 60 }).sent).toBe(8);
  });
});

const contract = fc.constantFrom<BucketLimit>(
  { perMinute: 30, burst: 60 },
  { perMinute: 60, burst: 120 },
  { perMinute: 120, burst: 240 },
);
/** Longer than the twenty seconds for which the last answer is relied upon. */
const silence = fc.record({
  seconds: fc.integer({ min: 21, max: 600 }),
  othersPerSecond: fc.double({ min: 0, max: 3, noNaN: true }),
});

/**
 * Eight want to go at once, so many seconds after an answer has shown a bucket that one request was taken from, while others
 * have taken all the time.
 * @param answeredMs when the last answer is taken to have come
 */
function rushAfter(
  seconds: number,
  othersPerSecond: number,
  limit: BucketLimit,
  answeredMs?: number,
): { readonly sent: number; readonly refused: number } {
  const { perMinute, burst } = limit;
  const server = Math.min(burst, burst - 1 - (othersPerSecond - perMinute / 60) * seconds);
  let left = Math.max(0, Math.floor(server));
  let bucket: BucketState = { ...fullBucket(limit, 0), level: burst - 1, reserved: 1, answered: 1 };
  if (answeredMs !== undefined) bucket = { ...bucket, answeredMs };
  let sent = 0;
  let refused = 0;
  for (; sent < 8; sent++) {
    const reservation = reserveInBucket(bucket, limit, { cost: 1, margin: 10 }, seconds * 1000);
    if (reservation.kind === 'wait') break;
    bucket = reservation.bucket;
    if (left > 0) left--;
    else refused++;
  }
  return { sent, refused };
}
