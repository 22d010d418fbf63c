import { afterAll, beforeAll, expect, test } from 'vitest';
import { submitEvents } from '../../functions/lambda/log-events.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { eventually, type StartedStack, startStack } from '../helpers/start.ts';

const config: PurgerConfig = {
  credentials: 'my/cdn-pro',
  target: 'production',
  batchingWindowSeconds: 1,
  buckets: [{ name: 'www' }],
  rules: [
    {
      match: { source: 's3', key: 'import/{+path}' },
      lane: 'bulk',
      purge: { fileUrls: ['https://h.example/import/{+path}'] },
    },
    {
      match: { source: 's3', key: 'pages/{+path}' },
      purge: { fileUrls: ['https://h.example/pages/{+path}'] },
    },
  ],
};

let started: StartedStack;

beforeAll(async () => {
  started = await startStack(config, '--quota', '20', '--day', '30', '--verbose');
});
afterAll(() => started?.stop());

const request = (method: string, key: string) =>
  fetch(`${started.ready.s3.endpoint}/www/${key}`, { method, ...(method === 'PUT' && { body: 'x' }) });

/** The bodies of all purge requests that the simulator has accepted until now. */
function accepted(): readonly { fileUrls: readonly string[] }[] {
  const lines = started.output().split('\n');
  return lines.flatMap((line) =>
    line.includes(`"${submitEvents.purgeAccepted}"`) ? [JSON.parse(line)] : [],
  );
}

const urls = (part: string) =>
  accepted().flatMap(({ fileUrls }) => fileUrls.filter((url) => url.includes(part)));

test('with 20 URLs a day bulk waits, people and takedowns go at once, and a day later all is purged', async () => {
  const imports = Array.from({ length: 25 }, (_, index) => `import/${index}`);
  await Promise.all(imports.map((key) => request('PUT', key)));
  expect(await eventually(() => /parked +8 URLs/.test(started.output()))).toBe(true);
  await request('PUT', 'pages/a.html');
  expect(await eventually(() => urls('/pages/').length === 1)).toBe(true);
  await request('DELETE', 'pages/a.html');
  expect(await eventually(() => urls('/pages/').length === 2)).toBe(true);
  expect(await eventually(() => new Set(urls('/import/')).size === imports.length, 120_000)).toBe(true);
  const order = accepted().flatMap(({ fileUrls }) => fileUrls.map((url) => url.split('/')[3]));
  expect(order).toEqual([...Array(17).fill('import'), 'pages', 'pages', ...Array(8).fill('import')]);
  expect(started.output()).toMatch(/released bulk: \d/);
}, 200_000);
