import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filesPerRequest } from '../../functions/core/planning/files-per-request.ts';
import { planRequests } from '../../functions/core/planning/plan.ts';
import { bodyOf, settledBy } from '../../functions/core/planning/planned-request.ts';
import { anyMessages, keyOf, withCovered } from '../helpers/entries.ts';

const maxFileUrls = fc.integer({ min: 1, max: 15 });

test('every entry is settled by exactly one request, which is tied to every message that holds it', () => {
  fc.assert(
    fc.property(anyMessages, maxFileUrls, (messages, maxFileUrls) => {
      const wanted = new Map<string, Set<number>>();
      messages.forEach((entries, index) => {
        for (const entry of entries)
          wanted.set(keyOf(entry), (wanted.get(keyOf(entry)) ?? new Set()).add(index));
      });
      const settled = planRequests(messages, { maxFileUrls, maxBodyBytes: 1e6 }).flatMap(settledBy);
      expect(settled.map(({ entry }) => keyOf(entry)).toSorted()).toEqual([...wanted.keys()].toSorted());
      for (const { entry, messages } of settled) expect(new Set(messages)).toEqual(wanted.get(keyOf(entry)));
    }),
  );
});

test('no body breaks a limit of the API, and all of a body is of one scope and header set', () => {
  fc.assert(
    fc.property(anyMessages, maxFileUrls, (messages, maxFileUrls) => {
      for (const request of planRequests(messages, { maxFileUrls, maxBodyBytes: 1e6 })) {
        const {
          fileUrls = [],
          fileHeaders = [],
          dirUrls = [],
          regexPatterns = [],
          target,
          action,
        } = bodyOf(request);
        expect(fileUrls.length).toBeLessThanOrEqual(maxFileUrls);
        expect(dirUrls.length).toBeLessThanOrEqual(20);
        expect(regexPatterns.length).toBeLessThanOrEqual(2);
        for (const { entry } of request.entries) {
          expect([entry.target, entry.action]).toEqual([target, action]);
          if (entry.kind === 'file') expect(entry.headers ?? []).toEqual(fileHeaders);
        }
      }
    }),
  );
});

/** The lower bound of design.md's third promise, for entries without duplicates of which none covers another. */
function lowerBound(entries: ReturnType<typeof kept>, maxFileUrls: number): number {
  const scopes = Map.groupBy(entries, ({ target, action }) => `${target} ${action}`);
  return [...scopes.values()].reduce((sum, entries) => {
    const files = entries.filter((entry) => entry.kind === 'file');
    const sets = Map.groupBy(files, ({ headers }) => JSON.stringify(headers ?? []));
    const forFiles = [...sets.values()].reduce(
      (count, set) => count + Math.ceil(set.length / maxFileUrls),
      0,
    );
    const dirs = entries.filter(({ kind }) => kind === 'dir').length;
    const regexes = entries.filter(({ kind }) => kind === 'regex').length;
    return sum + Math.max(forFiles, Math.ceil(dirs / 20), Math.ceil(regexes / 2));
  }, 0);
}

function kept(requests: ReturnType<typeof planRequests>) {
  return requests.flatMap(({ entries }) => entries.map(({ entry }) => entry));
}

/** A URL's directory without the scheme, which the cache key does not have. */
function directoryOf(url: string): string {
  return url.slice(url.indexOf(':'), url.lastIndexOf('/') + 1);
}

test('the number of requests is the lower bound', () => {
  fc.assert(
    fc.property(anyMessages, maxFileUrls, (messages, maxFileUrls) => {
      const requests = planRequests(messages, { maxFileUrls, maxBodyBytes: 1e6 });
      expect(requests).toHaveLength(lowerBound(kept(requests), maxFileUrls));
    }),
  );
});

test('coalescing settles the same entries with no more requests, and replaces only what it may', () => {
  const coalesce = fc.record({
    siblings: fc.integer({ min: 2, max: 5 }),
    minDepth: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(anyMessages, coalesce, (messages, coalesce) => {
      const limits = { maxFileUrls: 3, maxBodyBytes: 1e6 };
      const plain = planRequests(messages, limits);
      const requests = planRequests(messages, { ...limits, coalesce });
      const stand = requests.flatMap(({ entries }) => entries).filter(({ isCoalesced }) => isCoalesced);
      const settled = requests.flatMap(settledBy).filter(({ isCoalesced }) => !isCoalesced);
      expect(settled.map(({ entry }) => keyOf(entry)).toSorted()).toEqual(
        plain
          .flatMap(settledBy)
          .map(({ entry }) => keyOf(entry))
          .toSorted(),
      );
      expect(requests.length).toBeLessThanOrEqual(plain.length);
      for (const { entry, covered = [], messages } of stand) {
        if (entry.kind !== 'dir') throw new Error('expected a directory');
        expect(messages).toEqual([]);
        expect(entry.url.split('/').length - 4).toBeGreaterThanOrEqual(coalesce.minDepth);
        // A directory URL without a star is one file in all its variants.
        const direct = covered.flatMap(({ entry: file }) =>
          file.kind !== 'regex' && !file.url.includes('*') && file.action === entry.action ? [file.url] : [],
        );
        const files = new Set(direct.map((url) => url.replace(/\?.*/, '')));
        expect(files.size).toBeGreaterThanOrEqual(coalesce.siblings);
        for (const url of direct) expect(directoryOf(url)).toBe(directoryOf(entry.url));
      }
      expect(withCovered(stand).length).toBeGreaterThanOrEqual(stand.length);
    }),
  );
});

test('a request carries few files while requests are plentiful, and as many as it can while none is to spare', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50_000 }),
      fc.double({ min: 0, max: 80, noNaN: true }),
      fc.integer({ min: 1, max: 1000 }),
      (files, toSpare, maxFileUrls) => {
        const carried = filesPerRequest(files, toSpare, maxFileUrls);
        expect(carried).toBeGreaterThanOrEqual(Math.min(100, maxFileUrls));
        expect(carried).toBeLessThanOrEqual(maxFileUrls);
        if (carried === maxFileUrls) return;
        expect(toSpare).toBeGreaterThanOrEqual(1);
        expect(Math.ceil(files / carried)).toBeLessThanOrEqual(toSpare);
        // No more than needed, so that a failure repeats little.
        if (carried > 100) expect(Math.ceil(files / (carried - 1))).toBeGreaterThan(Math.floor(toSpare));
      },
    ),
  );
});
