import { createServer } from 'node:http';
import { environment } from '../functions/lambda/environment.ts';
import type { PurgerConfig } from '../infra/settings/purger-config.ts';
import { hostsOf } from '../infra/settings/rules/rule-hosts.ts';
import { closeServer, listen } from './aws/emulators/server.ts';
import { type LocalAws, type LocalEvent, startAws } from './aws/start-aws.ts';
import { assemblyAt } from './aws/synthesize.ts';
import type { FixtureOptions } from './cdn-pro/fixture.ts';
import { type LocalCdn, startLocalCdn } from './demo/cdn.ts';
import { type Contract, contractEnvironment, shortenDays, simulatedContract } from './demo/contract.ts';
import { expectDurations } from './demo/expect-durations.ts';
import { edgeHostOf } from './demo/hosts.ts';
import { type Ready, readyOf, summaryOf } from './demo/ready.ts';
import { firstObjects, outsideNotifications, watchedObjects } from './demo/s3-source.ts';
import type { LocalContext } from './demo/samples/local-context.ts';
import { createOrigin, createRenderedBucket, type Origin } from './demo/samples/origin.ts';
import type { Sample } from './demo/samples/sample.ts';
import { samplesFor } from './demo/samples/samples.ts';
import { localSecrets } from './demo/secrets.ts';
import { createSharedTable, sharedTableEnvironment } from './demo/shared-ledger.ts';
import { createTimeline, type Entry, type Timeline } from './demo/timeline/timeline.ts';
import { startPage } from './page/page.ts';

/** How often schedules run here, in milliseconds: who watches does not wait for minutes. */
const tickEveryMs = 2000;

/** How to start the local stack. */
export interface LocalOptions {
  readonly config?: string | undefined;
  /** The folder of an assembly that was synthesized from the configuration; else it is synthesized. */
  readonly assembly?: string | undefined;
  /** A folder with events to play, instead of a sample for each rule. */
  readonly events?: string | undefined;
  /** The deployment stage to run; missing where the configuration has none. */
  readonly stage?: string | undefined;
  /** A CDN Pro API instead of the simulator. */
  readonly cdnProUrl?: string | undefined;
  /** The contract of the simulator, whatever the configuration says. */
  readonly contract?: Contract | undefined;
  /** The account that the simulator behaves like. */
  readonly account?: FixtureOptions | undefined;
  /** Another CDN's edges instead of ours. */
  readonly edgeUrls?: readonly string[] | undefined;
  readonly verbose?: boolean;
  readonly ports: {
    readonly s3: number | undefined;
    readonly webhooks: number | undefined;
    readonly edge: number | undefined;
    readonly cdnPro: number | undefined;
  };
}

/** The local stack while it runs. */
export interface Local {
  readonly config: PurgerConfig;
  readonly ready: Ready;
  readonly timeline: Timeline;
  readonly context: LocalContext;
  /** What listens where, for a person. */
  readonly summary: string;
  /** The samples of the configuration, or those of a folder. */
  readonly samples: readonly Sample[];
  /** Enables the buttons of the page: before, the samples would meet changes that they did not make. */
  openActions(): void;
  /** How many purge requests were accepted. */
  countRequests(): number;
  stop(): Promise<void>;
}

type Stop = () => Promise<void> | void;

/**
 * Synthesizes the app and runs the result: the template's resources, CDN Pro and edges that obey it.
 * @throws Error in one clear sentence, with everything stopped that had started
 */
export async function startLocal(config: PurgerConfig, options: LocalOptions): Promise<Local> {
  const stops: Stop[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    return { ...(await startParts(config, options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  config: PurgerConfig,
  options: LocalOptions,
  stops: Stop[],
): Promise<Omit<Local, 'stop'>> {
  // Synthesis takes seconds: a port in use is found before.
  await refusePortsInUse(options.ports);
  // The edges start before S3, whose endpoint the origin needs.
  const site: Site = { origin: undefined };
  const timeline = createTimeline();
  const cdn = await startCdn(config, options, site, timeline);
  stops.push(cdn.stop);
  const assembly = await assemblyAt(options.assembly, options.config, options.stage);
  stops.push(assembly.remove);
  const countRequests = followTimeline(timeline, site, cdn);
  const aws = await startStack(config, options, {
    assemblyDir: assembly.directory,
    cdn,
    timeline,
  });
  stops.push(aws.stop);
  await createSharedTable(config, { endpoint: aws.dynamodb.endpoint, region: aws.region });
  const origin = createOrigin(
    aws.s3.endpoint,
    firstObjects(config) ?? (await createRenderedBucket(aws.s3.endpoint)),
  );
  site.origin = origin;
  const ready = readyOf(config, aws, {
    cdnPro: cdn.apiUrl,
    edge: cdn.edges[0]?.url ?? '',
    edges: cdn.edges.map(({ url }) => url),
    contract: options.contract,
  });
  // The simulator's purges take a second or two: nobody waits a minute to ask for them.
  if (cdn.isSimulated) {
    await expectDurations({ ...ready.dynamodb, region: aws.region }, options.account?.durationsMs ?? [800]);
  }
  if (options.contract !== undefined) {
    await shortenDays(options.contract, { ...ready.dynamodb, region: aws.region });
  }
  const context: LocalContext = {
    objects: watchedObjects(config),
    origin,
    edges: cdn.edges,
    knowsFinish: cdn.isSimulated,
    // With few tokens there may be none for purging again what a parent has filled with an old page.
    isVisited: options.contract === undefined && config.quota === undefined,
    timeoutMs: sampleTimeoutMs(config, options),
    timeline,
    webhooks: webhooksOf(config, ready),
    nowMs: Date.now,
  };
  const samples = samplesFor(config, options.events);
  const page = await startPage({
    title: `${config.target} ${hostsOf(config).join(' ')}`,
    ready,
    context,
    cdn,
    samples,
  });
  stops.push(page.stop);
  return {
    config,
    ready,
    timeline,
    context,
    samples,
    summary: summaryOf(config, ready, cdn.isSimulated, page.url),
    countRequests,
    openActions: page.openActions,
  };
}

const portPurposes = {
  s3: 'S3 and SQS (--s3-port)',
  webhooks: 'webhooks (--webhook-port)',
  edge: 'the edge (--edge-port)',
  cdnPro: "CDN Pro's API (--cdn-pro-port)",
} as const;

/** @throws {PortInUseError} for the first of the ports that is taken */
async function refusePortsInUse(ports: LocalOptions['ports']): Promise<void> {
  for (const [name, purpose] of Object.entries(portPurposes)) {
    const port = ports[name as keyof typeof portPurposes];
    if (port === undefined) continue;
    const server = createServer();
    await listen(server, port, purpose);
    await closeServer(server);
  }
}

/**
 * With a small contract, a sample may have to wait for the tokens of days, and for its sender's share of them; on an account,
 * for a purge and for a second one.
 */
function sampleTimeoutMs(
  { batchingWindowSeconds = 0, rules }: PurgerConfig,
  { contract, account }: LocalOptions,
): number {
  const delays = rules.map(({ delaySeconds = 0 }) => delaySeconds);
  const ownMs = (batchingWindowSeconds + Math.min(30, Math.max(...delays))) * 1000;
  const purgeMs = Math.max(0, ...(account?.durationsMs ?? []));
  return ownMs + 3 * purgeMs + (contract === undefined ? 60_000 : 300_000 + 3 * contract.dayMs);
}

/** The site behind the edge. */
interface Site {
  origin: Origin | undefined;
}

function startCdn(
  config: PurgerConfig,
  { cdnProUrl, contract, account, edgeUrls = [], ports }: LocalOptions,
  site: Site,
  timeline: Timeline,
): Promise<LocalCdn> {
  return startLocalCdn({
    target: config.target,
    hosts: hostsOf(config),
    edgeHost: edgeHostOf(config),
    fetchOrigin: async (url) => site.origin?.fetch(url),
    cdnProUrl,
    contract: simulatedContract(config, contract, account),
    account,
    edgeUrls,
    ports,
    onFinished: ({ id, successRate }) => timeline.addFinished(id, successRate),
  });
}

/**
 * Shows objects at the origin, and purges the edges, as the functions log it.
 * @returns a function that says how many purge requests were accepted until now
 */
function followTimeline(timeline: Timeline, site: Site, cdn: LocalCdn): () => number {
  let requests = 0;
  timeline.onEntry((entry) => {
    if (entry.kind === 'queued') showAtOrigin(entry, site.origin);
    if (entry.kind !== 'accepted') return;
    requests++;
    // Another API does not know our edges, which obey the requests that it accepted, too.
    if (!cdn.isSimulated) cdn.purge(entry.purge);
  });
  return () => requests;
}

/** The URLs of an object are those that its change makes stale: the functions' own mapping says which. */
function showAtOrigin({ changeId, urls }: Entry & { kind: 'queued' }, origin: Origin | undefined): void {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/([\s\S]+)$/.exec(changeId) ?? [];
  if (bucket !== undefined && key !== undefined) origin?.show({ bucket, key }, urls);
}

function startStack(
  config: PurgerConfig,
  { contract, verbose, ports }: LocalOptions,
  {
    assemblyDir,
    cdn,
    timeline,
  }: { readonly assemblyDir: string; readonly cdn: LocalCdn; readonly timeline: Timeline },
): Promise<LocalAws> {
  return startAws({
    assemblyDir,
    ...(config.stackName === undefined ? {} : { stackName: config.stackName }),
    secrets: localSecrets(config),
    environment: {
      [environment.cdnProEndpoint]: cdn.apiUrl,
      ...probingEnvironment(cdn),
      ...sharedTableEnvironment(config),
      ...contractEnvironment(config, contract),
    },
    scheduleEveryMs: tickEveryMs,
    outside: (outputs) => outsideNotifications(config, outputs),
    onFunctionLog: ({ logicalId }, line) => {
      if (verbose) console.log(line);
      timeline.add(logicalId, line);
    },
    onEvent: (event) => {
      const problem = describeProblem(event);
      if (problem !== undefined) timeline.addProblem(problem);
    },
    ports: {
      ...(ports.s3 === undefined ? {} : { s3AndSqs: ports.s3 }),
      ...(ports.webhooks === undefined ? {} : { httpApi: ports.webhooks }),
    },
  });
}

/** What went wrong in the stack, in one line; undefined for any other event. */
function describeProblem(event: LocalEvent): string | undefined {
  switch (event.type) {
    case 'warning':
      return event.message;
    case 'invocation-failed':
      return `${event.functionName} failed (${event.cause}): ${event.error.errorMessage}`;
    case 'event-given-up':
      return `${event.functionName} gave up an event (${event.reason}): ${event.queueArn === undefined ? 'it is lost' : 'it is in the dead letter queue'}`;
    default:
      return undefined;
  }
}

/** What is probed in place of the edges that DNS leads to; nothing where edges are ours and the API is another one. */
function probingEnvironment({ vantages }: LocalCdn): Readonly<Record<string, string>> {
  if (vantages.length === 0) return { [environment.probeFunction]: '' };
  return { [environment.vantages]: JSON.stringify({ production: vantages, staging: vantages }) };
}

function webhooksOf(config: PurgerConfig, { webhooks, webhookSecrets }: Ready): LocalContext['webhooks'] {
  const all = config.webhooks ?? [];
  return Object.fromEntries(
    all.map(({ source, name = source, ...options }) => {
      const header = 'header' in options ? String(options.header) : undefined;
      return [name, { source, header, url: webhooks[name] ?? '', secret: webhookSecrets[name] ?? '' }];
    }),
  );
}
