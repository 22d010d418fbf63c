import { exponential } from '../simulation/world/random.ts';

/** When a page is purged for the second time, from the first time on. */
export type Policy =
  | { readonly kind: 'once' }
  | { readonly kind: 'fixed'; readonly afterMs: number }
  /** When the first has finished. */
  | { readonly kind: 'completed' };

/** What edges behind parents live through. */
export interface RaceOptions {
  /** Until the last server has obeyed a purge, in milliseconds. */
  readonly takesMs: number;
  /** Requests a second for the page, at each edge. */
  readonly requestsPerSecond: number;
  readonly policy: Policy;
  readonly random: () => number;
}

const edges = 20_000;

/**
 * Each server obeys at its own time. An edge without the page asks its parent for it at the next request; where the
 * parent has not obeyed yet, the edge has the old page again, until it obeys another purge.
 * @returns the share of edges that show the old page for good
 */
export function staleShare(options: RaceOptions): number {
  let stale = 0;
  for (let edge = 0; edge < edges; edge++) if (isStale(options)) stale++;
  return stale / edges;
}

function isStale({ takesMs, requestsPerSecond, policy, random }: RaceOptions): boolean {
  const parentMs = random() * takesMs;
  const refilledMs = (sentMs: number) =>
    sentMs + random() * takesMs + exponential(random, 1000 / requestsPerSecond);
  if (refilledMs(0) >= parentMs) return false;
  // The parent's first purge is what counts: from then on it has the new page.
  if (policy.kind === 'once') return true;
  return refilledMs(policy.kind === 'fixed' ? policy.afterMs : takesMs) < parentMs;
}

/** What comes of a second purge on evidence. */
interface ByProbe {
  /** The share of edges that show the old page for good. */
  readonly stale: number;
  /** The same where nothing is probed. */
  readonly unrepaired: number;
  /** Tokens for each page. */
  readonly tokens: number;
}

const pages = 2000;
const edgesOfPage = 20;

/**
 * A page is purged once more, when the first purge has finished, where one of its probed edges shows the old page then.
 * @param options with how many of a page's edges are probed
 */
export function byProbe(options: Omit<RaceOptions, 'policy'> & { readonly probes: number }): ByProbe {
  let stale = 0;
  let unrepaired = 0;
  let repairs = 0;
  for (let page = 0; page < pages; page++) {
    const old = Array.from({ length: edgesOfPage }, () => isStale({ ...options, policy: { kind: 'once' } }));
    const count = old.filter(Boolean).length;
    unrepaired += count;
    // All servers have obeyed the first purge by then: the second one leaves no edge old.
    if (old.slice(0, options.probes).some(Boolean)) repairs++;
    else stale += count;
  }
  const all = pages * edgesOfPage;
  return { stale: stale / all, unrepaired: unrepaired / all, tokens: 1 + repairs / pages };
}
