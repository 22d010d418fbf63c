import type { Shows } from '../../functions/core/model/types.ts';
import type { Answer } from '../../functions/core/proving/judge.ts';

/** What an edge and its parent make of a purge. */
export interface EdgeFate {
  /** When the edge obeys, as a share of the time that the purge takes. @default 0 */
  readonly edgeAt?: number;
  /** When its parent obeys. @default 0 */
  readonly parentAt?: number;
  /** How long after that the edge is asked for the page, and fills itself again, in milliseconds; only by a probe where it is missing. */
  readonly askedAfterMs?: number | undefined;
  /** @default true */
  readonly obeys?: boolean;
}

interface Version {
  /** Undefined where the file is gone. */
  readonly etag: string | undefined;
  readonly sinceMs: number;
}

/** What happens to one URL. */
interface Event {
  readonly atMs: number;
  readonly kind: 'edge' | 'parent' | 'asked';
}

interface Page {
  readonly versions: Version[];
  events: Event[];
  /** The index of the version that each has; undefined where it has none. */
  edge: number | undefined;
  parent: number | undefined;
}

/**
 * @param fallback what the origin answers for what does not exist
 * @returns an edge behind a parent, which both have a first version of each page, an hour old
 */
export function createEdge(nowMs: () => number, fallback: Answer = { status: 404 }) {
  const pages = new Map<string, Page>();

  function pageOf(url: string): Page {
    const known = pages.get(url);
    if (known !== undefined) return known;
    const first = { etag: 'v0', sinceMs: nowMs() - 60 * 60_000 };
    const page: Page = { versions: [first], events: [], edge: 0, parent: 0 };
    pages.set(url, page);
    return page;
  }

  function askAt(page: Page, atMs: number): number {
    page.parent ??= page.versions.findLastIndex(({ sinceMs }) => sinceMs <= atMs);
    page.edge ??= page.parent;
    return page.edge;
  }

  function advance(page: Page): void {
    const due = page.events.filter(({ atMs }) => atMs <= nowMs()).sort((a, b) => a.atMs - b.atMs);
    page.events = page.events.filter(({ atMs }) => atMs > nowMs());
    for (const { kind, atMs } of due) {
      if (kind === 'asked') askAt(page, atMs);
      else page[kind] = undefined;
    }
  }

  return {
    /** Changes a page at its origin, a while ago. */
    change(url: string, action: 'put' | 'delete'): Shows {
      const page = pageOf(url);
      advance(page);
      const sinceMs = nowMs() - 500;
      const etag = action === 'delete' ? undefined : `v${page.versions.length}`;
      page.versions.push({ etag, sinceMs });
      return etag === undefined ? { gone: true, sinceMs } : { etag, sinceMs };
    },
    /** A purge that was accepted just now. */
    purge(
      urls: readonly string[],
      takesMs: number,
      { edgeAt = 0, parentAt = 0, askedAfterMs, obeys = true }: EdgeFate,
    ): void {
      if (!obeys || !Number.isFinite(takesMs)) return;
      for (const url of urls) {
        const page = pageOf(url);
        advance(page);
        const edgeMs = nowMs() + takesMs * edgeAt;
        page.events.push(
          { atMs: nowMs() + takesMs * parentAt, kind: 'parent' },
          { atMs: edgeMs, kind: 'edge' },
        );
        if (askedAfterMs !== undefined) page.events.push({ atMs: edgeMs + askedAfterMs, kind: 'asked' });
      }
    },
    ask(url: string): Answer {
      if (!pages.has(url)) return fallback;
      const page = pageOf(url);
      advance(page);
      const version = page.versions[askAt(page, nowMs())];
      if (version?.etag === undefined) return fallback;
      return {
        status: 206,
        etag: `"${version.etag}"`,
        lastModifiedMs: Math.floor(version.sinceMs / 1000) * 1000,
      };
    },
    /** @returns whether the edge would serve a version from before the one that a page has to show */
    isOld(url: string, { etag, sinceMs }: Shows): boolean {
      const page = pageOf(url);
      advance(page);
      // Who looks leaves no trace.
      const { edge, parent } = page;
      const index = askAt(page, nowMs());
      Object.assign(page, { edge, parent });
      const version = page.versions[index];
      // What was deleted twice was not there in between.
      return version !== undefined && version.etag !== etag && version.sinceMs < sinceMs;
    },
  };
}
