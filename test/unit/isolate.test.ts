import { describe, expect, test } from 'vitest';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { PlannedRequest } from '../../functions/core/planning/planned-request.ts';
import { Evidence } from '../../functions/core/planning/refusals/evidence.ts';
import type { Failure } from '../../functions/core/planning/refusals/failure.ts';
import { Isolation } from '../../functions/core/planning/refusals/isolate.ts';
import { fileEntry } from '../helpers/changes.ts';
import { playIsolation, type Verdict } from '../helpers/isolation-play.ts';

const scope = { target: 'production', action: 'invalidate' } as const;
const h = (name: string | number) => `https://h.example/${name}`;

function request(...entries: (PurgeEntry | string)[]): PlannedRequest {
  return {
    entries: entries.map((entry, index) => ({
      entry: typeof entry === 'string' ? fileEntry(entry) : entry,
      messages: [index],
    })),
  };
}

function pages(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, index) => h(`${prefix}${index}`));
}

const invalid = (message: string): Failure => ({
  kind: 'refused',
  status: 400,
  code: 'InvalidPurgeUrl',
  message,
});
const refused: Failure = { kind: 'refused', status: 400, message: 'no' };
const silent: Failure = { kind: 'no-verdict', message: 'HTTP 500' };

/** Answers this to each request that has one of these URLs. */
function against(failure: Failure, ...urls: string[]): Verdict {
  return (entries) => (entries.some((entry) => urls.includes(entryText(entry))) ? failure : undefined);
}

describe('what a message names', () => {
  const undeployed = invalid("The host 'bad.example' has not been deployed in the 'production' environment.");
  const onBadHost: Verdict = (entries) =>
    entries.some((entry) => /bad\.example[:/]/i.test(entryText(entry))) ? undeployed : undefined;

  test('a host takes all its entries out, of every kind; they are rejected once they are refused without the rest', () => {
    const bad = [
      fileEntry('https://Bad.example:8443/a'),
      { kind: 'dir', url: 'http://bad.example/*', ...scope },
      { kind: 'regex', pattern: 'any://bad.example/.*', ...scope },
    ] as const;
    const { sent, rejected } = playIsolation({ verdict: onBadHost, batches: [[request(h('ok'), ...bad)]] });
    expect(sent.map(({ texts }) => texts)).toEqual([
      [h('ok'), ...bad.map(entryText)],
      [h('ok')],
      bad.map(entryText),
    ]);
    expect(rejected.map(({ text }) => text)).toEqual(bad.map(entryText));
  });

  test('a URL is tried alone, even with a quote in it', () => {
    const url = h("it's");
    const verdict = against(
      invalid(`The purge URL '${url}' is invalid. Special letters need to be encoded.`),
      url,
    );
    const { sent, rejected } = playIsolation({ verdict, batches: [[request(h('a'), url)]] });
    expect(sent.map(({ texts }) => texts)).toEqual([[h('a'), url], [h('a')], [url]]);
    expect(rejected).toMatchObject([{ text: url, failure: { code: 'InvalidPurgeUrl' } }]);
  });

  test('the wrong URL is not rejected: the server spells the one at fault in another way', () => {
    const verdict = against(invalid(`The purge URL '${h('newp.png')}' is invalid.`), h('new%3Cu%3Ep.png'));
    const { accepted, rejected } = playIsolation({
      verdict,
      batches: [[request(h('new%3Cu%3Ep.png'), h('newp.png'))]],
    });
    expect([...accepted]).toEqual([h('newp.png')]);
    expect(rejected.map(({ text }) => text)).toEqual([h('new%3Cu%3Ep.png')]);
  });

  test('a header set with a name twice takes its files out', () => {
    const headers = [
      { name: 'Accept', value: 'a' },
      { name: 'accept', value: 'b' },
    ];
    const twice = { ...fileEntry(h('a')), headers };
    const failure: Failure = { ...refused, code: 'DuplicateFileHeaderName' };
    const verdict: Verdict = (entries) =>
      entries.some((entry) => entry.kind === 'file' && entry.headers) ? failure : undefined;
    const dir: PurgeEntry = { kind: 'dir', url: h('d/*'), ...scope };
    const { accepted, rejected } = playIsolation({ verdict, batches: [[request(twice, dir)]] });
    expect(rejected.map(({ text }) => text)).toEqual([h('a')]);
    expect([...accepted]).toEqual([dir.url]);
  });

  test('without the code of the vendor it is a hint all the same, and no verdict', () => {
    const verdict = against({ ...refused, message: `The purge URL '${h(3)}' is invalid.` }, h(3));
    const { sent, rejected } = playIsolation({
      verdict,
      batches: [[request(...pages(8))], ...pages(9, 'later').map((url) => [request(url)])],
    });
    expect(sent.slice(0, 3).map(({ texts }) => texts.length)).toEqual([8, 7, 1]);
    expect(rejected.map(({ text }) => text)).toEqual([h(3)]);
  });
});

describe('what no message names', () => {
  test.each(['no', "The host 'other.example' has not been deployed in the 'production' environment."])(
    'is found by halving, once one entry shows that the scope is well: %s',
    (message) => {
      const verdict = against(invalid(message), h(12));
      const { sent, accepted, rejected, asked } = playIsolation({
        verdict,
        batches: [[request(...pages(16))]],
      });
      expect(rejected.map(({ text }) => text)).toEqual([h(12)]);
      expect(accepted.size).toBe(15);
      expect(asked).toBe(1);
      expect(sent.length).toBeLessThanOrEqual(10);
    },
  );

  test('and is refused without a code of the vendor, is rejected after three times alone, others accepted in between', () => {
    const verdict = against(refused, h(5));
    const batches = [[request(...pages(8))], ...pages(20, 'later').map((url) => [request(url)])];
    const { sent, accepted, rejected, shelved } = playIsolation({ verdict, batches });
    expect(rejected.map(({ text }) => text)).toEqual([h(5)]);
    expect(accepted.size).toBe(27);
    expect(sent.filter(({ texts }) => texts.length === 1 && texts[0] === h(5)).length).toBeLessThanOrEqual(8);
    expect(shelved.every(({ texts }) => texts.length === 1)).toBe(true);
  });

  test('a request of one entry is no evidence for itself: others have to be accepted in between', () => {
    const alone = playIsolation({ verdict: against(refused, h('bad')), batches: [[request(h('bad'))]] });
    expect(alone.rejected).toEqual([]);
    expect([...alone.waiting]).toEqual([h('bad')]);
    const batches = [[request(h('bad'))], ...pages(10).map((url) => [request(url)])];
    const { rejected } = playIsolation({ verdict: against(refused, h('bad')), batches });
    expect(rejected.map(({ text }) => text)).toEqual([h('bad')]);
  });

  test('a pair that is refused together is accepted apart', () => {
    const verdict: Verdict = (entries) =>
      [h(1), h(6)].every((url) => entries.some((entry) => entryText(entry) === url)) ? refused : undefined;
    const { accepted, rejected } = playIsolation({ verdict, batches: [[request(...pages(8))]] });
    expect([accepted.size, rejected]).toEqual([8, []]);
  });
});

describe('what is refused whatever it asks for', () => {
  const broken = { ...scope, webhook: 'deleted' };
  const ofBrokenScope: Verdict = ([entry]) => (entry?.webhook === 'deleted' ? refused : undefined);
  const thousand = pages(1000, 'w').map((url): PurgeEntry => ({ kind: 'file', url, ...broken }));
  const chunks = (size: number) =>
    Array.from({ length: thousand.length / size }, (_, index) =>
      request(...thousand.slice(index * size, (index + 1) * size)),
    );

  test.each([1000, 100, 50])(
    'costs few requests, rejects nothing and stops nobody else: %d URLs in a request',
    (size) => {
      const innocents = pages(30).map((url) => [request(url)]);
      const batches = [[...chunks(size), ...(innocents[0] ?? [])], ...innocents.slice(1)];
      const { sent, rejected, accepted, shelved, waiting } = playIsolation({
        verdict: ofBrokenScope,
        batches,
        lastingMs: 1_800_000,
      });
      expect(rejected).toEqual([]);
      expect(accepted.size).toBe(30);
      expect(waiting.size).toBe(1000);
      expect(sent.filter(({ failure }) => failure).length).toBeLessThanOrEqual(30);
      expect(new Set(shelved.map(({ why }) => why))).toEqual(new Set(['refused-alike']));
    },
  );

  test('goes on by itself once the scope is well again', () => {
    const verdict: Verdict = (entries, nowMs) =>
      nowMs < 300_000 ? ofBrokenScope(entries, nowMs) : undefined;
    const { accepted, rejected } = playIsolation({ verdict, batches: [chunks(100)] });
    expect([accepted.size, rejected]).toEqual([1000, []]);
  });

  test('is probed entry by entry: one at fault does not keep the scope closed', () => {
    const evidence = new Evidence({ isolationRequests: 100 });
    const all = pages(4).map((url) => request(url));
    const probed = Array.from({ length: 12 }, (_, round) => {
      const nowMs = round * 900_000;
      evidence.noteTokens('production', {}, nowMs);
      const isolation = new Isolation({
        evidence,
        triesOf: () => undefined,
        changedMsOf: () => 0,
        priceOf: () => ({ files: 1, dirs: 0 }),
      });
      for (const each of all) isolation.hold(each, 'suspect', nowMs);
      const probes: PlannedRequest[] = [];
      for (;;) {
        isolation.conclude(nowMs);
        const [probe] = isolation.next(1);
        if (probe === undefined) return probes;
        probes.push(probe);
        isolation.start(probe);
        isolation.failed(probe, refused, nowMs);
      }
    });
    expect(new Set(probed.slice(4).flat())).toEqual(new Set(all));
  });

  test.each([refused, silent])(
    'by the service for half a minute, all of it comes through later',
    (failure) => {
      const verdict: Verdict = (_, nowMs) => (nowMs < 30_000 ? failure : undefined);
      const { accepted, rejected, sent } = playIsolation({ verdict, batches: [[request(...pages(20))]] });
      expect([accepted.size, rejected]).toEqual([20, []]);
      expect(sent.filter(({ failure }) => failure).length).toBeLessThanOrEqual(20);
    },
  );

  test('because the day has no tokens left is not taken apart', () => {
    const verdict: Verdict = () => ({
      kind: 'refused',
      status: 403,
      message: 'The request exceeds the size limit.',
    });
    const { sent, asked, rejected, shelved } = playIsolation({
      verdict,
      batches: [[request(...pages(1000))]],
      filesLeft: 0,
      lastingMs: 60_000,
    });
    expect([sent.length, asked, rejected]).toEqual([1, 1, []]);
    expect(shelved).toMatchObject([{ why: 'tokens', delaySeconds: 900 }]);
  });
});

describe('what gets no verdict', () => {
  test('is tried again behind the others, and taken apart only among others that are accepted', () => {
    const verdict = against(silent, h(9));
    const { sent, accepted, rejected } = playIsolation({
      verdict,
      batches: [
        [request(...pages(16)), request(h('other'))],
        ...pages(58, 'later').map((url) => [request(url)]),
      ],
    });
    expect(sent.slice(0, 3).map(({ texts }) => texts.length)).toEqual([16, 1, 16]);
    expect(accepted.size).toBe(74);
    expect(rejected.map(({ text }) => text)).toEqual([h(9)]);
    const last = sent.filter(({ texts }) => texts.includes(h(9))).at(-1);
    expect(last?.atMs).toBeGreaterThan(600_000);
  });

  test('is taken apart with nobody else there, where the tokens can be read meanwhile', () => {
    const { accepted, waiting, rejected } = playIsolation({
      verdict: against(silent, h(0)),
      batches: [[request(...pages(16))]],
      lastingMs: 60_000,
    });
    expect([accepted.size, [...waiting], rejected]).toEqual([15, [h(0)], []]);
  });
});

test('a directory that gets no answer, and may be purged each time, is tried less and less often', () => {
  const directory: PurgeEntry = { kind: 'dir', url: h('d/*'), ...scope };
  const { sent, waiting } = playIsolation({
    verdict: () => silent,
    batches: [[request(directory)]],
    lastingMs: 6 * 3_600_000,
  });
  expect([...waiting]).toEqual([directory.url]);
  expect(sent.length).toBeLessThanOrEqual(40);
  const lastHour = sent.filter(({ atMs }) => atMs > 5 * 3_600_000);
  expect(lastHour.length).toBeLessThanOrEqual(4);
  expect(lastHour.length).toBeGreaterThanOrEqual(3);
});

test('403s that were about the credentials say nothing about their scope later', () => {
  const evidence = new Evidence({ isolationRequests: 100 });
  const isolation = new Isolation({
    evidence,
    triesOf: () => undefined,
    changedMsOf: () => 0,
    priceOf: () => ({ files: 1, dirs: 0 }),
  });
  const forbidden: Failure = { kind: 'refused', status: 403, message: 'no' };
  const all = pages(3).map((url) => request(url));
  for (const each of all) isolation.failed(each, forbidden, 0);
  isolation.dismiss(403, 0);
  evidence.noteTokens('production', {}, 1);
  isolation.withdraw(all);
  isolation.failed(request(h('bad')), refused, 1);
  expect(isolation.conclude(1)).toMatchObject([{ why: 'failed-alone' }]);
});

describe('a request that was too large', () => {
  test('is known by its parts: refused at one size, accepted at a smaller one', () => {
    const verdict: Verdict = (entries) => (entries.length > 300 ? { ...refused, status: 413 } : undefined);
    const { accepted, rejected, tooLarge } = playIsolation({ verdict, batches: [[request(...pages(1000))]] });
    expect([accepted.size, rejected]).toEqual([1000, []]);
    expect(tooLarge.map(({ refused, accepted }) => [refused.files, accepted.files])).toEqual([
      [500, 250],
      [499, 250],
    ]);
  });

  test('is not known by a bad entry in it, whatever the words', () => {
    const verdict = against(invalid('The regular expression has too many unlimited quantifiers.'), h(700));
    const { tooLarge, rejected } = playIsolation({ verdict, batches: [[request(...pages(1000))]] });
    expect(tooLarge).toEqual([]);
    expect(rejected).toHaveLength(1);
  });
});

test('what nothing may be spent on for now does not come again entry by entry', () => {
  const bad = pages(16, 'bad');
  const good = pages(1000);
  const badOnes = against(refused, ...bad);
  const { sent, accepted } = playIsolation({
    evidence: new Evidence({ isolationRequests: 15 }),
    verdict: (entries, nowMs) => (nowMs > 50_000 && nowMs < 200_000 ? refused : badOnes(entries, nowMs)),
    batches: [[request(...bad), request(h('first'))], [request(...good)], [request(h('last'))]],
  });
  expect(good.filter((url) => !accepted.has(url))).toEqual([]);
  const withGood = sent.filter(({ texts }) => texts.some((text) => good.includes(text)));
  expect(withGood.map(({ texts }) => texts.length)).toEqual([1000, 500, 500]);
});
