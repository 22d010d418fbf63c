import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import type { OriginChange, PurgeEntry } from '../../functions/core/model/types.ts';
import { changesThatPurge, type ReversedConfig } from '../../infra/cli/explain/reverse/changes-that-purge.ts';
import { matchUrl } from '../../infra/cli/queries/why/url-match.ts';
import { entryChange, objectChange } from '../helpers/changes.ts';
import { fits } from '../helpers/fitting-change.ts';

const some = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const purge = {
  hosts: some(
    fc.subarray(['h.example', 'http://m.example', 'https://{first}.example'], { minLength: 1, maxLength: 2 }),
  ),
  files: fc.subarray(
    [
      '/{+path}',
      '/{path}',
      '/s/{first}-{path}.html',
      '/x?p={path}',
      '/feed.xml',
      'https://o.example{+path}',
      'https://o.example/a b/{first}/{+path}',
    ],
    { minLength: 1, maxLength: 2 },
  ),
  dirs: fc.subarray(['/{first}/*', '/{first}/**', '/t/*', '/{path}', '/{+path}*', '/i/*.jpg'], {
    maxLength: 2,
  }),
  regexes: fc.subarray([
    'any://h.example/{+path}\\?.*',
    'https://{first}.example/[a-z]+$',
    'any://h.example/r/{path}/{first}',
  ]),
  queries: some(fc.subarray(['a=b', 'p={path}', '?x={first}&y'], { minLength: 1, maxLength: 2 })),
  variants: some(fc.boolean()),
  fileHeaders: some(fc.constantFrom([{}, { 'x-of': '{first}' }])),
  encodings: some(
    fc.subarray(['browser', 's3', 'plus', 'component', 'form', 'lowercase'] as const, {
      minLength: 1,
      maxLength: 3,
    }),
  ),
};
const pages = fc.record({
  index: some(fc.constantFrom('index.html', 'ä b.html')),
  cleanUrls: some(fc.constantFrom(true, '.htm')),
  trailingSlash: some(fc.constantFrom('always', 'never', 'both')),
  parents: some(fc.nat(3)),
});

const ruleOf = (match: fc.Arbitrary<object>): fc.Arbitrary<Rule> =>
  fc
    .record({ match, pages, ...purge })
    .map(({ match, pages, hosts = ['h.example'], files, dirs, regexes, ...others }) => {
      const rule = {
        ...match,
        purge: { hosts, fileUrls: files, dirUrls: dirs, regexPatterns: regexes, ...others },
        pages,
      };
      return JSON.parse(JSON.stringify(rule)) as Rule;
    });

const ofObjects = ruleOf(
  fc.record({
    match: fc.record({
      source: fc.constant('s3'),
      key: fc.constantFrom<string | string[]>(
        '{first}/{+path}',
        'site/{first}/{+path}',
        ['{first}/{+path}', 'p-{first}/{any}/{+path}'],
        '{first}/{mid}/{+path}.md',
      ),
      prefix: some(fc.constantFrom('a', 'site/', ['x/', 'p-'])),
      bucket: some(fc.constantFrom('site', ['other', 's{rest}'])),
      action: some(fc.constantFrom('put', 'delete')),
    }),
    except: some(fc.constantFrom('{+any}.map', ['x/{+any}', '{one}/page'], [{ prefix: 'site/x' }])),
  }),
);

const ofEntries = ruleOf(
  fc.record({
    match: fc.record({
      source: fc.constant('contentful'),
      type: some(fc.constantFrom<string | string[]>('post', ['page', 'post'])),
      locale: some(fc.constantFrom('{language}-{region}', ['en', 'de-{region}'])),
      fields: some(
        fc.constantFrom({ first: ['a', 'Blog'] }, { path: '{top}/{+below}' }, { first: '{initial}-c' }),
      ),
      action: some(fc.constantFrom('put', 'delete')),
    }),
    except: some(fc.constantFrom({ type: 'page' }, { fields: { path: 'x' } })),
  }),
);

const name = fc.constantFrom(
  'a',
  'x',
  'b c',
  'ü+',
  'index.html',
  'about.html',
  'n.htm',
  'p%q',
  'page',
  's-t',
  'a*b',
);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const first = fc.constantFrom('a', 'x', 'Blog', 'b-c');
const key = fc
  .record({
    start: fc.constantFrom('', 'site/', 'p-'),
    first,
    path,
    end: fc.constantFrom('', '.md', '.map', '/index.html'),
  })
  .map(({ start, first, path, end }) => `${start}${first}/${path}${end}`);

/** URLs that an entry purges: the one that it names, or some that its wildcard matches. */
function urlsOf(entry: PurgeEntry): readonly string[] {
  if (entry.kind === 'file') return [entry.url];
  if (entry.kind === 'regex') {
    const url = entry.pattern
      .replace(/^any:/, 'https:')
      .replace(/\\\?\.\*$/, '?q')
      .replace('[a-z]+', 'abc')
      .replace(/\$$/, '');
    return [url.replaceAll(/\\(.)/g, '$1')];
  }
  return ['', 'k', 'k.jpg'].map((part) => entry.url.replace(/\*{1,2}([^*]*)$/, `${part}$1`));
}

/** How many were looked at. */
let nearMisses = 0;

function check(rule: Rule, change: OriginChange) {
  let checked = 0;
  const config: ReversedConfig = { target: 'production', rules: [rule], buckets: [{ name: 'site' }] };
  const forward = compileRules(config);
  const { entries } = forward.map(change);
  // Most URLs of a change are found by the same examples.
  const mapped = new Map<string, readonly PurgeEntry[]>();
  const entriesOf = (each: OriginChange) => {
    const written = JSON.stringify(each);
    const known = mapped.get(written) ?? forward.map(each).entries;
    mapped.set(written, known);
    return known;
  };
  for (const entry of entries.filter((_, index) => index % Math.ceil(entries.length / 3) === 0)) {
    for (const url of urlsOf(entry)) {
      const { matches } = matchUrl(url);
      if (!matches(entry)) continue;
      checked += 1;
      const found = changesThatPurge(config, url);
      for (const { example, change: words, actions, nearMiss } of found) {
        const purges = (each: OriginChange) => entriesOf(each).some(matches);
        for (const action of actions) expect([words, purges({ ...example, action })]).toEqual([words, true]);
        if (nearMiss === undefined) continue;
        // Another rule, template or kind of changes may purge the URL for it.
        if (found.some((each) => each.change !== words)) continue;
        nearMisses += 1;
        expect([words, nearMiss.words, purges(nearMiss.example)]).toEqual([words, nearMiss.words, false]);
      }
      const words = found.map(({ change }) => change);
      expect([url, words, found.some((each) => fits(change, each))]).toEqual([url, words, true]);
    }
  }
  // Most random keys and entries match no random rule.
  fc.pre(checked > 0);
}

test('what a rule makes of an object is found again, by a pattern that its key fits, and nothing else is claimed', () => {
  fc.assert(
    fc.property(ofObjects, key, (rule, key) => check(rule, objectChange(key))),
    { numRuns: 25, seed: 1 },
  );
});

test('what a rule makes of an entry is found again, by its values, and nothing else is claimed', () => {
  const entry = fc
    .record({
      type: fc.constantFrom('post', 'page'),
      locale: fc.constantFrom('en', 'de-AT'),
      fields: fc.record({ first, path }),
    })
    .map(entryChange);
  fc.assert(
    fc.property(ofEntries, entry, (rule, entry) => check(rule, entry)),
    { numRuns: 25, seed: 1 },
  );
});

test('most kinds of changes have a change next to them that does not purge the URL', () => {
  expect(nearMisses).toBeGreaterThan(20);
});
