import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { findSource } from '../../functions/sources/registry.ts';
import { sampleEvents } from '../../infra/cli/webhooks/sample-events.ts';
import { webhookSigners } from '../../infra/cli/webhooks/signers.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { cliOf, run } from '../helpers/cli.ts';
import { type CmsVector, isUnsignedPing, readCmsVectors, sourceOfVector } from '../helpers/cms-vectors.ts';
import { type StartedStack, startStack } from '../helpers/start.ts';

let started: StartedStack;
let ready: Ready;

beforeAll(async () => {
  started = await startStack(JSON.parse(readFileSync('docs/snippets/all-sources.json', 'utf8')));
  ready = started.ready;
}, 120_000);
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => started?.stop());

describe('`send` sends each event of each source, signed as the source verifies it', () => {
  const events = Object.entries(sampleEvents).flatMap(([source, { events }]) =>
    Object.keys(events).map((event) => [source, event] as const),
  );

  it('with none left out', () => {
    expect(Object.keys(sampleEvents).toSorted()).toEqual(Object.keys(ready.webhooks).toSorted());
  });

  it.each(events)('%s %s', async (source, event) => {
    // A delete may carry an id alone, and purges what is remembered of it.
    const isGone = event === 'delete' || event === 'unpublish';
    if (isGone && 'publish' in (sampleEvents[source]?.events ?? {}))
      await cliOf(ready)(['send', source, 'publish']);
    const { stdout, exitCode } = await cliOf(ready)(['send', source, event, '--json']);
    const { status, answer } = JSON.parse(stdout);
    expect([status, JSON.stringify(answer)]).toEqual([
      source === 'prismic' ? 200 : 202,
      expect.stringContaining('"url":"https://www.example.com/'),
    ]);
    expect(exitCode).toBe(0);
  });

  it('to a URL, with the secret in the environment or on stdin', async () => {
    const { url, secret } = { url: ready.webhooks.ghost ?? '', secret: ready.webhookSecrets.ghost ?? '' };
    const args = ['send', 'ghost', 'publish', '--field', 'url=https://www.example.com/by-url/', '--url', url];
    const queued = expect.stringContaining('queued\n  invalidate https://www.example.com/by-url/');
    expect(await run(args, { readStdin: async () => `${secret}\n` })).toMatchObject({
      exitCode: 0,
      stdout: queued,
    });
    vi.stubEnv('CDN_PURGER_WEBHOOK_SECRET', secret);
    expect((await run(args)).exitCode).toBe(0);
    vi.stubEnv('CDN_PURGER_WEBHOOK_SECRET', 'another secret, which is long enough');
    expect(await run(args)).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('401 from http') });
    vi.unstubAllEnvs();
    expect(await run(args)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        "Expected the webhook's secret in CDN_PURGER_WEBHOOK_SECRET or on stdin",
      ),
    });
  });

  it('and says what is wrong with a call', async () => {
    const cli = cliOf(ready);
    const refusal = async (...args: readonly string[]) => (await cli(['send', ...args])).stderr;
    expect(await refusal('ghots', 'publish')).toContain('Unknown source "ghots" (did you mean `ghost`?)');
    expect(await refusal('ghost', 'publsh')).toContain('Unknown event "publsh" (did you mean `publish`?)');
    expect(await refusal('ghost', 'publish', '--webhook', 'blog')).toContain('receives no webhook "blog"');
    expect(await refusal('ghost', 'publish', '--field', 'slug')).toContain(
      'Expected --field to be NAME=VALUE',
    );
    expect((await cli(['send', 'ghost'])).stdout).toContain('events: publish, unpublish, delete');
  });
});

describe('a vector, signed anew for the present, gets its stated verdict over HTTP', () => {
  const vectors = readCmsVectors();

  it('with none left out', () => {
    expect(vectors).toHaveLength(75);
  });

  it.each(vectors.map((vector) => ({ title: `${vector.provider}: ${vector.case}`, vector })))(
    '$title',
    async ({ vector }) => {
      const source = sourceOfVector(vector);
      const url = ready.webhooks[source] ?? '';
      const { headers, body, query } = requestFor(vector, source);
      const method = methodOf(source);
      // As bytes: a browser's or a test's own idea of the text must not come in between.
      const response = await fetch(`${url}${query}`, { method, headers, body: Buffer.from(body) });
      const text = await response.text();
      if (isUnsignedPing(vector)) expect(response.status).toBe(200);
      else if (!vector.valid) expect([response.status, text]).toEqual([401, expect.any(String)]);
      else if (vector.case === 'valid-docs-vector') expect(response.status).toBe(400);
      else expect([200, 202]).toContain(response.status);
    },
  );

  /** `send` has shown that each source takes POST. */
  const methodOf = (source: string) => (findSource(source)?.canPut ? 'PUT' : 'POST');

  it('with PUT where the sender can be set to it, and nowhere else', async () => {
    const statuses = await Promise.all(
      Object.entries(ready.webhooks).map(async ([source, url]) => {
        const { status } = await fetch(url, { method: 'PUT', body: '{}' });
        return [source, status];
      }),
    );
    expect(Object.fromEntries(statuses)).toEqual(
      Object.fromEntries(
        Object.keys(ready.webhooks).map((source) => [source, methodOf(source) === 'PUT' ? 401 : 404]),
      ),
    );
  });

  /** The vector's request with a signature of this moment (in its sender's present way of signing), and then spoiled in the way that its case says. */
  function requestFor(vector: CmsVector, source: string) {
    const secret = ready.webhookSecrets[source] ?? '';
    const query = vector.path.includes('?') ? `?${vector.path.split('?')[1]}` : '';
    const path = new URL(`${ready.webhooks[source]}${query}`).pathname + query;
    const toleranceMs = (vector.tolerance_s ?? 0) * 1000;
    const offsetMs = /^stale-timestamp/.test(vector.case)
      ? -toleranceMs - 5000
      : /^future/.test(vector.case)
        ? toleranceMs + 60_000
        : 0;
    const sign = webhookSigners[source];
    if (sign === undefined) throw new Error(`no signer for ${source}`);
    const kept = Object.entries(vector.headers).filter(
      ([name]) => !/signature|hmac|authorization|token|signed-headers|-timestamp$|^x-amzn-/.test(name),
    );
    const sent = sign({
      method: methodOf(source),
      body: vector.body,
      nowMs: Date.now() + offsetMs,
      path: vector.case === 'path-prefix-stripped' ? '/contentful' : path,
      secret: /^wrong/.test(vector.case) ? 'another secret' : secret,
      headers: Object.fromEntries(kept),
    });
    return { ...spoil(vector, sent), query };
  }
});

describe('a large body', () => {
  const mebibyte = 1024 * 1024;
  const post = async (body: Buffer, headers: Readonly<Record<string, string>>) => {
    const url = ready.webhooks['standard-webhooks'] ?? '';
    const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
    return [response.status, await response.json()] as const;
  };
  /** A genuine delivery of exactly so many bytes. */
  const deliveryOf = (bytes: number, type: string) => {
    const data = { id: 'large', slug: 'large', path: 'large', text: '' };
    const withText = (text: string) =>
      JSON.stringify({
        type: 'entry.published',
        timestamp: new Date().toISOString(),
        data: { ...data, text },
      });
    const body = withText('x'.repeat(bytes - withText('').length));
    const secret = ready.webhookSecrets['standard-webhooks'] ?? '';
    const sign = webhookSigners['standard-webhooks'];
    const path = new URL(ready.webhooks['standard-webhooks'] ?? '').pathname;
    const headers = sign?.({ body, nowMs: Date.now(), path, secret }).headers ?? {};
    return { body: Buffer.from(body), headers: { ...headers, 'content-type': type } };
  };

  it.each(['application/json', 'application/octet-stream'])(
    'of 4 MiB is taken as %s, which is more in base64',
    async (type) => {
      const { body, headers } = deliveryOf(4 * mebibyte, type);
      expect(body.length).toBe(4 * mebibyte);
      const [status, answer] = await post(body, headers);
      expect([status, JSON.stringify(answer)]).toEqual([202, expect.stringContaining('/large')]);
    },
  );

  const own = { error: expect.stringContaining('Expected a body of at most 4194304 bytes') };
  const gateway = { message: 'Request Entity Too Large' };
  it.each([
    ['a byte over 4 MiB, by the function', 4 * mebibyte + 1, 'application/json', own],
    ['5 MiB of text, by the function', 5 * mebibyte, 'application/json', own],
    ['5 MiB in base64, which is over the 6 MB that Lambda takes', 5 * mebibyte, 'image/png', gateway],
    ['10 MB, which is over the 6 MB that Lambda takes', 10 * mebibyte, 'application/json', gateway],
    ['over 10 MB, which API Gateway does not take', 10 * mebibyte + 1, 'application/json', gateway],
  ])('is answered 413 with %s, even if it is genuine', async (_, bytes, type, answer) => {
    const { body, headers } = deliveryOf(bytes, type);
    expect(await post(body, headers)).toEqual([413, answer]);
  });

  it('leaves the receiver well', async () => {
    const { body, headers } = deliveryOf(1000, 'application/json');
    expect((await post(body, headers))[0]).toBe(202);
  });
});

/** Changes a request after it was signed, as the vector's case says. */
function spoil(
  { case: name }: CmsVector,
  { headers, body }: { headers: Readonly<Record<string, string>>; body: string },
) {
  const without = (pattern: RegExp) =>
    Object.fromEntries(Object.entries(headers).filter(([key]) => !pattern.test(key)));
  const change = (pattern: RegExp, make: (value: string) => string) =>
    Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [key, pattern.test(key) ? make(value) : value]),
    );
  if (/^tampered-body|^lf-normalised/.test(name)) return { headers, body: `${body} ` };
  if (name === 'tampered-signed-header')
    return { headers: change(/topic/, () => 'ContentManagement.Entry.unpublish'), body };
  if (name === 'tampered-timestamp')
    return {
      headers: change(/signature$/, (value) => value.replace(/t=(\d+)/, (_, ms) => `t=${Number(ms) + 1000}`)),
      body,
    };
  if (name === 'tampered-env')
    return { headers: change(/signature$/, (value) => value.replace('env=master', 'env=staging')), body };
  if (name === 'tampered-id') return { headers: change(/-id$/, (value) => `${value}x`), body };
  if (name === 'missing-signature' || name === 'unsigned-ping')
    return { headers: without(/signature/), body };
  if (name === 'hex-instead-of-base64')
    return { headers: change(/hmac/, (value) => Buffer.from(value, 'base64').toString('hex')), body };
  if (name === 'sha1-only-downgrade')
    return {
      headers: {
        ...without(/signature/),
        'x-hub-signature': 'sha1=d038bd12347c230e3f2be882521e7d2e2ebd6f70',
      },
      body,
    };
  if (name === 'valid-multi-signature-rotation')
    return { headers: change(/signature$/, (value) => `v1,AAAA ${value}`), body };
  return { headers, body };
}
