import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ready } from '../../local/demo/ready.ts';
import { webhookSigners } from '../../local/demo/samples/webhook-signers.ts';
import { type CmsVector, isUnsignedPing, readCmsVectors, sourceOfVector } from '../helpers/cms-vectors.ts';
import { type StartedStack, startStack } from '../helpers/start.ts';

let started: StartedStack;
let ready: Ready;

beforeAll(async () => {
  started = await startStack(JSON.parse(readFileSync('docs/snippets/all-sources.json', 'utf8')));
  ready = started.ready;
}, 120_000);
afterAll(async () => {
  await started.stop();
});

describe('docs/sources.md has a command for each source that works against the local stack', () => {
  const sections = readFileSync('docs/sources.md', 'utf8').split(/^### /m);
  const commands = sections.flatMap((section) => {
    const [, script] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
    return script?.includes('curl') ? [{ title: section.slice(0, section.indexOf('\n')), script }] : [];
  });

  it('with none left out', () => {
    expect(commands).toHaveLength(Object.keys(ready.webhooks).length);
  });

  it.each(commands)('$title', ({ title, script }) => {
    const name = nameOf(title);
    const env = { ...process.env, URL: ready.webhooks[name], SECRET: ready.webhookSecrets[name] };
    const { stdout } = spawnSync('bash', ['-euc', script], { encoding: 'utf8', env });
    expect([title, stdout.split('\r\n')[0]]).toEqual([
      title,
      `HTTP/1.1 ${name === 'prismic' ? '200 OK' : '202 Accepted'}`,
    ]);
    expect(stdout).toContain('"url":"https://www.example.com/');
  });
});

/** A section's title is the vendor's name for itself. */
function nameOf(title: string): string {
  const names: Readonly<Record<string, string>> = { 'Strapi 4 and 5': 'strapi' };
  return names[title] ?? title.toLowerCase().replace(/[ .]/g, '-');
}

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
      // As bytes: a browser's or a test's own idea of the text must not come in between.
      const response = await fetch(`${url}${query}`, { method: 'POST', headers, body: Buffer.from(body) });
      const text = await response.text();
      if (isUnsignedPing(vector)) expect(response.status).toBe(200);
      else if (!vector.valid) expect([response.status, text]).toEqual([401, expect.any(String)]);
      else if (vector.case === 'valid-docs-vector') expect(response.status).toBe(400);
      else expect([200, 202]).toContain(response.status);
    },
  );

  /** The vector's request with a signature of this moment (in its sender's present way of signing), and then spoiled in the way that its case says. */
  function requestFor(vector: CmsVector, source: string) {
    const secret = ready.webhookSecrets[source] ?? '';
    const query = vector.path.includes('?') ? `?${vector.path.split('?')[1]}` : '';
    const path = new URL(`${ready.webhooks[source]}${query}`).pathname + query;
    const toleranceMs = (vector.tolerance_s ?? 0) * 1000;
    const offsetMs = /^stale-timestamp/.test(vector.case)
      ? -toleranceMs - 5000
      : /^future/.test(vector.case)
        ? toleranceMs + 5000
        : 0;
    const sign = webhookSigners[source];
    if (sign === undefined) throw new Error(`no signer for ${source}`);
    const kept = Object.entries(vector.headers).filter(
      ([name]) => !/signature|hmac|authorization|token|signed-headers|-timestamp$|^x-amzn-/.test(name),
    );
    const sent = sign({
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
