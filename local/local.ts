import type { PurgerConfig } from '../infra/settings/purger-config.ts';
import { type LocalAws, type LocalEvent, startAws } from './aws/start-aws.ts';
import { synthesize } from './aws/synthesize.ts';
import { startCdnPro } from './cdn-pro/server.ts';
import { edgeHostOf, hostsOf } from './demo/hosts.ts';
import { createOrigin, type Origin } from './demo/origin.ts';
import type { LocalContext } from './demo/run-samples.ts';
import { firstObjects, outsideNotifications } from './demo/s3-source.ts';
import { localCredentials, localSecrets, localWebhookSecrets } from './demo/secrets.ts';
import { createSharedTable, sharedTableEnvironment, sharedTableName } from './demo/shared-ledger.ts';
import { createJournal, type Entry, type Timeline } from './demo/timeline.ts';
import { startEdge } from './edge/server.ts';

/** How to start the local stack. */
export interface LocalOptions {
  readonly config?: string | undefined;
  /** The stage that is run; missing where the configuration has none. */
  readonly stage?: string | undefined;
  /** A CDN Pro API instead of the simulator. */
  readonly cdnProUrl?: string | undefined;
  readonly verbose?: boolean;
  readonly ports: {
    readonly s3: number | undefined;
    readonly webhooks: number | undefined;
    readonly edge: number | undefined;
    readonly cdnPro: number | undefined;
  };
}

/** What `--ready` writes: the contract with programs that drive the local stack. */
export interface Ready {
  readonly s3: { readonly endpoint: string; readonly bucket: string | undefined };
  readonly webhooks: Readonly<Record<string, string>>;
  readonly webhookSecrets: Readonly<Record<string, string>>;
  readonly cdnPro: string;
  readonly edge: string;
  readonly sqs: {
    readonly endpoint: string;
    readonly bufferQueueUrl: string;
    readonly deadLetterQueueUrl: string;
  };
  readonly dynamodb: { readonly endpoint: string; readonly table: string };
}

/** The local stack, as it runs. */
export interface Local {
  readonly config: PurgerConfig;
  readonly ready: Ready;
  readonly journal: Timeline;
  readonly stage: LocalContext;
  /** What listens where, for a person. */
  readonly summary: string;
  /** How many purge requests were accepted. */
  countRequests(): number;
  stop(): Promise<void>;
}

/**
 * Synthesizes the app and runs what came out: the template's resources, CDN Pro and an edge that obeys it.
 * @throws Error in one clear sentence, with everything stopped that had started
 */
export async function startLocal(config: PurgerConfig, options: LocalOptions): Promise<Local> {
  const stops: (() => Promise<void> | void)[] = [];
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
  { config: configFile, stage, cdnProUrl, verbose, ports }: LocalOptions,
  stops: (() => Promise<void> | void)[],
): Promise<Omit<Local, 'stop'>> {
  const assembly = await synthesize(configFile, stage);
  stops.push(assembly.remove);

  const watched = firstObjects(config);
  let origin: Origin | undefined;
  const hosts = hostsOf(config);
  const edge = await startEdge({
    fetchOrigin: async (url) => origin?.fetch(url),
    defaultHost: edgeHostOf(config),
    target: config.target,
    ...portOf(ports.edge),
  });
  stops.push(edge.stop);

  const cdnPro =
    cdnProUrl === undefined
      ? await startCdnPro({
          credentials: localCredentials,
          deployedHosts: { production: hosts, staging: hosts },
          onAccepted: ({ body }) => edge.purge(body),
          ...portOf(ports.cdnPro),
        })
      : undefined;
  if (cdnPro !== undefined) stops.push(cdnPro.stop);
  const apiUrl = cdnPro?.url ?? cdnProUrl ?? '';

  const journal = createJournal();
  let requests = 0;
  journal.onEntry((entry) => {
    if (entry.kind === 'queued') showAtOrigin(entry, origin);
    if (entry.kind !== 'purged') return;
    requests++;
    // An API of someone else's making does not know our edge: it obeys what was accepted, too.
    if (cdnPro === undefined) edge.purge(entry.purge);
  });

  const aws = await startAws({
    assemblyDir: assembly.directory,
    secrets: localSecrets(config),
    environment: { CDN_PRO_ENDPOINT: apiUrl, ...sharedTableEnvironment(config) },
    outside: (outputs) => outsideNotifications(config, outputs),
    onFunctionLog: ({ logicalId }, line) => {
      if (verbose) console.log(line);
      journal.add(logicalId, line);
    },
    onEvent: (event) => {
      const problem = describeProblem(event);
      if (problem !== undefined) journal.addProblem(problem);
    },
    ports: {
      ...(ports.s3 === undefined ? {} : { s3AndSqs: ports.s3 }),
      ...(ports.webhooks === undefined ? {} : { httpApi: ports.webhooks }),
    },
  });
  stops.push(aws.stop);
  origin = createOrigin(aws.s3.endpoint, watched ?? { bucket: 'no-bucket', prefix: '' });
  await createSharedTable(config, { endpoint: aws.dynamodb.endpoint, region: aws.region });

  const ready = readyOf(config, aws, apiUrl, edge.url);
  const webhooks = Object.fromEntries(
    Object.entries(ready.webhooks).map(([name, url]) => [
      name,
      { url, secret: ready.webhookSecrets[name] ?? '' },
    ]),
  );
  return {
    config,
    ready,
    journal,
    stage: {
      objects: watched,
      origin,
      edge,
      journal,
      webhooks,
      nowMs: Date.now,
    },
    summary: summaryOf(ready, cdnPro !== undefined),
    countRequests: () => requests,
  };
}

/** The URLs of an object are those that its change makes stale: the functions' own mapping says which. */
function showAtOrigin({ changeId, urls }: Entry & { kind: 'queued' }, origin: Origin | undefined): void {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/([\s\S]+)$/.exec(changeId) ?? [];
  if (bucket !== undefined && key !== undefined) origin?.show({ bucket, key }, urls);
}

/** What went wrong in the stack, in one line; undefined for what is in order. */
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

function readyOf(config: PurgerConfig, aws: LocalAws, cdnPro: string, edge: string): Ready {
  const { webhooks = [] } = config;
  const { BufferQueueUrl = '', DeadLetterQueueUrl = '', LedgerTableName = '', WebhookUrl = '' } = aws.outputs;
  return {
    s3: { endpoint: aws.s3.endpoint, bucket: firstObjects(config)?.bucket },
    webhooks: Object.fromEntries(webhooks.map(({ source, name = source }) => [name, `${WebhookUrl}${name}`])),
    webhookSecrets: localWebhookSecrets(config),
    cdnPro,
    edge,
    sqs: {
      endpoint: aws.sqs.endpoint,
      bufferQueueUrl: BufferQueueUrl,
      deadLetterQueueUrl: DeadLetterQueueUrl,
    },
    dynamodb: { endpoint: aws.dynamodb.endpoint, table: sharedTableName(config) ?? LedgerTableName },
  };
}

function summaryOf({ s3, webhooks, cdnPro, edge }: Ready, isSimulated: boolean): string {
  const rows = [
    ['S3', s3.bucket === undefined ? s3.endpoint : `${s3.endpoint}/${s3.bucket}`],
    ...Object.entries(webhooks).map(([name, url]) => [`Webhook ${name}`, url]),
    [isSimulated ? 'CDN Pro simulator' : 'CDN Pro API', cdnPro],
    ['Edge', edge],
  ] as const;
  const width = Math.max(...rows.map(([name]) => (name ?? '').length));
  return ['The stack runs:', ...rows.map(([name = '', url]) => `  ${name.padEnd(width)}  ${url}`)].join('\n');
}

function portOf(port: number | undefined): { port?: number } {
  return port === undefined ? {} : { port };
}
