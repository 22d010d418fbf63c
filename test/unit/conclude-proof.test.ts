import { describe, expect, test } from 'vitest';
import { concludeProof } from '../../functions/core/proving/conclude.ts';
import type { Probe, Seen, Verdict } from '../../functions/core/proving/probe.ts';

const probe = (path: string): Probe => ({
  target: 'production',
  url: `https://h.example${path}`,
  shows: { etag: 'v', sinceMs: 0 },
});
const at = (from: string, own: Partial<Seen> = {}): Seen => ({
  from,
  address: '1.2.3.4',
  status: 200,
  ...own,
});
const proven: Verdict = { kind: 'proven', seen: [at('dns')] };
const redirect = (location: string): Verdict => ({
  kind: 'unproven',
  reason: 'the answer is 302',
  seen: [at('dns', { status: 302, location })],
});

describe('probes of a purge say together', () => {
  test('that it is fresh where each has seen the new version, of how many URLs and where', () => {
    const edges: Verdict = {
      kind: 'proven',
      seen: [at('dns'), at('203.0.113.7', { address: '203.0.113.7' })],
    };
    expect(
      concludeProof([probe('/a'), probe('/b')], [proven, edges], { provable: 12, newer: 0, others: 0 }),
    ).toEqual({
      kind: 'fresh',
      proof: '2 of 12 URLs seen at dns (1.2.3.4), 203.0.113.7',
      stale: [],
    });
  });

  test('what is old, and what was seen of where it is from', () => {
    const seen = { etag: '"old"', lastModified: 'Thu, 26 Nov 2026 12:00:00 GMT', age: '99', via: 'PS-1' };
    const stale: Verdict = { kind: 'stale', reason: 'it has another ETag', seen: [at('dns', seen)] };
    expect(
      concludeProof([probe('/a'), probe('/b')], [proven, stale], { provable: 2, newer: 0, others: 0 }),
    ).toEqual({
      kind: 'stale',
      reason:
        '1 of 2 probes saw an old version, such as of https://h.example/b: it has another ETag (dns (1.2.3.4): status 200, etag "old", last-modified Thu, 26 Nov 2026 12:00:00 GMT, age 99, x-via PS-1)',
      proof: '1 of 2 URLs seen at dns (1.2.3.4)',
      stale: [probe('/b')],
    });
  });

  test('which of the servers is old, where others show the new version', () => {
    const seen = [at('dns'), at('203.0.113.7', { address: '203.0.113.7', isOld: true })];
    const stale: Verdict = { kind: 'stale', reason: 'it has another ETag', seen };
    expect(concludeProof([probe('/a')], [stale], { provable: 1, newer: 0, others: 0 }).reason).toMatch(
      /\(dns \(1\.2\.3\.4\): status 200; 203\.0\.113\.7, old: status 200\)$/,
    );
  });

  test.each([
    ['there was no time to ask', [], [], undefined],
    ['the journal does not have its URLs', [], [], { provable: 0, newer: 0, others: 0 }],
    [
      "of the purge's 3 URLs, a newer change is known of 2, which another purge is to show",
      [],
      [],
      { provable: 0, newer: 2, others: 1 },
    ],
    [
      "of the purge's 1 URLs, nothing tells which version 1 shows",
      [],
      [],
      { provable: 0, newer: 0, others: 1 },
    ],
    [
      "of the purge's 2 URLs, a newer change is known of 1, which another purge is to show",
      [probe('/a')],
      [proven],
      { provable: 1, newer: 1, others: 0 },
    ],
    ['its hosts were asked for other purges', [], [], { provable: 3, newer: 0, others: 0 }],
    [
      'the function that probes has not answered',
      [probe('/a')],
      undefined,
      { provable: 3, newer: 0, others: 0 },
    ],
    [
      '1 of 1 probes cannot tell, such as of https://h.example/a: no verdict',
      [probe('/a')],
      [],
      { provable: 3, newer: 0, others: 0 },
    ],
  ])('that it is not proven: %s', (why, probes, verdicts, sample) => {
    expect(concludeProof(probes, verdicts, sample)).toMatchObject({
      kind: 'unproven',
      reason: `not proven: ${why}`,
    });
  });
});

test('a small purge is fresh only where all of its files were asked for', () => {
  const conclude = (provable: number) =>
    concludeProof([probe('/a'), probe('/b')], [proven, proven], { provable, newer: 0, others: 0 });
  expect(conclude(3)).toMatchObject({
    kind: 'unproven',
    reason: "not proven: there was no room to ask for 1 of the purge's 3 URLs",
    proof: '2 of 3 URLs seen at dns (1.2.3.4)',
  });
  expect([conclude(2).kind, conclude(10).kind, conclude(11).kind]).toEqual(['fresh', 'unproven', 'fresh']);
});

describe('a redirect', () => {
  const probes = [probe('/about.html'), probe('/about')];

  test.each(['/about', 'about', 'https://H.example/about'])(
    'to a URL that is proven is as good: %s',
    (location) => {
      expect(
        concludeProof(probes, [redirect(location), proven], { provable: 2, newer: 0, others: 0 }),
      ).toMatchObject({
        kind: 'fresh',
      });
    },
  );

  test.each(['/login', 'https://other.example/about', '/about?x', '/about.html'])(
    'to %s proves nothing',
    (location) => {
      expect(
        concludeProof(probes, [redirect(location), proven], { provable: 2, newer: 0, others: 0 }),
      ).toMatchObject({
        kind: 'unproven',
      });
    },
  );

  test('to a URL that is proven with other headers alone proves nothing', () => {
    const headers = [{ name: 'Accept', value: 'image/webp' }];
    const [page, other] = probes as [Probe, Probe];
    const kindOf = (...both: readonly [Probe, Probe]) =>
      concludeProof(both, [redirect('/about'), proven], { provable: 12, newer: 0, others: 0 }).kind;
    expect(kindOf(page, { ...other, headers })).toBe('unproven');
    expect(kindOf({ ...page, headers }, { ...other, headers })).toBe('fresh');
  });

  test('to a URL of another file proves nothing', () => {
    const other = { ...probe('/about'), shows: { etag: 'other', sinceMs: 0 } };
    const [page = other] = probes;
    expect(
      concludeProof([page, other], [redirect('/about'), proven], { provable: 2, newer: 0, others: 0 }),
    ).toMatchObject({ kind: 'unproven' });
  });

  test('to a URL that is not proven proves nothing, nor does one at one vantage point alone', () => {
    const unproven: Verdict = { kind: 'unproven', reason: 'no answer in time', seen: [at('dns')] };
    expect(
      concludeProof(probes, [redirect('/about'), unproven], { provable: 2, newer: 0, others: 0 }),
    ).toMatchObject({
      kind: 'unproven',
    });
    const { seen } = redirect('/about');
    const slow: Verdict = { ...redirect('/about'), seen: [...seen, at('203.0.113.7', { status: 403 })] };
    expect(concludeProof(probes, [slow, proven], { provable: 2, newer: 0, others: 0 })).toMatchObject({
      kind: 'unproven',
    });
  });
});
