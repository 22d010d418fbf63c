import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { purgeByPrefix } from '../../functions/core/mapping/purge-by-prefix.ts';
import type { MappingConfig, MappingResult } from '../../functions/core/mapping/rule.ts';
import type { EntryChange, PurgeEntry } from '../../functions/core/model/types.ts';
import { type CacheKey, type CacheKeyAdditions, cacheUrlOf } from '../../local/edge/cache-key.ts';
import { purgeMatcher } from '../../local/edge/purge-matcher.ts';
import { entryChange } from '../helpers/changes.ts';
import { anyRules, anyValue } from '../helpers/webhook-rules.ts';

const source = 'github';

function changeOf(slug: string, path: string, action: EntryChange['action']): EntryChange {
  return entryChange({ source, webhook: source, action, fields: { slug, path } });
}

/** What is cached that an entry purges. */
function cachedUnder(entry: PurgeEntry, additions: CacheKeyAdditions): readonly CacheKey[] {
  if (entry.kind === 'file') {
    const headers = (entry.headers ?? []).map(({ name, value }) => [name.toLowerCase(), value] as const);
    return [{ url: cacheUrlOf(entry.url, additions), headers: Object.fromEntries(headers) }];
  }
  const url =
    entry.kind === 'dir'
      ? entry.url.replace(/\*+$/, 'c')
      : entry.pattern
          .replace('any:', 'http:')
          .replace('/s/?', '/s')
          .replace('\\?.*', '?q=1')
          .replace('.*', 'c');
  const isPlain = entry.kind === 'dir' || !/[\\?]/.test(url.replace('?q=1', ''));
  const versions = isPlain ? [{}, { 'x-device': 'mobile' }] : [];
  return versions.map((headers) => ({ url: cacheUrlOf(url, additions), headers }));
}

function matcherOf(entry: PurgeEntry, additions: CacheKeyAdditions): (key: CacheKey) => boolean {
  const { target } = entry;
  if (entry.kind === 'dir') return purgeMatcher({ target, dirUrls: [entry.url] }, additions);
  if (entry.kind === 'regex') return purgeMatcher({ target, regexPatterns: [entry.pattern] }, additions);
  return purgeMatcher({ target, fileUrls: [entry.url], fileHeaders: [...(entry.headers ?? [])] }, additions);
}

/** @returns a function that says after which delays a schedule purges what is cached */
function timesOf({ schedule }: MappingResult, additions: CacheKeyAdditions) {
  const matchers = schedule.flatMap(({ delaySeconds, entries }) =>
    entries.map((entry) => ({ delaySeconds, matches: matcherOf(entry, additions) })),
  );
  return (key: CacheKey) =>
    matchers.flatMap(({ delaySeconds, matches }) => (matches(key) ? [delaySeconds] : []));
}

/** The vendor's own cache key, and one that tells apart whatever a URL can. */
const anyAdditions: fc.Arbitrary<CacheKeyAdditions> = fc.constantFrom(
  {},
  { scheme: true, query: 'all' as const },
);

describe('a purge by prefix', () => {
  it('purges every version of every URL that any change could have made by the same rules, and when they would', () => {
    fc.assert(
      fc.property(
        anyRules(source),
        anyValue,
        anyValue,
        fc.constantFrom('put' as const, 'delete' as const),
        anyAdditions,
        (rules, slug, path, action, additions) => {
          const config: MappingConfig = { target: 'production', rules };
          const byPrefix = purgeByPrefix(config, {
            ...changeOf('', '', 'put'),
            fields: {},
            affectsAllEntries: true,
          });
          expect(byPrefix.problems).toEqual([]);
          const timesByPrefix = timesOf(byPrefix, additions);
          const { schedule } = compileRules(config).map(changeOf(slug, path, action));
          for (const { delaySeconds, entries } of schedule) {
            for (const key of entries.flatMap((entry) => cachedUnder(entry, additions))) {
              const times = timesByPrefix(key);
              if (!times.includes(delaySeconds))
                expect({ key, times }).toEqual({ key, times: [delaySeconds] });
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
