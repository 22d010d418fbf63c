import type { PurgeRequest } from '../cdn-pro/purges/purge-request.ts';
import { type CachedPage, EdgeCache, type FetchedPage, type Page } from './cache.ts';
import type { CacheKeyAdditions, PageRequest } from './cache-key.ts';

/**
 * Where an answer came from: the cache; the next server, since nothing was cached, or only a page that a purge had
 * flagged; or that flagged page, since the next server failed.
 */
export type CacheStatus = 'HIT' | 'MISS' | 'REVALIDATED' | 'STALE';

/** A page as a server hands it on. */
export interface Served extends FetchedPage {
  readonly cache: CacheStatus;
  /** The servers that were asked, nearest first. */
  readonly via: readonly string[];
}

/** One server of a CDN: an edge, or a parent of edges. */
export interface CacheServer {
  readonly name: string;
  readonly get: (request: PageRequest) => Promise<Served>;
  /** @returns what it keeps for a request, without being asked for it */
  readonly peek: (request: PageRequest) => CachedPage | undefined;
  /** Obeys a purge request now. @returns the number of cached pages that it covers */
  readonly purge: (request: PurgeRequest) => number;
  /** Obeys a purge request at a time to come. */
  readonly purgeAt: (request: PurgeRequest, atMs: number) => void;
}

/** Options of a server. */
export interface CacheServerOptions {
  readonly name: string;
  readonly additions: CacheKeyAdditions;
  readonly nowMs: () => number;
  /** Asks the next server, or the origin. Rejects where it fails. */
  readonly upstream: (request: PageRequest) => Promise<Served>;
}

/** @returns a server with nothing in its cache */
export function createCacheServer({ name, additions, nowMs, upstream }: CacheServerOptions): CacheServer {
  const cache = new EdgeCache(additions, nowMs);
  return {
    name,
    async get(request) {
      const cached = cache.lookup(request.key);
      if (cached !== undefined && !cached.stale) return { ...cached, cache: 'HIT', via: [name] };
      try {
        const served = await cache.fill(request.key, () => upstream(request), isFresh);
        const status = cached === undefined ? 'MISS' : 'REVALIDATED';
        return { ...served, cache: isFresh(served) ? status : 'STALE', via: [name, ...served.via] };
      } catch (error) {
        // `invalidate` lets the old page be shown while the origin cannot be asked; `delete` does not.
        if (cached === undefined) throw error;
        return { ...cached, cache: 'STALE', via: [name] };
      }
    },
    peek: ({ key }) => cache.lookup(key),
    purge: (request) => cache.purge(request),
    purgeAt: (request, atMs) => cache.schedule(request, atMs),
  };
}

/** What a server shows only for want of an answer is not kept by the next one. */
function isFresh({ cache }: Served): boolean {
  return cache !== 'STALE';
}

/**
 * @param fetchOrigin see `EdgeOptions`
 * @returns an upstream that asks the origin
 */
export function originOf(
  fetchOrigin: (url: URL) => Promise<Page | undefined>,
  nowMs: () => number,
): CacheServerOptions['upstream'] {
  return async ({ url }) => {
    const fetchedMs = nowMs();
    return { page: await pageAt(fetchOrigin, url), fetchedMs, cache: 'MISS', via: [] };
  };
}

async function pageAt(fetchOrigin: (url: URL) => Promise<Page | undefined>, url: string): Promise<Page> {
  const page = await fetchOrigin(new URL(url));
  if (page === undefined) {
    return { status: 404, headers: { 'content-type': 'text/plain' }, body: Buffer.from('Not found\n') };
  }
  if (page.status >= 500) throw new Error(`it answered ${page.status}`);
  return page;
}
