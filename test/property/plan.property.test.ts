import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bodyOf, planRequests } from '../../functions/core/plan.ts';
import type { PurgeEntry } from '../../functions/core/types.ts';

const scope = fc.record({
  target: fc.constantFrom('production' as const, 'staging' as const),
  action: fc.constantFrom('invalidate' as const, 'delete' as const),
});
const url = fc.integer({ min: 0, max: 60 }).map((page) => `https://h.example/${page}`);
const headers = fc.constantFrom(undefined, [{ name: 'a', value: '1' }], [{ name: 'a', value: '2' }]);
const entry: fc.Arbitrary<PurgeEntry> = fc.oneof(
  fc
    .tuple(url, headers, scope)
    .map(([url, headers, scope]) => ({ kind: 'file' as const, url, ...(headers && { headers }), ...scope })),
  fc.tuple(url, scope).map(([url, scope]) => ({ kind: 'dir' as const, url: `${url}/*`, ...scope })),
  fc.tuple(url, scope).map(([url, scope]) => ({ kind: 'regex' as const, pattern: `${url}/.*`, ...scope })),
);
const messages = fc.array(fc.array(entry, { maxLength: 12 }), { maxLength: 40 });
const maxFileUrls = fc.integer({ min: 1, max: 15 });

/** An entry, written so that equal ones are equal texts. */
function keyOf(entry: PurgeEntry): string {
  const { target, action } = entry;
  if (entry.kind === 'file')
    return JSON.stringify([target, action, entry.kind, entry.url, entry.headers ?? []]);
  return JSON.stringify([target, action, entry.kind, entry.kind === 'dir' ? entry.url : entry.pattern]);
}

test('the requests ask for every entry exactly once, and each is tied to every message that holds it', () => {
  fc.assert(
    fc.property(messages, maxFileUrls, (messages, maxFileUrls) => {
      const wanted = new Map<string, Set<number>>();
      messages.forEach((entries, index) => {
        for (const entry of entries)
          wanted.set(keyOf(entry), (wanted.get(keyOf(entry)) ?? new Set()).add(index));
      });
      const planned = planRequests(messages, { maxFileUrls, maxBodyBytes: 1e6 }).flatMap(
        ({ entries }) => entries,
      );
      expect(planned.length).toBe(wanted.size);
      for (const { entry, messages } of planned) expect(new Set(messages)).toEqual(wanted.get(keyOf(entry)));
    }),
  );
});

test('no body breaks a limit of the API, and all of a body is of one scope and header set', () => {
  fc.assert(
    fc.property(messages, maxFileUrls, (messages, maxFileUrls) => {
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

test('the number of requests is the lower bound', () => {
  fc.assert(
    fc.property(messages, maxFileUrls, (messages, maxFileUrls) => {
      const unique = [...new Map(messages.flat().map((entry) => [keyOf(entry), entry])).values()];
      const scopes = Map.groupBy(unique, ({ target, action }) => `${target} ${action}`);
      const bound = [...scopes.values()].reduce((sum, entries) => {
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
      expect(planRequests(messages, { maxFileUrls, maxBodyBytes: 1e6 })).toHaveLength(bound);
    }),
  );
});
