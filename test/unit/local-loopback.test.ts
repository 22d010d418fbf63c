import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Emulators, startEmulators } from '../../local/aws/emulators/emulators.ts';
import { createSecrets } from '../../local/aws/emulators/secrets.ts';
import { startHttpApi } from '../../local/aws/http-api/server.ts';
import { startLoopbackServer } from '../../local/cdn-pro/loopback-server.ts';
import { startEdge } from '../../local/edge/server.ts';
import { isLoopbackHost } from '../../local/loopback/hosts.ts';

/** What a browser is answered that was led to this machine by another name. */
function statusAs(host: string, url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}

const stops: (() => Promise<void>)[] = [];
const urls: Record<string, string> = {};
beforeAll(async () => {
  const emulators: Emulators = await startEmulators({
    region: 'eu-west-1',
    secrets: createSecrets('eu-west-1', () => undefined),
    onObjectWrite: () => {},
    onEvent: () => {},
  });
  const api = await startHttpApi(undefined, 'a test', () => {});
  const cdnPro = await startLoopbackServer((_, response) => void response.end());
  const edge = await startEdge({
    fetchOrigin: async () => undefined,
    defaultHost: 'www.example.com',
    hosts: ['www.example.com', '*.shop.example'],
  });
  stops.push(emulators.stop, api.stop, cdnPro.stop, edge.stop);
  const { s3, dynamodb, secretsManager, eventBridge } = emulators.endpoints;
  Object.assign(urls, {
    s3,
    dynamodb,
    secretsManager,
    eventBridge,
    api: api.url,
    cdnPro: cdnPro.url,
    edge: edge.url,
  });
});
afterAll(() => Promise.all(stops.map((stop) => stop())));

describe('a local server', () => {
  it.each(['s3', 'dynamodb', 'secretsManager', 'eventBridge', 'api', 'cdnPro', 'edge'])(
    '(%s) refuses a host that is not this machine',
    async (name) => {
      const url = urls[name] ?? '';
      const { port } = new URL(url);
      for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`]) {
        expect(await statusAs(host, url)).toBe(421);
      }
      for (const host of [`127.0.0.1:${port}`, 'localhost', `bucket.localhost:${port}`]) {
        expect(await statusAs(host, url)).not.toBe(421);
      }
    },
  );

  it('that is an edge serves the public hosts of the rules, too', async () => {
    const statuses = ['www.example.com', 'WWW.example.com:443', 'de.shop.example', 'shop.example'].map(
      (host) => statusAs(host, urls.edge ?? ''),
    );
    expect(await Promise.all(statuses)).toEqual([404, 404, 404, 421]);
  });
});

it.each([
  [undefined, true],
  ['127.0.0.1', true],
  ['127.8.9.1:80', true],
  ['[::1]:80', true],
  ['LOCALHOST', true],
  ['', false],
  ['localhost.evil.example', false],
  ['evil.example?127.0.0.1', false],
  ['127.0.0.1@evil.example', false],
])('the host %j is this machine: %j', (host, expected) => {
  expect(isLoopbackHost(host)).toBe(expected);
});
