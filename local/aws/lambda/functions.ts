import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { type Emulators, localCredentials } from '../emulators/emulators.ts';
import type { Stop } from '../emulators/server.ts';
import { TemplateError } from '../template/errors.ts';
import { nameInArn, type Resource } from '../template/identifiers.ts';
import type { StackTemplate } from '../template/template.ts';
import { createFunction } from './function.ts';
import type { InvocationEvent, LocalFunction } from './invocation.ts';

/** The most child processes of one function, which is as many invocations as a small machine has use for. */
const maxEnvironments = 4;

const functionSchema = z.object({
  Runtime: z.string().optional(),
  Handler: z.string().default(''),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  ReservedConcurrentExecutions: z.coerce.number().default(Number.POSITIVE_INFINITY),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).prefault({}),
  Code: z.object({ S3Key: z.string().optional(), ZipFile: z.string().optional() }),
  LoggingConfig: z
    .object({
      LogFormat: z.enum(['JSON', 'Text']).default('Text'),
      ApplicationLogLevel: z.string().optional(),
      LogGroup: z.string().optional(),
    })
    .prefault({}),
  Layers: z.array(z.unknown()).default([]),
});

/** The functions of a stack by name. */
export type Functions = ReadonlyMap<string, LocalFunction>;

/** What functions need of the stack around them. */
export interface FunctionSurroundings {
  readonly template: StackTemplate;
  readonly endpoints: Emulators['endpoints'];
  /** Variables for every function beside those of the template, which they override. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called with each line that a handler writes to stdout or stderr. */
  readonly onLog: (
    source: { readonly logicalId: string; readonly functionName: string },
    line: string,
  ) => void;
  readonly emit: (event: InvocationEvent) => void;
  readonly warn: (sentence: string) => void;
  readonly stops: Stop[];
}

/**
 * Makes the functions of the template, none of them started before it is needed. Those that serve custom resources are
 * left out: there is no deployment here to call them.
 * @throws {TemplateError} for a function without code in the assembly.
 */
export function makeFunctions(surroundings: FunctionSurroundings): Functions {
  const { template, warn } = surroundings;
  const ignored = template.customResourceHandlers();
  const functions = new Map<string, LocalFunction>();
  for (const resource of template.resources('AWS::Lambda::Function')) {
    if (ignored.has(resource.logicalId)) continue;
    const properties = template.properties(resource, functionSchema);
    if (properties.Runtime?.startsWith('nodejs')) {
      const made = makeFunction(resource, properties, surroundings);
      functions.set(made.settings.functionName, made);
    } else {
      const runtime = properties.Runtime ?? 'a container';
      warn(`The function ${resource.logicalId} is left out: ${runtime} is not supported locally.`);
    }
  }
  return functions;
}

function makeFunction(
  resource: Resource,
  properties: z.output<typeof functionSchema>,
  { template, endpoints, environment, onLog, emit, warn, stops }: FunctionSurroundings,
): LocalFunction {
  const { logicalId } = resource;
  const functionName = template.physicalName(resource);
  const { LogFormat, ApplicationLogLevel, LogGroup } = properties.LoggingConfig;
  if (properties.Layers.length > 0) warn(`The function ${logicalId} runs without its layers locally.`);
  const made = createFunction(
    {
      logicalId,
      functionName,
      arn: template.attribute(resource, 'Arn'),
      handler: properties.Handler,
      codeDirectory: codeDirectory(logicalId, properties.Code, template, stops),
      timeoutSeconds: properties.Timeout,
      memoryMb: properties.MemorySize,
      environment: {
        ...properties.Environment.Variables,
        ...sdkEnvironment(endpoints, template.region),
        ...environment,
      },
      logFormat: LogFormat,
      ...(ApplicationLogLevel && { logLevel: ApplicationLogLevel }),
      ...(LogGroup && { logGroupName: LogGroup }),
      maxEnvironments: Math.max(1, Math.min(maxEnvironments, properties.ReservedConcurrentExecutions)),
    },
    (line) => onLog({ logicalId, functionName }, line),
    emit,
  );
  stops.push(made.stop);
  return made;
}

/** What makes the SDK clients of a handler talk to the emulators. */
function sdkEnvironment(endpoints: Emulators['endpoints'], region: string): Record<string, string> {
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
export function functionOf(functions: Functions, nameOrArn: string): LocalFunction | undefined {
  const arn = /arn:aws:lambda:[\w-]+:\d+:function:[\w-]+/.exec(nameOrArn)?.[0];
  return functions.get(arn === undefined ? (nameOrArn.split(':')[0] ?? '') : nameInArn(arn));
}
