import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { purgeOf } from '../../../infra/cli/doctor/measure/ask.ts';
import type { Bench, Exchange } from '../../../infra/cli/doctor/measure/bench.ts';
import { edgeAt } from '../../../infra/cli/doctor/measure/edge.ts';
import { answerAtZero } from '../../../infra/cli/doctor/measure/experiments/answer-at-zero.ts';
import { completionTimes } from '../../../infra/cli/doctor/measure/experiments/completion-times.ts';
import { replays } from '../../../infra/cli/doctor/measure/experiments/replays.ts';
import { requestWeights } from '../../../infra/cli/doctor/measure/experiments/request-weights.ts';
import { fixtureOf } from '../../../infra/cli/doctor/measure/fixture/fixture.ts';
import { interruptible, sleepUntil } from '../../../infra/cli/doctor/measure/interruption.ts';
import { lookAround } from '../../../infra/cli/doctor/measure/look-around.ts';
import {
  type Measurement,
  measure,
  type PlanOptions,
  planOf,
} from '../../../infra/cli/doctor/measure/measure.ts';
import { settingsFor } from '../../../infra/cli/doctor/measure/settings.ts';
import { parseFixture } from '../../../local/cdn-pro/fixture.ts';
import { startEdge } from '../../../local/edge/server.ts';
import { type AccountOptions, startMeasuredAccount, usualLimits } from '../../helpers/measured-account.ts';

const planning = { maxFileUrls: 1000, maxBodyBytes: 512 * 1024 };

async function measuredOn(options: AccountOptions, plan: Partial<PlanOptions> = {}) {
  const account = await startMeasuredAccount(options);
  onTestFinished(account.stop);
  const quota = options.quotas?.staging ?? { files: 5000, dirs: 20 };
  const experiments = planOf({ left: quota, quota, ...planning, untilEmpty: false, ...plan });
  const measurement = await measure(experiments, account.bench, () => {});
  return { ...account, ...measurement, experiments };
}

const findingOf = ({ findings }: Measurement, wanted: string) => {
  const { certainty, value, evidence } = findings.find(({ name }) => name === wanted) ?? {};
  return { certainty, value, evidence };
};
const settingValues = ({ facts }: Measurement) =>
  Object.fromEntries(
    Object.entries(settingsFor(facts, usualLimits, planning)).map(([name, { value }]) => [name, value]),
  );

describe('on an account as the documents have it', () => {
  test('everything is measured, and no setting is to be written', async () => {
    const result = await measuredOn({ processingMs: () => 200_000 });
    expect(result.findings.map(({ name, certainty, value }) => [name, certainty, value])).toEqual([
      ['contract', 'measured', '5000 files and 20 directories a day in staging'],
      ['equal requests', 'measured', 'both are answered'],
      ['unit of a token', 'measured', 'a URL'],
      [
        'weight of requests',
        'measured',
        'a GET 1, a purge 1; 28 or more come back in a minute, 60 or more at once',
      ],
      ['largest body', 'measured', '524288 bytes or more, which is `maxBodyBytes`'],
      ['time to completion', 'measured', '200 s (p50), 200 s (p99)'],
    ]);
    expect(settingValues(result)).toEqual({});
    expect(result.cdnPro.requests.filter(({ status }) => status === 429)).toEqual([]);
  });
});

const ofAccessKey = { username: 'a', apiKey: 'a', accessKey: 'b', secretKey: 'c' };

describe('on another account', () => {
  /** What is assumed where no document says it, and what an account has instead. */
  const accounts: readonly (AccountOptions & { readonly processingMs: () => number })[] = [
    { tokenUnit: 'request', maxBodyBytes: 100_000, processingMs: () => 30_000 },
    { costs: { 'POST /cdn/purges': 5, 'GET /cdn/purges/purgeTokens': 2 }, processingMs: () => 400_000 },
    { bucket: { perMinute: 12, burst: 60 }, maxBodyBytes: 8192, processingMs: () => 1000 },
    {
      quotas: { staging: { files: 400, dirs: 7 } },
      maxFileUrls: 200,
      maxBodyBytes: 300_000,
      credentials: ofAccessKey,
      refuseReplays: true,
      processingMs: () => 60_000,
    },
  ];

  test.each(accounts)('what is measured is what it has: %j', async (account) => {
    const { facts, findings } = await measuredOn(account);
    expect(findings.map(({ certainty }) => certainty)).toEqual(Array(6).fill('measured'));
    const {
      tokenUnit = 'url',
      costs = {},
      bucket = { perMinute: 30, burst: 60 },
      refuseReplays = false,
    } = account;
    const { quotas, maxBodyBytes = 512 * 1024 } = account;
    expect(facts).toMatchObject({
      tokenUnit,
      quota: quotas?.staging ?? { files: 5000, dirs: 20 },
      weights: { get: costs['GET /cdn/purges/purgeTokens'] ?? 1, post: costs['POST /cdn/purges'] ?? 1 },
      refusesReplays: refuseReplays,
    });
    expect([bucket.burst - 1, bucket.burst]).toContain(facts.bucket?.burst);
    expect(facts.bucket?.perMinute).toBeLessThanOrEqual(bucket.perMinute);
    expect(facts.bucket?.perMinute).toBeGreaterThanOrEqual(0.8 * bucket.perMinute);
    expect(facts.maxFileUrls).toBe(account.maxFileUrls ?? (quotas && 1000));
    expect(facts.acceptedBytes).toBeLessThanOrEqual(maxBodyBytes);
    expect(facts.acceptedBytes).toBeGreaterThanOrEqual(maxBodyBytes - 1024);
    expect(new Set(facts.durationsMs)).toEqual(new Set([account.processingMs()]));
  });

  test('the settings to write are those that are too large or wrong', async () => {
    const account = {
      tokenUnit: 'request',
      costs: { 'POST /cdn/purges': 3 },
      maxBodyBytes: 100_000,
    } as const;
    const result = await measuredOn({ ...account, processingMs: () => 1000 });
    const { maxBodyBytes, ...others } = settingValues(result);
    expect(others).toEqual({ tokenUnit: 'request', apiBucket: { requestCost: 3 } });
    expect(maxBodyBytes).toBe(result.facts.acceptedBytes);
  });

  test('the settings to write keep what else is configured', () => {
    const limits = {
      ...usualLimits,
      bucket: { perMinute: 20, burst: 60 },
      quota: { production: { files: 1000 }, staging: { files: 9000 } },
    };
    const hosts = { 'a.example': ['b.example'], 'x.example': ['y.example'] };
    const facts = {
      quota: { files: 5000, dirs: 20 },
      weights: { get: 1, post: 5 },
      cacheKey: { scheme: true, sharing: ['a.example', 'c.example'] },
    };
    const settings = settingsFor(facts, limits, { ...planning, cacheKey: { scheme: false, hosts } });
    expect(Object.fromEntries(Object.entries(settings).map(([name, { value }]) => [name, value]))).toEqual({
      quota: { production: { files: 1000 }, staging: { files: 5000, dirs: 20 } },
      apiBucket: { perMinute: 20, requestCost: 5 },
      cacheKey: { scheme: true, hosts: { ...hosts, 'a.example': ['b.example', 'c.example'] } },
    });
  });

  test.each([
    ['forbidden', 'HTTP 403 TooManyPurges', { status: 403, code: 'TooManyPurges' }],
    ['bad-request', 'HTTP 400 InvalidRequest', { status: 400, code: 'InvalidRequest' }],
    ['throttled', 'HTTP 429 TooManyRequests', { status: 429, code: 'TooManyRequests' }],
  ] as const)('where nothing is left it answers %s', async (exhausted, value, answer) => {
    const quotas = { staging: { files: 600, dirs: 20 } };
    const options = { exhausted, quotas, overdraft: 0.1, processingMs: () => 1000 };
    const result = await measuredOn(options, { untilEmpty: true, maxBodyBytes: 4096 });
    expect(findingOf(result, 'answer at zero')).toEqual({
      certainty: 'measured',
      value,
      evidence: '60 URLs were accepted once nothing was left',
    });
    expect(result.facts).toMatchObject({ exhausted: answer, overdraft: 0.1 });
  });
});

test.each([
  [1, 5],
  [3, 1],
  [5, 3],
  [20, 1],
])('where %d is configured for the weight of a purge, it is found to be %d', async (requestCost, weight) => {
  const { facts, cdnPro } = await measuredOn(
    {
      costs: { 'POST /cdn/purges': weight },
      configured: { ...usualLimits, requestCost },
      processingMs: () => 1000,
    },
    { maxBodyBytes: 4096 },
  );
  expect(facts.weights).toEqual({ get: 1, post: weight });
  expect(settingsFor(facts, { ...usualLimits, requestCost }, planning).apiBucket?.value).toEqual({
    requestCost: weight,
  });
  expect(cdnPro.requests.filter(({ status }) => status === 429)).toEqual([]);
});

/** The weight of requests, where the customer's bucket has something else left than the account's own requests leave. */
async function weightsWith(remaining: (left: number, seconds: number) => number) {
  const account = await startMeasuredAccount({ processingMs: () => 1000 });
  onTestFinished(account.stop);
  const { bench } = account;
  const startMs = bench.nowMs();
  const exchanges: Exchange[] = [];
  const seen = (answer: Exchange) => {
    const headers = new Headers(answer.headers);
    const left = Number(headers.get('x-rate-limit-remaining'));
    headers.set('x-rate-limit-remaining', `${remaining(left, (bench.nowMs() - startMs) / 1000)}`);
    exchanges.push({ ...answer, headers });
    return { ...answer, headers };
  };
  const measurement = await measure(
    [requestWeights],
    {
      ...bench,
      exchanges,
      get: async (...args) => seen(await bench.get(...args)),
      post: async (...args) => seen(await bench.post(...args)),
    },
    () => {},
  );
  return { ...measurement, exchanges };
}

test('a fraction that is left of the bucket is none of the requests that it holds', async () => {
  const { facts, exchanges } = await weightsWith((left) => left + 0.5);
  expect(facts.bucket).toMatchObject({ burst: 60 });
  expect(parseFixture(JSON.stringify(fixtureOf(facts, exchanges))).bucket).toMatchObject({ burst: 60 });
});

test('what others send never makes the bucket fill faster, nor does it get into settings and the simulator', async () => {
  const others = fc.array(fc.record({ atSecond: fc.nat(60), requests: fc.nat(20) }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(others, async (list) => {
      const taken = (seconds: number) =>
        list.filter(({ atSecond }) => atSecond <= seconds).reduce((sum, { requests }) => sum + requests, 0);
      const { facts, exchanges } = await weightsWith((left, seconds) => Math.max(0, left - taken(seconds)));
      expect(facts.bucket?.perMinute ?? 0).toBeLessThanOrEqual(30);
      expect(settingsFor(facts, usualLimits, planning).apiBucket?.value ?? {}).not.toHaveProperty(
        'perMinute',
      );
      expect(parseFixture(JSON.stringify(fixtureOf(facts, exchanges))).bucket ?? usualLimits.bucket).toEqual(
        usualLimits.bucket,
      );
    }),
    { numRuns: 8 },
  );
});

test('steady requests of others make the refill a lower bound, and nothing to write', async () => {
  const result = await weightsWith((left, seconds) => Math.floor(left - 0.25 * seconds));
  expect(findingOf(result, 'weight of requests')).toMatchObject({
    certainty: 'measured',
    value: expect.stringMatching(/ 1[2-5] or more come back in a minute/),
  });
  expect(settingValues(result)).toEqual({});
});

describe('where it cannot be told', () => {
  test.each([0.5, 0.75])(
    'since somebody else takes %d requests a second, no setting follows',
    async (each) => {
      const result = await weightsWith((left, seconds) => Math.max(0, Math.floor(left - each * seconds)));
      expect(findingOf(result, 'weight of requests')).toEqual(why('somebody else sends requests just now'));
      expect(settingValues(result)).toEqual({});
    },
  );

  test('since somebody else takes many requests at once between purges, they are not taken for their weight', async () => {
    let requests = 0;
    const result = await weightsWith((left) => left - (++requests > 10 ? 20 : 0));
    expect(findingOf(result, 'weight of requests')).toEqual(why('somebody else sends requests just now'));
    expect(result.facts).toEqual({});
  });

  const why = (value: unknown) => ({ certainty: 'could not tell', value, evidence: expect.any(String) });

  test('since somebody else spends tokens, the others are measured all the same', async () => {
    const result = await measuredOn({
      processingMs: () => 1000,
      onSleep: (cdnPro) => cdnPro.purgeElsewhere('staging', { files: 7, dirs: 0 }),
    });
    expect(findingOf(result, 'unit of a token')).toEqual(why('somebody else spends tokens just now'));
    expect(findingOf(result, 'largest body').certainty).toBe('measured');
    expect(result.facts.tokenUnit).toBeUndefined();
  });

  test('unless somebody else spends once only: then it is tried again', async () => {
    let spent = 0;
    const onSleep: AccountOptions['onSleep'] = (cdnPro) => {
      if (spent > 0 || cdnPro.purges.length === 0) return;
      spent += 1;
      cdnPro.purgeElsewhere('staging', { files: 1, dirs: 0 });
    };
    const { facts } = await measuredOn({ processingMs: () => 1000, onSleep }, { maxBodyBytes: 4096 });
    expect(facts.tokenUnit).toBe('url');
    expect(spent).toBe(1);
  });

  test('since CDN Pro is down, nothing is measured, and nothing is sent twice', async () => {
    const account = await startMeasuredAccount();
    onTestFinished(account.stop);
    account.cdnPro.breakDown({ kind: 'answer', status: 503 });
    const experiments = planOf({
      left: { files: 5000, dirs: 20 },
      quota: { files: 5000, dirs: 20 },
      ...planning,
      untilEmpty: false,
    });
    const { findings, facts } = await measure(experiments, account.bench, () => {});
    expect(findings.map(({ certainty }) => certainty)).toEqual(Array(6).fill('could not tell'));
    expect(facts).toEqual({});
    expect(account.cdnPro.requests.length + account.cdnPro.otherRequests.length).toBeLessThanOrEqual(8);
  });

  test('since tokens cannot be spent, what refuses a purge is not taken for the answer at zero', async () => {
    const quotas = { staging: { files: 300, dirs: 20 } };
    const result = await measuredOn(
      { quotas, processingMs: () => 1000, maxFileUrls: 50 },
      { untilEmpty: true, maxBodyBytes: 4096 },
    );
    expect(findingOf(result, 'answer at zero')).toEqual(
      why(
        expect.stringMatching(/^\d+ URLs were refused while there were \d+ tokens: HTTP 400 InvalidRequest$/),
      ),
    );
  });

  test('since something else fails than CDN Pro, what was found before is kept', async () => {
    const ask = async () => {
      throw new TypeError('Request path contains unescaped characters');
    };
    const page = { url: 'https://staging.acme.example/a', otherHosts: [], ask };
    const result = await measuredOn({ processingMs: () => 1000 }, { page, maxBodyBytes: 4096 });
    expect(findingOf(result, 'cache key')).toEqual(
      why('TypeError: Request path contains unescaped characters'),
    );
    expect(findingOf(result, 'unit of a token').certainty).toBe('measured');
  });

  test('since somebody else answers once in the place of CDN Pro, it is asked again', async () => {
    const account = await startMeasuredAccount({ processingMs: () => 1000 });
    onTestFinished(account.stop);
    let lists = 0;
    const get: Bench['get'] = async (path, signedMs) => {
      const answer = await account.bench.get(path, signedMs);
      return path.startsWith('/cdn/purges?') && ++lists === 1 ? { ...answer, body: '<html>' } : answer;
    };
    const quota = { files: 5000, dirs: 20 };
    const experiments = planOf({ left: quota, quota, ...planning, untilEmpty: false });
    const measurement = await measure(experiments, { ...account.bench, get }, () => {});
    expect(findingOf(measurement, 'time to completion').certainty).toBe('measured');
  });

  test.each([
    [503, '30', 'it was something else: HTTP 503'],
    [429, '0', 'it was something else: HTTP 429'],
  ])(
    'since CDN Pro fails or others have emptied the bucket, HTTP %s is not the answer at zero',
    async (...of) => {
      const [status, remaining, value] = of;
      const left = { files: 100, dirs: 20 };
      const account = await startMeasuredAccount({ quotas: { staging: left }, processingMs: () => 1000 });
      onTestFinished(account.stop);
      let isEmpty = false;
      const bench: Bench = {
        ...account.bench,
        async get(path) {
          const answer = await account.bench.get(path);
          isEmpty = answer.body.includes('"filePurgeTokens":0');
          return answer;
        },
        async post(...args) {
          if (!isEmpty) return account.bench.post(...args);
          const headers = new Headers({ 'x-rate-limit-remaining': remaining });
          return { method: 'POST', path: '/cdn/purges', sent: '', sentMs: 0, status, headers, body: '' };
        },
      };
      const experiments = [answerAtZero({ left, quota: left, maxFileUrls: 1000 })];
      const result = await measure(experiments, bench, () => {});
      expect(findingOf(result, 'answer at zero')).toEqual(why(value));
      expect(result.facts).toEqual({});
    },
  );

  test('since the second of two equal requests had to wait, its refusal may be for its age', async () => {
    const account = await startMeasuredAccount({ refuseReplays: true, credentials: ofAccessKey });
    onTestFinished(account.stop);
    const get: Bench['get'] = async (path, signedMs) => {
      const answer = await account.bench.get(path, signedMs);
      await account.bench.sleep(6000);
      return answer;
    };
    const measurement = await measure([replays], { ...account.bench, get }, () => {});
    expect(findingOf(measurement, 'equal requests')).toEqual(
      why('the second was sent 6 s after it was signed'),
    );
    expect(measurement.facts).toEqual({});
  });

  test('since a purge never finishes, the time is not told', async () => {
    const result = await measuredOn({ processingMs: () => 3_600_000 });
    expect(findingOf(result, 'time to completion')).toEqual(why('no purge has finished'));
  });
});

test('how long purges take is told where hundreds of purges of others are listed before and between them', async () => {
  const account = await startMeasuredAccount({ processingMs: () => 60_000 });
  onTestFinished(account.stop);
  for (let own = 0; own < 3; own++) {
    await account.bench.post(purgeOf(account.bench.urls(1)), { files: 1, dirs: 0 });
  }
  const others = (count: number) => Array.from({ length: count }, (_, id) => ({ id: `other-${id}` }));
  const get: Bench['get'] = async (path, signedMs) => {
    const answer = await account.bench.get(path.replace(/offset=\d+/, 'offset=0'), signedMs);
    const { purgeRequests } = JSON.parse(answer.body) as { readonly purgeRequests: readonly unknown[] };
    const rows = [...others(450), ...purgeRequests.flatMap((own) => [own, ...others(150)])];
    const offset = Number(/offset=(\d+)/.exec(path)?.[1]);
    return { ...answer, body: JSON.stringify({ purgeRequests: rows.slice(offset, offset + 200) }) };
  };
  const { findings, facts } = await measure([completionTimes], { ...account.bench, get }, () => {});
  expect(findings).toMatchObject([{ certainty: 'measured', value: '60 s (p50), 60 s (p99)' }]);
  expect(facts.durationsMs).toHaveLength(3);
});

test('purges of production count among those that may disturb: they take from the same bucket', async () => {
  const host = 'www.acme.example';
  const deployedHosts = { production: [host], staging: [host] };
  const account = await startMeasuredAccount({ host, deployedHosts, processingMs: () => 60_000 });
  onTestFinished(account.stop);
  const { bench } = account;
  for (const target of ['production', 'staging'] as const) {
    await bench.post(purgeOf(bench.urls(1), { target }), { files: 1, dirs: 0 });
  }
  await bench.sleep(60_000);
  expect(await lookAround(bench)).toMatchObject({ recentPurges: 2 });
});

test('once it is interrupted nothing more is sent, and what was found is kept', async () => {
  const account = await startMeasuredAccount({ processingMs: () => 60_000 });
  onTestFinished(account.stop);
  const quota = { files: 5000, dirs: 20 };
  const experiments = planOf({ left: quota, quota, ...planning, untilEmpty: false });
  const interruption = new AbortController();
  const post: Bench['post'] = async (...request) => {
    const answer = await account.bench.post(...request);
    interruption.abort();
    return answer;
  };
  const bench = interruptible({ ...account.bench, post }, interruption.signal);
  const measurement = await measure(experiments, bench, () => {});
  expect(account.cdnPro.requests).toHaveLength(1);
  expect(account.bench.exchanges.at(-1)?.status).toBe(201);
  expect(measurement.findings.map(({ value }) => value)).toEqual([
    '5000 files and 20 directories a day in staging',
    'both are answered',
    ...Array(4).fill('it was interrupted'),
  ]);
  expect(measurement.facts.quota).toEqual(quota);
});

test('an interruption ends a pause', async () => {
  const interruption = new AbortController();
  const pause = sleepUntil(interruption.signal, async (ms, signal) => setTimeout(ms, undefined, { signal }));
  const paused = pause(60_000);
  interruption.abort();
  await expect(paused).rejects.toThrow('it was interrupted');
});

describe('which spellings are one entry of the cache', () => {
  const page = 'https://www.acme.example/pages/index.html';
  const other = 'shop.acme.example';
  const hosts = { production: [], staging: ['www.acme.example', other] };

  test.each([
    [
      'host and path',
      {},
      { scheme: false },
      'one entry whatever the: scheme, host case, query string; apart by: percent-encoding, shop.acme.example',
      {},
    ],
    [
      'the scheme and another host, too',
      { scheme: true, hosts: { [other]: 'www.acme.example' } },
      { scheme: true, sharing: ['www.acme.example', other] },
      'one entry whatever the: host case, query string, shop.acme.example; apart by: scheme, percent-encoding',
      { cacheKey: { scheme: true, hosts: { 'www.acme.example': [other] } } },
    ],
  ])('%s', async (_, additions, found, value, settings) => {
    const edge = await startEdge({
      fetchOrigin: async () => ({ status: 200, headers: {}, body: Buffer.from('page') }),
      defaultHost: 'www.acme.example',
      cacheKey: additions,
      target: 'staging',
    });
    onTestFinished(edge.stop);
    for (const url of [page, page.replace('https', 'http'), page.replace('www', 'shop')]) await edge.get(url);
    const result = await measuredOn(
      { deployedHosts: hosts, processingMs: () => 1000, onAccepted: ({ body }) => edge.purge(body) },
      { page: { url: page, otherHosts: [other], ask: edgeAt(edge.url) }, maxBodyBytes: 4096 },
    );
    expect(findingOf(result, 'cache key')).toMatchObject({ certainty: 'measured', value });
    expect(result.facts.cacheKey).toEqual(found);
    expect(settingValues(result)).toEqual(settings);
  });

  test('is not told by an edge that does not say what it keeps', async () => {
    const ask = async () => 'unknown' as const;
    const plan = { page: { url: page, otherHosts: [], ask }, maxBodyBytes: 4096 };
    const result = await measuredOn({ deployedHosts: hosts, processingMs: () => 1000 }, plan);
    expect(findingOf(result, 'cache key').certainty).toBe('could not tell');
  });
});

test('no experiment sends more than its plan says', async () => {
  const { experiments, cdnPro, findings } = await measuredOn({
    maxBodyBytes: 77_777,
    processingMs: () => 3_600_000,
  });
  const planned = experiments.reduce((sum, { cost }) => sum + cost.requests, 0);
  expect(cdnPro.requests.length + cdnPro.otherRequests.length).toBeLessThanOrEqual(planned);
  expect(JSON.stringify(findings)).not.toContain('it would take more than');
});
