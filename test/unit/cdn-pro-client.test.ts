import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Credentials } from '../../functions/cdn-pro/auth.ts';
import { createCdnProClient } from '../../functions/cdn-pro/client.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Starts an API that answers everything alike. */
async function startApi(respond: (response: ServerResponse) => void) {
  const seen: {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
  }[] = [];
  const server = createServer(({ method = '', url = '', headers }, response) => {
    seen.push({ method, url, headers });
    respond(response);
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  stops.push(() => server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen };
}

const later = { sentByMs: Number.POSITIVE_INFINITY };
const key: Credentials = { kind: 'api-key', username: 'u', apiKey: 'k' };
const purge = {
  name: 'n',
  target: 'production',
  action: 'invalidate',
  fileUrls: ['https://h.example/a'],
} as const;

function clientFor(endpoint: string, credentials = async () => key) {
  return createCdnProClient({ endpoint, credentials, nowMs: Date.now });
}

test('a prepared client holds its credentials: nothing is fetched between a slot and its request', async () => {
  let fetched = 0;
  const { endpoint, seen } = await startApi((response) =>
    response.writeHead(201, { location: '/cdn/purges/p1' }).end(),
  );
  const client = await clientFor(endpoint, async () => {
    fetched++;
    return key;
  }).prepare();
  expect(await client.submit(purge, later)).toEqual({ kind: 'accepted', purgeId: 'p1' });
  expect(await client.submit(purge, later)).toMatchObject({ kind: 'accepted' });
  expect(fetched).toBe(1);
  expect(seen).toMatchObject([
    { method: 'POST', url: '/cdn/purges' },
    { method: 'POST', url: '/cdn/purges' },
  ]);
});

test('nothing is sent in a slot that is too old', async () => {
  const { endpoint, seen } = await startApi((response) => response.writeHead(500).end());
  const client = await clientFor(endpoint).prepare();
  const tooLate = { sentByMs: Date.now() - 1 };
  expect(await client.submit(purge, tooLate)).toEqual({ kind: 'not-sent' });
  expect(await client.purgeTokens('production', tooLate)).toEqual({});
  expect(seen).toEqual([]);
});

test('the tokens that are left are read by a signed GET, with what the answer says of itself', async () => {
  const { endpoint, seen } = await startApi((response) =>
    response
      .writeHead(200, { 'x-cnc-request-id': 'r1', 'x-rate-limit-remaining': '3' })
      .end('{"filePurgeTokens":200,"dirPurgeTokens":0}'),
  );
  const client = await clientFor(endpoint).prepare();
  expect(await client.purgeTokens('staging', later)).toEqual({
    value: { files: 200, dirs: 0 },
    status: 200,
    requestId: 'r1',
    remaining: 3,
  });
  expect(seen).toMatchObject([
    {
      method: 'GET',
      url: '/cdn/purges/purgeTokens?target=staging',
      headers: { authorization: expect.stringMatching(/^Basic /), 'content-type': 'application/json' },
    },
  ]);
});

test('a 429 in place of the tokens says for how long to stay away', async () => {
  const { endpoint } = await startApi((response) =>
    response.writeHead(429, { 'x-rate-limit-retry-after-seconds': '60' }).end(),
  );
  const client = await clientFor(endpoint).prepare();
  expect(await client.purgeTokens('production', later)).toEqual({ status: 429, retryAfterMs: 60_000 });
});

test('the quotas of a day are read by target', async () => {
  const { endpoint, seen } = await startApi((response) =>
    response.end(JSON.stringify({ filePurgeQuotaInProduction: 5000, dirPurgeQuotaInProduction: 20 })),
  );
  const client = await clientFor(endpoint).prepare();
  expect(await client.serviceQuotas(later)).toEqual({
    status: 200,
    value: { production: { files: 5000, dirs: 20 } },
  });
  expect(seen.map(({ url }) => url)).toEqual(['/cdn/serviceQuotas/customer/me']);
});

test.each([
  ['a login page', 200, '<html>'],
  ['numbers that cannot be', 200, '{"filePurgeTokens":-1,"dirPurgeTokens":"20"}'],
  ['a refusal', 403, '{"code":"Forbidden"}'],
  ['an endpoint that does not exist', 404, ''],
])('%s in place of the tokens is nothing that stops anything', async (_, status, body) => {
  const { endpoint } = await startApi((response) => response.writeHead(status).end(body));
  const client = await clientFor(endpoint).prepare();
  expect(await client.purgeTokens('production', later)).toEqual({ status });
});

test('an API that is away answers nothing', async () => {
  const client = await clientFor('http://127.0.0.1:1').prepare();
  expect(await client.purgeTokens('production', later)).toEqual({});
  expect(await client.submit(purge, later)).toMatchObject({ kind: 'unavailable' });
});
