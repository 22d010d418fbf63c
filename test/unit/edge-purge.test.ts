import { afterEach, describe, expect, it } from 'vitest';
import type { Page } from '../../local/edge/cache.ts';
import { type Edge, type EdgeOptions, startEdge } from '../../local/edge/server.ts';

const site = 'https://www.example.com';
const A = `${site}/dir/a`;
const B = `${site}/dir/sub/b`;

let edge: Edge;
/** The version of every page at the origin. */
let version = 1;
afterEach(() => edge.stop());

async function start(options: Partial<EdgeOptions> = {}) {
  version = 1;
  edge = await startEdge({
    fetchOrigin: async () => page(`v${version}`),
    defaultHost: 'www.example.com',
    nowMs: () => 0,
    ...options,
  });
}

function page(text: string): Page {
  return { status: 200, headers: {}, body: Buffer.from(text) };
}

async function get(url: string, headers: Record<string, string> = {}) {
  const { status, body, cache } = await edge.get(url, headers);
  return `${status} ${cache} ${body.toString().trim()}`;
}

describe('a purge', () => {
  it.each([
    ['invalidate', 'REVALIDATED'],
    ['delete', 'MISS'],
  ] as const)('that says %s makes what it covers fresh, once, and leaves the rest', async (action, cache) => {
    await start();
    for (const url of [A, B]) await get(url);
    version = 2;
    expect(edge.purge({ target: 'production', action, dirUrls: [`${site}/dir/*`] })).toBe(1);
    expect(await get(A)).toBe(`200 ${cache} v2`);
    expect(await get(A)).toBe('200 HIT v2');
    expect(await get(B)).toBe('200 HIT v1');
  });

  it('invalidates by default', async () => {
    await start();
    await get(A);
    edge.purge({ target: 'production', fileUrls: [A] });
    expect(await get(A)).toBe('200 REVALIDATED v1');
  });

  it('brings back a page that was missing, and takes away one that is gone', async () => {
    const pages = new Map([[A, 'here']]);
    const fetchOrigin = async (url: URL) =>
      pages.has(url.href) ? page(pages.get(url.href) ?? '') : undefined;
    await start({ fetchOrigin });
    expect([await get(A), await get(B)]).toEqual(['200 MISS here', '404 MISS Not found']);
    pages.delete(A);
    pages.set(B, 'here now');
    edge.purge({ target: 'production', fileUrls: [A, B] });
    expect([await get(A), await get(B)]).toEqual(['404 REVALIDATED Not found', '200 REVALIDATED here now']);
  });

  it('of one version leaves the others, and a directory URL takes them all', async () => {
    await start({ cacheKey: { headers: ['accept-language'] } });
    const languages = ['de', 'fr', ''];
    const all = () =>
      Promise.all(languages.map((language) => get(A, language ? { 'accept-language': language } : {})));
    await all();
    version = 2;
    const fileHeaders = [{ name: 'Accept-Language', value: 'de' }];
    expect(edge.purge({ target: 'production', action: 'delete', fileUrls: [A], fileHeaders })).toBe(1);
    expect(await all()).toEqual(['200 MISS v2', '200 HIT v1', '200 HIT v1']);
    expect(edge.purge({ target: 'production', action: 'delete', fileUrls: [A] })).toBe(1);
    expect(await all()).toEqual(['200 HIT v2', '200 HIT v1', '200 MISS v2']);
    version = 3;
    expect(edge.purge({ target: 'production', action: 'delete', dirUrls: [A] })).toBe(3);
    expect(await all()).toEqual(Array(3).fill('200 MISS v3'));
  });

  it('of the other environment passes by', async () => {
    await start();
    await get(A);
    expect(edge.purge({ target: 'staging', fileUrls: [A] })).toBe(0);
    expect(await get(A)).toBe('200 HIT v1');
    await edge.stop();
    await start({ target: 'staging' });
    await get(A);
    expect(edge.purge({ target: 'staging', fileUrls: [A] })).toBe(1);
    expect(edge.purge({ target: 'production', fileUrls: [A] })).toBe(0);
  });

  it.each([
    ['invalidate', '200 STALE v1', '200 REVALIDATED v2'],
    ['delete', '502 MISS The origin failed: down', '200 MISS v2'],
  ] as const)('stands when the origin fails at first (%s)', async (action, during, after) => {
    let fails = false;
    const fetchOrigin = async () => {
      if (fails) throw new Error('down');
      return page(`v${version}`);
    };
    await start({ fetchOrigin });
    await get(A);
    version = 2;
    fails = true;
    edge.purge({ target: 'production', action, fileUrls: [A] });
    expect([await get(A), await get(A)]).toEqual([during, during]);
    fails = false;
    expect(await get(A)).toBe(after);
  });
});

describe('a purge while the origin is being asked', () => {
  /** Starts an edge whose origin answers on request, with what it held when it was asked. */
  async function startSlow() {
    const open: (() => void)[] = [];
    let wake = () => {};
    const fetchOrigin = (): Promise<Page> => {
      const held = page(`v${version}`);
      const answered = new Promise<Page>((resolve) => open.push(() => resolve(held)));
      wake();
      return answered;
    };
    await start({ fetchOrigin });
    /** Starts a request, and returns once the origin is being asked. */
    const ask = async (url: string) => {
      const asked = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const answer = get(url);
      await asked;
      return { finish: endOf(answer, open.at(-1)) };
    };
    return ask;
  }

  function endOf(answer: Promise<string>, letGo: (() => void) | undefined) {
    return () => {
      letGo?.();
      return answer;
    };
  }

  it.each(['invalidate', 'delete'] as const)('(%s) keeps the old page out of the cache', async (action) => {
    const ask = await startSlow();
    const early = await ask(A);
    version = 2;
    edge.purge({ target: 'production', action, fileUrls: [A] });
    expect(await early.finish()).toBe('200 MISS v1');
    const late = await ask(A);
    expect(await late.finish()).toBe('200 MISS v2');
    expect(await get(A)).toBe('200 HIT v2');
  });

  it('keeps the old page from replacing a newer one that was answered before', async () => {
    const ask = await startSlow();
    const early = await ask(A);
    version = 2;
    edge.purge({ target: 'production', fileUrls: [A] });
    const late = await ask(A);
    expect(await late.finish()).toBe('200 MISS v2');
    expect(await early.finish()).toBe('200 MISS v1');
    expect(await get(A)).toBe('200 HIT v2');
  });

  it('lets pages that it does not cover into the cache', async () => {
    const ask = await startSlow();
    const other = await ask(B);
    edge.purge({ target: 'production', fileUrls: [A] });
    await other.finish();
    expect(await get(B)).toBe('200 HIT v1');
  });

  it('leaves a stale page stale that was being fetched again', async () => {
    const ask = await startSlow();
    await (await ask(A)).finish();
    edge.purge({ target: 'production', fileUrls: [A] });
    const early = await ask(A);
    version = 2;
    edge.purge({ target: 'production', fileUrls: [A] });
    expect(await early.finish()).toBe('200 REVALIDATED v1');
    expect(await (await ask(A)).finish()).toBe('200 REVALIDATED v2');
  });
});
