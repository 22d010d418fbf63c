import { afterEach, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../local/edge/network.ts';
import { isPageUrl, lookAtServers } from '../../local/page/servers.ts';

const url = 'https://www.example.com/a';
let network: Network;
let nowMs = 0;
let version: string | undefined = 'one';
afterEach(() => network?.stop());

const fetchOrigin = async () =>
  version === undefined ? undefined : { status: 200, headers: {}, body: Buffer.from(version) };

/** What the parent and the edge would show, in a word each. */
async function look() {
  const [page] = await lookAtServers([url], { peek: network.peek, fetchOrigin });
  return page?.servers.map(({ name, state }) => `${name}: ${state}`);
}

it('tells what each server would show: what the origin has, something older, or what was purged', async () => {
  network = await startNetwork({
    fetchOrigin,
    defaultHost: 'www.example.com',
    zones: ['Europe'],
    edgesPerZone: 2,
    parentsPerZone: 1,
    nowMs: () => nowMs,
    random: () => 0.5,
  });
  expect(await look()).toBeUndefined();
  const [first] = network.edges;
  await first?.get(url);
  const states = (parent: string, edge: string) => [
    `parent-europe-1: ${parent}`,
    `edge-europe-1: ${edge}`,
    'edge-europe-2: empty',
  ];
  expect(await look()).toEqual(states('fresh', 'fresh'));
  version = 'two';
  expect(await look()).toEqual(states('stale', 'stale'));
  const purge = { target: 'production', action: 'invalidate', fileUrls: [url] } as const;
  network.purge({ body: { ...purge, fileUrls: [url] }, startMs: 0, finishMs: 10, successRate: 100 });
  expect(await look()).toEqual(states('stale', 'stale'));
  nowMs = 10;
  expect(await look()).toEqual(states('purged', 'purged'));
  await first?.get(url);
  expect(await look()).toEqual(states('fresh', 'fresh'));
  version = undefined;
  expect(await look()).toEqual(states('stale', 'stale'));
});

it('looks at pages, and not at patterns', () => {
  expect([url, 'https://www.example.com/*', 'any://www\\.example\\.com/a', '/a'].map(isPageUrl)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
