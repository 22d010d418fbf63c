import { writeFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { secretNameIn } from '../../infra/settings/sources/secret-settings.ts';
import { createSwitch } from '../../local/aws/control/switch.ts';
import { startEventSource } from '../../local/aws/event-source/poller.ts';
import { createFunction } from '../../local/aws/lambda/function.ts';
import type { InvocationResult, LocalFunction } from '../../local/aws/lambda/invocation.ts';
import { synthesize } from '../../local/aws/synthesize.ts';
import { type Assembly, readAssembly } from '../../local/aws/template/assembly.ts';
import { largeQuotas } from '../../local/cdn-pro/options.ts';
import { type CdnPro, startCdnPro } from '../../local/cdn-pro/server.ts';
import { localCredentials, localSecrets } from '../../local/demo/secrets.ts';
import { scratchFolder } from '../helpers/start.ts';
import { createStack, type EmulatedStack } from './emulated-stack.ts';
import { motoAccountId, startMoto } from './moto.ts';

/** The stack of a configuration in moto, its bundled functions, and CDN Pro's simulator. */
export interface World {
  readonly stack: EmulatedStack;
  readonly assembly: Assembly;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
  readonly cdnPro: CdnPro;
  /** Lines that the functions logged, oldest first. */
  readonly logs: readonly string[];
  /** @returns where the queue with this ARN answers */
  readonly queueUrlOf: (arn: string) => Promise<string>;
  /** Runs a function's bundle on this machine, with the environment that CloudFormation has given it in moto. */
  readonly invoke: (logicalId: RegExp, payload: unknown) => Promise<InvocationResult>;
  /**
   * Does what Lambda's poller does for a function, by the stack's own mapping, which moto cannot.
   * @param correct corrects what moto puts into messages otherwise than AWS does
   */
  readonly poll: (logicalId: RegExp, correct?: (records: unknown) => unknown) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const functionConfiguration = z.object({
  FunctionName: z.string(),
  FunctionArn: z.string(),
  Handler: z.string(),
  Timeout: z.number(),
  MemorySize: z.number(),
  // A function without variables has none.
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).default({ Variables: {} }),
});
const functionSource = z.object({ Code: z.object({ S3Key: z.string() }) });
/** An event source mapping as Lambda describes it. */
const mappingConfiguration = z.object({
  UUID: z.string(),
  FunctionArn: z.string(),
  EventSourceArn: z.string(),
  BatchSize: z.number(),
  MaximumBatchingWindowInSeconds: z.number(),
  FunctionResponseTypes: z.array(z.string()),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }).optional(),
});

/** Creates the world of a configuration. Its buckets and secrets exist before the stack does, as those of a user. */
export async function createWorld(config: PurgerConfig): Promise<World> {
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    return { ...(await create(config, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function create(
  config: PurgerConfig,
  stops: (() => Promise<void> | void)[],
): Promise<Omit<World, 'stop'>> {
  const scratch = scratchFolder();
  stops.push(scratch.remove);
  writeFileSync(scratch.path('config.json'), JSON.stringify(config));
  const { directory, remove } = await synthesize(scratch.path('config.json'));
  stops.push(remove);
  const assembly = readAssembly(directory);
  const moto = await startMoto();
  stops.push(moto.stop);
  const hosts = ['www.example.com'];
  const cdnPro = await startCdnPro({
    quotas: largeQuotas,
    credentials: localCredentials,
    deployedHosts: { production: hosts, staging: hosts },
  });
  stops.push(cdnPro.stop);
  const clients = createClients(moto.url, assembly.region);
  for (const client of Object.values(clients)) stops.push(() => client.destroy());
  await createOwn(config, clients);
  await createAssets(assembly, clients.s3);
  const stack = await createStack(moto.url, assembly);
  await stopMappings(stack);

  const queueUrlOf = async (arn: string) => {
    const QueueName = arn.split(':').at(-1) ?? '';
    const { QueueUrl = '' } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName }));
    return stack.localUrl(QueueUrl);
  };
  const logs: string[] = [];
  const functions = new Map<string, LocalFunction>();
  const functionOf = async (logicalId: RegExp): Promise<LocalFunction> => {
    const id = stack.find('AWS::Lambda::Function', logicalId);
    const known = functions.get(id);
    if (known !== undefined) return known;
    const made = await startFunction(id, { stack, assembly, url: moto.url, cdnPro }, (line) =>
      logs.push(line),
    );
    stops.push(made.stop);
    functions.set(id, made);
    return made;
  };
  return {
    ...clients,
    stack,
    assembly,
    cdnPro,
    logs,
    queueUrlOf,
    invoke: async (logicalId, payload) => (await functionOf(logicalId)).invoke(payload, 'event'),
    async poll(logicalId, correct = (records) => records) {
      const target = await functionOf(logicalId);
      const mapping = await mappingOf(stack, logicalId);
      const settings = {
        logicalId: target.settings.logicalId,
        queueUrl: await queueUrlOf(mapping.EventSourceArn),
        queueArn: mapping.EventSourceArn,
        region: assembly.region,
        batchSize: mapping.BatchSize,
        batchingWindowSeconds: mapping.MaximumBatchingWindowInSeconds,
        maximumConcurrency: mapping.ScalingConfig?.MaximumConcurrency ?? 2,
        reportsBatchItemFailures: mapping.FunctionResponseTypes.includes('ReportBatchItemFailures'),
      };
      const corrected: LocalFunction = {
        ...target,
        invoke: (records, ...more) => target.invoke(correct(records), ...more),
      };
      const source = { target: corrected, sqs: clients.sqs, isEnabled: createSwitch(true) };
      stops.push(startEventSource(settings, source, (problem) => logs.push(problem)));
    },
  };
}

function createClients(endpoint: string, region: string) {
  const common = {
    endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  };
  return {
    s3: new S3Client({ ...common, forcePathStyle: true }),
    sqs: new SQSClient(common),
    dynamodb: new DynamoDBClient(common),
    secretsManager: new SecretsManagerClient(common),
  };
}

/** What a user has before the first deployment: buckets and secrets. */
async function createOwn(config: PurgerConfig, { s3, secretsManager }: ReturnType<typeof createClients>) {
  const buckets = (config.buckets ?? []).flatMap(({ name, create }) => (create ? [] : [name]));
  for (const Bucket of new Set(buckets)) await s3.send(new CreateBucketCommand({ Bucket }));
  const secretOf = localSecrets(config);
  const names = [config.credentials, ...(config.webhooks ?? []).flatMap(({ secret }) => secret)];
  for (const Name of new Set(names.map(secretNameIn))) {
    await secretsManager.send(new CreateSecretCommand({ Name, SecretString: secretOf(Name) ?? '' }));
  }
}

/** What `cdk deploy` uploads. moto wants the objects to be there; what is in them is run here and not there. */
async function createAssets({ assetPaths, region }: Assembly, s3: S3Client) {
  const Bucket = `cdk-hnb659fds-assets-${motoAccountId}-${region}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  for (const Key of assetPaths.keys()) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
}

async function startFunction(
  logicalId: string,
  { stack, assembly, url, cdnPro }: Pick<World, 'stack' | 'assembly' | 'cdnPro'> & { readonly url: string },
  onLog: (line: string) => void,
): Promise<LocalFunction> {
  const found = functionConfiguration.parse(
    await stack.calls.rest(
      'lambda',
      'GET',
      `/2015-03-31/functions/${stack.physicalIds.get(logicalId)}/configuration`,
    ),
  );
  const { Code } = functionSource.parse(assembly.template.Resources[logicalId]?.Properties);
  const codeDirectory = assembly.assetPaths.get(Code.S3Key);
  if (codeDirectory === undefined) throw new Error(`Expected the code of ${logicalId} among the assets`);
  return createFunction(
    {
      logicalId,
      functionName: found.FunctionName,
      arn: found.FunctionArn,
      handler: found.Handler,
      codeDirectory,
      timeoutSeconds: found.Timeout,
      memoryMb: found.MemorySize,
      environment: {
        ...Object.fromEntries(
          Object.entries(found.Environment.Variables).map(([name, value]) => [name, stack.localUrl(value)]),
        ),
        AWS_REGION: assembly.region,
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_ENDPOINT_URL: url,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
        CDN_PRO_ENDPOINT: cdnPro.url,
      },
      maxEnvironments: 2,
    },
    onLog,
    () => {},
  );
}

const mappingsPath = '/2015-03-31/event-source-mappings/';

/** @returns the event source mapping that runs a function for a queue, as Lambda describes it */
export async function mappingOf(stack: EmulatedStack, logicalId: RegExp) {
  const name = stack.physicalIds.get(stack.find('AWS::Lambda::Function', logicalId)) ?? '';
  const mapping = (await mappingsOf(stack)).find(({ FunctionArn }) => FunctionArn.endsWith(`:${name}`));
  if (mapping === undefined) throw new Error(`Expected an event source mapping of ${name}`);
  return mapping;
}

async function mappingsOf({ calls }: EmulatedStack) {
  return z
    .object({ EventSourceMappings: z.array(mappingConfiguration) })
    .parse(await calls.rest('lambda', 'GET', mappingsPath)).EventSourceMappings;
}

/** Switches the mappings off in moto: it would run the functions in Docker. */
async function stopMappings(stack: EmulatedStack): Promise<void> {
  for (const { UUID } of await mappingsOf(stack)) {
    await stack.calls.rest('lambda', 'PUT', `${mappingsPath}${UUID}`, { Enabled: false });
  }
}
