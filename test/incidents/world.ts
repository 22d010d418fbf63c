import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import type { CdnProOptions } from '../../local/cdn-pro/options.ts';
import { type CdnPro, startCdnPro } from '../../local/cdn-pro/server.ts';
import { expectDurations } from '../../local/demo/expect-durations.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { createOrigin, type Origin } from '../../local/demo/samples/origin.ts';
import { localCredentials } from '../../local/demo/secrets.ts';
import { startNetwork } from '../../local/edge/network.ts';
import { startEdge } from '../../local/edge/server.ts';
import { type AwsStub, startAwsStub } from '../helpers/aws-stub.ts';
import { type Ran, run } from '../helpers/cli.ts';
import { type Scratch, scratchFolder, startStack } from '../helpers/start.ts';

/** The secret that the CMS signs with: those of the local stack are for it alone. */
const webhookSecret = 'wr6Zk0n2vX8qT4sLb1Yd';

/** The site of all incidents. */
export const config = {
  stackName: 'MyStack',
  credentials: 'cdn-pro/api',
  target: 'production',
  batchingWindowSeconds: 1,
  buckets: [{ name: 'site' }],
  alarms: { topicArn: 'arn:aws:sns:eu-west-1:111122223333:pager' },
  webhooks: [{ source: 'ghost', secret: 'cdn-pro-purger/ghost' }],
  rules: [
    {
      match: { source: 's3', key: 'pages/{+path}' },
      purge: { fileUrls: ['https://www.example.com/{+path}'] },
    },
    {
      match: { source: 's3', key: 'shop/{+path}' },
      purge: { fileUrls: ['https://shop.example.com/{+path}'] },
    },
    { match: { source: 'ghost' }, purge: { fileUrls: ['https://www.example.com/{slug}'] } },
  ],
} as const satisfies PurgerConfig;

/** The hosts of the rules. */
const allHosts = ['www.example.com', 'shop.example.com'];

/** What is not as it should be from the beginning. */
export interface WorldOptions {
  readonly cdnPro?: Partial<CdnProOptions>;
  /** The hosts that are deployed in CDN Pro. @default those of the rules */
  readonly hosts?: readonly string[];
  /** Whether one of two edges obeys no purge, while CDN Pro says that all have. */
  readonly hasDeafEdge?: boolean;
}

/** A running purger, the CDN Pro that it uses, and edges behind it. */
export interface World {
  readonly ready: Ready;
  readonly cdnPro: CdnPro;
  /** What the deployed one has besides: alarms, and the settings of its bucket. */
  readonly aws: AwsStub;
  /** The addresses of two edges. */
  readonly edges: readonly string[];
  /** What a person on call has. */
  readonly files: { readonly ready: string; readonly config: string };
  /** Runs `cdn-purger` with what finds the purger, or its configuration. */
  readonly cli: (command: readonly string[], by?: 'ready' | 'stack' | 'config') => Promise<Ran>;
  /** Uploads a new version of objects. */
  readonly upload: (...keys: readonly string[]) => Promise<void>;
  /** @returns what each edge answers for a URL */
  readonly visit: (url: string) => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

/** Starts one, on which nothing is wrong but what the options say. */
export async function startWorld({
  cdnPro: options,
  hosts = allHosts,
  hasDeafEdge = false,
}: WorldOptions): Promise<World> {
  const site: { origin: Origin | undefined } = { origin: undefined };
  const edge = {
    fetchOrigin: async (url: URL) => site.origin?.fetch(url),
    defaultHost: 'www.example.com',
    hosts,
  };
  const network = await startNetwork({ ...edge, zones: ['Europe'], edgesPerZone: hasDeafEdge ? 1 : 2 });
  const deaf = hasDeafEdge ? [await startEdge(edge)] : [];
  const edges = [...network.edges, ...deaf];
  const cdnPro = await startCdnPro({
    credentials: localCredentials,
    deployedHosts: { production: hosts, staging: hosts },
    processingMs: () => 500,
    unseenMs: 0,
    onAccepted: network.purge,
    ...options,
  });
  const edgeOptions = edges.flatMap(({ url }) => ['--edge', url]);
  const stack = await startStack(config, '--cdn-pro', cdnPro.url, ...edgeOptions);
  const ready = { ...stack.ready, webhookSecrets: { ghost: webhookSecret } };
  await putSecret(ready, 'cdn-pro-purger/ghost', webhookSecret);
  site.origin = createOrigin(ready.s3.endpoint, { bucket: 'site', prefix: 'pages/' });
  await expectDurations({ ...ready.dynamodb, region: ready.operation.region }, [800]);
  const aws = await startAwsStub(ready);
  const scratch = scratchFolder();
  const files = writeFiles(scratch, ready);
  const found = {
    ready: ['--ready', files.ready],
    stack: ['--stack', config.stackName],
    config: ['--config', files.config],
  };
  let version = 0;
  return {
    ready,
    cdnPro,
    aws,
    edges: edges.map(({ url }) => url),
    files,
    cli: (command, by = 'ready') => run([...command, ...found[by]]),
    async upload(...keys) {
      version++;
      const put = (key: string) =>
        putObject(`${ready.s3.endpoint}/site/${key}`, `${key}, version ${version}\n`);
      // As many at once as an uploader sends, or connections are refused.
      for (let index = 0; index < keys.length; index += 50) {
        await Promise.all(keys.slice(index, index + 50).map(put));
      }
    },
    async visit(url) {
      const answers = await Promise.all(edges.map((each) => each.get(url)));
      return answers.map(({ body }) => body.toString());
    },
    async stop() {
      aws.stop();
      await stack.stop();
      await cdnPro.stop();
      await network.stop();
      for (const each of deaf) await each.stop();
      scratch.remove();
    },
  };
}

async function putSecret({ operation }: Ready, SecretId: string, SecretString: string): Promise<void> {
  const { region, endpoints } = operation;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SecretsManagerClient({ region, credentials, endpoint: endpoints.secretsManager });
  await client.send(new PutSecretValueCommand({ SecretId, SecretString }));
}

/** A busy machine resets connections now and then. */
async function putObject(url: string, body: string, attempts = 5): Promise<void> {
  try {
    await fetch(url, { method: 'PUT', body });
  } catch (error) {
    if (attempts === 1) throw error;
    await sleep(500);
    await putObject(url, body, attempts - 1);
  }
}

function writeFiles({ path }: Scratch, ready: Ready): World['files'] {
  const files = { ready: path('ready.json'), config: path('config.json') };
  writeFileSync(files.ready, JSON.stringify(ready));
  writeFileSync(files.config, `${JSON.stringify(config, null, 2)}\n`);
  return files;
}
