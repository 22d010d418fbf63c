import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { dropCovered } from '../../functions/core/planning/cover.ts';
import type { PlannedEntry } from '../../functions/core/planning/planned-request.ts';
import { purgeMatcher } from '../../local/edge/purge-matcher.ts';
import { anyEntry, cachedUrl, keyOf } from '../helpers/entries.ts';

const entries = fc
  .uniqueArray(anyEntry, { selector: keyOf, minLength: 10, maxLength: 50, size: 'max' })
  .map((entries) => entries.filter(({ target }) => target === 'production'));
const keys = fc.array(
  fc.record({ url: cachedUrl, headers: fc.constantFrom({ x: '' }, { x: '1' }, { x: '2' }) }),
  { minLength: 20, maxLength: 60 },
);

/** What an entry purges, by the simulator's own reading of the purge API's page. */
function matcherOf(entry: PurgeEntry) {
  const { target, action } = entry;
  if (entry.kind === 'dir') return purgeMatcher({ target, action, dirUrls: [entry.url] });
  if (entry.kind === 'regex') return purgeMatcher({ target, action, regexPatterns: [entry.pattern] });
  return purgeMatcher({
    target,
    action,
    fileUrls: [entry.url],
    fileHeaders: entry.headers?.map((header) => ({ ...header })) ?? [],
  });
}

function planned(entries: readonly PurgeEntry[]): readonly PlannedEntry[] {
  return entries.map((entry, index) => ({ entry, messages: [index] }));
}

test('what is dropped is purged by the entry that it is tied to, as strongly, and nothing is dropped else', () => {
  let dropped = 0;
  fc.assert(
    fc.property(entries, keys, (entries, keys) => {
      const kept = dropCovered(planned(entries));
      const all = kept.flatMap((entry) => [entry, ...(entry.covered ?? [])]);
      expect(all.map(({ entry }) => keyOf(entry)).toSorted()).toEqual(entries.map(keyOf).toSorted());
      for (const { entry: cover, covered = [] } of kept) {
        const purges = matcherOf(cover);
        for (const { entry } of covered) {
          dropped++;
          if (entry.action === 'delete') expect(cover.action).toBe('delete');
          const wanted = matcherOf(entry);
          const fileKeys =
            entry.kind === 'file'
              ? [{ url: entry.url, headers: { x: entry.headers?.[0]?.value ?? '' } }]
              : [];
          for (const key of [...keys, ...fileKeys]) {
            if (wanted(key))
              expect([keyOf(entry), keyOf(cover), key, purges(key)]).toEqual([
                keyOf(entry),
                keyOf(cover),
                key,
                true,
              ]);
          }
        }
      }
    }),
    { numRuns: 1500 },
  );
  expect(dropped).toBeGreaterThan(1000);
});

test('dropping again drops nothing more', () => {
  fc.assert(
    fc.property(entries, (entries) => {
      const once = dropCovered(planned(entries)).map(({ entry, messages }) => ({ entry, messages }));
      expect(dropCovered(once)).toEqual(once);
    }),
  );
});
