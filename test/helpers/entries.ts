import fc from 'fast-check';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { PlannedEntry } from '../../functions/core/planning/planned-request.ts';

const scope = fc.record({
  target: fc.constantFrom('production' as const, 'staging' as const),
  action: fc.constantFrom('invalidate' as const, 'delete' as const),
});
const path = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'a.jpg', 'b.jpg', 'ab.css'), { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join('/'));
const origin = fc.constantFrom('https://h.example', 'http://h.example', 'https://i.example');
const url = fc.tuple(origin, path, fc.constantFrom('', '', '', '/', '?q=1')).map((parts) => {
  const [origin, path, end] = parts;
  return `${origin}/${path}${end}`;
});
const wildcard = fc
  .tuple(
    origin,
    fc.constantFrom('', 'a/', 'b/', 'a/b/', 'ab/'),
    fc.constantFrom('', 'a', 'ab'),
    fc.constantFrom('*', '**', '', '*.jpg', '**jpg', '*a*'),
  )
  .map(([origin, dir, start, end]) => `${origin}/${dir}${start}${end}`);
const headers = fc.constantFrom(
  undefined,
  undefined,
  [{ name: 'x', value: '1' }],
  [{ name: 'x', value: '2' }],
);
const regex = fc
  .tuple(
    fc.constantFrom('https', 'any'),
    fc.constantFrom('', 'a', 'a/', 'ab\\.css', '[ab]'),
    fc.constantFrom('.*', '', '.*jpg'),
  )
  .map(([scheme, start, end]) => `${scheme}://h.example/${start}${end}`);

/** Entries of a small world in which many cover each other. */
export const anyEntry: fc.Arbitrary<PurgeEntry> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(url, headers, scope)
      .map(
        ([url, headers, scope]): PurgeEntry => ({ kind: 'file', url, ...(headers && { headers }), ...scope }),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.oneof(wildcard, url), scope)
      .map(([url, scope]): PurgeEntry => ({ kind: 'dir', url, ...scope })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(regex, scope)
      .map(([pattern, scope]): PurgeEntry => ({ kind: 'regex', pattern, ...scope })),
  },
);

/** Messages of such entries. */
export const anyMessages = fc.array(fc.array(anyEntry, { maxLength: 12 }), { maxLength: 25 });

/** URLs that may be cached in that world. */
export const cachedUrl = fc.oneof(
  url,
  wildcard.map((text) => text.replaceAll('*', 'c')),
);

/** An entry, written so that equal ones are equal texts. */
export function keyOf(entry: PurgeEntry): string {
  const { target, action } = entry;
  if (entry.kind === 'file')
    return JSON.stringify([target, action, entry.kind, entry.url, entry.headers ?? []]);
  return JSON.stringify([target, action, entry.kind, entry.kind === 'dir' ? entry.url : entry.pattern]);
}

/** Planned entries with all that they cover. */
export function withCovered(planned: readonly PlannedEntry[]): readonly PlannedEntry[] {
  return planned.flatMap((entry) => [entry, ...(entry.covered ?? [])]);
}
