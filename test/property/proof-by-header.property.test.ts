import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { withNewestShows } from '../../functions/core/model/shows.ts';
import type { EntryChange, FileEntry, PurgeEntry } from '../../functions/core/model/types.ts';
import { isProvable, sampleOf } from '../../functions/core/proving/choose.ts';
import { judge } from '../../functions/core/proving/judge.ts';

const rules = compileRules({
  target: 'production',
  rules: [
    {
      match: { source: 'contentful' },
      purge: { fileUrls: ['https://h.example/{slug}', 'https://h.example/list'] },
      proof: { header: 'x-entry-version', value: '{fields.version}' },
    },
  ],
});

/** Versions of an entry, the oldest first, and how each is told. */
const publications = fc
  .array(
    fc.record({
      /** Since the one before; several may have the same time. */
      afterMs: fc.constantFrom(0, 0, 1, 1000),
      isTimeOfDelivery: fc.boolean(),
      /** A delivery may come late, and after newer ones. */
      lateMs: fc.nat({ max: 3000 }),
      tells: fc.constantFrom<'version' | 'nothing' | 'delete'>(
        'version',
        'version',
        'version',
        'nothing',
        'delete',
      ),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .chain((all) =>
    fc.record({
      all: fc.constant(all),
      deliveries: fc.shuffledSubarray([...all.keys()], { minLength: 1 }),
      shown: fc.nat({ max: all.length - 1 }),
    }),
  );
type Publications = typeof publications extends fc.Arbitrary<infer Value> ? Value : never;

function changesOf({ all }: Publications): readonly EntryChange[] {
  let atMs = 0;
  return all.map(({ afterMs, isTimeOfDelivery, lateMs, tells }, version) => {
    atMs += afterMs;
    const occurredAt = new Date(isTimeOfDelivery ? atMs + lateMs : atMs).toISOString();
    const fields = { slug: 'a', ...(tells === 'version' && { 'fields.version': version }) };
    const own = { source: 'contentful', webhook: 'contentful', id: '1', fields } as const;
    const action = tells === 'delete' ? 'delete' : 'put';
    return { ...own, action, occurredAt, ...(isTimeOfDelivery && { isTimeOfDelivery }) };
  });
}

const page = 'https://h.example/a';
const isPage = (entry: PurgeEntry): entry is FileEntry => entry.kind === 'file' && entry.url === page;

type Merge = (one: FileEntry, other: FileEntry) => FileEntry;

/** @returns what is said of the page where all deliveries share a purge, and the edge shows a version */
function verdictOn(
  history: Publications,
  change: (own: EntryChange) => EntryChange,
  merge: Merge = withNewestShows,
) {
  const changes = changesOf(history);
  const entries = history.deliveries.flatMap((index) => {
    const own = changes[index];
    return own === undefined ? [] : rules.map(change(own)).entries;
  });
  const pages = entries.filter(isPage);
  const [first, ...others] = pages;
  if (first === undefined) throw new Error('expected a page');
  const merged = others.reduce<FileEntry>((one, other) => merge(one, other), first);
  if (merged.shows === undefined || !isProvable([merged])) return 'unproven';
  return judge(page, merged.shows, { status: 206, version: String(history.shown) }).kind;
}

/** The newest of those that have come; another of the same time may be newer. */
function isNewest({ deliveries, shown }: Publications): boolean {
  return shown === Math.max(...deliveries);
}

test('a page of a CMS is proven by nothing but the newest version that was told, and never called stale', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(publications, (history) => {
      const verdict = verdictOn(history, (own) => own);
      seen.add(verdict);
      expect(verdict).not.toBe('stale');
      if (verdict === 'proven') expect(isNewest(history)).toBe(true);
    }),
    { numRuns: 500 },
  );
  expect(seen).toEqual(new Set(['proven', 'unproven']));
});

test.each<[string, (history: Publications) => string]>([
  [
    'the time of a delivery counted as that of the change',
    (history) => verdictOn(history, ({ isTimeOfDelivery: _, ...own }) => own),
  ],
  [
    'one of two versions of the same time counted as the newer one',
    (history) =>
      verdictOn(
        history,
        (own) => own,
        (one, other) => (one.shows?.sinceMs === other.shows?.sinceMs ? one : withNewestShows(one, other)),
      ),
  ],
  [
    'a delete, or a change without a version, left the version before it',
    (history) =>
      verdictOn(
        history,
        (own) => own,
        (one, other) => (other.shows?.header === undefined ? one : withNewestShows(one, other)),
      ),
  ],
])('it would not be if %s', (_, verdict) => {
  const found = fc.check(
    fc.property(publications, (history) => verdict(history) !== 'proven' || isNewest(history)),
    { numRuns: 5000, seed: 1 },
  );
  expect(found.failed).toBe(true);
});

test("what lists an entry is not proven by the entry's version", () => {
  const [change] = changesOf({
    all: [{ afterMs: 1, isTimeOfDelivery: false, lateMs: 0, tells: 'version' }],
    deliveries: [0],
    shown: 0,
  });
  if (change === undefined) throw new Error('expected a change');
  expect(sampleOf(rules.map(change).entries)).toMatchObject({
    provable: 1,
    others: 1,
    files: [{ url: page }],
  });
  expect(sampleOf(rules.map({ ...change, action: 'delete' }).entries).provable).toBe(0);
});
