import type { PurgeRequest } from '../cdn-pro/purge-request.ts';
import { type CacheKey, purgeMatcher } from './purge-matcher.ts';

/** The origin's answer for a URL. */
export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A page in the cache. */
export interface CachedPage {
  readonly page: Page;
  readonly storedMs: number;
  /** Flagged as invalid by a purge: the next request fetches it from the origin again. */
  readonly stale: boolean;
}

interface Flight {
  readonly key: CacheKey;
  purged: boolean;
}

/** The pages that an edge keeps, until a purge removes them: nothing expires. */
export class EdgeCache {
  readonly #pages = new Map<string, CachedPage & { readonly key: CacheKey }>();
  readonly #flights = new Set<Flight>();

  /** @returns the page under a key, stale or not */
  lookup(key: CacheKey): CachedPage | undefined {
    return this.#pages.get(nameOf(key));
  }

  /**
   * Fetches the page of a key and keeps it, unless a purge of that key arrived meanwhile: the page may then be older
   * than the change that was purged.
   * @returns the page; rejects, and keeps nothing, when `fetchPage` does
   */
  async fill(key: CacheKey, fetchPage: () => Promise<Page>, nowMs: () => number): Promise<Page> {
    const flight: Flight = { key, purged: false };
    this.#flights.add(flight);
    try {
      const page = await fetchPage();
      if (!flight.purged) this.#pages.set(nameOf(key), { key, page, storedMs: nowMs(), stale: false });
      return page;
    } finally {
      this.#flights.delete(flight);
    }
  }

  /**
   * Applies an accepted purge request: `invalidate`, the default, flags what it covers as stale, `delete` removes it.
   * @returns the number of cached pages that it covers
   */
  purge(request: PurgeRequest): number {
    const covers = purgeMatcher(request);
    for (const flight of this.#flights) flight.purged ||= covers(flight.key);
    const covered = [...this.#pages].filter(([, cached]) => covers(cached.key));
    for (const [name, cached] of covered) {
      if (request.action === 'delete') this.#pages.delete(name);
      else this.#pages.set(name, { ...cached, stale: true });
    }
    return covered.length;
  }
}

function nameOf(key: CacheKey): string {
  return JSON.stringify([key.url, Object.entries(key.headers)]);
}
