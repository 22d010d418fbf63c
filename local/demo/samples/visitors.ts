import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeAnswer, EdgeClient } from '../../edge/edge-client.ts';

/** How often each edge is asked, in milliseconds. */
const everyMs = 200;

/**
 * Visits a URL at all edges again and again, as people do: an edge that obeys a purge before its parent is filled with the
 * old page by that, and keeps it.
 * @returns what ends it, and waits for the last visit
 */
export function visit(edges: readonly EdgeClient[], url: string): () => Promise<void> {
  const ending = new AbortController();
  const visits = (async () => {
    while (!ending.signal.aborted) {
      await Promise.all(edges.map((edge) => edge.get(url).catch(() => undefined)));
      await sleep(everyMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return () => {
    ending.abort();
    return visits;
  };
}

/** @returns which edges answer otherwise than expected, as they call themselves, else by their addresses */
export async function findRaced(
  edges: readonly EdgeClient[],
  url: string,
  isExpected: (answer: EdgeAnswer) => boolean,
): Promise<readonly string[]> {
  const answers = await Promise.all(edges.map(async (edge) => ({ edge, answer: await edge.get(url) })));
  return answers.flatMap(({ edge, answer }) =>
    isExpected(answer) ? [] : [answer.headers['x-via']?.split(',')[0] ?? edge.url],
  );
}
