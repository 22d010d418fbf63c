import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../functions/core/proving/probe.ts';
import type { FollowPorts } from '../../functions/tick/follow/follow-ports.ts';
import { play, provenHistories } from '../helpers/follow-play.ts';

const verdictsAs = (change: (verdict: Verdict) => Verdict) => (ports: FollowPorts) => ({
  ...ports,
  ...(ports.probing !== undefined && {
    probing: {
      ...ports.probing,
      probe: async (request: Parameters<typeof ports.probing.probe>[0]) => {
        const { verdicts = [] } = (await ports.probing?.probe(request)) ?? {};
        return { verdicts: verdicts.map(change) };
      },
    },
  }),
});

describe('a purge that is proven', () => {
  test('is never called fresh while the edge is old, and what is seen to be old is purged again or in the dead letter queue', async () => {
    await fc.assert(
      fc.asyncProperty(provenHistories, async (history) => {
        expect(await play(history)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test.each<[string, (ports: FollowPorts) => FollowPorts]>([
    [
      'what the edge does not tell counted as proven',
      verdictsAs((verdict) => (verdict.kind === 'unproven' ? { ...verdict, kind: 'proven' } : verdict)),
    ],
    [
      'what the edge does not tell were purged again',
      verdictsAs((verdict) => (verdict.kind === 'unproven' ? { ...verdict, kind: 'stale' } : verdict)),
    ],
    [
      'what is old counted as proven',
      verdictsAs((verdict) => (verdict.kind === 'stale' ? { ...verdict, kind: 'proven' } : verdict)),
    ],
    [
      'what is old were not purged again',
      (ports) => ({
        ...ports,
        send: (messages) => ports.send(messages.filter(({ body }) => !/"repair":\d+.*"repeats"/.test(body))),
      }),
    ],
  ])('would not be if %s', async (_, mutate) => {
    const found = await fc.check(
      fc.asyncProperty(provenHistories, async (history) => (await play(history, mutate)).length === 0),
      { numRuns: 1000, seed: 1, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
  });
});
