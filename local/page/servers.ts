import type { Page } from '../edge/cache.ts';
import type { KeptPage } from '../edge/network.ts';
import type { PageAtServers, ServerState } from './view.ts';

/** So many URLs are looked at. */
const mostUrls = 6;

/** What is looked into: the servers, and the origin behind them. */
export interface LookedInto {
  readonly peek: (url: string) => readonly KeptPage[];
  readonly fetchOrigin: (url: URL) => Promise<Page | undefined>;
}

/** @returns what each server keeps for the first of the URLs that any of them keeps */
export async function lookAtServers(
  urls: Iterable<string>,
  { peek, fetchOrigin }: LookedInto,
): Promise<readonly PageAtServers[]> {
  const kept = [...urls].map((url) => ({ url, servers: peek(url) }));
  const cached = kept.filter(({ servers }) => servers.some((server) => server.kept !== undefined));
  return Promise.all(
    cached.slice(0, mostUrls).map(async ({ url, servers }) => {
      const origin = await fetchOrigin(new URL(url));
      return {
        url,
        servers: servers.map(({ server, kept }) => ({ name: server, state: stateOf(kept, origin) })),
      };
    }),
  );
}

function stateOf(kept: KeptPage['kept'], origin: Page | undefined): ServerState {
  if (kept === undefined) return 'empty';
  if (kept.stale) return 'purged';
  if (origin === undefined) return kept.page.status === 404 ? 'fresh' : 'stale';
  return kept.page.status === origin.status && kept.page.body.equals(origin.body) ? 'fresh' : 'stale';
}

/** @returns whether servers keep a page for a URL or pattern: those with wildcards are none */
export function isPageUrl(url: string): boolean {
  return /^https?:\/\//.test(url) && !/[*\\]/.test(url) && URL.canParse(url);
}
