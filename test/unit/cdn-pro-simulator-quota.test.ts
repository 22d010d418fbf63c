import { afterEach, describe, expect, it } from 'vitest';
import type { CdnProOptions } from '../../local/cdn-pro/options.ts';
import { type SimulatedApi, startSimulatedApi } from '../helpers/simulated-api.ts';

const dayMs = 24 * 3_600_000;
const site = 'https://www.example.com';

let api: SimulatedApi;
afterEach(() => api.cdnPro.stop());

async function start(options: Partial<CdnProOptions> = {}) {
  api = await startSimulatedApi(options);
}

function files(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${site}/${index}`);
}

async function tokens(target = 'production') {
  const { status, body } = await api.get(`/cdn/purges/purgeTokens?target=${target}`);
  expect(status).toBe(200);
  return [body.filePurgeTokens, body.dirPurgeTokens];
}

describe('tokens', () => {
  it('are 5,000 files and 20 directories in each environment, if nothing else is agreed', async () => {
    await start();
    expect(await tokens()).toEqual([5000, 20]);
    expect(await tokens('staging')).toEqual([5000, 20]);
  });

  it('are paid for each URL, regular expressions as directories, in one environment', async () => {
    await start();
    await api.purge({
      fileUrls: files(3),
      dirUrls: [`${site}/*`, `${site}/a/*`],
      regexPatterns: [`${site}/x`],
    });
    expect(await tokens()).toEqual([4997, 17]);
    expect(await tokens('staging')).toEqual([5000, 20]);
  });

  it('are paid for each request, if the options say so', async () => {
    await start({ tokenUnit: 'request' });
    await api.purge({ fileUrls: files(3) });
    await api.purge({ fileUrls: files(1), dirUrls: [`${site}/*`, `${site}/a/*`] });
    expect(await tokens()).toEqual([4998, 19]);
  });

  it('are not paid for what is refused', async () => {
    await start();
    expect((await api.purge({ fileUrls: [`${site}/a`, 'https://unknown.example.com/'] })).status).toBe(400);
    expect(await tokens()).toEqual([5000, 20]);
  });

  it('come back a day after they were spent', async () => {
    await start({ quotas: { production: { files: 10, dirs: 2 } } });
    await api.purge({ fileUrls: files(4) });
    api.pass(dayMs / 2);
    await api.purge({ fileUrls: files(5), dirUrls: [`${site}/*`] });
    expect(await tokens()).toEqual([1, 1]);
    api.pass(dayMs / 2 - 1);
    expect(await tokens()).toEqual([1, 1]);
    api.pass(1);
    expect(await tokens()).toEqual([5, 1]);
    api.pass(dayMs / 2);
    expect(await tokens()).toEqual([10, 2]);
  });

  it('can be borrowed: then that many are missing the next day, and the debt cannot be seen', async () => {
    await start({ quotas: { production: { files: 10, dirs: 2 } }, overdraft: 0.5, dayMs: 1000 });
    expect((await api.purge({ fileUrls: files(10) })).status).toBe(201);
    expect((await api.purge({ fileUrls: files(4) })).status).toBe(201);
    expect(await tokens()).toEqual([0, 2]);
    expect((await api.purge({ fileUrls: files(2) })).status).toBe(403);
    expect((await api.purge({ fileUrls: files(1) })).status).toBe(201);
    api.pass(1000);
    expect(await tokens()).toEqual([5, 2]);
    api.pass(1000);
    expect(await tokens()).toEqual([10, 2]);
  });

  it('can be spent by others', async () => {
    await start({ quotas: { production: { files: 10, dirs: 2 } }, overdraft: 0 });
    api.cdnPro.purgeElsewhere('production', { files: 9, dirs: 0 });
    expect(await tokens()).toEqual([1, 2]);
    expect((await api.purge({ fileUrls: files(2) })).status).toBe(403);
  });
});

describe('a request without tokens', () => {
  const quotas = { production: { files: 1, dirs: 0 } };

  it.each([
    ['forbidden', 403, 'TooManyPurges', 'The number of purges exceeded the account maximum.'],
    ['bad-request', 400, 'InvalidRequest', 'The request was invalid.'],
    ['too-large', 400, 'InvalidRequest', 'Too many URLs: the request exceeds the size limit.'],
    ['throttled', 429, 'TooManyRequests', 'Too many purges.'],
  ] as const)('is answered as the options say: %s', async (exhausted, status, code, message) => {
    await start({ quotas, exhausted });
    const answer = await api.purge({ fileUrls: files(2) });
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ code, message });
    expect(answer.headers.get('x-rate-limit-retry-after-seconds')).toBeNull();
    expect(await tokens()).toEqual([1, 0]);
    expect((await api.purge({ dirUrls: [`${site}/*`] })).status).toBe(status);
    expect((await api.purge({ fileUrls: files(1) })).status).toBe(201);
    expect(api.cdnPro.purges).toHaveLength(1);
  });
});

describe('GET /cdn/purges/purgeTokens', () => {
  it('is about production without a target, and refuses other targets', async () => {
    await start({ quotas: { production: { files: 7, dirs: 3 } } });
    expect((await api.get('/cdn/purges/purgeTokens')).body).toEqual({
      filePurgeTokens: 7,
      dirPurgeTokens: 3,
    });
    expect(await api.get('/cdn/purges/purgeTokens?target=test')).toMatchObject({
      status: 400,
      body: {
        code: 'InvalidTarget',
        message:
          "An invalid target was specified. It must be either 'staging' or 'production' or left empty.",
      },
    });
  });
});

describe('GET /cdn/serviceQuotas/customer/{id}', () => {
  it('has the quotas of the contract, by "me" and by the number of the customer', async () => {
    await start({ quotas: { production: { files: 100, dirs: 7 } }, maxFileUrls: 50 });
    const { status, body, headers } = await api.get('/cdn/serviceQuotas/customer/me');
    expect(status).toBe(200);
    expect(headers.get('last-modified')).toMatch(/GMT$/);
    expect(body).toMatchObject({
      filePurgeQuotaInProduction: 100,
      dirPurgeQuotaInProduction: 7,
      filePurgeQuotaInStaging: 5000,
      dirPurgeQuotaInStaging: 20,
      prefetchQuota: 5000,
      maxFilePurgeEntries: 50,
      maxDirPurgeEntries: 20,
      status: 'active',
      billUsingStripe: false,
    });
    expect((await api.get(`/cdn/serviceQuotas/customer/${body.customerId}`)).body).toEqual(body);
    expect((await api.get('/cdn/serviceQuotas/customer/1')).body.code).toBe('InvalidCustomerId');
  });

  it('is 404 without a contract, with the default quotas in its body', async () => {
    await start();
    const { status, body } = await api.get('/cdn/serviceQuotas/customer/me');
    expect(status).toBe(404);
    expect(body).toMatchObject({ filePurgeQuotaInProduction: 5000, dirPurgeQuotaInProduction: 20 });
    expect(body).not.toHaveProperty('serviceQuotaId');
    expect(body).not.toHaveProperty('maxFilePurgeEntries');
  });

  it('may not be there', async () => {
    await start({ hasServiceQuotas: false });
    const { status, body } = await api.get('/cdn/serviceQuotas/customer/me');
    expect([status, Object.keys(body)]).toEqual([404, ['code', 'message']]);
  });
});
