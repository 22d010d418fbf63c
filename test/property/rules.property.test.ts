import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { encodings } from '../../functions/core/mapping/urls/encodings.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { checkSettings } from '../../infra/settings/settings.ts';
import { regexFault, regexParts } from '../../local/cdn-pro/purges/regex-rules.ts';
import { urlFault } from '../../local/cdn-pro/purges/url-rules.ts';
import { anyCodePoint } from '../helpers/any-code-point.ts';
import { entryChange, objectChange } from '../helpers/changes.ts';

const origin = 'https://h.example/';
const plain = compileRules({
  target: 'production',
  rules: [{ match: { source: 's3', key: '{+path}' }, purge: { fileUrls: [`${origin}{+path}`] } }],
});

/** Keys of S3: any text of UTF-8, with many of the characters that matter. */
const awkward = fc.constantFrom(...'/ .*+%#?[]{}|^`~"\'\\&=;:@!$,()<>', 'ü', '日', '🎉', '\n', '..', '%2e');
const character = fc.oneof(fc.string({ unit: anyCodePoint, minLength: 1, maxLength: 1 }), awkward);
const key = fc.string({ unit: character, minLength: 1, maxLength: 200 });

const tooLong = expect.stringMatching(/^a value holds "\*", .* at most 126 characters after the host/);

/** The keys that S3 and a cache may read from a URL: S3 reads a plus as a space. */
function keysAt(url: string): readonly string[] {
  const path = url.slice(origin.length);
  return [decodeURIComponent(path), decodeURIComponent(path.replaceAll('+', '%20'))];
}

test('the URL of a key decodes back to the key, is what a browser requests, and what CDN Pro accepts', () => {
  fc.assert(
    fc.property(key, (key) => {
      const { entries, problems } = plain.map(objectChange(key));
      const spellings = 1 + Number(key.includes('+')) + Number(key.includes(' '));
      const hasDots = /(?:^|\/)\.{1,2}(?:\/|$)/.test(key);
      if (hasDots) {
        // One for each encoding.
        expect(problems).toHaveLength(spellings);
        for (const { reason } of problems) expect(reason).toContain('a browser resolves the segments');
        expect(entries).toEqual([]);
        return;
      }
      expect([...entries, ...problems]).toHaveLength(spellings);
      // Only a regex can name a key with "*" exactly, and only a short one: a browser asks for it as it is.
      for (const { reason } of problems) expect([key.includes('*'), reason]).toEqual([true, tooLong]);
      for (const entry of entries) {
        if (entry.kind === 'file') {
          expect(keysAt(entry.url)).toContain(key);
          expect(new URL(entry.url).href).toBe(entry.url);
        } else {
          expect(key).toContain('*');
          const pattern = entry.kind === 'regex' ? entry.pattern : '';
          expect(pattern).toMatch(/\$$/);
          const url = pattern.slice(0, -1).replaceAll(/\\(?=.)/gs, '');
          expect(keysAt(url)).toContain(key);
          expect(new URL(url).href).toBe(url);
        }
      }
    }),
    { numRuns: 2500 },
  );
});

const some = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

/** Rules with whatever a rule can have. */
const rule = fc
  .record({
    hosts: fc.subarray(['h.example', 'http://M.example:8080', 'https://{first}.example'], { minLength: 1 }),
    files: fc.subarray(
      ['/{+path}', '/{path}', '/x?p={path}', 'https://o.example{+path}', 'https://o.example/a b/{+path}'],
      {
        minLength: 1,
      },
    ),
    dirs: fc.subarray(['/{+path}', '/{first}/*', '/{first}/**', '/*/{first}', '/{+path}*'], { minLength: 1 }),
    regexes: fc.subarray(['any://h.example/{+path}\\?.*', 'https://{first}.example/[a-z]+'], {
      minLength: 1,
    }),
    queries: some(fc.subarray(['a=b', 'p={path}', '?x'], { minLength: 1 })),
    variants: some(fc.boolean()),
    encodings: some(fc.subarray([...encodings], { minLength: 1 })),
    index: some(fc.constantFrom('index.html', 'ä b.html')),
    cleanUrls: some(fc.boolean()),
    trailingSlash: some(fc.constantFrom('always', 'never', 'both')),
    parents: some(fc.nat(20)),
  })
  .map(({ hosts, files, dirs, regexes, queries, variants, encodings, ...pages }): Rule => {
    const purge = {
      hosts,
      fileUrls: files,
      dirUrls: dirs,
      regexPatterns: regexes,
      queries,
      variants,
      encodings,
    };
    const rule = { match: { source: 's3', key: '{first}/{+path}' }, purge, pages };
    return JSON.parse(JSON.stringify(rule)) as Rule;
  });

function faultOf(entry: PurgeEntry): string | undefined {
  if (entry.kind === 'file') return urlFault('fileUrls', 0, entry.url)?.message;
  if (entry.kind === 'dir') return urlFault('dirUrls', 0, entry.url)?.message;
  const parts = regexParts(entry.pattern);
  return parts === undefined ? 'no regex' : regexFault(parts.pattern);
}

/** @returns the entries that break a rule of CDN Pro, each with the rule */
function rejectionsOf(entries: readonly PurgeEntry[]) {
  return entries.flatMap((entry) => {
    const fault = faultOf(entry);
    return fault === undefined ? [] : [{ entry, fault }];
  });
}

test('whatever the rule and the key, every entry keeps the rules of CDN Pro, and no two are the same', () => {
  fc.assert(
    fc.property(rule, fc.array(fc.tuple(key, key), { minLength: 1, maxLength: 4 }), (rule, keys) => {
      const { rules } = checkSettings({ target: 'production', rules: [rule] });
      const compiled = compileRules({ target: 'production', rules });
      for (const [first, rest] of keys) {
        const { entries, problems } = compiled.map(objectChange(`${first}/${rest}`));
        expect(rejectionsOf(entries)).toEqual([]);
        const written = entries.map((entry) => JSON.stringify(entry));
        expect(new Set(written).size).toBe(written.length);
        expect(problems.filter(({ reason }) => reason === '')).toEqual([]);
      }
    }),
    { numRuns: 600 },
  );
});

/** As it may stand in a URL: what may not is encoded. */
const encoded = fc.oneof(anyCodePoint.map(encodeURIComponent), fc.constantFrom(..."!$&'()*+,;=:@"));
const component = fc.string({ unit: encoded, maxLength: 20 });
const webUrl = fc
  .record({
    scheme: fc.constantFrom('http', 'https'),
    host: fc.domain(),
    path: fc.array(component, { maxLength: 5 }),
    query: fc.option(component),
    fragment: fc.option(component),
  })
  .map(({ scheme, host, path, query, fragment }) => {
    const queryString = query === null ? '' : `?${query}`;
    return `${[`${scheme}://${host}`, ...path].join('/')}${queryString}${fragment === null ? '' : `#${fragment}`}`;
  });

test('the same holds for what a CMS says, and for whole URLs that come from it', () => {
  const url = fc.oneof(
    webUrl,
    key,
    key.map((path) => `https://h.example/${path}`),
  );
  const rules = compileRules({
    target: 'production',
    rules: [
      {
        match: { source: 'contentful' },
        purge: {
          fileUrls: ['{+url}', 'https://h.example{+path}', 'https://h.example/{slug}'],
          dirUrls: ['{+url}*'],
        },
        pages: { index: 'index.html', cleanUrls: true, parents: 3 },
      },
    ],
  });
  fc.assert(
    fc.property(url, key, key, (url, path, slug) => {
      const { entries } = rules.map(entryChange({ fields: { url, path, slug } }));
      expect(rejectionsOf(entries)).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
