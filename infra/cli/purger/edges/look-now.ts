import { hostProblem } from '../../../../functions/core/mapping/urls/hosts.ts';
import { type EdgesNow, edgesNow, expectedOf, type Now, newestShown } from '../../queries/why/edge-now.ts';
import { stepsOf, type UrlFacts } from '../../queries/why/steps.ts';
import type { UrlMatch } from '../../queries/why/url-match.ts';
import type { Purger } from '../connect.ts';
import { askObject } from '../objects/ask-object.ts';
import { askEdges, askNamedOrigin, findFallbacks } from './ask-edges.ts';
import type { LookOptions } from './look-options.ts';
import { NotAskedError } from './not-asked-error.ts';

/** A page, what the journal has of it, and the objects of which it is the file by the rules. */
interface LookedAt {
  readonly match: UrlMatch;
  readonly facts: UrlFacts;
  readonly ownObjects: readonly string[];
  readonly nowMs: number;
}

/**
 * @returns what edges and the origin show of a URL now; the origin is the object of the newest change, or that of the rules
 * @throws NotAskedError where no edge may be asked
 */
export async function lookNow(
  purger: Purger,
  url: string,
  { match, facts, ownObjects, nowMs }: LookedAt,
  { edgeAt, origin }: LookOptions,
): Promise<EdgesNow> {
  const page = new URL(url);
  const vantages = edgeAt.length > 0 ? edgeAt : vantagesOf(purger);
  const newest = newestShown(stepsOf(facts, match));
  const versionHeader = newest?.shows.header?.name;
  const question = { url: page, hosts: hostsOf(purger, page), versionHeader };
  const [edges, asked] = await Promise.all([
    askEdges({ ...question, vantages }),
    origin === undefined ? askOwn(newest?.change?.id, ownObjects, purger) : askNamedOrigin(origin),
  ]);
  const expected = expectedOf(asked, newest?.shows, nowMs);
  const fallbacks = expected?.shows.gone === true ? await findFallbacks(edges, question) : new Set<string>();
  return edgesNow(url, edges, asked, expected, fallbacks);
}

/** Of several objects that may be the page, which one is its origin is known where only one exists. */
async function askOwn(
  changed: string | undefined,
  ownObjects: readonly string[],
  { clients }: Purger,
): Promise<Now | undefined> {
  const ids = changed === undefined ? ownObjects : [changed];
  const asked = await Promise.all(ids.map((id) => askObject(id, clients)));
  const existing = asked.filter((now) => now?.answer?.status !== 404);
  return existing.length === 0 ? asked[0] : existing.length === 1 ? existing[0] : undefined;
}

/** Where the rules do not say all hosts, that of the URL is taken for one. */
function hostsOf({ hosts, leftOut }: Purger, { origin, hostname }: URL): readonly string[] {
  const isKnown = leftOut === 0 && hosts.length > 0;
  if (!isKnown) return [hostname];
  if (hostProblem(`${origin}/`, hosts) === undefined) return hosts;
  throw new NotAskedError(`no rule makes URLs of the host ${hostname}, only of ${hosts.join(', ')}`);
}

function vantagesOf({ vantages, target }: Purger): readonly string[] {
  const known = vantages ?? (target === 'production' ? ['dns'] : []);
  if (known.length > 0) return known;
  throw new NotAskedError(
    `no name leads to those of ${target}, and probe.edges has none: name one with --edge-at ADDRESS`,
  );
}
