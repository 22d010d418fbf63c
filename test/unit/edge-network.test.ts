import { afterEach, describe, expect, it } from 'vitest';
import { consistentHash } from '../../local/edge/consistent-hash.ts';
import { type Network, type NetworkOptions, startNetwork } from '../../local/edge/network.ts';

const url = 'https://www.example.com/a';
const oneEach = { zones: ['Europe'], edgesPerZone: 1, parentsPerZone: 1 };

let network: Network;
let nowMs: number;
/** The version of every page at the origin. */
let version: number;
let asked: number;
afterEach(() => network.stop());

async function start(options: Partial<NetworkOptions> = {}) {
  nowMs = 0;
  version = 1;
  asked = 0;
  network = await startNetwork({
    fetchOrigin: async () => {
      asked++;
      return { status: 200, headers: { etag: `"${version}"` }, body: Buffer.from(`v${version}`) };
    },
    defaultHost: 'www.example.com',
    nowMs: () => nowMs,
    ...options,
  });
}

async function look(index = 0) {
  const { body, cache, headers } = (await network.edges[index]?.get(url)) ?? {};
  return `${body?.toString()} ${cache} ${headers?.['x-via']} ${headers?.age}`;
}

/** Looks at all edges. */
async function versions() {
  const answers = await Promise.all(network.edges.map((edge) => edge.get(url)));
  return answers.map(({ body }) => body.toString());
}

function purge({
  startMs = nowMs,
  finishMs = nowMs + 100_000,
  successRate = 100,
  action = 'invalidate',
} = {}) {
  network.purge({
    body: { target: 'production', action: action === 'delete' ? 'delete' : 'invalidate', fileUrls: [url] },
    startMs,
    finishMs,
    successRate,
  });
}

/** Numbers from 0 to 1 in a fixed order, the same in each run. */
function numbers() {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** The moments of a purge at which servers obey, in the order in which they are drawn: parents first. */
function moments(...shares: number[]) {
  return () => shares.shift() ?? 0;
}

describe('a network', () => {
  it('fills an edge from its parent, and the parent from the origin', async () => {
    await start({ zones: ['Europe'], edgesPerZone: 2, parentsPerZone: 1 });
    expect(await look(0)).toBe('v1 MISS edge-europe-1, parent-europe-1 0');
    version = 2;
    nowMs = 7000;
    expect(await look(0)).toBe('v1 HIT edge-europe-1 7');
    expect(await look(1)).toBe('v1 MISS edge-europe-2, parent-europe-1 7');
    expect(asked).toBe(1);
  });

  it('has parents for each zone', async () => {
    await start();
    expect(network.edges.map(({ name }) => name)).toEqual([
      'edge-europe-1',
      'edge-europe-2',
      'edge-asia-1',
      'edge-asia-2',
    ]);
    expect(new Set(network.edges.map((edge) => edge.url)).size).toBe(4);
    await versions();
    expect(asked).toBe(2);
  });

  it('finds the same parent for a page from each edge of a zone', async () => {
    await start({ zones: ['Europe'], edgesPerZone: 3, parentsPerZone: 5 });
    const parents = new Set<string | undefined>();
    for (let page = 0; page < 40; page++) {
      const pageUrl = `${url}/${page}`;
      const answers = await Promise.all(network.edges.map((edge) => edge.get(pageUrl)));
      const found = new Set(answers.map(({ headers }) => headers['x-via']?.split(', ')[1]));
      expect(found.size).toBe(1);
      for (const parent of found) parents.add(parent);
    }
    expect(parents.size).toBe(5);
  });

  it('does not start on a port that is in use, and leaves none open', async () => {
    await start();
    const port = Number(new URL(network.edges[1]?.url ?? '').port);
    await expect(
      startNetwork({ fetchOrigin: async () => undefined, defaultHost: 'www.example.com', port }),
    ).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
  });
});

describe('a purge of a network', () => {
  it('is obeyed by each server at its own time', async () => {
    // The parent obeys at 10 s, the edges at 20 and 60 s.
    await start({ ...oneEach, edgesPerZone: 2, random: moments(0, 0, 0, 0.1, 0.2, 0.6) });
    await versions();
    version = 2;
    purge();
    nowMs = 19_999;
    expect(await versions()).toEqual(['v1', 'v1']);
    nowMs = 20_000;
    expect(await versions()).toEqual(['v2', 'v1']);
    nowMs = 60_000;
    expect(await versions()).toEqual(['v2', 'v2']);
  });

  it('leaves an edge with the old page for good that obeyed before its parent and was asked between', async () => {
    await start({ ...oneEach, random: moments(0, 0, 0.6, 0.2) });
    await look();
    version = 2;
    purge();
    nowMs = 30_000;
    expect(await look()).toBe('v1 REVALIDATED edge-europe-1, parent-europe-1 30');
    nowMs = 1_000_000;
    expect(await look()).toBe('v1 HIT edge-europe-1 1000');
    purge();
    nowMs += 100_000;
    expect(await look()).toBe('v2 REVALIDATED edge-europe-1, parent-europe-1 0');
  });

  it('leaves none that was not asked between', async () => {
    await start({ ...oneEach, random: moments(0, 0, 0.6, 0.2) });
    await look();
    version = 2;
    purge();
    nowMs = 100_000;
    expect(await versions()).toEqual(['v2']);
  });

  it('leaves nearly half of busy edges stale, and a second one after the first has finished none', async () => {
    const zones = Array.from({ length: 12 }, (_, index) => `zone ${index}`);
    await start({ zones, edgesPerZone: 1, parentsPerZone: 1, random: numbers() });
    const stale = async () => (await versions()).filter((each) => each !== `v${version}`).length;
    const watch = async () => {
      for (let step = 0; step < 18; step++) {
        nowMs += 10_000;
        await versions();
      }
    };
    let left = 0;
    for (let round = 0; round < 3; round++) {
      await versions();
      version++;
      purge({ finishMs: nowMs + 180_000 });
      await watch();
      left += await stale();
      purge({ finishMs: nowMs + 180_000 });
      await watch();
      expect(await stale()).toBe(0);
    }
    expect(left / (3 * zones.length)).toBeGreaterThan(0.3);
    expect(left / (3 * zones.length)).toBeLessThan(0.6);
  });

  it('is never obeyed by the servers that its success rate leaves out', async () => {
    await start({ zones: ['Europe'], edgesPerZone: 8, random: numbers() });
    await versions();
    version = 2;
    purge({ successRate: 80 });
    nowMs = 1_000_000;
    const first = (await versions()).filter((each) => each === 'v1').length;
    expect(first).toBeGreaterThan(0);
    purge();
    nowMs = 2_000_000;
    expect((await versions()).filter((each) => each === 'v1')).toEqual([]);
  });

  it('of the other environment passes by', async () => {
    await start({ ...oneEach, target: 'staging' });
    await look();
    version = 2;
    purge();
    nowMs = 1_000_000;
    expect(await versions()).toEqual(['v1']);
  });

  it('keeps the page that a server shows only for want of an answer out of the next one', async () => {
    let isDown = false;
    await start({
      ...oneEach,
      random: moments(0, 0, 0, 0),
      fetchOrigin: async () => {
        if (isDown) throw new Error('down');
        return { status: 200, headers: {}, body: Buffer.from(`v${version}`) };
      },
    });
    await look();
    version = 2;
    isDown = true;
    purge();
    nowMs = 5000;
    expect(await look()).toBe('v1 STALE edge-europe-1, parent-europe-1 5');
    isDown = false;
    expect(await look()).toBe('v2 REVALIDATED edge-europe-1, parent-europe-1 0');
  });
});

describe('a prefetch', () => {
  it('fills the parents of the regions that it names', async () => {
    await start({ parentsPerZone: 1 });
    await network.prefetch({ body: { fileList: [{ url }], regions: ['Asia'] } });
    expect(asked).toBe(1);
    nowMs = 3000;
    expect(await look(2)).toBe('v1 MISS edge-asia-1, parent-asia-1 3');
    expect(await look(0)).toBe('v1 MISS edge-europe-1, parent-europe-1 0');
    await network.prefetch({ body: { fileList: [{ url }] } });
    expect(asked).toBe(2);
  });
});

describe('the consistent hash', () => {
  it('spreads keys over all servers, and moves only the keys of one that is gone', async () => {
    await start(oneEach);
    const servers = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
    const [first = { name: '' }, ...others] = servers;
    const before = consistentHash([first, ...others]);
    const after = consistentHash([first, ...others.slice(1)]);
    const counts = new Map<string, number>();
    for (let key = 0; key < 2000; key++) {
      const { name } = before(`key ${key}`);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (name !== 'b') expect(after(`key ${key}`).name).toBe(name);
    }
    expect(Math.min(...counts.values())).toBeGreaterThan(250);
    expect(counts.size).toBe(4);
  });
});
