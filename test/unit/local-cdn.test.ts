import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type LocalCdn, type LocalCdnOptions, startLocalCdn } from '../../local/demo/cdn.ts';

const url = 'https://www.example.com/a';
let cdn: LocalCdn;
let version = 1;
let finished: unknown[];
afterEach(() => cdn.stop());

async function start(options: Partial<LocalCdnOptions> = {}) {
  version = 1;
  finished = [];
  cdn = await startLocalCdn({
    target: 'production',
    hosts: ['www.example.com'],
    edgeHost: 'www.example.com',
    fetchOrigin: async () => ({ status: 200, headers: {}, body: Buffer.from(`v${version}`) }),
    cdnProUrl: undefined,
    contract: {},
    edgeUrls: [],
    ports: { edge: undefined, cdnPro: undefined },
    onFinished: (purge) => finished.push(purge),
    ...options,
  });
}

async function versions() {
  const answers = await Promise.all(cdn.edges.map((edge) => edge.get(url)));
  return new Set(answers.map(({ body }) => body.toString()));
}

/** Sends a purge, signed by the local user. */
async function purge() {
  const date = new Date().toUTCString();
  const password = createHmac('sha1', 'local').update(date).digest('base64');
  const authorization = `Basic ${Buffer.from(`local:${password}`).toString('base64')}`;
  const body = JSON.stringify({ target: 'production', fileUrls: [url] });
  const { status } = await fetch(`${cdn.apiUrl}/cdn/purges`, {
    method: 'POST',
    headers: { date, authorization },
    body,
  });
  return status;
}

test('all edges are fresh once a purge is said to have finished, and not before they had the time', async () => {
  // They obey from half of it on: what is asked first is asked before.
  await start({ account: { durationsMs: [2000] } });
  expect(cdn.edges).toHaveLength(2);
  await versions();
  version = 2;
  expect(await purge()).toBe(201);
  expect(await versions()).toEqual(new Set(['v1']));
  await expect.poll(() => finished, { timeout: 30_000 }).toHaveLength(1);
  expect(finished).toEqual([expect.objectContaining({ successRate: 100 })]);
  expect(await versions()).toEqual(new Set(['v2']));
});

test('what another API accepts is obeyed at once', async () => {
  await start({ cdnProUrl: 'http://api.example' });
  expect(cdn.apiUrl).toBe('http://api.example');
  await versions();
  version = 2;
  cdn.purge({ target: 'production', action: 'invalidate', fileUrls: [url] });
  expect(await versions()).toEqual(new Set(['v2']));
});

test("another CDN's edges are asked for the public host, and ours are not started", async () => {
  const hosts: unknown[] = [];
  const other = createServer((request, response) => {
    hosts.push([request.headers.host, request.url]);
    response.end('theirs');
  });
  await new Promise<void>((settle) => other.listen(0, '127.0.0.1', settle));
  const address = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  await start({ edgeUrls: [address] });
  expect(cdn.edges.map((edge) => edge.url)).toEqual([address]);
  expect(await versions()).toEqual(new Set(['theirs']));
  expect(hosts).toEqual([['www.example.com', '/a']]);
  other.close();
});
