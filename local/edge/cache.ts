import type { PurgeRequest } from '../cdn-pro/purges/purge-request.ts';
import type { CacheKey, CacheKeyAdditions } from './cache-key.ts';
import { purgeMatcher } from './purge-matcher.ts';

/** The origin's answer for a URL. */
export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A page with the time at which it was fetched from the origin. */
export interface FetchedPage {
  readonly page: Page;
  readonly fetchedMs: number;
}

/** A page in the cache. */
export interface CachedPage extends FetchedPage {
  /** Flagged as invalid by a purge: the next request fetches it again. */
  readonly stale: boolean;
}

interface Flight {
  readonly key: CacheKey;
  purged: boolean;
}

interface ScheduledPurge {
  readonly request: PurgeRequest;
  readonly atMs: number;
}

/** The pages that one server keeps, until a purge removes them: nothing expires. */
export class EdgeCache {
  readonly #pages = new Map<string, CachedPage & { readonly key: CacheKey }>();
  readonly #flights = new Set<Flight>();
  readonly #additions: CacheKeyAdditions;
  readonly #nowMs: () => number;
  #scheduled: readonly ScheduledPurge[] = [];

  /** @param additions to the cache key */
  constructor(additions: CacheKeyAdditions, nowMs: () => number) {
    this.#additions = additions;
    this.#nowMs = nowMs;
  }

  /** @returns the page under a key, stale or not */
  lookup(key: CacheKey): CachedPage | undefined {
    this.#obey();
    return this.#pages.get(nameOf(key));
  }

  /**
   * Fetches the page of a key and keeps it, unless a purge of that key came due meanwhile, or it is not to be kept: the
   * page may then be older than the change that was purged.
   * @returns what was fetched; rejects, and keeps nothing, when `fetchPage` does
   */
  async fill<Fetched extends FetchedPage>(
    key: CacheKey,
    fetchPage: () => Promise<Fetched>,
    isKept: (fetched: Fetched) => boolean,
  ): Promise<Fetched> {
    const flight: Flight = { key, purged: false };
    this.#flights.add(flight);
    try {
      const fetched = await fetchPage();
      this.#obey();
      const { page, fetchedMs } = fetched;
      if (!flight.purged && isKept(fetched)) {
        this.#pages.set(nameOf(key), { key, page, fetchedMs, stale: false });
      }
      return fetched;
    } finally {
      this.#flights.delete(flight);
    }
  }

  /**
   * Applies an accepted purge request: `invalidate`, the default, flags what it covers as stale, `delete` removes it.
   * @returns the number of cached pages that it covers
   */
  purge(request: PurgeRequest): number {
    const covers = purgeMatcher(request, this.#additions);
    for (const flight of this.#flights) flight.purged ||= covers(flight.key);
    const covered = [...this.#pages].filter(([, cached]) => covers(cached.key));
    for (const [name, cached] of covered) {
      if (request.action === 'delete') this.#pages.delete(name);
      else this.#pages.set(name, { ...cached, stale: true });
    }
    return covered.length;
  }

  /** Applies an accepted purge request at a time to come. */
  schedule(request: PurgeRequest, atMs: number): void {
    this.#obey();
    this.#scheduled = [...this.#scheduled, { request, atMs }].toSorted((a, b) => a.atMs - b.atMs);
  }

  #obey(): void {
    const nowMs = this.#nowMs();
    const due = this.#scheduled.filter(({ atMs }) => atMs <= nowMs);
    if (due.length === 0) return;
    this.#scheduled = this.#scheduled.slice(due.length);
    for (const { request } of due) this.purge(request);
  }
}

function nameOf(key: CacheKey): string {
  return JSON.stringify([key.url, Object.entries(key.headers)]);
}
