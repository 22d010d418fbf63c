import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgeAnswer, EdgeClient } from '../../edge/edge-client.ts';

/** How long edges may take to show what is expected at a URL, in milliseconds. */
const timeoutMs = 5000;

/**
 * Asks all edges until their answers are as expected.
 * @returns the first URL at which one is not in time; undefined where all are
 */
export async function findUnexpected(
  edges: readonly EdgeClient[],
  urls: readonly string[],
  isExpected: (answer: EdgeAnswer) => boolean,
  nowMs: () => number,
): Promise<string | undefined> {
  for (const url of urls) {
    const untilMs = nowMs() + timeoutMs;
    while (!(await Promise.all(edges.map((edge) => edge.get(url)))).every(isExpected)) {
      if (nowMs() > untilMs) return url;
      await sleep(50);
    }
  }
  return undefined;
}
