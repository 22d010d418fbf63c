import { type MessageAttributeValue, SendMessageCommand } from '@aws-sdk/client-sqs';
import { keepLogLines } from './control/logs.ts';
import { serveControl } from './control/server.ts';
import type { Switches } from './control/switch.ts';
import { type EmulatorPorts, type Emulators, startEmulators } from './emulators/emulators.ts';
import type { EventEntry } from './emulators/events.ts';
import type { ObjectWrite } from './emulators/object-writes.ts';
import { createQueues } from './emulators/queues.ts';
import { createSecrets } from './emulators/secrets.ts';
import { type Stop, stopAll } from './emulators/server.ts';
import { createTables } from './emulators/tables.ts';
import { startMappings } from './event-source/mappings.ts';
import { domainsOf, serveHttpApis, startHttpApis } from './http-api/apis.ts';
import type { AnsweredRequest } from './http-api/server.ts';
import type { SendToQueue } from './lambda/async-invocation.ts';
import { createAsyncInvokers } from './lambda/async-settings.ts';
import { type FunctionSurroundings, makeFunctions } from './lambda/functions.ts';
import type { InvocationEvent, LocalFunction } from './lambda/invocation.ts';
import type { OutsideNotification } from './s3-events/notifications.ts';
import { startObjectEvents } from './s3-events/object-events.ts';
import { readSubscribers } from './s3-events/targets.ts';
import { startSchedules } from './schedules.ts';
import { type Assembly, readAssembly } from './template/assembly.ts';
import { TemplateError } from './template/errors.ts';
import { localAccountId, nameInArn, type Resource } from './template/identifiers.ts';
import { parametersOf } from './template/parameters.ts';
import { openTemplate, type StackTemplate } from './template/template.ts';

/** Something that happened in the local stack. */
export type LocalEvent =
  | InvocationEvent
  | ({ readonly type: 'object-created' | 'object-deleted' } & ObjectWrite)
  | ({ readonly type: 'http-request'; readonly atMs: number } & AnsweredRequest)
  /** A function has put an event onto an event bus. */
  | ({ readonly type: 'event-put'; readonly atMs: number } & EventEntry)
  /** One sentence about something that is not supported, or that went wrong. */
  | { readonly type: 'warning'; readonly atMs: number; readonly message: string };

/** How to start a stack. */
export interface AwsOptions {
  /** The cloud assembly (`cdk.out`) that `cdk synth` made. */
  readonly assemblyDir: string;
  /**
   * The name of the stack.
   * @default - the only stack of the assembly
   */
  readonly stackName?: string;
  /** The value of a secret by its name or ARN; undefined for an unknown one. */
  readonly secrets: (secretId: string) => string | undefined;
  /** Variables for every function in addition to those of the template, which they override. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Notifications that owners of buckets have set up outside of the stack, by its outputs. */
  readonly outside?: (outputs: Readonly<Record<string, string>>) => readonly OutsideNotification[];
  /**
   * How often every schedule runs, in milliseconds.
   * @default - as its expression says
   */
  readonly scheduleEveryMs?: number;
  /** Called with each line that a handler writes to stdout or stderr. */
  readonly onFunctionLog?: (
    source: { readonly logicalId: string; readonly functionName: string },
    line: string,
  ) => void;
  readonly onEvent?: (event: LocalEvent) => void;
  /** Any free port where one is missing. `httpApi` is the port of the template's first HTTP API. */
  readonly ports?: EmulatorPorts & { readonly httpApi?: number };
}

/** A running stack. URLs have no trailing slash. */
export interface LocalAws {
  readonly region: string;
  readonly s3: { readonly endpoint: string; readonly buckets: readonly string[] };
  readonly sqs: { readonly endpoint: string; readonly queueUrl: (logicalId: string) => string };
  readonly dynamodb: { readonly endpoint: string; readonly tableName: (logicalId: string) => string };
  readonly secretsManager: { readonly endpoint: string };
  /** Where functions are invoked, and event source mappings and rules switched on and off. */
  readonly control: { readonly endpoint: string };
  /** The values of the template's SSM parameters, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The URL of the template's first HTTP API. */
  readonly httpApiUrl: string | undefined;
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

/**
 * Runs a synthesized stack on this machine: emulators for its queues, tables, buckets and secrets, its functions in
 * child processes, its event source mappings, event rules, schedules, bucket notifications and HTTP APIs.
 * @throws {TemplateError} for a template that AWS would refuse, or that cannot run locally.
 * @throws {PortInUseError} for a port that is in use. Everything that had started is stopped then.
 */
export async function startAws(options: AwsOptions): Promise<LocalAws> {
  const assembly = readAssembly(options.assemblyDir, options.stackName);
  const stopping = new AbortController();
  const stops: Stop[] = [];
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopping.abort();
    stopped ??= stopAll(stops);
    return stopped;
  };
  try {
    return { ...(await startStack(assembly, options, stops, stopping.signal)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startStack(
  assembly: Assembly,
  options: AwsOptions,
  stops: Stop[],
  signal: AbortSignal,
): Promise<Omit<LocalAws, 'stop'>> {
  const emit = (event: LocalEvent) => {
    if (!signal.aborted) options.onEvent?.(event);
  };
  const warn = (message: string) => emit({ type: 'warning', atMs: Date.now(), message });
  const { emulators, httpApis, template, writes } = await startServers(assembly, options, emit, stops);
  const { sqs, dynamodb, createBucket, sendsToEventBridge } = emulators;

  for (const sentence of template.unsupported()) warn(sentence);
  await createQueues(template, sqs);
  await createTables(template, dynamodb);

  const switches: Switches = { mappings: new Map(), rules: new Map() };
  const functions = new Map<string, LocalFunction>();
  const logLines = keepLogLines();
  // Functions invoke each other there, so that it listens before they are made.
  const control = await serveControl({ switches, functions, logLines }, stops);
  const endpoints = { ...emulators.endpoints, lambda: control };
  const surroundings = { template, endpoints, sqs, httpApis, emit, warn, stops, signal };
  const environment = options.environment ?? {};
  const onLog: FunctionSurroundings['onLog'] = (source, message) => {
    const { logGroupName = `/aws/lambda/${source.functionName}` } = source;
    logLines.add({ logGroupName, atMs: Date.now(), message });
    options.onFunctionLog?.(source, message);
  };
  for (const made of makeFunctions({ ...surroundings, environment, onLog })) functions.set(...made);
  const sendToQueue = queueSender(emulators);
  const invoke = createAsyncInvokers({ ...surroundings, functions, sendToQueue });
  const { values: outputs, problems } = template.outputs();
  for (const problem of problems) warn(problem);
  const targets = { invoke, sendToQueue, subscribersOf: readSubscribers(template) };
  const outside = options.outside?.(outputs) ?? [];
  const events = await startObjectEvents({
    template,
    targets,
    createBucket,
    sendsToEventBridge,
    outside,
    warn,
  });
  writes.listener = (write) => {
    emit({ type: write.operation === 'DeleteObject' ? 'object-deleted' : 'object-created', ...write });
    events
      .deliver(write)
      .catch((error: Error) => warn(`An event of ${write.bucket} was not delivered: ${error.message}`));
  };
  startMappings({ ...surroundings, functions, switches, queueUrlOf: (arn) => queueUrlOf(arn, emulators) });
  startSchedules({ ...surroundings, functions, targets, switches, everyMs: options.scheduleEveryMs });
  serveHttpApis({ ...surroundings, functions });

  return {
    region: template.region,
    s3: { endpoint: endpoints.s3, buckets: events.buckets },
    sqs: {
      endpoint: endpoints.sqs,
      queueUrl: (logicalId) => template.ref(findResource(template, 'AWS::SQS::Queue', logicalId)),
    },
    dynamodb: {
      endpoint: endpoints.dynamodb,
      tableName: (logicalId) =>
        template.physicalName(findResource(template, 'AWS::DynamoDB::Table', logicalId)),
    },
    secretsManager: { endpoint: endpoints.secretsManager },
    control: { endpoint: control },
    parameters: parametersOf(template),
    httpApiUrl: httpApis.values().next().value?.url,
    outputs,
    functions: [...functions.values()].map(({ settings: { logicalId, functionName, arn } }) => ({
      logicalId,
      functionName,
      arn,
    })),
  };
}

/** Starts what listens, and opens the template, whose names depend on the endpoints. */
async function startServers(
  assembly: Assembly,
  options: AwsOptions,
  emit: (event: LocalEvent) => void,
  stops: Stop[],
) {
  const { region, template: raw } = assembly;
  const writes: { listener: (write: ObjectWrite) => void } = { listener: () => {} };
  const emulators = await startEmulators({
    region,
    ports: options.ports ?? {},
    secrets: createSecrets(region, options.secrets),
    onObjectWrite: (write) => writes.listener(write),
    onEvent: (event) => emit({ type: 'event-put', atMs: Date.now(), ...event }),
  });
  stops.push(emulators.stop);
  const apiIds = Object.keys(raw.Resources).filter(
    (id) => raw.Resources[id]?.Type === 'AWS::ApiGatewayV2::Api',
  );
  const onAnswer = (request: AnsweredRequest) => emit({ type: 'http-request', atMs: Date.now(), ...request });
  const httpApis = await startHttpApis(apiIds, options.ports?.httpApi, onAnswer, stops);
  const urls = Object.fromEntries([...httpApis].map(([id, { url }]) => [id, url]));
  const domains = domainsOf(assembly, urls);
  const template = openTemplate(assembly, { sqs: emulators.endpoints.sqs, httpApis: urls, domains });
  return { emulators, httpApis, template, writes };
}

function findResource(template: StackTemplate, type: string, logicalId: string): Resource {
  const found = template.resources(type).find((resource) => resource.logicalId === logicalId);
  if (found === undefined) throw new TemplateError(`The stack has no ${type} named ${logicalId}.`);
  return found;
}

function queueUrlOf(queueArn: string, { endpoints }: Emulators): string {
  return `${endpoints.sqs}/${localAccountId}/${nameInArn(queueArn)}`;
}

function queueSender(emulators: Emulators): SendToQueue {
  return async (queueArn, body, attributes = {}) => {
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]): [string, MessageAttributeValue] => [
        name,
        { DataType: 'String', StringValue },
      ]),
    );
    const QueueUrl = queueUrlOf(queueArn, emulators);
    await emulators.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body, MessageAttributes }));
  };
}
