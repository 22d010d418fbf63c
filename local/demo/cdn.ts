import type { FixtureOptions } from '../cdn-pro/fixture.ts';
import type { CdnProOptions } from '../cdn-pro/options.ts';
import type { AcceptedPurge } from '../cdn-pro/purges/purges.ts';
import { startCdnPro } from '../cdn-pro/server.ts';
import type { Page } from '../edge/cache.ts';
import { type EdgeClient, edgeClient } from '../edge/edge-client.ts';
import { type KeptPage, type NetworkPurge, startNetwork } from '../edge/network.ts';
import { localCredentials } from './secrets.ts';
import type { LoggedPurge } from './timeline/timeline.ts';

/** Options of the CDN of the local stack. */
export interface LocalCdnOptions {
  readonly target: 'production' | 'staging';
  /** The hosts that count as deployed. */
  readonly hosts: readonly string[];
  /** The host of requests to an edge's own address. */
  readonly edgeHost: string;
  readonly fetchOrigin: (url: URL) => Promise<Page | undefined>;
  /** A CDN Pro API instead of the simulator. */
  readonly cdnProUrl: string | undefined;
  /** What the simulator's contract says of the day's URLs. */
  readonly contract: Pick<CdnProOptions, 'quotas' | 'dayMs'>;
  /** The account that the simulator behaves like, in what the contract does not say; the vendor's documents if missing. */
  readonly account?: FixtureOptions | undefined;
  /** Another CDN's edges instead of ours. */
  readonly edgeUrls: readonly string[];
  readonly ports: { readonly edge: number | undefined; readonly cdnPro: number | undefined };
  /** Called when all servers had the time to obey a purge. */
  readonly onFinished: (purge: Pick<AcceptedPurge, 'id' | 'successRate'>) => void;
}

/** The CDN of the local stack: an API and edges. */
export interface LocalCdn {
  readonly apiUrl: string;
  /** Whether the API is the simulator, so that it is known when purges have finished. */
  readonly isSimulated: boolean;
  readonly edges: readonly EdgeClient[];
  /** The addresses of the edges that are probed; none where what they show proves nothing. */
  readonly vantages: readonly string[];
  /** @returns what each of our servers keeps for a URL; none where the edges are another CDN's */
  readonly peek: (url: string) => readonly KeptPage[];
  /** Lets the simulator answer 503 to everything, or work again; missing where the API is another one. */
  readonly breakDown?: (isBroken: boolean) => void;
  /** Lets our edges obey at once: for what another API has accepted. */
  readonly purge: (purge: LoggedPurge) => void;
  readonly stop: () => Promise<void>;
}

/** A purge takes a second or two, where a real one takes minutes; or as long as one of the account. */
function processingMs(durationsMs: readonly number[] = []): number {
  return durationsMs[Math.floor(Math.random() * durationsMs.length)] ?? 800 + Math.random() * 1200;
}

/** Edges that obey, or another CDN's that we do not rule. */
interface Edges {
  readonly clients: readonly EdgeClient[];
  readonly peek: LocalCdn['peek'];
  readonly purge: (purge: NetworkPurge) => void;
  readonly stop: () => Promise<void>;
}

/** Starts the parts of it that are ours; rejects, with everything stopped, when a port is in use. */
export async function startLocalCdn(options: LocalCdnOptions): Promise<LocalCdn> {
  const edges = await startEdges(options);
  try {
    const api = await startApi(options, edges);
    // Ours obey at once what another API has accepted: there is nothing to prove.
    const isProbed = api.isSimulated || options.edgeUrls.length > 0;
    return {
      ...api,
      edges: edges.clients,
      peek: edges.peek,
      vantages: isProbed ? edges.clients.map(({ url }) => url) : [],
    };
  } catch (error) {
    await edges.stop();
    throw error;
  }
}

async function startEdges({
  edgeUrls,
  fetchOrigin,
  edgeHost,
  hosts,
  target,
  ports,
}: LocalCdnOptions): Promise<Edges> {
  if (edgeUrls.length > 0) {
    return { clients: edgeUrls.map(edgeClient), peek: () => [], purge: () => {}, stop: async () => {} };
  }
  const { edges, peek, purge, stop } = await startNetwork({
    fetchOrigin,
    defaultHost: edgeHost,
    hosts,
    target,
    // A host is probed once a second at most, and each edge is probed.
    edgesPerZone: 1,
    ...(ports.edge === undefined ? {} : { port: ports.edge }),
  });
  return { clients: edges, peek, purge, stop };
}

async function startApi(
  {
    cdnProUrl,
    contract,
    account: { durationsMs, ...account } = {},
    hosts,
    ports,
    onFinished,
  }: LocalCdnOptions,
  edges: Edges,
): Promise<Omit<LocalCdn, 'edges' | 'vantages' | 'peek'>> {
  if (cdnProUrl !== undefined) {
    return {
      apiUrl: cdnProUrl,
      isSimulated: false,
      purge: (purge) => edges.purge(atOnce(purge)),
      stop: edges.stop,
    };
  }
  const timers = new Set<NodeJS.Timeout>();
  const simulator = await startCdnPro({
    ...account,
    ...contract,
    credentials: localCredentials,
    deployedHosts: { production: hosts, staging: hosts },
    processingMs: () => processingMs(durationsMs),
    onAccepted(purge) {
      edges.purge(purge);
      const timer = setTimeout(() => {
        timers.delete(timer);
        onFinished(purge);
      }, purge.finishMs - Date.now());
      timers.add(timer);
    },
    ...(ports.cdnPro === undefined ? {} : { port: ports.cdnPro }),
  });
  return {
    apiUrl: simulator.url,
    isSimulated: true,
    breakDown: (isBroken) => simulator.breakDown(isBroken ? { kind: 'answer', status: 503 } : undefined),
    purge: () => {},
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      await simulator.stop();
      await edges.stop();
    },
  };
}

function atOnce({
  target,
  action,
  fileUrls = [],
  fileHeaders = [],
  dirUrls = [],
  regexPatterns = [],
}: LoggedPurge) {
  const body = { target, action, fileUrls, fileHeaders, dirUrls, regexPatterns };
  const nowMs = Date.now();
  return { body, startMs: nowMs, finishMs: nowMs, successRate: 100 };
}
