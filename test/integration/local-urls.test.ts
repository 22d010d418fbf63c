import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { eventually, type StartedStack, startStack } from '../helpers/start.ts';

/** Rules whose URLs are not the keys below the first bucket's prefix. */
const config: PurgerConfig = {
  credentials: 'cdn-pro/api',
  target: 'production',
  batchingWindowSeconds: 1,
  buckets: [{ name: 'www-example-com', prefix: 'site/' }, { name: 'second-bucket' }],
  webhooks: [
    { source: 'contentful', secret: 'cdn-pro-purger/contentful' },
    { source: 'standard-webhooks', secret: 'cdn-pro-purger/standard-webhooks' },
  ],
  rules: [
    {
      match: { source: 's3', bucket: 'www-example-com', key: 'site/{+path}' },
      purge: { hosts: 'www.example.com', fileUrls: ['/docs/{+path}'] },
    },
    {
      match: { source: 's3', bucket: 'second-bucket' },
      purge: { fileUrls: ['https://{bucket}.example/{+key}'] },
    },
    { match: { source: 'contentful' }, purge: { fileUrls: ['https://www.example.com/blog/{slug}'] } },
    { match: { source: 'standard-webhooks' }, purge: { fileUrls: ['https://www.example.com/news/{slug}'] } },
  ],
};

let started: StartedStack;
let ready: Ready;

beforeAll(async () => {
  started = await startStack(config);
  ready = started.ready;
});

afterAll(async () => {
  await started.stop();
});

/** What the edge shows at a path of a host; `fetch` would not send another host. */
function shown(path: string, host = 'www.example.com'): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      new URL(path, ready.edge),
      { headers: { host }, agent: false },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve(Buffer.concat(chunks).toString());
      },
    );
    asked.on('error', reject).end();
  });
}

const upload = (bucket: string, key: string, body: string) =>
  fetch(`${ready.s3.endpoint}/${bucket}/${key}`, { method: 'PUT', body });

test('the samples reach the edge, and the page to look at is where the rules have it', async () => {
  expect(await eventually(() => started.output().includes('Things to try'), 90_000)).toBe(true);
  expect(started.output()).toContain('4 of 4 changes reached the edge');
  expect(started.output()).toContain(`curl -i ${ready.edge}/docs/hello.html`);
}, 100_000);

test.each([
  ['www-example-com', 'site/hello.html', '/docs/hello.html', 'www.example.com'],
  ['second-bucket', 'hello.html', '/hello.html', 'second-bucket.example'],
])(
  'what is uploaded to %s as %s is shown, and its second version after the purge',
  async (...where) => {
    const [bucket, key, path, host] = where;
    for (const version of ['first', 'second']) {
      await upload(bucket, key, version);
      expect(await eventually(async () => (await shown(path, host)) === version)).toBe(true);
    }
  },
  70_000,
);
