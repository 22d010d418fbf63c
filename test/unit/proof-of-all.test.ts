import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FileEntry, PurgeEntry } from '../../functions/core/model/types.ts';
import { sampleOf } from '../../functions/core/proving/choose.ts';
import { concludeProof } from '../../functions/core/proving/conclude.ts';
import type { Probe, Verdict } from '../../functions/core/proving/probe.ts';
import { fileEntry } from '../helpers/changes.ts';

const shows = { etag: 'a', sinceMs: 0 };
const ofS3 = (url: string) => ({ ...fileEntry(url), shows }) as FileEntry & { readonly shows: typeof shows };

/** What is concluded where each probe has seen the new version. */
function concluded(entries: readonly PurgeEntry[]) {
  const sample = sampleOf(entries);
  const probes = sample.files.map(({ target, url, shows }): Probe => ({ target, url, shows }));
  const verdicts = probes.map(
    (): Verdict => ({ kind: 'proven', seen: [{ from: 'dns', address: '203.0.113.7' }] }),
  );
  return concludeProof(probes, verdicts, sample);
}

test('a purge of files alone that show a known version is fresh where each probe has seen it', () => {
  const files = ['https://a.example/1', 'https://a.example/2'].map(ofS3);
  expect(concluded(files)).toEqual({
    kind: 'fresh',
    proof: '2 of 2 URLs seen at dns (203.0.113.7)',
    stale: [],
  });
});

test('a purge with anything else is never called fresh: of that nobody has seen a version', () => {
  const url = (index: number) => `https://a.example/${index % 7}`;
  const scope = { target: 'production', action: 'invalidate' } as const;
  const entry = fc.oneof(
    fc.nat(20).map((index): PurgeEntry => ofS3(url(index))),
    fc.nat(20).map((index): PurgeEntry => fileEntry(url(index))),
    fc.nat(3).map((index): PurgeEntry => ({ kind: 'dir', url: `${url(index)}/*`, ...scope })),
    fc
      .nat(3)
      .map((index): PurgeEntry => ({ kind: 'regex', pattern: `any://a.example/${index}.*`, ...scope })),
  );
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 12 }), (entries) => {
      const known = new Set(
        entries.flatMap((each) => (each.kind === 'file' && each.shows ? [each.url] : [])),
      );
      const others = entries.filter((each) => each.kind !== 'file' || !known.has(each.url));
      const { kind, reason = '' } = concluded(entries);
      expect(kind === 'fresh').toBe(others.length === 0);
      if (others.length > 0 && known.size > 0) {
        const untold = new Set(others.map((each) => JSON.stringify(each))).size;
        expect(reason).toContain(`nothing tells which version ${untold} show`);
      }
    }),
    { numRuns: 300 },
  );
});
