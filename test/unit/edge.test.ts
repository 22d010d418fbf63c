import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Edge, type EdgeOptions, startEdge } from '../../local/edge/server.ts';

const site = 'https://www.example.com';

let edge: Edge;
let nowMs: number;
let pages: Map<string, string>;
let asked: string[];

async function restart(options: Partial<EdgeOptions> = {}) {
  await edge?.stop();
  edge = await startEdge({ fetchOrigin, defaultHost: 'www.example.com', nowMs: () => nowMs, ...options });
}

async function fetchOrigin(url: URL) {
  asked.push(url.href);
  const text = pages.get(url.href);
  if (text === undefined) return undefined;
  return { status: 200, headers: { 'Content-Type': 'text/html', etag: '"1"' }, body: Buffer.from(text) };
}

async function get(url: string, headers: Record<string, string> = {}) {
  const { status, body, cache } = await edge.get(url, headers);
  return `${status} ${cache} ${body.toString().trim()}`;
}

/** Sends a request with any host and method. */
function raw(
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; body: string }> {
  const port = Number(new URL(edge.url).port);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path, headers, method, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

beforeEach(async () => {
  nowMs = Date.UTC(2026, 0, 1);
  asked = [];
  pages = new Map([
    [`${site}/a`, 'page a'],
    [`${site}/a?q=1`, 'page a, q 1'],
    ['http://www.example.com/a', 'page a over http'],
    ['http://www.example.com/a?q=1', 'page a, q 1 over http'],
    ['https://other.example.com/a', 'another page a'],
    ['https://other.example.com:8443/a', 'page a on a port'],
  ]);
  await restart();
});
afterEach(() => edge.stop());

describe('the cache', () => {
  it('asks the origin once and then answers from what it has, however old', async () => {
    const first = await edge.get(`${site}/a`);
    expect(first).toMatchObject({ status: 200, cache: 'MISS', body: Buffer.from('page a') });
    expect(first.headers).toMatchObject({
      'x-cache-status': 'MISS',
      age: '0',
      'content-type': 'text/html',
      etag: '"1"',
    });
    pages.set(`${site}/a`, 'new page a');
    nowMs += 12_345_999;
    const second = await edge.get(`${site}/a`);
    expect(second).toMatchObject({ status: 200, cache: 'HIT', body: Buffer.from('page a') });
    expect(second.headers).toMatchObject({
      'x-cache-status': 'HIT',
      age: '12345',
      'content-type': 'text/html',
      etag: '"1"',
    });
    expect(asked).toEqual([`${site}/a`]);
  });

  it('keeps what is missing too', async () => {
    expect(await get(`${site}/none`)).toBe('404 MISS Not found');
    pages.set(`${site}/none`, 'there now');
    expect(await get(`${site}/none`)).toBe('404 HIT Not found');
  });

  it('keeps an answer of the origin under 500 as it is', async () => {
    const body = Buffer.from('denied');
    await restart({ fetchOrigin: async () => ({ status: 403, headers: {}, body }) });
    expect([await get(`${site}/x`), await get(`${site}/x`)]).toEqual(['403 MISS denied', '403 HIT denied']);
  });

  it('answers 502 when the origin fails, and keeps nothing', async () => {
    let failures = 0;
    await restart({
      fetchOrigin: async (url) => {
        failures += 1;
        if (failures === 1) throw new Error('connection refused');
        if (failures === 2) return { status: 503, headers: {}, body: Buffer.from('busy') };
        return fetchOrigin(url);
      },
    });
    expect(await get(`${site}/a`)).toBe('502 MISS The origin failed: connection refused');
    expect(await get(`${site}/a`)).toBe('502 MISS The origin failed: it answered 503');
    expect(await get(`${site}/a`)).toBe('200 MISS page a');
  });

  it('passes on bytes as they are, with their number, and no Vary', async () => {
    const body = Buffer.from([0, 255, 128, 10]);
    const headers = {
      'Content-Length': '999',
      'Transfer-Encoding': 'chunked',
      Vary: 'accept-encoding',
      'cache-control': 'max-age=60',
    };
    await restart({ fetchOrigin: async () => ({ status: 200, headers, body }) });
    const answer = await edge.get(`${site}/x`);
    expect(answer.body).toEqual(body);
    expect(answer.headers['content-length']).toBe('4');
    expect(answer.headers['transfer-encoding']).toBeUndefined();
    expect(answer.headers.vary).toBeUndefined();
    expect(answer.headers['cache-control']).toBe('max-age=60');
  });
});

describe('the cached URL', () => {
  it('distinguishes schemes, hosts, ports and queries, where the key has all of them', async () => {
    await restart({ cacheKey: { scheme: true, query: 'all' } });
    expect(await get(`${site}/a`)).toBe('200 MISS page a');
    expect(await get(`${site}/a?q=1`)).toBe('200 MISS page a, q 1');
    expect(await get('http://www.example.com/a')).toBe('200 MISS page a over http');
    expect(await get('https://other.example.com/a')).toBe('200 MISS another page a');
    expect(await get('https://other.example.com:8443/a')).toBe('200 MISS page a on a port');
    expect(await get('https://OTHER.example.com:443/a')).toBe('200 HIT another page a');
    expect(await get('https://www.example.com')).toBe('404 MISS Not found');
    expect(asked.at(-1)).toBe(`${site}/`);
  });

  it("is by the vendor's key host and path, whatever the scheme and the query", async () => {
    expect(await get('http://www.example.com/a?q=1')).toBe('200 MISS page a, q 1 over http');
    expect(await get(`${site}/a`)).toBe('200 HIT page a, q 1 over http');
    expect(await get(`${site}/a?q=2`)).toBe('200 HIT page a, q 1 over http');
    expect(await get(`${site}:443/a`)).toBe('200 HIT page a, q 1 over http');
    expect(await get('http://www.example.com:80/a')).toBe('200 HIT page a, q 1 over http');
    expect(await get('https://other.example.com/a')).toBe('200 MISS another page a');
    expect(await get('https://other.example.com:8443/a')).toBe('200 MISS page a on a port');
  });

  it('has the query parameters and shares the host names that the property says', async () => {
    await restart({ cacheKey: { query: ['q', 'p'], hosts: { 'other.example.com': 'www.example.com' } } });
    expect(await get(`${site}/a?x=1&q=1`)).toBe('404 MISS Not found');
    expect(await get('https://other.example.com/a?q=1&y=2')).toBe('404 HIT Not found');
    expect(await get(`${site}/a?q=2`)).toBe('404 MISS Not found');
    expect(await get(`${site}/a?p=1&q=2`)).toBe('404 MISS Not found');
    expect(await get(`${site}/a?q=2&p=1`)).toBe('404 HIT Not found');
    expect(await get(`${site}/a`)).toBe('200 MISS page a');
  });

  it('has the default host and scheme for the address of the edge itself', async () => {
    const port = new URL(edge.url).port;
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'localhost', '127.0.0.1', '[::1]:80']) {
      expect((await raw('/a', { host })).body).toBe('page a');
    }
    expect(asked).toEqual([`${site}/a`]);
    await restart({ cacheKey: { scheme: true } });
    expect((await raw('/a', { 'x-forwarded-proto': 'http' })).body).toBe('page a over http');
    await restart({ defaultHost: 'other.example.com', defaultScheme: 'https' });
    expect((await raw('/a', {})).body).toBe('another page a');
    await restart({ defaultScheme: 'http' });
    expect((await raw('/a', { 'x-forwarded-proto': 'gopher' })).body).toBe('page a over http');
  });

  it('includes the headers that the cache varies by, and no others', async () => {
    let answers = 0;
    await restart({
      cacheKey: { headers: ['Accept-Language'] },
      fetchOrigin: async () => {
        answers += 1;
        return { status: 200, headers: {}, body: Buffer.from(`${answers}`) };
      },
    });
    expect(await get(`${site}/a`, { 'accept-language': 'de' })).toBe('200 MISS 1');
    expect(await get(`${site}/a`, { 'accept-language': 'fr' })).toBe('200 MISS 2');
    expect(await get(`${site}/a`)).toBe('200 MISS 3');
    expect(await get(`${site}/a`, { 'Accept-Language': 'de', 'x-other': '1' })).toBe('200 HIT 1');
  });
});

describe('requests of other kinds', () => {
  it('are HEAD, which has no body but fills the cache, or refused', async () => {
    expect(await raw('/a', {}, 'HEAD')).toEqual({ status: 200, body: '' });
    expect(await get(`${site}/a`)).toBe('200 HIT page a');
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await raw('/a', {}, method)).status).toBe(405);
    expect((await raw('http://www.example.com/a', {})).status).toBe(400);
    expect((await raw('/a', { host: 'a b' })).status).toBe(400);
  });

  it('are no URLs of a cache', async () => {
    for (const url of ['/a', 'ftp://www.example.com/a', `${site}/a#b`, '']) {
      await expect(edge.get(url)).rejects.toThrow('Expected an http or https URL without a fragment');
    }
  });
});
