import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../functions/core/proving/probe.ts';
import { followEvents } from '../../functions/lambda/log-events.ts';
import type { FollowPorts } from '../../functions/tick/follow/follow-ports.ts';
import { play, provenHistories } from '../helpers/follow-play.ts';
import { changeIn, createFollowWorld, messageFor } from '../helpers/follow-world.ts';

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

/** Pages that are deleted, and whether the edge gives up each of them. */
const deletedPages = fc.uniqueArray(
  fc.record({
    path: fc.constantFrom('/page', '/blog/post.html', '/blog/post/', '/docs/a.pdf', '/blog/other.html?x=1'),
    obeys: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4, selector: ({ path }) => path },
);

test('a deleted page for which the origin answers another page is neither repaired nor fresh, and one that the edge still has is repaired', async () => {
  const fallback = { status: 206, etag: '"start page"', lastModifiedMs: 1000, contentType: 'text/html' };
  let doubted = 0;
  await fc.assert(
    fc.asyncProperty(deletedPages, async (pages) => {
      const world = createFollowWorld({ fallback });
      for (const { path, obeys } of pages) {
        const url = `https://h.example${path}`;
        await world.accept([changeIn(world, messageFor(url), 'delete')], { edge: { obeys } });
      }
      for (let count = 0; count < 6; count++) {
        await world.tick();
        await world.deliver(() => ({ edge: { obeys: false } }));
      }
      const repairs = world.sent.filter(({ repair = 0 }) => repair > 0).flatMap(({ entries }) => entries);
      expect(world.events.filter(({ end }) => end === 'fresh')).toEqual([]);
      for (const [index, { path, obeys }] of pages.entries()) {
        const url = `https://h.example${path}`;
        const own = repairs.filter((entry) => entry.kind === 'file' && entry.url === url);
        const first = world.events.find(({ purgeId }) => purgeId === `p${index}`);
        expect([path, own.length]).toEqual([path, obeys ? 0 : 3]);
        expect(first?.end).toBe(obeys ? 'completed' : 'superseded');
        if (!obeys) continue;
        doubted++;
        // A PDF that is answered by HTML was never taken for the deleted one.
        const why = path.endsWith('.pdf')
          ? /HTML in place of another kind of file/
          : /: the origin answers with/;
        expect(first?.reason).toMatch(/^not proven: /);
        expect(first?.reason).toMatch(why);
        const lines = world.lines.filter(
          ({ message, fields }) => message === followEvents.probesUnproven && fields.purgeId === `p${index}`,
        );
        expect(lines).toHaveLength(1);
      }
      const dead = world.deadLetters.flatMap(({ entries }) => entries);
      expect(dead).toHaveLength(pages.filter(({ obeys }) => !obeys).length);
    }),
    { numRuns: 30 },
  );
  expect(doubted).toBeGreaterThan(5);
});
