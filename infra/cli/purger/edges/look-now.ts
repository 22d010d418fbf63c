import { hostProblem } from '../../../../functions/core/mapping/urls/hosts.ts';
import { type EdgesNow, edgesNow, expectedOf, type Now, newestShown } from '../../queries/why/edge-now.ts';
import { stepsOf, type UrlFacts } from '../../queries/why/steps.ts';
import type { UrlMatch } from '../../queries/why/url-match.ts';
import { UsageError } from '../../usage-error.ts';
import type { Purger } from '../connect.ts';
import { askObject } from '../objects/ask-object.ts';
import { askEdges, askNamedOrigin } from './ask-edges.ts';

/** Where to look, as the command line has it. */
export interface LookOptions {
  /** Addresses of edges; none for those that the purger knows. */
  readonly edgeAt: readonly string[];
  /** The origin's URL of the page, or the scheme and host alone. */
  readonly origin: string | undefined;
}

/** @returns what edges and the origin show of a URL now; the origin is an object, where the newest change is one of S3 */
export async function lookNow(
  purger: Purger,
  url: string,
  { match, facts, nowMs }: { readonly match: UrlMatch; readonly facts: UrlFacts; readonly nowMs: number },
  { edgeAt, origin }: LookOptions,
): Promise<EdgesNow> {
  const page = new URL(url);
  const vantages = edgeAt.length > 0 ? edgeAt.map(readAddress) : vantagesOf(purger);
  const named = origin === undefined ? undefined : readOrigin(origin, page);
  const newest = newestShown(stepsOf(facts, match));
  const versionHeader = newest?.shows.header?.name;
  const [edges, asked] = await Promise.all([
    askEdges({ url: page, vantages, hosts: hostsOf(purger, page), versionHeader }),
    named === undefined ? askOwn(newest?.change?.id, purger) : askNamedOrigin(named),
  ]);
  return edgesNow(url, edges, asked, expectedOf(asked, newest?.shows, nowMs));
}

async function askOwn(id: string | undefined, { clients }: Purger): Promise<Now | undefined> {
  return id === undefined ? undefined : askObject(id, clients);
}

/** Where the rules do not say all hosts, that of the URL is taken for one. */
function hostsOf({ hosts, leftOut }: Purger, { origin, hostname }: URL): readonly string[] {
  const isKnown = leftOut === 0 && hosts.length > 0;
  if (!isKnown) return [hostname];
  if (hostProblem(`${origin}/`, hosts) === undefined) return hosts;
  throw new UsageError(`Expected a URL of a host of the rules, ${hosts.join(', ')}, got ${hostname}`);
}

function vantagesOf({ vantages, target }: Purger): readonly string[] {
  const known = vantages ?? (target === 'production' ? ['dns'] : []);
  if (known.length > 0) return known;
  throw new UsageError(
    `Expected --edge-at with the address of an edge: no name leads to those of ${target}, and probe.edges has none`,
  );
}

function readAddress(address: string): string {
  const url = /^https?:\/\//.test(address) ? address : `https://${address}`;
  const isAddress = URL.canParse(url) && new URL(url).pathname === '/' && !/[/?#]/.test(url.slice(8));
  if (isAddress) return address;
  throw new UsageError(
    `Expected --edge-at to be the address of an edge, such as 203.0.113.7, got "${address}"`,
  );
}

function readOrigin(origin: string, { pathname, search }: URL): URL {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `Expected --origin to be a URL, such as https://origin.example.com/, got "${origin}"`,
    );
  }
  return url.pathname === '/' && url.search === '' ? new URL(`${url.origin}${pathname}${search}`) : url;
}
