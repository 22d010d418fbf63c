import type { AcceptedPrefetch } from '../cdn-pro/purges/prefetches.ts';
import type { AcceptedPurge } from '../cdn-pro/purges/purges.ts';
import type { CachedPage } from './cache.ts';
import { pageRequest } from './cache-key.ts';
import { type CacheServer, createCacheServer, originOf } from './cache-server.ts';
import { consistentHash } from './consistent-hash.ts';
import { type Edge, type EdgeOptions, listen, settingsOf } from './server.ts';

/** Options of a network. The port is that of its first edge. */
export interface NetworkOptions extends EdgeOptions {
  /**
   * Where servers are, named as the regions of prefetches.
   * @default Europe and Asia
   */
  readonly zones?: readonly string[];
  /**
   * How many edges a zone has.
   * @default 2
   */
  readonly edgesPerZone?: number;
  /**
   * How many parents a zone has.
   * @default 2
   */
  readonly parentsPerZone?: number;
  /**
   * @default `Math.random`
   */
  readonly random?: () => number;
}

/** What the servers need to know of a purge. */
export type NetworkPurge = Pick<AcceptedPurge, 'body' | 'startMs' | 'finishMs' | 'successRate'>;

/** What one server keeps for a URL. */
export interface KeptPage {
  readonly server: string;
  /** Missing where it keeps nothing. */
  readonly kept?: CachedPage;
}

/** A running network. */
export interface Network {
  /** In all zones, each on its own port. */
  readonly edges: readonly Edge[];
  /** Lets each server obey a purge between its start and its end; the share that is no success never does. */
  readonly purge: (purge: NetworkPurge) => void;
  /** Warms the parents. */
  readonly prefetch: (prefetch: Pick<AcceptedPrefetch, 'body'>) => Promise<void>;
  /** @returns what each parent and each edge keeps for a URL, without asking for it */
  readonly peek: (url: string) => readonly KeptPage[];
  readonly stop: () => Promise<void>;
}

interface Zone {
  readonly name: string;
  readonly parents: readonly CacheServer[];
  readonly parentOf: (key: string) => CacheServer;
  readonly edges: readonly CacheServer[];
}

/**
 * Starts edges and their parents in front of an origin: an edge asks the parent of its zone that a consistent hash gives
 * for the cache key, and the parent asks the origin. So an edge that obeys a purge before its parent is filled with the
 * old page again, and keeps it.
 * @returns the network, once all edges listen; rejects when the port is in use
 */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { zones: names = ['Europe', 'Asia'], port, target = 'production', random = Math.random } = options;
  const zones = names.map((name) => createZone(name, options));
  const servers = zones.flatMap(({ edges }) => edges);
  const edges: Edge[] = [];
  const stop = async () => {
    for (const edge of edges) await edge.stop();
  };
  try {
    for (const [index, server] of servers.entries()) {
      edges.push(await listen(server, settingsOf(options), index === 0 ? port : undefined));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    edges,
    purge(purge) {
      if (purge.body.target === target) schedule(zones, purge, random);
    },
    prefetch: (prefetch) => warm(zones, prefetch, options),
    peek: (url) => peekAt(zones, url, options),
    stop,
  };
}

function createZone(name: string, options: NetworkOptions): Zone {
  const { edgesPerZone = 2, parentsPerZone = 2, fetchOrigin, nowMs = Date.now, cacheKey = {} } = options;
  const id = name.toLowerCase().replaceAll(' ', '-');
  const namesOf = (kind: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${kind}-${id}-${index + 1}`);
  const create = (server: string, upstream: CacheServer['get']) =>
    createCacheServer({ name: server, additions: cacheKey, nowMs, upstream });
  const origin = originOf(fetchOrigin, nowMs);
  const [first = '', ...others] = namesOf('parent', Math.max(1, parentsPerZone));
  const parents = [create(first, origin), ...others.map((parent) => create(parent, origin))] as const;
  const parentOf = consistentHash(parents);
  const edges = namesOf('edge', edgesPerZone).map((edge) =>
    create(edge, (request) => parentOf(request.key.url).get(request)),
  );
  return { name, parents, parentOf, edges };
}

/** Each server obeys at its own time: the vendor's documents promise no order. */
function schedule(
  zones: readonly Zone[],
  { body, startMs, finishMs, successRate }: NetworkPurge,
  random: () => number,
): void {
  const servers = [...zones.flatMap((zone) => zone.parents), ...zones.flatMap((zone) => zone.edges)];
  const failing = failingOf(servers, successRate, random);
  for (const server of servers) {
    if (failing.has(server)) continue;
    server.purgeAt(body, startMs + random() * (finishMs - startMs));
  }
}

/** At least one server where the success rate is below 100. */
function failingOf(
  servers: readonly CacheServer[],
  successRate: number,
  random: () => number,
): ReadonlySet<CacheServer> {
  const count = Math.ceil((1 - successRate / 100) * servers.length);
  const shuffled = servers.map((server) => ({ server, at: random() })).toSorted((a, b) => a.at - b.at);
  return new Set(shuffled.slice(0, count).map(({ server }) => server));
}

async function warm(
  zones: readonly Zone[],
  { body: { fileList, regions } }: Pick<AcceptedPrefetch, 'body'>,
  { cacheKey = {} }: NetworkOptions,
): Promise<void> {
  const wanted = zones.filter(({ name }) => regions === undefined || regions.includes(name));
  for (const { url, headers = [] } of fileList) {
    const values = Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value]));
    const request = pageRequest(url, values, cacheKey);
    await Promise.all(wanted.map(({ parentOf }) => parentOf(request.key.url).get(request)));
  }
}

function peekAt(zones: readonly Zone[], url: string, { cacheKey = {} }: NetworkOptions): readonly KeptPage[] {
  const request = pageRequest(url, {}, cacheKey);
  return zones.flatMap(({ parents, edges }) =>
    [...parents, ...edges].map((server) => {
      const kept = server.peek(request);
      return { server: server.name, ...(kept !== undefined && { kept }) };
    }),
  );
}
