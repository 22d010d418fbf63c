import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MessageAttributeValue, SendMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import {
  createQueues,
  createTables,
  declaredSecrets,
  type EmulatorPorts,
  type Emulators,
  type FoundSecret,
  findSecret,
  localCredentials,
  type Stop,
  startEmulators,
  stopAll,
} from './emulators.ts';
import { checkMapping, type MappingSettings, startEventSource } from './event-source.ts';
import { type AnsweredRequest, type HttpApi, type Route, startHttpApi } from './http-api.ts';
import { TemplateError } from './intrinsics.ts';
import {
  type AsyncSettings,
  createAsyncInvoker,
  createFunction,
  type InvocationEvent,
  type InvokeAsync,
  type LocalFunction,
  PayloadTooLargeError,
  type SendToQueue,
} from './lambda.ts';
import {
  dispatchEvent,
  type EventTargets,
  eventBridgeEvent,
  notify,
  type ObjectWrite,
  readNotifications,
  readRules,
  testEvent,
} from './s3-events.ts';
import {
  localAccountId,
  nameInArn,
  openTemplate,
  type Resource,
  readAssembly,
  type StackTemplate,
} from './template.ts';

/** What the local stack saw. */
export type LocalEvent =
  | InvocationEvent
  | ({ readonly type: 'object-created' | 'object-deleted' } & ObjectWrite)
  | ({ readonly type: 'http-request'; readonly atMs: number } & AnsweredRequest)
  /** One sentence about something that the local stack does not do, or that went wrong in it. */
  | { readonly type: 'warning'; readonly atMs: number; readonly message: string };

/** How to start a stack. */
export interface AwsOptions {
  /** The cloud assembly (`cdk.out`) that `cdk synth` made. */
  readonly assemblyDir: string;
  /** By default the only stack of the assembly. */
  readonly stackName?: string;
  /** The value of a secret by its name or ARN, preferred to what the template declares; undefined for an unknown one. */
  readonly secrets: (secretId: string) => string | undefined;
  /** Variables for every function beside those of the template, which they override. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with each line that a handler writes to stdout or stderr. */
  readonly onFunctionLog?: (
    source: { readonly logicalId: string; readonly functionName: string },
    line: string,
  ) => void;
  readonly onEvent?: (event: LocalEvent) => void;
  /** Free ports where left out. `httpApi` is that of the template's first HTTP API. */
  readonly ports?: EmulatorPorts & { readonly httpApi?: number };
}

/** A stack that runs. URLs have no slash at their end. */
export interface LocalAws {
  readonly stackName: string;
  readonly region: string;
  readonly s3: { readonly endpoint: string; readonly buckets: readonly string[] };
  readonly sqs: { readonly endpoint: string; readonly queueUrl: (logicalId: string) => string };
  readonly dynamodb: { readonly endpoint: string; readonly tableName: (logicalId: string) => string };
  readonly secretsManager: { readonly endpoint: string };
  /** The URL of the template's first HTTP API. */
  readonly httpApiUrl: string | undefined;
  readonly routes: readonly {
    readonly routeKey: string;
    readonly functionLogicalId: string;
    readonly apiUrl: string;
  }[];
  /** The stack outputs with local values. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly functions: readonly {
    readonly logicalId: string;
    readonly functionName: string;
    readonly arn: string;
  }[];
  /** Ends every child and server at once, whatever is under way. Can be called again. */
  readonly stop: () => Promise<void>;
}

/** The most child processes of one function, which is as many invocations as a small machine has use for. */
const maxEnvironments = 4;

/** What the poller of Lambda starts with where a mapping sets no maximum. */
const defaultMappingConcurrency = 5;

/**
 * Runs a synthesized stack on this machine: emulators for its queues, tables, buckets and secrets, its functions in
 * child processes, its event source mappings, event rules, bucket notifications and HTTP APIs.
 * @throws {TemplateError} for a template that AWS would refuse, or that cannot run locally.
 * @throws {PortInUseError} for a port that is taken. Whatever had started is stopped then.
 */
export async function startAws(options: AwsOptions): Promise<LocalAws> {
  const stopping = new AbortController();
  const stops: Stop[] = [];
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopping.abort();
    stopped ??= stopAll(stops);
    return stopped;
  };
  try {
    return { ...(await startStack(options, stops, stopping.signal)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the parts of a running stack share. */
interface Running {
  readonly options: AwsOptions;
  readonly template: StackTemplate;
  readonly emulators: Emulators;
  readonly httpApis: ReadonlyMap<string, HttpApi>;
  readonly sendToQueue: SendToQueue;
  readonly emit: (event: LocalEvent) => void;
  readonly warn: (message: string) => void;
  readonly stops: Stop[];
  readonly signal: AbortSignal;
}

async function startStack(
  options: AwsOptions,
  stops: Stop[],
  signal: AbortSignal,
): Promise<Omit<LocalAws, 'stop'>> {
  const assembly = readAssembly(options.assemblyDir, options.stackName);
  const emit = (event: LocalEvent) => {
    if (!signal.aborted) options.onEvent?.(event);
  };
  const warn = (message: string) => emit({ type: 'warning', atMs: Date.now(), message });
  let declared: readonly FoundSecret[] = [];
  let onObjectWrite: (write: ObjectWrite) => void = () => {};

  const emulators = await startEmulators({
    region: assembly.region,
    ...(options.ports && { ports: options.ports }),
    findSecret: (secretId) =>
      findSecret(secretId, { region: assembly.region, given: options.secrets, declared }),
    onObjectWrite: (write) => onObjectWrite(write),
  });
  stops.push(emulators.stop);
  const apiIds = Object.keys(assembly.template.Resources).filter(
    (id) => assembly.template.Resources[id]?.Type === 'AWS::ApiGatewayV2::Api',
  );
  const httpApis = await startHttpApis(apiIds, options, emit, stops);
  const httpApiUrls = Object.fromEntries([...httpApis].map(([id, { url }]) => [id, url]));
  const template = openTemplate(assembly, { sqs: emulators.endpoints.sqs, httpApis: httpApiUrls });
  declared = declaredSecrets(template);
  for (const sentence of template.unsupported()) warn(sentence);
  await createQueues(template, emulators);
  await createTables(template, emulators);

  const sendToQueue = queueSender(emulators);
  const running: Running = { options, template, emulators, httpApis, sendToQueue, emit, warn, stops, signal };
  const functions = startFunctions(running);
  const events = await startObjectEvents(running, functions);
  onObjectWrite = events.onObjectWrite;
  await startMappings(running, functions);
  const routes = serveHttpApis(running, functions);
  const { values: outputs, problems } = template.outputs();
  for (const problem of problems) warn(problem);

  const tables = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'];
  return {
    stackName: template.stackName,
    region: template.region,
    s3: { endpoint: emulators.endpoints.s3, buckets: events.buckets },
    sqs: {
      endpoint: emulators.endpoints.sqs,
      queueUrl: (logicalId) => template.ref(findResource(template, ['AWS::SQS::Queue'], logicalId)),
    },
    dynamodb: {
      endpoint: emulators.endpoints.dynamodb,
      tableName: (logicalId) => template.physicalName(findResource(template, tables, logicalId)),
    },
    secretsManager: { endpoint: emulators.endpoints.secretsManager },
    httpApiUrl: httpApis.values().next().value?.url,
    routes,
    outputs,
    functions: [...functions.values()].map(({ settings: { logicalId, functionName, arn } }) => ({
      logicalId,
      functionName,
      arn,
    })),
  };
}

function findResource(template: StackTemplate, types: readonly string[], logicalId: string): Resource {
  const found = types.flatMap(template.resources).find((resource) => resource.logicalId === logicalId);
  if (found === undefined)
    throw new TemplateError(`The stack has no ${types.join(' or ')} named ${logicalId}.`);
  return found;
}

function queueSender({ sqs, endpoints }: Emulators): SendToQueue {
  return async (queueArn, body, attributes = {}) => {
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]): [string, MessageAttributeValue] => [
        name,
        { DataType: 'String', StringValue },
      ]),
    );
    const QueueUrl = `${endpoints.sqs}/${localAccountId}/${nameInArn(queueArn)}`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body, MessageAttributes }));
  };
}

/** Functions */

const functionSchema = z.object({
  Runtime: z.string().optional(),
  Handler: z.string().optional(),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  ReservedConcurrentExecutions: z.coerce.number().optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).prefault({}),
  Code: z.object({ S3Key: z.string().optional(), ZipFile: z.string().optional() }),
  Layers: z.array(z.unknown()).default([]),
});

/** The functions of the template by name, none of them started before it is needed. */
function startFunctions(running: Running): ReadonlyMap<string, LocalFunction> {
  const { template, options, emit, warn, stops } = running;
  const ignored = template.customResourceHandlers();
  const functions = new Map<string, LocalFunction>();
  for (const resource of template.resources('AWS::Lambda::Function')) {
    const { logicalId } = resource;
    if (ignored.has(logicalId)) continue;
    const settings = template.properties(resource, functionSchema);
    if (!settings.Runtime?.startsWith('nodejs') || settings.Handler === undefined) {
      warn(
        `The function ${logicalId} is left out: ${settings.Runtime ?? 'a container'} is not supported locally.`,
      );
      continue;
    }
    if (settings.Layers.length > 0) warn(`The function ${logicalId} runs without its layers locally.`);
    const functionName = template.physicalName(resource);
    const started = createFunction(
      {
        logicalId,
        functionName,
        arn: template.attribute(resource, 'Arn'),
        handler: settings.Handler,
        codeDirectory: codeDirectory(logicalId, settings.Code, template, stops),
        timeoutSeconds: settings.Timeout,
        memoryMb: settings.MemorySize,
        environment: {
          ...settings.Environment.Variables,
          ...options.environment,
          ...localEnvironment(running),
        },
        maxEnvironments: Math.max(
          1,
          Math.min(maxEnvironments, settings.ReservedConcurrentExecutions ?? Infinity),
        ),
      },
      (line) => options.onFunctionLog?.({ logicalId, functionName }, line),
      emit,
    );
    stops.push(started.stop);
    functions.set(functionName, started);
  }
  return functions;
}

/** What makes the SDK clients of a handler talk to the emulators. */
function localEnvironment({
  emulators: { endpoints },
  template: { region },
}: Running): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
    AWS_SESSION_TOKEN: localCredentials.sessionToken,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
  };
}

function codeDirectory(
  logicalId: string,
  { S3Key, ZipFile }: { S3Key?: string | undefined; ZipFile?: string | undefined },
  template: StackTemplate,
  stops: Stop[],
): string {
  if (ZipFile !== undefined) {
    const directory = mkdtempSync(join(tmpdir(), 'local-function-'));
    stops.push(() => rmSync(directory, { recursive: true, force: true }));
    writeFileSync(join(directory, 'index.js'), ZipFile);
    return directory;
  }
  const directory = S3Key === undefined ? undefined : template.assetPath(S3Key);
  if (directory !== undefined) return directory;
  throw new TemplateError(`The code of the function ${logicalId} is not among the assets of the assembly.`);
}

/** The function that a name or an ARN, with or without a qualifier, stands for. */
function functionOf(
  functions: ReadonlyMap<string, LocalFunction>,
  nameOrArn: string,
): LocalFunction | undefined {
  const arn = /arn:aws:lambda:[\w-]+:\d+:function:[\w-]+/.exec(nameOrArn)?.[0];
  return functions.get(arn === undefined ? (nameOrArn.split(':')[0] ?? '') : nameInArn(arn));
}

/** Asynchronous invocation */

const destinationSchema = z.object({ Destination: z.string() }).optional();
const invokeConfigSchema = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: z.coerce.number().default(2),
  MaximumEventAgeInSeconds: z.coerce.number().default(21_600),
  DestinationConfig: z.object({ OnFailure: destinationSchema, OnSuccess: destinationSchema }).prefault({}),
});
const deadLetterSchema = z.object({
  DeadLetterConfig: z.object({ TargetArn: z.string().optional() }).prefault({}),
});

function asyncInvokers(
  running: Running,
  functions: ReadonlyMap<string, LocalFunction>,
): EventTargets['invoke'] {
  const { template, sendToQueue, emit, signal } = running;
  const settings = asyncSettings(running, functions);
  const invokers = new Map<LocalFunction, InvokeAsync>();
  for (const target of functions.values()) {
    const resource = findResource(template, ['AWS::Lambda::Function'], target.settings.logicalId);
    const deadLetterArn = template.properties(resource, deadLetterSchema).DeadLetterConfig.TargetArn;
    const own: AsyncSettings = {
      maxRetryAttempts: 2,
      maxEventAgeSeconds: 21_600,
      ...settings.get(target),
      ...(deadLetterArn && { deadLetterArn }),
    };
    invokers.set(target, createAsyncInvoker(target, own, sendToQueue, emit, signal));
  }
  return (functionArn, payload) => {
    const target = functionOf(functions, functionArn);
    const invoke = target && invokers.get(target);
    if (invoke === undefined) return 'the function is not part of the local stack.';
    try {
      invoke(payload);
      return undefined;
    } catch (error) {
      if (error instanceof PayloadTooLargeError) return error.message;
      throw error;
    }
  };
}

function asyncSettings(
  { template, warn }: Running,
  functions: ReadonlyMap<string, LocalFunction>,
): Map<LocalFunction, AsyncSettings> {
  const settings = new Map<LocalFunction, AsyncSettings>();
  for (const resource of template.resources('AWS::Lambda::EventInvokeConfig')) {
    const config = template.properties(resource, invokeConfigSchema);
    const target = functionOf(functions, config.FunctionName);
    const { OnFailure, OnSuccess } = config.DestinationConfig;
    const onFailureArn = OnFailure?.Destination;
    const isQueue = onFailureArn?.startsWith('arn:aws:sqs:');
    if (OnSuccess || (onFailureArn && !isQueue)) {
      warn(`${resource.logicalId}: only queues that take failures are supported as destinations locally.`);
    }
    if (target === undefined) continue;
    settings.set(target, {
      maxRetryAttempts: config.MaximumRetryAttempts,
      maxEventAgeSeconds: config.MaximumEventAgeInSeconds,
      ...(onFailureArn && isQueue && { onFailureArn }),
    });
  }
  return settings;
}

/** Object events */

async function startObjectEvents(running: Running, functions: ReadonlyMap<string, LocalFunction>) {
  const { template, emulators, sendToQueue, emit, warn } = running;
  const rules = readRules(template, warn);
  const { notifications, eventBridgeBuckets } = readNotifications(template, warn);
  const own = template.resources('AWS::S3::Bucket').map(template.physicalName);
  const imported = [
    ...rules.flatMap((rule) => rule.bucketNames),
    ...notifications.map(({ bucket }) => bucket),
  ];
  const buckets = [...new Set([...own, ...imported, ...eventBridgeBuckets])];
  for (const bucket of buckets) await emulators.createBucket(bucket);
  // Nobody here can see how a bucket of another stack is set up: its owner is taken at their word.
  const reachesEventBridge = (bucket: string) => eventBridgeBuckets.has(bucket) || !own.includes(bucket);
  for (const rule of rules) {
    for (const bucket of rule.bucketNames.filter((name) => !reachesEventBridge(name))) {
      warn(
        `The rule ${rule.logicalId} waits for events that the bucket ${bucket} does not send to EventBridge.`,
      );
    }
  }
  const targets: EventTargets = { invoke: asyncInvokers(running, functions), sendToQueue };
  for (const { bucket, targetArn } of notifications.filter((item) =>
    item.targetArn.startsWith('arn:aws:sqs:'),
  )) {
    await sendToQueue(targetArn, JSON.stringify(testEvent(bucket, Date.now())));
  }

  async function deliver(write: ObjectWrite): Promise<void> {
    await notify(write, notifications, targets, template.region, warn);
    if (!reachesEventBridge(write.bucket)) return;
    await dispatchEvent(eventBridgeEvent(write, template.region), rules, targets, warn);
  }

  return {
    buckets,
    onObjectWrite(write: ObjectWrite): void {
      emit({ type: write.operation === 'DeleteObject' ? 'object-deleted' : 'object-created', ...write });
      deliver(write).catch((error: Error) =>
        warn(`An event of ${write.bucket} was not delivered: ${error.message}`),
      );
    },
  };
}

/** Event source mappings */

const mappingSchema = z.object({
  EventSourceArn: z.string().optional(),
  FunctionName: z.string(),
  BatchSize: z.coerce.number().default(10),
  MaximumBatchingWindowInSeconds: z.coerce.number().default(0),
  Enabled: z.union([z.boolean(), z.stringbool()]).default(true),
  ScalingConfig: z.object({ MaximumConcurrency: z.coerce.number().optional() }).prefault({}),
  FunctionResponseTypes: z.array(z.string()).default([]),
  FilterCriteria: z.unknown().optional(),
});
const visibilitySchema = z.object({ VisibilityTimeout: z.coerce.number().default(30) });

async function startMappings(running: Running, functions: ReadonlyMap<string, LocalFunction>): Promise<void> {
  const { template, emulators, warn, stops } = running;
  for (const resource of template.resources('AWS::Lambda::EventSourceMapping')) {
    const { logicalId } = resource;
    const mapping = template.properties(resource, mappingSchema);
    const target = functionOf(functions, mapping.FunctionName);
    const queue = template
      .resources('AWS::SQS::Queue')
      .find((candidate) => template.attribute(candidate, 'Arn') === mapping.EventSourceArn);
    if (!mapping.Enabled) continue;
    if (queue === undefined || target === undefined) {
      warn(
        `${logicalId} is left out: only mappings of the stack's queues to its functions are supported locally.`,
      );
      continue;
    }
    if (mapping.FilterCriteria !== undefined) {
      warn(`${logicalId}: FilterCriteria is not supported locally; the function gets every message.`);
    }
    const settings: MappingSettings = {
      logicalId,
      queueUrl: template.ref(queue),
      queueArn: template.attribute(queue, 'Arn'),
      region: template.region,
      batchSize: mapping.BatchSize,
      batchingWindowSeconds: mapping.MaximumBatchingWindowInSeconds,
      maximumConcurrency: mapping.ScalingConfig.MaximumConcurrency ?? defaultMappingConcurrency,
      reportsBatchItemFailures: mapping.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    };
    checkMapping(settings, {
      isFifo: template.physicalName(queue).endsWith('.fifo'),
      visibilityTimeoutSeconds: template.properties(queue, visibilitySchema).VisibilityTimeout,
      functionTimeoutSeconds: target.settings.timeoutSeconds,
    });
    const maximumConcurrency = Math.min(settings.maximumConcurrency, target.settings.maxEnvironments);
    stops.push(startEventSource({ ...settings, maximumConcurrency }, target, emulators.sqs, warn));
  }
}

/** HTTP APIs */

async function startHttpApis(
  logicalIds: readonly string[],
  { ports }: AwsOptions,
  emit: (event: LocalEvent) => void,
  stops: Stop[],
): Promise<ReadonlyMap<string, HttpApi>> {
  const apis = new Map<string, HttpApi>();
  for (const logicalId of logicalIds) {
    const port = apis.size === 0 ? ports?.httpApi : undefined;
    const api = await startHttpApi(port, `the HTTP API ${logicalId}`, (request) =>
      emit({ type: 'http-request', atMs: Date.now(), ...request }),
    );
    stops.push(api.stop);
    apis.set(logicalId, api);
  }
  return apis;
}

const apiSchema = z.object({
  ProtocolType: z.string().optional(),
  CorsConfiguration: z.unknown().optional(),
});
const stageSchema = z.object({ ApiId: z.string(), StageName: z.string() });
const routeSchema = z.object({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string().optional(),
  AuthorizationType: z.string().default('NONE'),
});
const integrationSchema = z.object({
  IntegrationType: z.string(),
  IntegrationUri: z.string().optional(),
  PayloadFormatVersion: z.string().optional(),
  TimeoutInMillis: z.coerce.number().default(30_000),
});

function serveHttpApis(running: Running, functions: ReadonlyMap<string, LocalFunction>): LocalAws['routes'] {
  const { template, httpApis, warn } = running;
  return template.resources('AWS::ApiGatewayV2::Api').flatMap((resource) => {
    const api = httpApis.get(resource.logicalId);
    const { ProtocolType, CorsConfiguration } = template.properties(resource, apiSchema);
    if (api === undefined || ProtocolType !== 'HTTP') {
      warn(`The API ${resource.logicalId} is left out: only HTTP APIs are supported locally.`);
      return [];
    }
    if (CorsConfiguration) warn(`The API ${resource.logicalId} is served without its CORS settings locally.`);
    const apiId = template.ref(resource);
    const stages = template
      .resources('AWS::ApiGatewayV2::Stage')
      .map((stage) => template.properties(stage, stageSchema));
    const stageNames = stages.filter((stage) => stage.ApiId === apiId).map(({ StageName }) => StageName);
    const routes = readRoutes(running, functions, apiId);
    api.serve({ apiId, stageNames, routes });
    return routes.map(({ routeKey, target }) => ({
      routeKey,
      functionLogicalId: target.settings.logicalId,
      apiUrl: api.url,
    }));
  });
}

function readRoutes(
  { template, warn }: Running,
  functions: ReadonlyMap<string, LocalFunction>,
  apiId: string,
): Route[] {
  const integrations = template.resources('AWS::ApiGatewayV2::Integration');
  return template.resources('AWS::ApiGatewayV2::Route').flatMap((resource) => {
    const route = template.properties(resource, routeSchema);
    if (route.ApiId !== apiId) return [];
    const found = integrations.find(
      (integration) => route.Target === `integrations/${template.ref(integration)}`,
    );
    const integration = found && template.properties(found, integrationSchema);
    const target = functionOf(functions, integration?.IntegrationUri ?? '');
    if (
      integration?.IntegrationType !== 'AWS_PROXY' ||
      integration.PayloadFormatVersion !== '2.0' ||
      !target
    ) {
      warn(
        `The route ${route.RouteKey} is left out: only functions with payload format 2.0 are supported locally.`,
      );
      return [];
    }
    if (route.AuthorizationType !== 'NONE') {
      warn(
        `The route ${route.RouteKey} is served without its ${route.AuthorizationType} authorization locally.`,
      );
    }
    return [{ routeKey: route.RouteKey, target, timeoutMs: integration.TimeoutInMillis }];
  });
}
