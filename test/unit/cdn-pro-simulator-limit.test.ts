import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { CdnProOptions } from '../../local/cdn-pro/options.ts';
import { type CdnPro, startCdnPro } from '../../local/cdn-pro/server.ts';

const startMs = Date.UTC(2026, 0, 1);
const windowMs = 300_000;

let running: CdnPro | undefined;
let nowMs = startMs;
afterEach(() => running?.stop());

async function start(options: Partial<CdnProOptions> = {}) {
  nowMs = startMs;
  running = await startCdnPro({
    credentials: { username: 'ann', apiKey: 'ann-key' },
    deployedHosts: { production: ['www.example.com'], staging: [] },
    nowMs: () => nowMs,
    ...options,
  });
  return running;
}

function signed({ username = 'ann', apiKey = 'ann-key' } = {}) {
  const date = new Date(nowMs).toUTCString();
  const password = createHmac('sha1', apiKey).update(date).digest('base64');
  return { date, authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

function readTokens(cdnPro: CdnPro) {
  return fetch(`${cdnPro.url}/cdn/purges/purgeTokens?target=production`, { headers: signed() });
}

async function post(
  cdnPro: CdnPro,
  { body = '', ...user }: { username?: string; apiKey?: string; body?: string } = {},
) {
  const response = await fetch(`${cdnPro.url}/cdn/purges`, {
    method: 'POST',
    headers: signed(user),
    body: body || JSON.stringify({ target: 'production', fileUrls: ['https://www.example.com/'] }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    error: text === '' ? undefined : JSON.parse(text),
  };
}

/** Sends `count` requests, 100 ms apart, and returns their status codes. */
async function fill(cdnPro: CdnPro, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < count; i += 1) {
    nowMs = startMs + i * 100;
    statuses.push((await post(cdnPro)).status);
  }
  return statuses;
}

describe('the limit of 300 requests in 5 minutes', () => {
  it('accepts 300 and refuses the 301st until the very millisecond before the first leaves', async () => {
    const cdnPro = await start({ bucket: { perMinute: 60_000, burst: 60_000 } });
    expect(await fill(cdnPro, 300)).toEqual(Array(300).fill(201));
    nowMs = startMs + windowMs - 1;
    const answer = await post(cdnPro);
    expect(answer.status).toBe(429);
    expect(answer.error).toEqual({
      code: 'TooManyRequests',
      message: 'The limit of the request rate per user has been reached.',
    });
    expect(answer.headers.get('x-cnc-request-id')).toMatch(/\S/);
    expect(cdnPro.purges).toHaveLength(300);
  });

  it('has room for one, and only one, exactly when the first leaves', async () => {
    const cdnPro = await start({ bucket: { perMinute: 60_000, burst: 60_000 } });
    await fill(cdnPro, 300);
    nowMs = startMs + windowMs;
    expect((await post(cdnPro)).status).toBe(201);
    expect((await post(cdnPro)).status).toBe(429);
  });
});

describe('the window', () => {
  const limit = { requests: 3, perSeconds: 10 };

  it('counts refused requests, so that knocking keeps it closed', async () => {
    const cdnPro = await start({ limit });
    expect(await fill(cdnPro, 5)).toEqual([201, 201, 201, 429, 429]);
    nowMs = startMs + 10_100;
    // 200, 300 and 400 ms are still inside, two of them refused.
    expect((await post(cdnPro)).status).toBe(429);
    expect(cdnPro.requests.map(({ counted }) => counted)).toEqual(Array(6).fill(true));
  });

  it('says when a request will be accepted, and accepts it then', async () => {
    const cdnPro = await start({ limit });
    await fill(cdnPro, 3);
    nowMs = startMs + 4_000;
    // Inside are 0, 100 and 200 ms and this one; two of the first three have to leave, at 10.1 s.
    const { headers } = await post(cdnPro);
    const retryAfterSeconds = Number(headers.get('x-rate-limit-retry-after-seconds'));
    expect(retryAfterSeconds).toBe(7);
    expect(headers.get('x-rate-limit-remaining')).toBeNull();
    nowMs += retryAfterSeconds * 1000;
    expect((await post(cdnPro)).status).toBe(201);
  });

  it.each([undefined, false, true])(
    'has Retry-After, too, only if the options say so: %s',
    async (retryAfter) => {
      const cdnPro = await start({ limit, ...(retryAfter === undefined ? {} : { retryAfter }) });
      await fill(cdnPro, 3);
      const answer = await post(cdnPro);
      expect(answer.status).toBe(429);
      expect(answer.headers.get('retry-after')).toBe(retryAfter ? '10' : null);
      expect(answer.headers.get('x-rate-limit-retry-after-seconds')).toBe('10');
    },
  );

  it('counts requests with bad bodies, bad signatures and injected faults', async () => {
    const cdnPro = await start({ limit });
    expect((await post(cdnPro, { body: '{' })).status).toBe(400);
    expect((await post(cdnPro, { apiKey: 'wrong' })).status).toBe(401);
    cdnPro.injectFault({ kind: 'answer', status: 503 });
    expect((await post(cdnPro)).status).toBe(503);
    expect((await post(cdnPro)).status).toBe(429);
  });

  it('counts reads', async () => {
    const cdnPro = await start({ limit });
    for (let i = 0; i < 3; i += 1) await readTokens(cdnPro);
    expect(cdnPro.otherRequests.map(({ counted }) => counted)).toEqual(Array(3).fill(true));
    expect((await post(cdnPro)).status).toBe(429);
  });

  it("does not count requests in another user's name, nor without a name", async () => {
    const cdnPro = await start({ limit });
    for (let i = 0; i < 5; i += 1) expect((await post(cdnPro, { username: 'bob' })).status).toBe(401);
    for (let i = 0; i < 5; i += 1) expect((await fetch(`${cdnPro.url}/cdn/purges/0`)).status).toBe(401);
    expect(cdnPro.requests.map(({ counted }) => counted)).toEqual(Array(5).fill(false));
    expect(await fill(cdnPro, 3)).toEqual([201, 201, 201]);
  });
});

describe("the customer's bucket", () => {
  const bucket = { perMinute: 30, burst: 3 };

  it('says what remains, is refilled steadily, and tells how long a refused request has to wait', async () => {
    const cdnPro = await start({ bucket });
    const remaining = async () => (await post(cdnPro)).headers.get('x-rate-limit-remaining');
    expect([await remaining(), await remaining(), await remaining()]).toEqual(['2', '1', '0']);
    nowMs += 1000;
    const refused = await post(cdnPro);
    expect(refused.status).toBe(429);
    expect(refused.error).toEqual({
      code: 'TooManyRequests',
      message: 'The limit of the request rate per customer has been reached.',
    });
    expect(refused.headers.get('retry-after')).toBeNull();
    expect(refused.headers.get('x-rate-limit-remaining')).toBe('0');
    // The refused request has taken the half token that had come back.
    expect(refused.headers.get('x-rate-limit-retry-after-seconds')).toBe('2');
    nowMs += 1999;
    expect((await post(cdnPro)).status).toBe(429);
    nowMs += 2000;
    expect((await post(cdnPro)).status).toBe(201);
  });

  it('is emptied by refused and malformed requests, and by reads', async () => {
    const cdnPro = await start({ bucket });
    expect((await post(cdnPro, { body: '{' })).status).toBe(400);
    expect((await post(cdnPro, { apiKey: 'wrong' })).status).toBe(401);
    expect((await readTokens(cdnPro)).status).toBe(200);
    expect((await readTokens(cdnPro)).status).toBe(429);
    expect((await post(cdnPro)).status).toBe(429);
  });

  it('is shared with other users of the customer, whom the window of this user does not count', async () => {
    const cdnPro = await start({ bucket, limit: { requests: 2, perSeconds: 300 } });
    cdnPro.purgeElsewhere('production', { files: 1, dirs: 0 });
    expect((await post(cdnPro)).headers.get('x-rate-limit-remaining')).toBe('1');
    expect((await post(cdnPro)).headers.get('x-rate-limit-remaining')).toBe('0');
    expect((await post(cdnPro)).error.message).toContain('per user');
  });

  it('weighs endpoints as the options say', async () => {
    const cdnPro = await start({ bucket: { perMinute: 30, burst: 10 }, costs: { 'POST /cdn/purges': 4 } });
    const statuses = [await post(cdnPro), await post(cdnPro), await post(cdnPro)].map(({ status }) => status);
    expect(statuses).toEqual([201, 201, 429]);
    nowMs += 8000;
    expect((await readTokens(cdnPro)).headers.get('x-rate-limit-remaining')).toBe('3');
  });
});
