import { afterEach, describe, expect, it } from 'vitest';
import { type CdnProOptions, withDefaults } from '../../local/cdn-pro/options.ts';
import { type SimulatedApi, startSimulatedApi } from '../helpers/simulated-api.ts';

const dayMs = 24 * 3_600_000;
const site = 'https://www.example.com';

let api: SimulatedApi;
afterEach(() => api?.cdnPro.stop());

async function start(options: Partial<CdnProOptions> = {}) {
  api = await startSimulatedApi(options);
}

async function list(query = '') {
  const { status, body } = await api.get(`/cdn/purges${query}`);
  expect(status).toBe(200);
  return body as { count: number; purgeRequests: { id: string }[] };
}

async function ids(query = '') {
  return (await list(query)).purgeRequests.map(({ id }) => id);
}

async function purgeAt(path: string, fields: object = {}) {
  return (await api.purge({ fileUrls: [`${site}/${path}`], ...fields })).id;
}

describe('a purge', () => {
  it('takes minutes, if the options do not say otherwise', async () => {
    const { processingMs } = withDefaults({
      credentials: { username: 'ann', apiKey: 'ann-key' },
      deployedHosts: { production: [], staging: [] },
    });
    const durations = Array.from({ length: 100 }, () => processingMs({ target: 'production' }));
    expect(Math.min(...durations)).toBeGreaterThanOrEqual(174_000);
    expect(Math.max(...durations)).toBeLessThanOrEqual(363_000);
    expect(new Set(durations).size).toBeGreaterThan(90);
  });

  it('shows its progress as success rate, and may end with less than 100', async () => {
    await start({ successRate: () => 90 });
    const { id } = await api.purge({ fileUrls: [`${site}/a`] });
    const rate = async () => {
      const { status, successRate, finishTime } = (await api.get(`/cdn/purges/${id}`)).body;
      return [status, successRate, finishTime];
    };
    expect(await rate()).toEqual(['waiting', 0, undefined]);
    api.pass(600);
    expect(await rate()).toEqual(['inprogress', 18, undefined]);
    api.pass(300);
    expect(await rate()).toEqual(['inprogress', 72, undefined]);
    api.pass(100);
    expect(await rate()).toEqual(['finished', 90, '2026-01-01T00:00:01Z']);
  });

  it('can be read for 30 days, and is in the list for 15', async () => {
    await start();
    const { id } = await api.purge({ fileUrls: [`${site}/a`] });
    api.pass(15 * dayMs - 1);
    expect(await ids()).toEqual([id]);
    api.pass(1);
    expect(await ids()).toEqual([]);
    api.pass(15 * dayMs - 1);
    expect((await api.get(`/cdn/purges/${id}`)).status).toBe(200);
    api.pass(1);
    expect(await api.get(`/cdn/purges/${id}`)).toMatchObject({
      status: 404,
      body: {
        code: 'InvalidPurgeTaskId',
        message: 'The specified purge task ID does not exist or has been deleted.',
      },
    });
  });

  it('is not in the list right after its request, but can be read', async () => {
    await start({ unseenMs: 3000 });
    const { id } = await api.purge({ fileUrls: [`${site}/a`] });
    api.pass(2999);
    expect(await ids()).toEqual([]);
    expect((await api.get(`/cdn/purges/${id}`)).status).toBe(200);
    api.pass(1);
    expect(await ids()).toEqual([id]);
  });
});

describe('GET /cdn/purges', () => {
  it('has counts and host names of each purge, and neither name nor URLs', async () => {
    await start();
    const answer = await api.purge({
      name: 'a release',
      action: 'delete',
      fileUrls: [`${site}/a`, `${site}/b`],
      dirUrls: ['https://WWW.example.com/c/*'],
      regexPatterns: ['any://other.example.com/x'],
    });
    api.pass(1000);
    expect(await list()).toEqual({
      count: 1,
      purgeRequests: [
        {
          id: answer.id,
          submissionTime: '2026-01-01T00:00:00Z',
          finishTime: '2026-01-01T00:00:01Z',
          target: 'production',
          status: 'finished',
          action: 'delete',
          apiRequestId: answer.headers.get('x-cnc-request-id'),
          fileEntries: 2,
          dirEntries: 1,
          regexEntries: 1,
          successRate: 100,
          hostnames: ['www.example.com', 'other.example.com'],
        },
      ],
    });
  });

  it('has the newest first, up to 200 in one answer, and says how many there are', async () => {
    await start();
    const all: string[] = [];
    for (let i = 0; i < 205; i++) {
      all.unshift(await purgeAt(`${i}`));
      api.pass(1);
    }
    expect(await ids()).toEqual(all.slice(0, 100));
    expect(await ids('?limit=200')).toEqual(all.slice(0, 200));
    expect(await list('?limit=2&offset=203')).toMatchObject({
      count: 205,
      purgeRequests: all.slice(203).map((id) => ({ id })),
    });
    expect(await ids('?sortOrder=asc&limit=2')).toEqual([all[204], all[203]]);
  });

  it('sorts by the time of finishing, where what has not finished is oldest', async () => {
    const durations = [3000, 1000, 9000];
    await start({ processingMs: () => durations.shift() ?? 0 });
    const [slow, quick, open] = [await purgeAt('a'), await purgeAt('b'), await purgeAt('c')];
    api.pass(4000);
    expect(await ids('?sortBy=finishTime')).toEqual([slow, quick, open]);
    expect(await ids('?sortBy=finishTime&sortOrder=asc')).toEqual([open, quick, slow]);
  });

  it('finds by period, environment, action, success rate, host name and id', async () => {
    await start({ successRate: ({ action }) => (action === 'delete' ? 40 : 100) });
    const first = await purgeAt('a');
    api.pass(10_000);
    const second = await purgeAt('b', { action: 'delete' });
    const { id: third } = await api.purge({ target: 'staging', fileUrls: ['https://staging.example.com/'] });
    api.pass(10_000);
    expect(await ids('?startdate=2026-01-01T00:00:10Z')).toEqual(expect.arrayContaining([second, third]));
    expect(await ids('?enddate=2026-01-01T00:00:10Z')).toEqual([first]);
    expect(await ids('?target=staging')).toEqual([third]);
    expect(await ids('?target=production&action=invalidate')).toEqual([first]);
    expect(await ids('?maxSuccessRate=99.9')).toEqual([second]);
    expect(await ids('?search=staging.ex')).toEqual([third]);
    expect(await ids(`?search=${first}`)).toEqual([first]);
  });

  it.each([
    ['limit=x', 'InvalidListLimit', 'The value of limit should be an integer.'],
    ['limit=0', 'InvalidListLimit', 'The value of limit should be between 1 and 200, inclusive.'],
    ['limit=201', 'InvalidListLimit', 'The value of limit should be between 1 and 200, inclusive.'],
    ['offset=-1', 'InvalidListOffset', 'The offset must be a valid non-negative integer.'],
    [
      'startdate=b',
      'InvalidStartDate',
      "Invalid parameter 'startdate'. 'b' is not a valid RFC3339 timestamp in UTC. The timestamp should be in \"yyyy-MM-dd'T'HH:mm:ss'Z'\" format.",
    ],
    ['startdate=2026-01-01T00:00:00.000Z', 'InvalidStartDate', /is not a valid RFC3339 timestamp/],
    ['enddate=2026-01-01T00:00:00%2B01:00', 'InvalidEndDate', /is not a valid RFC3339 timestamp/],
    [
      'startdate=2026-01-02T00:00:00Z&enddate=2026-01-01T00:00:00Z',
      'InvalidTimeSpan',
      "The parameter 'enddate' should be after 'startdate'.",
    ],
    ['sortOrder=up', 'InvalidSortOrder', 'The valid sort order values are asc or desc.'],
    ['sortBy=name', 'InvalidRequest', "Invalid parameter 'sortBy'."],
    ['action=purge', 'InvalidRequest', "Invalid parameter 'action'."],
    ['maxSuccessRate=101', 'InvalidRequest', "Invalid parameter 'maxSuccessRate'."],
    ['target=test', 'InvalidTarget', /^An invalid target/],
  ])('refuses ?%s', async (query, code, message) => {
    await start();
    expect(await api.get(`/cdn/purges?${query}`)).toMatchObject({
      status: 400,
      body: { code, message: typeof message === 'string' ? message : expect.stringMatching(message) },
    });
  });
});

describe('GET /cdn/purges/purgeSummary', () => {
  const period = 'startdate=2026-01-01T00:00:00Z&enddate=2026-01-02T00:00:00Z';

  it("counts requests and entries, as in the OpenAPI file's example", async () => {
    await start();
    await api.purge({ fileUrls: [`${site}/a`, `${site}/b`], dirUrls: [`${site}/*`, `${site}/c/*`] });
    const body = {
      requests: 1,
      fileRequests: 1,
      dirRequests: 1,
      fileEntries: 2,
      dirEntries: 2,
      regexRequests: 0,
      regexEntries: 0,
    };
    expect(await api.get(`/cdn/purges/purgeSummary?${period}`)).toMatchObject({ status: 200, body });
    const staging = await api.get(`/cdn/purges/purgeSummary?${period}&target=staging`);
    expect(staging.body.requests).toBe(0);
  });

  it.each([
    ['', 'InvalidRequest'],
    ['startdate=2019&enddate=2026-01-01T00:00:00Z', 'InvalidStartDate'],
    ['startdate=2026-01-01T00:00:00Z&enddate=2026-01-01T00:00:00Z', 'InvalidTimeSpan'],
    [`${period}&target=all`, 'InvalidTarget'],
  ])('refuses ?%s', async (query, code) => {
    await start();
    const { status, body } = await api.get(`/cdn/purges/purgeSummary?${query}`);
    expect([status, body.code]).toEqual([400, code]);
  });
});

describe('a prefetch', () => {
  const fileList = [{ url: `${site}/a` }, { url: `${site}/b`, headers: [{ name: 'x', value: '1' }] }];

  it('waits for its time, costs tokens for each URL, and is handed on', async () => {
    const seen: unknown[] = [];
    await start({ onPrefetch: ({ body }) => seen.push(body) });
    const request = { name: 'warm up', fileList, startTime: '2026-01-01T01:00:00Z' };
    const { status, id, headers } = await api.post('/cdn/prefetches', request);
    expect(status).toBe(201);
    expect(seen).toEqual([request]);
    const metaData = {
      id,
      submissionTime: '2026-01-01T00:00:00Z',
      apiRequestId: headers.get('x-cnc-request-id'),
      customerId: 10_000_021,
    };
    const read = async () => (await api.get(`/cdn/prefetches/${id}`)).body;
    const waiting = { ...request, prefetchLevel: 'Parent' };
    expect(await read()).toEqual({
      ...waiting,
      metaData: { ...metaData, status: 'waiting', successRate: 0 },
    });
    api.pass(3_601_000);
    const finished = { status: 'finished', successRate: 100, finishTime: '2026-01-01T01:00:01Z' };
    expect(await read()).toEqual({ ...waiting, metaData: { ...metaData, ...finished } });
    expect((await api.get('/cdn/prefetches/prefetchTokens')).body).toEqual({ prefetchTokens: 4998 });
    expect((await api.get('/cdn/prefetches/x')).body.code).toBe('InvalidPrefetchTaskId');
  });

  it.each([
    [{ fileList: [] }, 'InvalidPrefetchUrl', "The file list shouldn't be empty."],
    [{ fileList: [{ url: `${site}/a b` }] }, 'InvalidPrefetchUrl', /Special letters need to be encoded/],
    [
      { fileList: [{ url: `${site}/a`, headers: [{ name: '', value: '' }] }] },
      'InvalidPrefetchUrl',
      "Invalid prefetch header. The header name shouldn't be empty.",
    ],
    [
      { fileList: [{ url: 'https://staging.example.com/' }] },
      'NoSuchDomain',
      "The host 'staging.example.com' has not been deployed in the 'production' environment.",
    ],
    [{ fileList, regions: ['Asia', 'N'] }, 'InvalidRegion', 'Invalid region: N.'],
    [{ fileList, startTime: '2026-01-02T00:00:01Z' }, 'InvalidTime', /within 24 hours/],
    [{ fileList, startTime: 'now' }, 'InvalidTime', /within 24 hours/],
    [{}, 'InvalidRequest', /^fileList: /],
  ])('is refused: %j', async (body, code, message) => {
    await start();
    expect(await api.post('/cdn/prefetches', body)).toMatchObject({
      status: 400,
      body: { code, message: typeof message === 'string' ? message : expect.stringMatching(message) },
    });
  });
});

describe('GET /cdn/hostnames', () => {
  it('lists what is deployed, by environment', async () => {
    await start({
      deployedHosts: { production: ['a.example.com', 'b.example.com', '*'], staging: ['a.example.com'] },
    });
    const property = { propertyId: expect.any(String), version: 1 };
    expect((await api.get('/cdn/hostnames')).body).toEqual({
      count: 2,
      hostnames: [
        { hostname: 'a.example.com', propertyInProduction: property, propertyInStaging: property },
        { hostname: 'b.example.com', propertyInProduction: property, propertyInStaging: null },
      ],
    });
    const names = async (query: string) =>
      (await api.get(`/cdn/hostnames?${query}`)).body.hostnames.map(
        ({ hostname }: { hostname: string }) => hostname,
      );
    expect(await names('target=staging')).toEqual(['a.example.com']);
    expect(await names('target=all&limit=1&offset=1')).toEqual(['b.example.com']);
    expect((await api.get('/cdn/hostnames?target=x')).body).toEqual({
      code: 'InvalidTarget',
      message: "Invalid target query parameter. Only 'all', 'staging', or 'production' are allowed.",
    });
  });
});
