import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CdnProOptions } from '../../local/cdn-pro/options.ts';
import { type CdnPro, startCdnPro } from '../../local/cdn-pro/server.ts';

const startMs = Date.UTC(2026, 0, 1);
const validBody = { target: 'production', fileUrls: ['https://www.example.com/a'] };
const options: CdnProOptions = {
  credentials: { username: 'ann', apiKey: 'ann-key' },
  deployedHosts: { production: ['www.example.com'], staging: [] },
  nowMs: () => nowMs,
  processingMs: () => 1000,
};

let cdnPro: CdnPro;
let nowMs: number;

beforeEach(async () => {
  nowMs = startMs;
  cdnPro = await startCdnPro(options);
});
afterEach(() => cdnPro.stop());

function signature(): Record<string, string> {
  const date = new Date(nowMs).toUTCString();
  const password = createHmac('sha1', 'ann-key').update(date).digest('base64');
  return { date, authorization: `Basic ${Buffer.from(`ann:${password}`).toString('base64')}` };
}

function post(body: unknown = validBody, signal: AbortSignal | null = null) {
  const json = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${cdnPro.url}/cdn/purges`, { method: 'POST', headers: signature(), body: json, signal });
}

async function read(location: string) {
  const response = await fetch(location, { headers: signature() });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

describe('an accepted request', () => {
  it('is answered 201, empty, with the location of the purge', async () => {
    const response = await post();
    expect(response.status).toBe(201);
    expect(await response.text()).toBe('');
    expect(response.headers.get('content-length')).toBe('0');
    expect(response.headers.get('content-type')).toBe('application/json;charset=utf-8');
    const location = response.headers.get('location') ?? '';
    expect(location.startsWith(`${cdnPro.url}/cdn/purges/`)).toBe(true);
    expect(location.slice(-25)).toMatch(/^\/[0-9a-f]{24}$/);
    expect(cdnPro.purges).toEqual([
      {
        id: location.slice(-24),
        requestId: response.headers.get('x-cnc-request-id'),
        submittedMs: startMs,
        startMs: startMs + 500,
        finishMs: startMs + 1000,
        successRate: 100,
        body: validBody,
      },
    ]);
  });

  it('is handed to onAccepted before it is answered, and a refused one is not', async () => {
    await cdnPro.stop();
    const seen: unknown[] = [];
    cdnPro = await startCdnPro({ ...options, onAccepted: (purge) => seen.push(purge.body) });
    expect((await post({ ...validBody, target: 'staging' })).status).toBe(400);
    expect(seen).toEqual([]);
    expect((await post()).status).toBe(201);
    expect(seen).toEqual([validBody]);
  });

  it('is answered 500 when onAccepted throws', async () => {
    await cdnPro.stop();
    const onAccepted = () => {
      throw new Error('the edge is gone');
    };
    cdnPro = await startCdnPro({ ...options, onAccepted });
    const response = await post();
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ code: 'InternalError', message: 'the edge is gone' });
  });
});

describe('GET /cdn/purges/{id}', () => {
  it('says how far a purge is', async () => {
    const fields = {
      ...validBody,
      name: 'a release',
      fileHeaders: [{ name: 'a', value: 'b' }],
      dirUrls: ['https://www.example.com/*'],
      regexPatterns: ['any://www.example.com/x'],
      webhook: 'w1',
    };
    const response = await post(fields);
    const location = response.headers.get('location') ?? '';
    const begun = {
      ...fields,
      dirHeaders: [],
      action: 'invalidate',
      submissionTime: '2026-01-01T00:00:00Z',
      apiRequestId: response.headers.get('x-cnc-request-id'),
      customerId: 10_000_021,
      successRate: 0,
    };
    expect(await read(location)).toEqual({ status: 200, body: { ...begun, status: 'waiting' } });
    nowMs = startMs + 500;
    expect(await read(location)).toEqual({ status: 200, body: { ...begun, status: 'inprogress' } });
    nowMs = startMs + 1000;
    const finished = { status: 'finished', successRate: 100, finishTime: '2026-01-01T00:00:01Z' };
    expect(await read(location)).toEqual({ status: 200, body: { ...begun, ...finished } });
  });

  it('is answered 404 for an unknown id', async () => {
    const { status, body } = await read(`${cdnPro.url}/cdn/purges/${'0'.repeat(24)}`);
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'InvalidPurgeTaskId' });
  });
});

describe('every other request', () => {
  it.each([
    ['GET', '/', 404],
    ['POST', '/cdn/purge', 404],
    ['POST', '/cdn/purges/', 404],
    ['GET', '/cdn/purges/', 404],
    ['PUT', '/cdn/purges', 405],
    ['DELETE', '/cdn/purges/5dca2205f9e9cc0001df7b33', 405],
  ])('%s %s is answered %i with a request id and a JSON error', async (method, path, status) => {
    const response = await fetch(`${cdnPro.url}${path}`, { method, headers: signature() });
    expect(response.status).toBe(status);
    expect(response.headers.get('x-cnc-request-id')).toMatch(/\S/);
    expect(response.headers.get('allow')).toBe(
      status === 404 ? null : path === '/cdn/purges' ? 'POST, GET' : 'GET',
    );
    expect(await response.json()).toEqual({ code: expect.any(String), message: expect.any(String) });
  });

  it('gets its own request id', async () => {
    const ids = await Promise.all([post(), post(), post('{')]).then((responses) =>
      responses.map((response) => response.headers.get('x-cnc-request-id')),
    );
    expect(new Set(ids).size).toBe(3);
  });

  it('is answered 413 over 10 MiB', async () => {
    const response = await post('x'.repeat(10 * 1024 * 1024 + 1));
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({
      code: 'RequestTooLarge',
      message: 'A body can be up to 10485760 bytes.',
    });
  });

  it('fails to start on a port that is in use, and says which', async () => {
    const port = Number(new URL(cdnPro.url).port);
    await expect(startCdnPro({ ...options, port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
  });
});

describe('the log', () => {
  it('has every POST with its time, status and body', async () => {
    await post();
    nowMs += 7;
    await post('{');
    await fetch(`${cdnPro.url}/cdn/purges`);
    expect(cdnPro.otherRequests).toEqual([
      {
        endpoint: 'GET /cdn/purges',
        arrivedMs: startMs + 7,
        requestId: expect.any(String),
        counted: false,
        status: 401,
      },
    ]);
    expect(cdnPro.requests).toEqual([
      { arrivedMs: startMs, requestId: expect.any(String), counted: true, status: 201, body: validBody },
      { arrivedMs: startMs + 7, requestId: expect.any(String), counted: true, status: 400, body: '{' },
    ]);
  });
});

describe('injected faults', () => {
  it('answer the next requests, in their order, and then no more', async () => {
    cdnPro.injectFault({ kind: 'answer', status: 503 }, 2);
    cdnPro.injectFault({
      kind: 'answer',
      status: 429,
      headers: { 'retry-after': '30' },
      body: { code: 'Slow', message: 'down' },
    });
    expect([(await post()).status, (await post()).status]).toEqual([503, 503]);
    const slow = await post();
    expect([slow.status, slow.headers.get('retry-after')]).toEqual([429, '30']);
    expect(await slow.json()).toEqual({ code: 'Slow', message: 'down' });
    expect(slow.headers.get('x-cnc-request-id')).toMatch(/\S/);
    expect(cdnPro.purges).toEqual([]);
    expect((await post()).status).toBe(201);
  });

  it('cut the connection before or after the purge is accepted', async () => {
    cdnPro.injectFault({ kind: 'reset' });
    await expect(post()).rejects.toThrow('fetch failed');
    expect(cdnPro.purges).toHaveLength(0);
    cdnPro.injectFault({ kind: 'lost-answer' });
    await expect(post()).rejects.toThrow('fetch failed');
    expect(cdnPro.purges).toHaveLength(1);
    expect(cdnPro.requests.map(({ status }) => status)).toEqual([undefined, 201]);
  });

  it('answer every request while it is broken down', async () => {
    cdnPro.breakDown({ kind: 'answer', status: 503 });
    const readTokens = () => fetch(`${cdnPro.url}/cdn/purges/purgeTokens`, { headers: signature() });
    expect([(await post()).status, (await post()).status, (await readTokens()).status]).toEqual([
      503, 503, 503,
    ]);
    cdnPro.breakDown();
    expect((await post()).status).toBe(201);
    expect(cdnPro.purges).toHaveLength(1);
  });

  it('of another endpoint leave purges alone', async () => {
    cdnPro.injectFault({ kind: 'answer', status: 403 }, 1, 'GET /cdn/purges/purgeTokens');
    const readTokens = () => fetch(`${cdnPro.url}/cdn/purges/purgeTokens`, { headers: signature() });
    expect((await post()).status).toBe(201);
    expect((await readTokens()).status).toBe(403);
    expect((await readTokens()).status).toBe(200);
  });

  it('leave a request hanging until the client gives up or the simulator stops', async () => {
    cdnPro.injectFault({ kind: 'hang' }, 2);
    const abandoned = new AbortController();
    const first = post(validBody, abandoned.signal);
    const second = post();
    const ended = Promise.all([
      expect(first).rejects.toThrow('aborted'),
      expect(second).rejects.toThrow('fetch failed'),
    ]);
    await expect
      .poll(() => cdnPro.requests.filter(({ body }) => body !== undefined), { interval: 1, timeout: 10_000 })
      .toHaveLength(2);
    abandoned.abort();
    expect((await post()).status).toBe(201);
    await cdnPro.stop();
    await ended;
  });
});
