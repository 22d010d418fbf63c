import { longestAnswerMs } from '../../../../functions/core/proving/probe.ts';
import { askServer } from '../../../../functions/probe/ask.ts';
import { findServer } from '../../../../functions/probe/find-server.ts';
import { lookupSoon } from '../../../../functions/probe/lookup-soon.ts';
import { isSamePage, missingNextTo } from '../../../../functions/probe/missing-page.ts';
import type { Now } from '../../queries/why/edge-now.ts';

/** What to ask for, and where. */
export interface EdgeQuestion {
  readonly url: URL;
  /** `dns`, or addresses of edges. */
  readonly vantages: readonly string[];
  /** The hosts that may be asked, in the form of `allowedHosts`. */
  readonly hosts: readonly string[];
  /** The header that says which version an answer is; undefined where none does. */
  readonly versionHeader?: string | undefined;
}

/** Asks each edge for a page as `probe` does: no private address but a given one, and no redirect is followed. */
export async function askEdges({ vantages, ...question }: EdgeQuestion): Promise<readonly Now[]> {
  return Promise.all(vantages.map((from) => askEdge(from, question)));
}

/**
 * @param edges what was asked for answered
 * @returns where a URL that has never existed shows the same page, as that of a deleted page may at some origins
 */
export async function findFallbacks(
  edges: readonly Now[],
  question: Omit<EdgeQuestion, 'vantages'>,
): Promise<ReadonlySet<string>> {
  const url = missingNextTo(question.url);
  if (url === undefined) return new Set();
  const found = await Promise.all(
    edges.map(async ({ from, answer }) => {
      const other = answer && (await askEdge(from, { ...question, url })).answer;
      return answer && other && isSamePage(answer, other) ? [from] : [];
    }),
  );
  return new Set(found.flat());
}

async function askEdge(
  from: string,
  { url, hosts, versionHeader }: Omit<EdgeQuestion, 'vantages'>,
): Promise<Now> {
  const server = await findServer(url, from, { hosts, lookup: lookupSoon });
  if ('reason' in server) return { from, ...server };
  const asked = await askServer(url, [], server, AbortSignal.timeout(longestAnswerMs), versionHeader);
  return 'reason' in asked ? { from, address: server.address, ...asked } : { from, ...asked };
}

/** Asks an origin that the user has named, wherever it is. */
export async function askNamedOrigin(origin: URL): Promise<Now> {
  const [now] = await askEdges({ url: origin, vantages: [origin.origin], hosts: [origin.hostname] });
  // A password in it is nobody else's.
  const from = `${origin.origin}${origin.pathname}${origin.search}`;
  return { ...(now ?? { reason: 'nobody was asked' }), from };
}
