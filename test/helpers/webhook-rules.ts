import fc from 'fast-check';
import type { Purge, Rule } from '../../functions/core/mapping/rule.ts';
import type { FileHeaders } from '../../functions/core/mapping/urls/header-sets.ts';
import type { Pages } from '../../functions/core/mapping/urls/pages.ts';

const origin = 'https://h.example';
const fileUrl = fc.constantFrom(
  '/sub/{slug}',
  '/sub/blog/{+path}',
  '/sub/blog/{slug}.html',
  '/sub/blog/index.html',
  '/feed.xml',
  '/sub/list?tag={slug}',
  '/sub/list/{slug}?page=1',
  '/sub/{slug}?tag={slug}',
);
const wholeHost = fc.constantFrom('/{slug}', 'https://j.example{+path}');
const fileHeaders: fc.Arbitrary<FileHeaders> = fc.constantFrom(
  { 'Accept-Language': ['en', 'de'] },
  [{}, { 'x-device': 'mobile' }],
  [{ 'x-tag': '{slug}' }, { 'x-tag': 'none' }],
);
const pages: fc.Arbitrary<Pages> = fc.record(
  {
    index: fc.constantFrom('index.html', ['index.html', 'Übersicht.html']),
    cleanUrls: fc.constantFrom(true, '.htm'),
    trailingSlash: fc.constantFrom('always' as const, 'never' as const, 'both' as const),
    parents: fc.integer({ min: 0, max: 3 }),
  },
  { requiredKeys: [] },
);
const purge: fc.Arbitrary<Purge> = fc.record(
  {
    hosts: fc.constantFrom(origin, [origin, 'http://i.example']),
    fileUrls: fc.uniqueArray(
      fc.oneof({ weight: 15, arbitrary: fileUrl }, { weight: 1, arbitrary: wholeHost }),
      { minLength: 1, maxLength: 3 },
    ),
    dirUrls: fc.subarray(['/dir/{slug}/*', '/all/**', '/tags/{slug}']),
    regexPatterns: fc.subarray([`${origin}/r/{slug}\\?.*`, 'any://h.example/s/?{slug}', `${origin}/fixed.*`]),
    fileHeaders,
    variants: fc.boolean(),
    queries: fc.subarray(['format=amp', 'q={slug}'], { minLength: 1 }),
    encodings: fc.constantFrom(['browser' as const], ['component' as const, 'browser' as const]),
  },
  { requiredKeys: ['hosts', 'fileUrls'] },
);

/** Rules of one source over `slug` and `path`, with everything that a rule can say of its purges. */
export function anyRules(source: string): fc.Arbitrary<readonly Rule[]> {
  const match = fc.record(
    { source: fc.constant(source), action: fc.constantFrom('put' as const, 'delete' as const) },
    { requiredKeys: ['source'] },
  );
  const rule: fc.Arbitrary<Rule> = fc.record(
    {
      match,
      purge,
      pages,
      action: fc.constantFrom('invalidate' as const, 'delete' as const),
      delaySeconds: fc.integer({ min: 0, max: 2 }),
      repeatAfterSeconds: fc.integer({ min: 1, max: 3 }),
      webhook: fc.constant('w1'),
      lane: fc.constantFrom('people' as const, 'bulk' as const),
    },
    { requiredKeys: ['match', 'purge'] },
  );
  return fc.array(rule, { minLength: 1, maxLength: 3 });
}

/** Values of `slug` and `path`. */
export const anyValue = fc.constantFrom(
  'a',
  'b',
  'ü b',
  'index.html',
  'x/y.html',
  'x/index.html',
  'c.htm',
  'Übersicht.html',
);
