import { describe, expect, test } from 'vitest';
import type { Answer } from '../../functions/cdn-pro/answer.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import { referenceTo } from '../../functions/core/model/purge-message.ts';
import { faultKey } from '../../functions/core/planning/refusals/evidence.ts';
import * as submitEvents from '../../functions/lambda/submit-events.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { fileEntry, objectChange } from '../helpers/changes.ts';
import { limitsRequest } from '../helpers/limits-request.ts';
import { buffered, createWorld, looseContract, type World } from '../helpers/submit-fixture.ts';

const accepted: Answer = { kind: 'accepted', purgeId: 'p1', requestId: 'r1' };
const options = {
  contract: looseContract,
  limits: { maxFileUrls: 1000, maxBodyBytes: 512 * 1024 },
  deadlineMs: 250_000,
};
const h = (path: string) => `https://h.example/${path}`;

const plenty = { files: 1_000_000, dirs: 10_000 };

function invalid(message: string): Answer {
  return { kind: 'refused', status: 400, code: 'InvalidPurgeUrl', message, requestId: 'r2' };
}

test('a batch becomes one request, and nothing comes again', async () => {
  const world = createWorld({ answer: () => accepted });
  const failed = await submitBatch(
    [buffered('m1', h('a'), h('b')), buffered('m2', h('b'))],
    world.ports,
    options,
  );
  expect(failed).toEqual([]);
  expect(world.requests.map(({ body }) => body)).toEqual([
    { name: 'cdn-pro-purger', target: 'production', action: 'invalidate', fileUrls: [h('a'), h('b')] },
  ]);
  expect(world.lines).toEqual([
    {
      level: 'info',
      message: submitEvents.purgeAccepted,
      fields: {
        purgeId: 'p1',
        requestId: 'r1',
        target: 'production',
        action: 'invalidate',
        fileUrls: [h('a'), h('b')],
        messages: 2,
        oldestChangeSeconds: 0.1,
      },
    },
  ]);
});

test('metrics say what happened', async () => {
  const answers: Answer[] = [
    { kind: 'unavailable', reason: 'HTTP 503' },
    { kind: 'throttled', retryAfterMs: 1000 },
    { kind: 'unauthorized', status: 401, message: '' },
    invalid(`The purge URL '${h('b')}' is invalid.`),
    accepted,
    invalid(`The purge URL '${h('b')}' is invalid.`),
  ];
  const world = createWorld({ answer: (_, request) => answers[request] ?? accepted });
  await submitBatch([buffered('m1', h('a'), h('b')), { messageId: 'm2', body: '' }], world.ports, options);
  expect(Object.fromEntries(world.metrics)).toEqual({
    BudgetUsedPercent: 0,
    MessagesUnreadable: 1,
    RequestsUnavailable: 1,
    RequestsThrottled: 1,
    CredentialsRefused: 1,
    RequestsRefused: 2,
    EntriesRejected: 1,
    RequestsAccepted: 1,
    EntriesPurged: 1,
    FreshnessSeconds: 16,
  });
});

test('as many siblings as configured are purged as their directory, which the log says', async () => {
  const urls = Array.from({ length: 10 }, (_, index) => h(`blog/${index}`));
  const limits = { maxFileUrls: 10, maxBodyBytes: 1e6, coalesce: { siblings: 10, minDepth: 1 } };
  const world = createWorld({ answer: () => accepted });
  await submitBatch([buffered('m1', ...urls)], world.ports, { ...options, limits });
  expect(world.requests.map(({ body }) => body.dirUrls)).toEqual([[h('blog/*')]]);
  expect(world.lines[0]).toMatchObject({
    message: submitEvents.siblingsCoalesced,
    fields: { dirUrl: h('blog/*'), replaced: urls },
  });
});

test('a coalesced directory that is refused gives way to its files', async () => {
  const limits = { ...options.limits, coalesce: { siblings: 2, minDepth: 0 } };
  const world = createWorld({
    answer: ({ dirUrls }) =>
      dirUrls === undefined ? accepted : { kind: 'refused', status: 400, message: 'no wildcards' },
  });
  expect(await submitBatch([buffered('m1', h('a'), h('b'))], world.ports, { ...options, limits })).toEqual(
    [],
  );
  expect(world.requests.map(({ body }) => body.fileUrls ?? body.dirUrls)).toEqual([
    [h('*')],
    [h('a'), h('b')],
  ]);
  expect(world.rejected).toEqual([]);
});

test('files that cover others are rejected with them once their coalesced directory is refused', async () => {
  const urls = ['a', 'b'].flatMap((page) => [h(page), h(page).replace('https', 'http')]);
  const limits = { ...options.limits, coalesce: { siblings: 2, minDepth: 0 } };
  const world = createWorld({
    answer: () => ({
      kind: 'refused',
      status: 400,
      code: 'InvalidPurgeUrl',
      message: "The host 'h.example' has not been deployed in the 'production' environment.",
    }),
    tells: { left: plenty },
  });
  await submitBatch([buffered('m1', ...urls)], world.ports, { ...options, limits });
  const rejected = world.rejected.flatMap(({ body }) => JSON.parse(body).entries);
  expect(rejected.map(({ url }) => url).toSorted()).toEqual(urls.toSorted());
});

test('a message that is none goes to the dead letter queue as it is, with a reason', async () => {
  const world = createWorld({ answer: () => accepted });
  const failed = await submitBatch(
    [{ messageId: 'm1', body: '{"v":3}' }, buffered('m2', h('a'))],
    world.ports,
    options,
  );
  expect(failed).toEqual([]);
  expect(world.rejected).toEqual([
    { messageId: 'm1', body: '{"v":3}', reason: 'Expected `v` to be 1 or 2, got 3' },
  ]);
  expect(world.requests).toHaveLength(1);
});

test('a message that is none stays where it is when the dead letter queue cannot take it', async () => {
  const world = createWorld({ answer: () => accepted, refusesMessage: () => true });
  expect(await submitBatch([{ messageId: 'm1', body: 'x' }], world.ports, options)).toEqual(['m1']);
});

test('a host that is not deployed is rejected once it is refused alone, and the rest goes through before', async () => {
  const message = "The host 'bad.example' has not been deployed in the 'production' environment.";
  const world = createWorld({
    answer: ({ fileUrls = [] }) =>
      fileUrls.some((url) => url.includes('bad')) ? invalid(message) : accepted,
  });
  const failed = await submitBatch(
    [buffered('m1', h('a'), 'https://bad.example/x'), buffered('m2', h('b'))],
    world.ports,
    options,
  );
  expect(failed).toEqual([]);
  expect(world.requests.map(({ body }) => body.fileUrls)).toEqual([
    [h('a'), 'https://bad.example/x', h('b')],
    [h('a'), h('b')],
    ['https://bad.example/x'],
  ]);
  expect(world.rejected.map(({ body, reason }) => ({ ...JSON.parse(body), reason }))).toEqual([
    {
      v: 1,
      change: { source: 's3', action: 'put', id: 'm1', occurredAt: '1970-01-01T00:00:00.000Z' },
      lane: 'people',
      entries: [{ kind: 'file', url: 'https://bad.example/x', target: 'production', action: 'invalidate' }],
      rejected: { reason: message, status: 400, requestId: 'r2', rejectedAt: '1970-01-01T00:00:00.300Z' },
      reason: message,
    },
  ]);
});

test('a bad URL that nobody names is found by halving', async () => {
  const world = createWorld({
    answer: ({ fileUrls = [] }) => (fileUrls.includes(h('7')) ? invalid('no') : accepted),
  });
  const urls = Array.from({ length: 16 }, (_, index) => h(String(index)));
  expect(await submitBatch([buffered('m1', ...urls)], world.ports, options)).toEqual([]);
  expect(world.rejected).toHaveLength(1);
  const through = world.requests
    .filter(({ answer }) => answer.kind === 'accepted')
    .flatMap(({ body }) => body.fileUrls);
  expect(through.toSorted()).toEqual(urls.filter((url) => url !== h('7')).toSorted());
});

test('a rejected entry that cannot be recorded brings its message back', async () => {
  const world = createWorld({
    answer: () => ({ kind: 'refused', status: 400, message: 'no' }),
    refusesMessage: () => true,
  });
  expect(await submitBatch([buffered('m1', h('a')), buffered('m2', h('a'))], world.ports, options)).toEqual([
    'm1',
    'm2',
  ]);
});

test('what is too large is halved, not rejected', async () => {
  const world = createWorld({
    answer: ({ fileUrls = [] }) =>
      fileUrls.length > 2 ? { kind: 'refused', status: 413, message: '' } : accepted,
  });
  await submitBatch([buffered('m1', h('a'), h('b'), h('c'), h('d'))], world.ports, options);
  expect(world.requests.map(({ body }) => body.fileUrls?.length)).toEqual([4, 1, 2, 1]);
  expect(world.rejected).toEqual([]);
});

test('no answer: the same request is sent again, later and later', async () => {
  const world = createWorld({
    answer: (_, request) => (request < 3 ? { kind: 'unavailable', reason: 'HTTP 503' } : accepted),
  });
  expect(await submitBatch([buffered('m1', h('a'))], world.ports, options)).toEqual([]);
  expect(world.sleeps).toEqual([500, 1000, 2000]);
  expect(world.requests).toHaveLength(4);
});

test('an API that stays away gives the messages back at the deadline, without using up a receive', async () => {
  const world = createWorld({ answer: () => ({ kind: 'unavailable', reason: 'HTTP 503' }) });
  expect(await submitBatch([buffered('m1', h('a'))], world.ports, options)).toEqual([]);
  expect(world.nowMs).toBeLessThanOrEqual(options.deadlineMs);
  expect(world.requeued.map(({ message }) => message.entries)).toMatchObject([[{ url: h('a') }]]);
});

test('429 closes the window for everybody until Retry-After', async () => {
  const world = createWorld({
    answer: (_, request) => (request === 0 ? { kind: 'throttled', retryAfterMs: 60_000 } : accepted),
  });
  await submitBatch([buffered('m1', h('a'))], world.ports, options);
  expect(world.requests.map(({ atMs }) => atMs)).toEqual([0, 61_100]);
});

test('a full window is waited for inside the consumer', async () => {
  const world = createWorld({ answer: () => accepted, limit: { requests: 1, perSeconds: 60, headroom: 0 } });
  const messages = [buffered('m1', h('a')), buffered('m2', h('b'))];
  const failed = await submitBatch(messages, world.ports, {
    ...options,
    limits: { ...options.limits, maxFileUrls: 1 },
  });
  expect(failed).toEqual([]);
  expect(world.requests.map(({ atMs }) => atMs)).toEqual([0, 60_000]);
});

test('what the window does not let through by the deadline goes back, delayed until it does', async () => {
  const world = createWorld({ answer: () => accepted, limit: { requests: 1, perSeconds: 300, headroom: 0 } });
  const messages = [buffered('m1', h('a'), h('b')), buffered('m2', h('b')), buffered('m3', h('c'))];
  const failed = await submitBatch(messages, world.ports, {
    ...options,
    limits: { ...options.limits, maxFileUrls: 1 },
  });
  expect(failed).toEqual([]);
  expect(
    world.requeued.map(({ delaySeconds, message }) => [delaySeconds, message.change?.id, message.entries]),
  ).toMatchObject([
    [300, 'm1', [{ url: h('b') }]],
    [300, 'm2', [{ url: h('b') }]],
    [300, 'm3', [{ url: h('c') }]],
  ]);
});

test('what cannot go back is delivered again', async () => {
  const world = createWorld({
    answer: () => accepted,
    limit: { requests: 1, perSeconds: 300, headroom: 0 },
    refusesMessage: (_, index) => index === 0,
  });
  const large = h(`b${'x'.repeat(64 * 1024)}`);
  const messages = [buffered('m1', h('a')), buffered('m2', large), buffered('m3', h('c'))];
  const failed = await submitBatch(messages, world.ports, {
    ...options,
    limits: { ...options.limits, maxFileUrls: 1 },
  });
  expect(failed).toEqual(['m2']);
  expect(world.requeued.map(({ message }) => message.change?.id)).toEqual(['m3']);
});

test('credentials that are refused are read again once, and then left alone', async () => {
  const world = createWorld({ answer: () => ({ kind: 'unauthorized', status: 401, message: 'bad key' }) });
  expect(await submitBatch([buffered('m1', h('a'))], world.ports, options)).toEqual([]);
  expect(world.requests).toHaveLength(2);
  expect(world.forgotten).toBe(2);
  expect(world.requeued).toMatchObject([{ delaySeconds: 60 }]);
  expect(await world.ports.limitsTable.reserve([limitsRequest()])).toMatchObject({
    kind: 'wait',
    untilMs: 60_200,
  });
  expect(world.lines.some(({ level, message }) => level === 'error' && message.includes('credentials'))).toBe(
    true,
  );
});

test('a rotated secret is picked up without loss', async () => {
  const world = createWorld({
    answer: (_, request) =>
      request === 0 ? { kind: 'unauthorized', status: 401, message: 'old key' } : accepted,
  });
  expect(await submitBatch([buffered('m1', h('a'))], world.ports, options)).toEqual([]);
  expect(world.requeued).toEqual([]);
});

test('without a ledger nothing is sent', async () => {
  const world = createWorld({ answer: () => accepted, ledgerFails: (call) => call < 2 });
  expect(await submitBatch([buffered('m1', h('a'))], world.ports, options)).toEqual([]);
  expect(world.requests.map(({ atMs }) => atMs)).toEqual([1500]);
});

test('of two changes of one object in a batch, the newer one says what to do', async () => {
  const message = (action: string, sequencer: string) => {
    const entry = {
      kind: 'file',
      url: h('a'),
      target: 'production',
      action: action === 'put' ? 'invalidate' : 'delete',
    };
    const change = {
      source: 's3',
      action,
      id: 's3://b/a',
      occurredAt: '1970-01-01T00:00:00.000Z',
      sequencer,
    };
    return { messageId: sequencer, body: JSON.stringify({ v: 1, change, entries: [entry] }) };
  };
  const world = createWorld({ answer: () => accepted });
  await submitBatch([message('put', '02'), message('delete', '01')], world.ports, options);
  await submitBatch([message('put', '03'), message('delete', '04')], world.ports, options);
  expect(world.requests.map(({ body }) => [body.action, body.fileUrls])).toEqual([
    ['invalidate', [h('a')]],
    ['delete', [h('a')]],
  ]);
});

test('a size that was refused where a smaller one was accepted is not tried again, in this batch or in the next', async () => {
  // Few requests, so that each carries many files.
  const rate = { requests: 30, perSeconds: 30, headroom: 0 };
  const world = createWorld({
    limit: rate,
    answer: ({ fileUrls = [] }) =>
      fileUrls.length > 100 ? { kind: 'refused', status: 413, message: '' } : accepted,
  });
  const limits = { ...options.limits, maxFileUrls: 200 };
  const few = { ...options, limits, contract: { ...options.contract, rate } };
  const refusedIn = async (batch: string) => {
    const urls = Array.from({ length: 1600 }, (_, index) => h(`${batch}${index}`));
    const before = world.requests.length;
    expect(await submitBatch([buffered(batch, ...urls)], world.ports, few)).toEqual([]);
    const requests = world.requests.slice(before);
    const through = requests.flatMap(({ answer, body }) => (answer.kind === 'accepted' ? body.fileUrls : []));
    expect(through.toSorted()).toEqual(urls.toSorted());
    return requests.filter(({ answer }) => answer.kind === 'refused').length;
  };
  // Those that were under way together are all too large.
  expect(await refusedIn('first')).toBeLessThanOrEqual(8);
  expect(world.lines.filter(({ message }) => message === submitEvents.smallerRequests)).toMatchObject([
    { fields: { maxFileUrls: 100 } },
  ]);
  expect(await refusedIn('next')).toBe(0);
});

describe('an answer that names nothing', () => {
  const bad = h('bad');
  const refused: Answer = { kind: 'refused', status: 400, message: 'no' };
  const requeuedOf = (world: World) =>
    world.requeued.map(({ message, delaySeconds }) => [message, delaySeconds]);

  test('leaves an entry that is refused alone to come again by itself, with its tries counted', async () => {
    const world = createWorld({
      answer: ({ fileUrls = [] }) => (fileUrls.includes(bad) ? refused : accepted),
    });
    expect(await submitBatch([buffered('m1', h('a'), bad, h('c'))], world.ports, options)).toEqual([]);
    expect(world.rejected).toEqual([]);
    expect(requeuedOf(world)).toMatchObject([[{ entries: [{ url: bad }], tries: 1 }, 3]]);
  });

  test('is not about the content where the day has no tokens left: what was refused is parked, and nothing halved', async () => {
    const world = createWorld({
      answer: () => ({ kind: 'forbidden', status: 403, message: 'The request exceeds the size limit.' }),
      tells: { left: { files: 0, dirs: 0 } },
    });
    const urls = Array.from({ length: 50 }, (_, index) => h(String(index)));
    expect(await submitBatch([buffered('m1', ...urls)], world.ports, options)).toEqual([]);
    expect([world.requests.length, world.asked, world.parked.length]).toEqual([1, ['purgeTokens'], 50]);
    expect(world.rejected).toEqual([]);
  });

  test('403 to one URL is not about the credentials: others are accepted', async () => {
    const world = createWorld({
      answer: ({ fileUrls = [] }) =>
        fileUrls.includes(bad) ? { kind: 'forbidden', status: 403, message: '<html>' } : accepted,
      tells: { left: plenty },
    });
    await submitBatch([buffered('m1', bad, h('a'), h('b'))], world.ports, options);
    expect(world.forgotten).toBe(0);
    expect(requeuedOf(world)).toMatchObject([[{ entries: [{ url: bad }] }, 3]]);
  });

  test('403 to everything is about the credentials where purgeTokens is refused, too', async () => {
    const world = createWorld({
      answer: () => ({ kind: 'forbidden', status: 403, message: 'no' }),
      tells: { status: 403 },
    });
    await submitBatch([buffered('m1', h('a'), h('b'))], world.ports, options);
    expect([world.requests.length, world.asked.length, world.forgotten]).toEqual([2, 2, 2]);
    expect(requeuedOf(world)).toMatchObject([[{ entries: [{ url: h('a') }, { url: h('b') }] }, 60]]);
    expect(world.metrics.get('CredentialsRefused')).toBe(2);
  });

  test('429 again and again has the tokens read: the day may have none left', async () => {
    const world = createWorld({
      answer: () => ({ kind: 'throttled' }),
      tells: { left: { files: 0, dirs: 0 } },
    });
    await submitBatch([buffered('m1', h('a'))], world.ports, options);
    expect([world.requests.length, world.asked, world.parked.length]).toEqual([2, ['purgeTokens'], 1]);
  });

  test('to a scope as a whole has all of it wait, with a metric for the alarm, and nothing rejected', async () => {
    const world = createWorld({
      answer: ({ webhook }) => (webhook === undefined ? accepted : refused),
      tells: { left: plenty },
    });
    const entries = Array.from({ length: 1000 }, (_, index) => ({
      kind: 'file',
      url: h(`w${index}`),
      target: 'production',
      webhook: 'deleted',
    }));
    const ofScope = { messageId: 'm1', body: JSON.stringify({ v: 1, entries }) };
    await submitBatch([ofScope, buffered('m2', h('a'))], world.ports, options);
    expect(world.requests.filter(({ answer }) => answer.kind === 'refused').length).toBeLessThanOrEqual(13);
    expect(world.metrics.get('PurgesRefusedAlike')).toBe(1000);
    expect(world.rejected).toEqual([]);
    expect(world.requeued.flatMap(({ message }) => message.entries)).toHaveLength(1000);
    const before = world.requests.length;
    await submitBatch([ofScope, buffered('m3', h('b'))], world.ports, options);
    expect(world.requests.slice(before).map(({ body }) => body.fileUrls)).toEqual([[h('b')]]);
  });
});

test('an entry without a verdict is in the dead letter queue after its tries, and redriven without them', async () => {
  const world = createWorld({
    answer: ({ fileUrls = [] }) =>
      fileUrls.includes(h('bad')) ? { kind: 'unavailable', status: 500, reason: 'HTTP 500' } : accepted,
    tells: { left: plenty },
  });
  // It was repaired before, and a second purge of it waits.
  const { body, ...first } = buffered('m1', h('bad'));
  const before = { repair: 2, covered: 1, repeats: 'p0' };
  let batch = [{ ...first, body: JSON.stringify({ ...JSON.parse(body), ...before }) }];
  for (let round = 0; round < 12 && batch.length > 0; round++) {
    const others = buffered(`other ${round}`, h(String(round)));
    const deadlineMs = world.nowMs + 250_000;
    await submitBatch([...batch, others], world.ports, { ...options, deadlineMs });
    world.nowMs += 1_000_000;
    batch = world.requeued.splice(0).map(({ body }) => ({ messageId: 'm1', body }));
  }
  expect(batch).toEqual([]);
  expect(world.rejected.map(({ body }) => JSON.parse(body))).toMatchObject([
    { entries: [{ url: h('bad') }], rejected: { status: 500, reason: 'HTTP 500' } },
  ]);
  for (const left of ['tries', ...Object.keys(before)])
    expect(JSON.parse(world.rejected[0]?.body ?? '')).not.toHaveProperty(left);
});

test('a host that was refused is not tried together with innocents for a while', async () => {
  const message = "The host 'bad.example' has not been deployed in the 'production' environment.";
  const world = createWorld({
    answer: ({ fileUrls = [] }) =>
      fileUrls.some((url) => url.includes('bad')) ? invalid(message) : accepted,
  });
  await submitBatch([buffered('m1', h('a'), 'https://bad.example/x')], world.ports, options);
  const before = world.requests.length;
  await submitBatch([buffered('m2', 'https://bad.example/y', h('b'))], world.ports, options);
  expect(world.requests.slice(before).map(({ body }) => body.fileUrls)).toEqual([
    [h('b')],
    ['https://bad.example/y'],
  ]);
  expect(world.rejected).toHaveLength(2);
});

test('an S3 event that came back is queued once it is noted that it was recovered; otherwise it comes again', async () => {
  const world = createWorld({ answer: () => accepted });
  const change = objectChange('a');
  const message = { v: 1, change: referenceTo(change), entries: [fileEntry('https://h.example/a')] } as const;
  const noted: unknown[] = [];
  let isAway = true;
  const ports = {
    ...world.ports,
    recover: async () => ({
      messages: [{ body: JSON.stringify(message), delaySeconds: 60 }],
      changes: [change],
      unreadable: [],
    }),
    noteRecovered: async (changes: readonly unknown[]) => {
      if (isAway) throw new Error('the table is away');
      noted.push(...changes);
    },
  };
  const event = { messageId: 'm1', body: '{"Records":[]}' };
  expect(await submitBatch([event, buffered('m2', h('b'))], ports, options)).toEqual(['m1']);
  isAway = false;
  expect(await submitBatch([event], ports, options)).toEqual([]);
  expect(noted).toEqual([change]);
  const purged = world.requests.flatMap(({ body }) => body.fileUrls ?? []);
  expect(purged).toEqual([h('b')]);
  expect(world.requeued).toMatchObject([{ message, delaySeconds: 60 }]);
});

test('what is asked for alone of a scope that may be refused as a whole is tried or stays away, never requeued at once', async () => {
  const world = createWorld({ answer: () => accepted });
  const key = faultKey({ entries: [{ entry: fileEntry('https://h.example/a'), messages: [] }] });
  world.ports.evidence.scopes.close(key, 'new', 1000, world.nowMs);
  world.nowMs += 5000;
  await submitBatch([buffered('m', 'https://h.example/a')], world.ports, options);
  expect(world.requeued).toEqual([]);
  expect(world.requests).toHaveLength(1);
  world.ports.evidence.scopes.close(key, 'new', 60_000, world.nowMs);
  await submitBatch([buffered('m', 'https://h.example/b')], world.ports, options);
  expect(world.requeued.map(({ delaySeconds }) => delaySeconds)).toEqual([15]);
});

test('of a scope that was closed, what has not failed is tried before what has', async () => {
  const [bad, good] = [h('bad'), h('good')];
  const world = createWorld({
    answer: ({ fileUrls }) =>
      fileUrls?.includes(bad) ? { kind: 'refused', status: 400, message: 'no' } : accepted,
    tells: { left: plenty },
  });
  const { evidence } = world.ports;
  const planned = { entry: fileEntry(bad), messages: [] };
  const key = faultKey({ entries: [planned] });
  evidence.noteFailedAlone(key, planned, 'new', world.nowMs);
  evidence.suspect([planned], world.nowMs);
  evidence.scopes.close(key, 'new', 1000, world.nowMs);
  world.nowMs += 5000;
  await submitBatch([buffered('m1', bad), buffered('m2', good)], world.ports, options);
  expect(world.requests[0]?.body.fileUrls).toEqual([good]);
});

test('a scope that was closed by a clock that was ahead keeps nothing away for longer than SQS takes', async () => {
  const world = createWorld({ answer: () => accepted, tells: { left: plenty } });
  const key = faultKey({ entries: [{ entry: fileEntry(h('a')), messages: [] }] });
  world.nowMs = 3_600_000;
  world.ports.evidence.scopes.close(key, 'new', 600_000, world.nowMs);
  world.nowMs = 0;
  await submitBatch([buffered('m', h('a'))], world.ports, options);
  expect(world.requeued.map(({ delaySeconds }) => delaySeconds)).toEqual([900]);
});

test('what a directory covers does not wait with it once it has failed alone', async () => {
  const world = createWorld({
    answer: ({ dirUrls }) => (dirUrls === undefined ? accepted : { kind: 'unavailable', reason: 'HTTP 500' }),
    tells: { left: plenty },
  });
  const entries = [fileEntry(h('blog/a')), { ...fileEntry(h('blog/**')), kind: 'dir' }];
  await submitBatch([{ messageId: 'm', body: JSON.stringify({ v: 1, entries }) }], world.ports, options);
  expect(world.requests.at(-1)?.body.fileUrls).toEqual([h('blog/a')]);
  expect(world.requeued.map(({ message }) => message.entries.map(entryText))).toEqual([[h('blog/**')]]);
});
