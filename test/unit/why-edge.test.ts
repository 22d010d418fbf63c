import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Shows } from '../../functions/core/model/types.ts';
import type { Answer } from '../../functions/core/proving/judge.ts';
import { findServer } from '../../functions/probe/find-server.ts';
import { askEdges, askNamedOrigin, findFallbacks } from '../../infra/cli/purger/edges/ask-edges.ts';
import { describeEdges } from '../../infra/cli/queries/why/describe-edges.ts';
import { edgesNow, expectedOf, type Now, newestShown } from '../../infra/cli/queries/why/edge-now.ts';
import type { Step } from '../../infra/cli/queries/why/steps.ts';
import { fileEntry } from '../helpers/changes.ts';

const url = 'https://h.example/a';
interface Version {
  readonly etag: string | undefined;
  readonly secondsAgo: number | undefined;
  readonly status: number;
}

const nowMs = Date.UTC(2026, 10, 26, 12);
const answered = (answer: Answer, from = 'dns'): Now => ({ from, answer, seen: { status: answer.status } });
const versionAt = (etag: string, secondsAgo: number, status = 200): Answer => ({
  status,
  etag: `"${etag}"`,
  lastModifiedMs: nowMs - secondsAgo * 1000,
});

function look(edge: Now, origin?: Now, newest?: Parameters<typeof expectedOf>[1]) {
  const { edges } = edgesNow(url, [edge], origin, expectedOf(origin, newest, nowMs));
  return edges[0];
}

describe('what an edge shows', () => {
  const origin = answered(versionAt('new', 60));

  test('is the same version, an older one, or cannot be told', () => {
    expect(look(answered(versionAt('new', 60)), origin)).toMatchObject({ version: 'same' });
    expect(look(answered(versionAt('old', 600)), origin)).toMatchObject({ version: 'older' });
    expect(look(answered(versionAt('newer', 10)), origin)).toMatchObject({ version: 'unknown' });
    expect(look(answered({ status: 301 }), origin)).toMatchObject({
      version: 'unknown',
      meaning: 'which version it shows cannot be told: the answer is 301',
    });
    expect(look({ from: 'dns', reason: 'no answer in time' }, origin)).toMatchObject({
      version: 'unknown',
      reason: 'no answer in time',
    });
  });

  test('is older where the origin has nothing any more, and the same where it is gone at the edge, too', () => {
    const gone = answered({ status: 404 });
    expect(look(answered(versionAt('old', 600)), gone)).toMatchObject({ version: 'older' });
    expect(look(answered({ status: 404 }), gone)).toMatchObject({ version: 'same', meaning: 'it is gone' });
  });

  test('is compared with what the newest change said where the origin does not answer', () => {
    const shows = { etag: 'new', sinceMs: nowMs - 60_000 };
    const silent = { from: 's3://b/k', reason: 'not read: AccessDenied' };
    for (const origin of [undefined, silent, answered({ status: 503 })]) {
      expect(look(answered(versionAt('new', 60)), origin, shows)).toMatchObject({
        version: 'same',
        meaning: 'it shows the version of the newest change',
      });
      expect(look(answered(versionAt('old', 600)), origin, shows)?.version).toBe('older');
    }
    expect(look(answered(versionAt('new', 60)))?.meaning).toContain('nothing tells what it should show');
  });

  test('cannot be told where only the time of the newest change is known, such as that a version was removed', () => {
    const shows = { sinceMs: nowMs - 60_000 };
    expect(look(answered(versionAt('back', 600)), undefined, shows)).toMatchObject({
      version: 'unknown',
      meaning: expect.stringContaining('nothing tells what it should show'),
    });
  });

  test('is never called the same where the ETag is another one, nor older where it is not from before', () => {
    const versions = fc.record({
      etag: fc.option(fc.constantFrom('a', 'b', 'W/"a"'), { nil: undefined }),
      secondsAgo: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
      status: fc.constantFrom(200, 206, 404, 410, 403, 301, 503),
    });
    const answerOf = ({ etag, secondsAgo, status }: Version) => ({
      status,
      ...(etag !== undefined && { etag: etag.startsWith('W/') ? etag : `"${etag}"` }),
      ...(secondsAgo !== undefined && { lastModifiedMs: nowMs - secondsAgo * 1000 }),
    });
    const plain = (etag: string | undefined) => etag?.replace(/^W\/|"/g, '');
    const isThere = (status: number) => status === 200 || status === 206;
    const isGone = (status: number) => status === 404 || status === 410;
    fc.assert(
      fc.property(versions, versions, (edge, origin) => {
        const { version } = look(answered(answerOf(edge)), answered(answerOf(origin))) ?? {};
        const isSame =
          (isGone(edge.status) && isGone(origin.status)) ||
          (isThere(edge.status) &&
            isThere(origin.status) &&
            edge.etag !== undefined &&
            plain(edge.etag) === plain(origin.etag));
        if (version === 'same') expect(isSame).toBe(true);
        if (version === 'older') {
          expect(isSame).toBe(false);
          expect(isThere(edge.status) && edge.secondsAgo !== undefined).toBe(true);
          const since = isGone(origin.status) ? 0 : origin.secondsAgo;
          expect(edge.secondsAgo).toBeGreaterThan(since ?? Number.POSITIVE_INFINITY);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('only what the newest change itself has made is what a page should show', () => {
  const step = (minutes: number, shows?: Shows): Step => ({
    change: { source: 's3', action: 'put', id: `s3://b/${minutes}`, occurredAt: '' },
    changedMs: minutes,
    entry: fileEntry(url, { ...(shows !== undefined && { shows }) }),
    key: 'k',
    atMs: minutes,
    state: 'completed',
    isRepeat: false,
    isAccepted: true,
    isRepair: false,
    isScheduledAgain: false,
  });
  const own = step(1, { etag: 'a', sinceMs: 1 });
  expect(newestShown([own])?.change?.id).toBe('s3://b/1');
  expect(newestShown([own, step(3, { etag: 'b', sinceMs: 3 })])?.shows.etag).toBe('b');
  expect(newestShown([own, step(2)])).toBeUndefined();
  const byHand = { source: 'cdn-purger', action: 'put', id: 'purged by hand', occurredAt: '' } as const;
  expect(newestShown([own, { ...step(2), change: byHand }])?.shows.etag).toBe('a');
  expect(newestShown([{ ...step(2), change: byHand }])).toBeUndefined();
  // An older change that is sent again together with it.
  const together = { ...step(2, { etag: 'b', sinceMs: 2 }), atMs: 5 };
  expect(newestShown([together, { ...together, changedMs: 1, atMs: 6 }])?.changedMs).toBe(2);
  // Of one second, the event of the older one came late.
  const [first, second] = ['0A01', '0A02'].map((sequencer) =>
    step(2, { etag: sequencer, sinceMs: 2, sequencer }),
  ) as [Step, Step];
  expect(newestShown([second, { ...first, atMs: 9 }])?.shows.etag).toBe('0A02');
  expect(newestShown([])).toBeUndefined();
});

test('nobody is asked whom the name leads to inside a network, and no other host', async () => {
  const ask = (page: string, vantage: string) =>
    askEdges({ url: new URL(page), vantages: [vantage], hosts: ['localhost', 'h.example'] });
  expect(await ask('https://localhost/', 'dns')).toMatchObject([
    { reason: 'localhost has no public address' },
  ]);
  expect(await ask('https://other.example/', '127.0.0.1')).toMatchObject([
    { from: '127.0.0.1', reason: expect.stringContaining('other.example') },
  ]);
});

test('of a deleted page, an edge that shows a fallback page of the origin is told from one that has kept the old page', async () => {
  const pages: Record<string, string> = { '/a': '"kept"' };
  const server = createServer(({ url = '' }, response) => {
    const etag = pages[url] ?? '"start page"';
    response.writeHead(200, { etag, 'last-modified': new Date(nowMs - 600_000).toUTCString() });
    response.end();
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const vantages = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`];
  const gone = answered({ status: 404 });
  const lookAt = async (page: string) => {
    const question = { url: new URL(page), hosts: ['h.example'] };
    const edges = await askEdges({ ...question, vantages });
    const fallbacks = await findFallbacks(edges, question);
    return edgesNow(page, edges, gone, expectedOf(gone, undefined, nowMs), fallbacks).edges;
  };
  expect(await lookAt('https://h.example/a')).toMatchObject([{ version: 'older' }]);
  expect(await lookAt('https://h.example/b')).toMatchObject([
    { version: 'unknown', meaning: expect.stringContaining('the origin answers with a page') },
  ]);
  server.close();
});

test('what a server answers is printed on one line, and without what a terminal obeys', () => {
  const edge: Now = {
    from: 'dns',
    address: '203.0.113.9',
    answer: { status: 200 },
    seen: { address: '203.0.113.9', status: 200, via: 'x\u001b[2J', cacheStatus: 'HIT', age: '12' },
  };
  expect(describeEdges(edgesNow(url, [edge], undefined, undefined))).toBe(
    [
      'Now:',
      '  edge    dns (203.0.113.9): 200, HIT, Age 12, Via x\\u{1b}[2J',
      '          which version it shows cannot be told: nothing tells what it should show, but --origin URL',
    ].join('\n'),
  );
});

test('an origin is asked wherever it is, and its password is not shown', async () => {
  const origin = new URL('http://[::1]:8080/a');
  const lookup = () => Promise.reject(new Error('an address is not looked up'));
  expect(await findServer(origin, origin.origin, { hosts: [origin.hostname], lookup })).toEqual({
    protocol: 'http:',
    address: '::1',
    port: 8080,
  });
  const refused = await askNamedOrigin(new URL('https://me:secret@origin.example/a?b'));
  expect(refused).toEqual({ from: 'https://origin.example/a?b', reason: 'the URL has a user' });
});
