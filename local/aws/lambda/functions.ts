import * as z from 'zod';
import { type Emulators, localCredentials } from '../emulators/emulators.ts';
import type { Stop } from '../emulators/server.ts';
import { TemplateError } from '../template/errors.ts';
import { nameInArn, type Resource } from '../template/identifiers.ts';
import type { StackTemplate } from '../template/template.ts';
import { createFunction } from './function.ts';
import type { InvocationEvent, LocalFunction } from './invocation.ts';

/** The most child processes of one function: as many concurrent invocations as a small machine can use. */
const maxEnvironments = 4;

const functionSchema = z.object({
  Runtime: z.string().regex(/^nodejs/, 'expected a Node.js runtime'),
  Handler: z.string(),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).prefault({}),
  Code: z.object({ S3Key: z.string() }),
  LoggingConfig: z.object({ LogFormat: z.literal('JSON'), LogGroup: z.string().optional() }),
});

/** The functions of a stack by name. */
export type Functions = ReadonlyMap<string, LocalFunction>;

/** Where the services of a stack listen. */
type Endpoints = Emulators['endpoints'] & { readonly lambda: string };

/** The parts of the stack that functions need. */
export interface FunctionSurroundings {
  readonly template: StackTemplate;
  readonly endpoints: Endpoints;
  /** Variables for every function in addition to those of the template, which they override. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called with each line that a handler writes to stdout or stderr. */
  readonly onLog: (
    source: { readonly logicalId: string; readonly functionName: string; readonly logGroupName?: string },
    line: string,
  ) => void;
  readonly emit: (event: InvocationEvent) => void;
  readonly stops: Stop[];
}

/**
 * Makes the functions of the template, none of them started before it is needed. Those that serve custom resources are
 * left out: there is no deployment here that would call them.
 * @throws {TemplateError} for a function that AWS or the local stack would not run, or without code in the assembly.
 */
export function makeFunctions(surroundings: FunctionSurroundings): Functions {
  const { template } = surroundings;
  const ignored = template.customResourceHandlers();
  const functions = new Map<string, LocalFunction>();
  for (const resource of template.resources('AWS::Lambda::Function')) {
    if (ignored.has(resource.logicalId)) continue;
    const made = makeFunction(resource, surroundings);
    functions.set(made.settings.functionName, made);
  }
  return functions;
}

function makeFunction(
  resource: Resource,
  { template, endpoints, environment, onLog, emit, stops }: FunctionSurroundings,
): LocalFunction {
  const { logicalId } = resource;
  const properties = template.properties(resource, functionSchema);
  const functionName = template.physicalName(resource);
  const { LogGroup } = properties.LoggingConfig;
  const made = createFunction(
    {
      logicalId,
      functionName,
      arn: template.attribute(resource, 'Arn'),
      handler: properties.Handler,
      codeDirectory: codeDirectory(logicalId, properties.Code.S3Key, template),
      timeoutSeconds: properties.Timeout,
      memoryMb: properties.MemorySize,
      environment: {
        ...properties.Environment.Variables,
        ...sdkEnvironment(endpoints, template.region),
        ...environment,
      },
      ...(LogGroup && { logGroupName: LogGroup }),
      maxEnvironments,
    },
    (line) => onLog({ logicalId, functionName, ...(LogGroup && { logGroupName: LogGroup }) }, line),
    emit,
  );
  stops.push(made.stop);
  return made;
}

/** What makes the SDK clients of a handler talk to the emulators. */
function sdkEnvironment(endpoints: Endpoints, region: string): Record<string, string> {
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
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.eventBridge,
    AWS_ENDPOINT_URL_LAMBDA: endpoints.lambda,
  };
}

function codeDirectory(logicalId: string, objectKey: string, template: StackTemplate): string {
  const directory = template.assetPath(objectKey);
  if (directory !== undefined) return directory;
  throw new TemplateError(`The code of the function ${logicalId} is not among the assets of the assembly.`);
}

/** @returns the function with a name or an ARN; undefined for one of another account */
export function functionOf(functions: Functions, nameOrArn: string): LocalFunction | undefined {
  const found = functions.get(nameInArn(nameOrArn));
  return nameOrArn.startsWith('arn:') && found?.settings.arn !== nameOrArn ? undefined : found;
}
