import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalStackError } from '../../local/aws/template/errors.ts';
import { servePage } from '../../local/page/server.ts';
import type { PageView } from '../../local/page/view.ts';

const view = (title: string): PageView => ({
  title,
  changes: [],
  purges: [],
  problems: [],
  deadLetters: [],
  pages: [],
  actions: [],
});
const done: string[] = [];
const listeners = new Set<(view: PageView) => void>();
let server: Awaited<ReturnType<typeof servePage>>;

beforeAll(async () => {
  server = await servePage({
    assets: async () => ({ '/': { type: 'text/html;charset=utf-8', body: '<!doctype html>' } }),
    feed: {
      listen(listener) {
        listeners.add(listener);
        listener(view('now'));
        return () => listeners.delete(listener);
      },
    },
    actions: {
      run(name) {
        if (name === 'busy') throw new LocalStackError('the samples run first');
        if (name !== 'upload') return undefined;
        done.push(name);
        return Promise.resolve('Version 1 uploaded');
      },
    },
  });
});
afterAll(() => server.stop());

/** Sends headers that fetch does not let one set. */
function ask(method: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; body: string; policy: string }>((resolve, reject) => {
    const asked = request(`${server.url}${path}`, { method, headers, agent: false }, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      const policy = String(response.headers['content-security-policy']);
      resolve({ status: response.statusCode ?? 0, body, policy });
    });
    asked.on('error', reject).end();
  });
}
const own = () => ({ origin: server.url });

it('serves the page, which may load nothing from elsewhere', async () => {
  const { status, body, policy } = await ask('GET', '/');
  expect([status, body]).toEqual([200, '<!doctype html>']);
  expect(policy).toContain("default-src 'none'");
  expect((await ask('GET', '/other')).status).toBe(404);
});

it('refuses requests to another host, as a stranger who rebinds a name would send them', async () => {
  for (const path of ['/', '/events', '/actions/upload']) {
    expect((await ask('GET', path, { host: 'evil.example' })).status).toBe(421);
  }
});

it('does only what the page itself asks for', async () => {
  expect((await ask('POST', '/actions/upload')).status).toBe(403);
  expect((await ask('POST', '/actions/upload', { origin: 'https://evil.example' })).status).toBe(403);
  expect((await ask('GET', '/actions/upload', own())).status).toBe(404);
  expect(done).toEqual([]);
  expect(await ask('POST', '/actions/upload', own())).toMatchObject({
    status: 200,
    body: 'Version 1 uploaded\n',
  });
  expect(done).toEqual(['upload']);
});

it('says why something cannot be done', async () => {
  expect(await ask('POST', '/actions/busy', own())).toMatchObject({
    status: 409,
    body: 'the samples run first\n',
  });
  expect((await ask('POST', '/actions/other', own())).status).toBe(404);
});

it('sends what is to be shown at once and after each change, for as long as somebody looks', async () => {
  const leaving = new AbortController();
  const response = await fetch(`${server.url}/events`, { signal: leaving.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => JSON.parse((await reader?.read())?.value?.slice('data: '.length) ?? '{}');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(await next()).toEqual(view('now'));
  for (const listener of listeners) listener(view('then'));
  expect(await next()).toEqual(view('then'));
  leaving.abort();
  await expect.poll(() => listeners.size, { interval: 1, timeout: 10_000 }).toBe(0);
});
