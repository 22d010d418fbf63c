import { expect, test } from 'vitest';
import { runWorld } from '../../bench/simulation/world/world.ts';

/** CDN Pro's default contract. */
const bucket = { perMinute: 30, burst: 60 };

/** 2,000 URLs that change one after another in so much time, on a clock of their own. */
function play(lastsMs: number, windowMs: number) {
  const changes = Array.from({ length: 2000 }, (_, index) => {
    const url = `https://h.example/${index}`;
    const entry = { kind: 'file', url, target: 'production', action: 'invalidate' } as const;
    return { atMs: Math.floor((index * lastsMs) / 2000), url, entry };
  });
  const options = {
    seed: 1,
    changes,
    limit: { requests: 300, perSeconds: 300, headroom: 0.1 },
    bucket,
    quota: { production: { files: 5000, dirs: 20 } },
    limits: { maxFileUrls: 1000, maxBodyBytes: 512 * 1024 },
    eventSource: {
      batchSize: 10_000,
      windowMs,
      maximumConcurrency: 2,
      maxPayloadBytes: 6e6,
      gatherers: 5,
      envelopeBytes: 800,
      grain: 1,
      invokeMs: 10,
      receiveRate: 1000,
    },
    queue: { visibilityTimeoutMs: 332_000, maxReceiveCount: 10, reordering: 0, duplicates: 0 },
    cdnPro: { requests: 300, windowMs: 300_000, wayMs: () => 20, bucket },
    table: { latencyMs: () => 5 },
    transitMs: 10,
    functionTimeoutMs: 300_000,
  };
  const isOver = (acceptedMs: Float64Array) => !acceptedMs.some(Number.isNaN);
  return runWorld({ ...options, isOver }, 300_000);
}

/** Each second in which changes come in lets one more partial request go: in half a minute they are over 30. */
test.each([
  { lastsMs: 1000, windowMs: 1000 },
  { lastsMs: 10_000, windowMs: 1000 },
  { lastsMs: 10_000, windowMs: 5000 },
])(
  '1,000 objects with two URLs each, uploaded in $lastsMs ms, take at most 30 requests: $windowMs ms of batching',
  async (world) => {
    const { posts, acceptedMs } = await play(world.lastsMs, world.windowMs);
    expect(acceptedMs.some(Number.isNaN)).toBe(false);
    expect(posts).toBeLessThanOrEqual(30);
  },
);
