import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { cliOf } from '../helpers/cli.ts';
import { eventually, type StartedStack, scratchFolder, startStack } from '../helpers/start.ts';

/** So that measuring waits for no request. */
const apiBucket = { perMinute: 6000, burst: 600 };

/** Rules whose URLs are not the keys below the first bucket's prefix. */
const config: PurgerConfig = {
  credentials: 'cdn-pro/api',
  target: 'production',
  batchingWindowSeconds: 1,
  apiBucket,
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

/** An account on which a request costs a token, whatever it holds. */
const account = {
  v: 1,
  facts: {
    tokenUnit: 'request',
    bucket: apiBucket,
    durationsMs: [1000],
    acceptedBytes: 9000,
    refusedBytes: 9001,
  },
};

let started: StartedStack;
let ready: Ready;
const scratch = scratchFolder();

beforeAll(async () => {
  const file = scratch.path('account.json');
  writeFileSync(file, JSON.stringify(account));
  started = await startStack(config, '--cdn-pro-fixture', file);
  ready = started.ready;
});

afterAll(async () => {
  await started?.stop();
  scratch.remove();
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

test('doctor --measure asks, and then finds out what the account of the simulator is like', async () => {
  const cli = cliOf(ready);
  const file = scratch.path('measured.json');
  const asked: string[] = [];
  const measureWith = (answer: boolean | undefined) =>
    cli(['doctor', '--measure', '--target', 'staging', '--fixture', file], {
      sleep: (ms) => sleep(Math.min(ms, 200)),
      progress: (line) => asked.push(line),
      confirm: async (question) => {
        asked.push(question);
        return answer;
      },
    });
  const unasked = await measureWith(undefined);
  expect(unasked).toEqual({
    exitCode: 1,
    stdout: 'Nothing was measured. Nobody can be asked here: say --yes.',
    stderr: '',
  });
  const { stdout, stderr } = await measureWith(true);
  expect(stderr).toBe('');
  expect(asked.join('\n')).toMatch(
    /pages of [a-z.-]+ that do not exist. At most:\n +requests +files +time\n {2}contract +1 +0/,
  );
  expect(asked).toContain("It spends staging's quota of today. Go on?");
  expect(stdout).toContain(
    'unit of a token: a request with any number of URLs\n  seen: 3 URLs cost 1, 5 URLs cost 1, ',
  );
  expect(stdout).toMatch(/largest body: 8\d\d\d bytes, to within 1024/);
  expect(stdout).toContain("  tokenUnit: 'request', // a token pays for a request");
  expect(stdout).toMatch(/time to completion: \d s \(p50\)/);
  const fixture = readFileSync(file, 'utf8');
  expect(fixture).toContain('"tokenUnit": "request"');
  expect(fixture).not.toMatch(/example|127\.0\.0\.1|https?:/);

  const interruption = new AbortController();
  const interrupted = await cli(['doctor', '--measure', '--target', 'staging', '--yes', '--fixture', file], {
    interruption: () => interruption.signal,
    progress: (line) => line.startsWith('2 of ') && interruption.abort(),
  });
  expect(interrupted).toMatchObject({ exitCode: 130, stderr: '' });
  expect(interrupted.stdout).toMatch(
    /^contract: .*\n.*\nequal requests: could not tell: it was interrupted\n/,
  );
  expect(readFileSync(file, 'utf8')).not.toContain('"tokenUnit"');
}, 90_000);
