import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { PlannedRequest } from '../../functions/core/planning/planned-request.ts';
import { Evidence } from '../../functions/core/planning/refusals/evidence.ts';
import {
  type Failure,
  isAboutContent,
  namedEntries,
} from '../../functions/core/planning/refusals/failure.ts';
import { Isolation, type IsolationOptions } from '../../functions/core/planning/refusals/isolate.ts';
import { fuzzTimes } from '../helpers/fuzz-times.ts';
import { type Played, type PlayOptions, playIsolation, type Verdict } from '../helpers/isolation-play.ts';

const pageCount = 40;
const url = (page: number) => `https://h.example/${page}`;

const failures: readonly Failure[] = [
  { kind: 'refused', status: 400, message: 'no' },
  { kind: 'refused', status: 403, message: '<html>blocked</html>' },
  { kind: 'refused', status: 413, message: 'The request exceeds the size limit.' },
  { kind: 'no-verdict', message: 'HTTP 500' },
];

/** CDN Pros that refuse for all kinds of reasons, at times for none that has to do with the content. */
const worlds = fc.record({
  /** Pages of each request, in batches that are a minute apart. */
  batches: fc.array(
    fc.array(fc.uniqueArray(fc.nat({ max: pageCount - 1 }), { minLength: 1, maxLength: 20 }), {
      minLength: 1,
      maxLength: 3,
    }),
    { minLength: 1, maxLength: 6 },
  ),
  badPages: fc.uniqueArray(fc.nat({ max: pageCount - 1 }), { maxLength: 4 }),
  badness: fc.constantFrom('coded', 'named', 'misnamed', ...failures),
  /** Requests with both of these are refused. */
  pair: fc.option(fc.tuple(fc.nat({ max: pageCount - 1 }), fc.nat({ max: pageCount - 1 })), { freq: 3 }),
  /** Requests with more pages than this are refused. */
  most: fc.option(fc.integer({ min: 1, max: 10 }), { freq: 3 }),
  /** When all requests fail: from, for how long, in milliseconds, and how. */
  outages: fc.array(
    fc.record({
      fromMs: fc.nat({ max: 300_000 }),
      lastsMs: fc.nat({ max: 60_000 }),
      failure: fc.constantFrom(...failures),
    }),
    { maxLength: 2 },
  ),
});
type World = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;

const isIn = (entries: readonly PurgeEntry[], page: number) =>
  entries.some((entry) => entryText(entry) === url(page));

function refusalFor(entries: readonly PurgeEntry[], bad: number, badness: World['badness']): Failure {
  if (typeof badness === 'object') return badness;
  const coded: Failure = { kind: 'refused', status: 400, code: 'InvalidPurgeUrl', message: 'no' };
  if (badness === 'coded') return coded;
  const [first] = entries;
  const named = badness === 'named' || first === undefined ? url(bad) : entryText(first);
  return { ...coded, message: `The purge URL '${named}' is invalid.` };
}

function verdictOf({ badPages, badness, pair, most, outages }: World): Verdict {
  return (entries, nowMs) => {
    const outage = outages.find(({ fromMs, lastsMs }) => nowMs >= fromMs && nowMs < fromMs + lastsMs);
    if (outage !== undefined) return outage.failure;
    const bad = badPages.find((page) => isIn(entries, page));
    if (bad !== undefined) return refusalFor(entries, bad, badness);
    if (most !== null && entries.length > most) return { kind: 'refused', status: 413, message: 'too large' };
    const [left = -1, right = -1] = pair ?? [];
    if (left !== right && isIn(entries, left) && isIn(entries, right)) {
      return { kind: 'refused', status: 400, message: 'no' };
    }
    return undefined;
  };
}

/** Each page is asked for once, as the planner would have it. */
function requestsOf({ batches }: World): readonly (readonly PlannedRequest[])[] {
  const seen = new Set<number>();
  return batches.map((requests) =>
    requests.flatMap((pages) => {
      const fresh = pages.filter((page) => !seen.has(page));
      for (const page of fresh) seen.add(page);
      const entries = fresh.map((page) => ({
        entry: { kind: 'file', url: url(page), target: 'production', action: 'invalidate' } as const,
        messages: [0],
      }));
      return entries.length === 0 ? [] : [{ entries }];
    }),
  );
}

/** Each minute something else is purged, as on a site that is alive. */
function withOthers(batches: readonly (readonly PlannedRequest[])[]): readonly (readonly PlannedRequest[])[] {
  return Array.from({ length: 120 }, (_, minute) => [
    ...(batches[minute] ?? []),
    {
      entries: [
        {
          entry: {
            kind: 'file',
            url: `https://h.example/other/${minute}`,
            target: 'production',
            action: 'invalidate',
          },
          messages: [0],
        },
      ],
    },
  ]);
}

function play(world: World, broken: Pick<PlayOptions, 'evidence' | 'createIsolation'> = {}): Played {
  return playIsolation({
    verdict: verdictOf(world),
    batches: withOthers(requestsOf(world)),
    lastingMs: 7_200_000,
    ...broken,
  });
}

function goodRejected(world: World, { rejected }: Played): readonly string[] {
  const bad = new Set(world.badPages.map(url));
  return rejected.map(({ text }) => text).filter((text) => !bad.has(text));
}

/** @returns the good entries that did not come through */
function goodUnsent(world: World, { accepted }: Played): readonly string[] {
  const asked = requestsOf(world).flatMap((requests) =>
    requests.flatMap(({ entries }) => entries.map(({ entry }) => entryText(entry))),
  );
  const bad = new Set(world.badPages.map(url));
  return asked.filter((text) => !bad.has(text) && !accepted.has(text));
}

/** @returns rejections without a code of the vendor and without two acceptances, each between two refusals of the entry alone */
function rejectedEarly({ rejected, sent }: Played): readonly string[] {
  return rejected.flatMap(({ text, failure }) => {
    if (failure.code !== undefined) return [];
    const alone = sent.flatMap(({ texts, failure }, index) =>
      failure !== undefined && texts.length === 1 && texts[0] === text ? [index] : [],
    );
    const isBetween = (from: number, to: number) =>
      sent.slice(from + 1, to).some(({ failure }) => failure === undefined);
    const sandwiched = alone.filter((to, index) => index > 0 && isBetween(alone[index - 1] ?? 0, to));
    return sandwiched.length >= 2 ? [] : [text];
  });
}

test('each good entry comes through and none is rejected; each bad one is rejected once, without a code of the vendor after it was refused alone three times, others accepted in between', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const played = play(world);
      const asked = new Set(world.batches.flat(2));
      expect({
        goodRejected: goodRejected(world, played),
        goodUnsent: goodUnsent(world, played),
        rejected: played.rejected.map(({ text }) => text).toSorted(),
        rejectedEarly: rejectedEarly(played),
      }).toEqual({
        goodRejected: [],
        goodUnsent: [],
        rejected: world.badPages
          .filter((page) => asked.has(page))
          .map(url)
          .toSorted(),
        rejectedEarly: [],
      });
    }),
    { numRuns: 400 * fuzzTimes },
  );
});

/** The most requests that fail in any five minutes, whole ones that are tried for the first time left out. */
function mostIsolating({ sent }: Played): number {
  const seen = new Set<string>();
  const failedMs = sent.flatMap(({ texts, failure, atMs }) => {
    const isFirst = texts.every((text) => !seen.has(text));
    for (const text of texts) seen.add(text);
    return failure === undefined || isFirst ? [] : [atMs];
  });
  return Math.max(
    0,
    ...failedMs.map((toMs) => failedMs.filter((ms) => ms <= toMs && ms > toMs - 300_000).length),
  );
}

const manyBad = fc
  .uniqueArray(fc.nat({ max: pageCount - 1 }), { minLength: 10, maxLength: 25 })
  .chain((badPages) =>
    worlds.map(
      (world): World => ({ ...world, badPages, badness: 'coded', outages: [], most: null, pair: null }),
    ),
  );

test('taking requests apart has a budget', () => {
  fc.assert(
    fc.property(manyBad, (world) => {
      // Some may be under way when it is used up.
      expect(mostIsolating(play(world))).toBeLessThanOrEqual(13);
    }),
    { numRuns: 100 * fuzzTimes },
  );
});

/** @returns whether a property fails for some world */
function isBroken(arbitrary: fc.Arbitrary<World>, holds: (world: World) => boolean): boolean {
  return fc.check(fc.property(arbitrary, holds), { numRuns: 2000, endOnFailure: true }).failed;
}

/** Rejects what a message names at once, where the vendor's code says that something is invalid. */
class Credulous extends Isolation {
  override failed(request: PlannedRequest, failure: Failure, nowMs: number) {
    const named = namedEntries(request, failure);
    if (named.length === 0 || !isAboutContent(failure)) {
      super.failed(request, failure, nowMs);
      return;
    }
    this.putBack(request);
    this.withdraw([request]);
    super.failed({ entries: named }, failure, nowMs);
    const rest = request.entries.filter((planned) => !named.includes(planned));
    if (rest.length > 0) this.hold({ entries: rest }, 'suspect', nowMs);
  }
}

test('the promises break when acceptances are not asked for, when a name is believed, or without the budget', () => {
  class Gullible extends Evidence {
    override acceptedSince() {
      return true;
    }
  }
  expect(
    isBroken(worlds, (world) => {
      const evidence = new Gullible({ isolationRequests: 13 });
      return goodRejected(world, play(world, { evidence })).length === 0;
    }),
  ).toBe(true);
  expect(
    isBroken(manyBad, (world) => {
      const evidence = new Evidence({ isolationRequests: 1000 });
      return mostIsolating(play(world, { evidence })) <= 13;
    }),
  ).toBe(true);
  const createIsolation = (options: IsolationOptions) => new Credulous(options);
  expect(
    isBroken(worlds, (world) => goodRejected(world, play(world, { createIsolation })).length === 0),
  ).toBe(true);
});
