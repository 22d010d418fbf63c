import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { entryChange, objectChange } from '../helpers/changes.ts';

/**
 * What an entry may purge, by the vendor's page read strictly: of a directory URL the last `*` or `**` is a wildcard, the
 * others are literal; a pattern matches from the path on and leaves its end open; a file URL is itself.
 */
function mayPurge(entry: PurgeEntry): (url: string) => boolean {
  if (entry.kind === 'file') return (url) => url === entry.url;
  if (entry.kind === 'regex') {
    const [, scheme = '', host = '', path = ''] =
      /^(\w+):\/\/([A-Za-z0-9.-]+)(\/.*)$/s.exec(entry.pattern) ?? [];
    const pattern = new RegExp(
      `^${scheme === 'any' ? 'https?' : scheme}://${host.replaceAll('.', '\\.')}(?:${path})`,
    );
    return (url) => pattern.test(url);
  }
  const [, before = '', stars = '', after = ''] = /^(.*?)(\*{0,2})([^*]*)$/s.exec(entry.url) ?? [];
  const rest = (url: string) =>
    url.length >= before.length + after.length && url.startsWith(before) && url.endsWith(after)
      ? url.slice(before.length, url.length - after.length)
      : undefined;
  if (stars === '') return (url) => url === entry.url || url.startsWith(`${entry.url}?`);
  return (url) => rest(url) !== undefined && (stars === '**' || !rest(url)?.includes('/'));
}

const hosts = ['www.example.com', 'http://{slug}.example.com'];
const templates = {
  fileUrls: [
    '/{slug}',
    '/{+path}',
    '/blog/{+path}.html',
    '/x?p={slug}',
    'https://www.example.com{+path}',
    '{+url}',
  ],
  dirUrls: [
    '/{slug}',
    '/{slug}*',
    '/{+path}*',
    '/{+path}**',
    '/blog/{slug}/*',
    '/*/{slug}',
    '/**/{+path}',
    '/b/{slug}-*.{slug}',
    '/{slug}?*',
    '/i?u={slug}&**',
    'https://www.example.com{+path}**',
    '{+url}*',
  ],
  regexPatterns: [
    'any://www.example.com/{+path}',
    'any://www.example.com/{slug}(\\?.*)?$',
    'any://www.example.com{+path}.*',
    'https://{slug}.example.com/[a-z]+',
  ],
};

const anyRule: fc.Arbitrary<Rule> = fc
  .record({
    template: fc.constantFrom(
      ...Object.entries(templates).flatMap(([list, all]) => all.map((template) => ({ list, template }))),
    ),
    hosts: fc.subarray(hosts, { minLength: 1 }),
    queries: fc.subarray(['q={slug}', 'a=b'], { minLength: 1 }),
    fileOptions: fc.constantFrom('none', 'queries', 'variants', 'headers', 'pages'),
    encodings: fc.constantFrom(undefined, ['browser', 'component'], ['form', 'lowercase']),
    source: fc.constantFrom('s3', 'contentful'),
  })
  .map(({ template: { list, template }, hosts, queries, fileOptions, encodings, source }): Rule => {
    const isFile = list === 'fileUrls';
    const rule = {
      match: source === 's3' ? { source, key: '{slug}\t{+path}\t{+url}' } : { source },
      purge: {
        [list]: [template],
        ...(template.startsWith('/') && { hosts }),
        ...(isFile && fileOptions === 'queries' && { queries }),
        ...(isFile && fileOptions === 'variants' && { variants: true }),
        ...(isFile && fileOptions === 'headers' && { fileHeaders: [{ 'X-Of': '{slug}' }, {}] }),
        ...(encodings && { encodings }),
      },
      ...(isFile &&
        fileOptions === 'pages' && { pages: { index: 'index.html', cleanUrls: true, parents: 2 } }),
    };
    return rule as Rule;
  });

const nasty = fc
  .array(
    fc.constantFrom('*', '**', 'a', 'b', '/', '.', '?', '%2A', '\ue000', '.*', '|', 'é', 'index.html', '\\'),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((parts) => parts.join(''));
const values = fc.record({
  slug: nasty,
  path: nasty,
  url: fc.oneof(
    nasty,
    nasty.map((rest) => `https://www.example.com/${rest}`),
  ),
});
type Values = Readonly<Record<'slug' | 'path' | 'url', string>>;

function entriesOf(rule: Rule, { slug, path, url }: Values): readonly PurgeEntry[] {
  const change =
    rule.match.source === 's3'
      ? objectChange(`${slug}\t${path}\t${url}`)
      : entryChange({ fields: { slug, path, url } });
  return compileRules({ target: 'production', rules: [rule] }).map(change).entries;
}

/** The same values without a star, and not empty where a path needs them: no other part of a rule or value has an `S`. */
function plainly({ purge: { fileUrls, dirUrls: [dir = ''] = [] } }: Rule, values: Values): Values {
  const mayBeEmpty = fileUrls !== undefined || /\?[^{]*\{/.test(dir);
  const plain = (value: string) => {
    const named = !mayBeEmpty && /^(?:https?:\/\/[^/]*)?\/*$/.test(value) ? `${value}S` : value;
    return named.replaceAll('*', 'S');
  };
  return { slug: plain(values.slug), path: plain(values.path), url: plain(values.url) };
}

/** The page of a directory, which is what a value that names nothing names, whatever its query. */
function isOwnPage(url: string, entry: PurgeEntry): boolean {
  const [page = ''] = url.split('?');
  return page.endsWith('/') && page === textOf(entry).split(/[?*()[]/)[0];
}

/** What an entry says, as a URL. */
function textOf(entry: PurgeEntry): string {
  return entryText(entry)
    .replace(/^any:/, 'https:')
    .replaceAll(/\\(?=.)|\$$/gs, '');
}

/** URLs near what an entry says: itself, what a star of it could be, and what lies next to and below it. */
function nearby(entry: PurgeEntry): readonly string[] {
  const text = textOf(entry);
  const stars = ['*', '', 'x', 'x/y', 'x.html', '?x=1'];
  const replaced = stars.flatMap((star) => [text.replaceAll('*', star), text.replace(/\*+/g, star)]);
  const lasts = stars.map((star) => text.replace(/\*+([^*]*)$/s, `${star}$1`));
  return [...replaced, ...lasts].flatMap((url) => {
    const directory = url.replace(/[^/]*$/, '');
    return [url, `${url}x`, `${url}/x`, `${url}?x`, directory, `${directory}x`, `${directory}x/y`, `${url}*`];
  });
}

test('what a value has purged is what the template would purge with a plain value in its place', () => {
  let purged = 0;
  let literal = 0;
  fc.assert(
    fc.property(anyRule, values, (rule, given) => {
      const entries = entriesOf(rule, given);
      const wanted = entriesOf(rule, plainly(rule, given));
      const allowed = wanted.map(mayPurge);
      for (const entry of entries) {
        const purges = mayPurge(entry);
        const isExact = entry.kind === 'file' || (entry.kind === 'dir' && !entry.url.includes('*'));
        // A file or a directory without a wildcard is what the value names, however empty: it reaches nothing else.
        if (isExact) continue;
        for (const url of nearby(entry)) {
          if (!purges(url)) continue;
          purged++;
          if (url.includes('*')) literal++;
          const asPlain = url.replaceAll('*', 'S');
          const isAllowed = allowed.some((allows) => allows(asPlain) || allows(url)) || isOwnPage(url, entry);
          expect({ rule, given, entry, url, isAllowed }).toEqual({
            rule,
            given,
            entry,
            url,
            isAllowed: true,
          });
        }
      }
    }),
    { numRuns: 1000 },
  );
  expect(purged).toBeGreaterThan(500);
  expect(literal).toBeGreaterThan(200);
});
