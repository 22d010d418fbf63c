import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { conditionHolds, isRecord, type ResolveScope, resolve, TemplateError } from './intrinsics.ts';

/** The account that the emulators answer for. */
export const localAccountId = '000000000000';

/** One stack of a cloud assembly (`cdk.out`), as it was synthesized. */
export interface Assembly {
  readonly stackName: string;
  /** The region that the stack was synthesized for, us-east-1 where it is open. */
  readonly region: string;
  readonly template: Template;
  /** The directories and files of the assets by their object key, such as `0a1b….zip`. */
  readonly assetPaths: ReadonlyMap<string, string>;
}

/** A resource of the template whose condition holds. */
export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Where the emulators listen, which is what names such as a queue's URL are made of. */
export interface Endpoints {
  /** The SQS endpoint without a slash at its end. */
  readonly sqs: string;
  /** The URLs of the HTTP APIs by logical ID, without a slash at their end. */
  readonly httpApis: Readonly<Record<string, string>>;
}

/** A synthesized template with everything that CloudFormation would fill in at deployment. */
export interface StackTemplate {
  readonly stackName: string;
  readonly region: string;
  /** The resources of one type, in the template's order. */
  readonly resources: (type: string) => readonly Resource[];
  /** The properties that a schema asks for, resolved and checked. Throws a TemplateError that names the field. */
  readonly properties: <Shape extends z.ZodRawShape>(
    resource: Resource,
    schema: z.ZodObject<Shape>,
  ) => z.output<z.ZodObject<Shape>>;
  /** What `Ref` answers for a resource. */
  readonly ref: (resource: Resource) => string;
  /** What `Fn::GetAtt` answers for a resource. */
  readonly attribute: (resource: Resource, name: string) => string;
  /** The name a resource has in AWS: its name property, or one made of the stack's name and the logical ID. */
  readonly physicalName: (resource: Resource) => string;
  /** The directory or file that a function's code was staged in; undefined where no asset has this key. */
  readonly assetPath: (objectKey: string) => string | undefined;
  /** The stack outputs with their values, and one sentence for each that has none here. */
  readonly outputs: () => { readonly values: Record<string, string>; readonly problems: readonly string[] };
  /** The functions that only serve custom resources, which CloudFormation calls and nobody else. */
  readonly customResourceHandlers: () => ReadonlySet<string>;
  /** One sentence for each resource type that carries data and that nothing here stands in for. */
  readonly unsupported: () => readonly string[];
}

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Condition: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: z.unknown() })).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Mappings: z.record(z.string(), z.unknown()).default({}),
  Outputs: z
    .record(z.string(), z.object({ Value: z.unknown(), Condition: z.string().optional() }))
    .default({}),
});

/** The parts of a CloudFormation template that the local stack reads. */
export type Template = z.output<typeof templateSchema>;

const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      properties: z
        .object({ templateFile: z.string(), file: z.string(), stackName: z.string() })
        .partial()
        .default({}),
    }),
  ),
});

const assetManifestSchema = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string().optional() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .default({}),
});

/**
 * Reads one stack of a cloud assembly.
 * Format: https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
 * @param stackName by default the only stack of the assembly.
 * @throws {TemplateError} where the assembly cannot be read, or does not hold exactly one stack that fits.
 */
export function readAssembly(assemblyDir: string, stackName?: string): Assembly {
  const { artifacts } = readJson(join(assemblyDir, 'manifest.json'), manifestSchema);
  const stacks = Object.entries(artifacts)
    .filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack')
    .map(([id, artifact]) => ({ id, name: artifact.properties.stackName ?? id, artifact }));
  const fitting = stacks.filter(
    ({ id, name }) => stackName === undefined || stackName === name || stackName === id,
  );
  const [stack] = fitting;
  if (stack === undefined || fitting.length > 1) {
    throw new TemplateError(
      `Expected ${stackName === undefined ? 'exactly one stack' : `a stack named ${stackName}`} in ${assemblyDir}, ` +
        `got ${stacks.map(({ name }) => name).join(', ') || 'none'}.`,
    );
  }
  const { environment, properties } = stack.artifact;
  const region = environment?.split('/').at(-1);
  const manifests = Object.values(artifacts).filter(({ type }) => type === 'cdk:asset-manifest');
  return {
    stackName: stack.name,
    region: region === undefined || region === 'unknown-region' ? 'us-east-1' : region,
    template: readJson(
      join(assemblyDir, properties.templateFile ?? `${stack.id}.template.json`),
      templateSchema,
    ),
    assetPaths: new Map(manifests.flatMap((manifest) => assetEntries(assemblyDir, manifest.properties.file))),
  };
}

function assetEntries(assemblyDir: string, file: string | undefined): [objectKey: string, path: string][] {
  if (file === undefined) return [];
  return Object.values(readJson(join(assemblyDir, file), assetManifestSchema).files).flatMap(
    ({ source: { path }, destinations }) =>
      path === undefined
        ? []
        : Object.values(destinations).map(
            ({ objectKey }) => [objectKey, join(assemblyDir, path)] as [string, string],
          ),
  );
}

function readJson<Output>(file: string, schema: z.ZodType<Output>): Output {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new TemplateError(`${file} cannot be read as part of a cloud assembly: ${reason}`);
  }
}

/** Makes the template of an assembly answer with local values. Nothing is resolved before it is asked for. */
export function openTemplate(assembly: Assembly, endpoints: Endpoints): StackTemplate {
  const { template, stackName, region } = assembly;
  const scope: ResolveScope = {
    parameters: parameterValues(assembly),
    conditions: template.Conditions,
    mappings: template.Mappings,
    ref: (logicalId) => refOf(find(logicalId)),
    getAtt: (logicalId, name) => attributeOf(find(logicalId), name),
    rewriteText: (text) => keepLocal(text, endpoints),
  };
  const naming: Naming = { stackName, region, endpoints, resolve: (value) => resolve(value, scope) };

  function find(logicalId: string): Resource {
    const found = template.Resources[logicalId];
    if (found === undefined) {
      throw new TemplateError(
        `${logicalId} names neither a resource of ${stackName} nor a parameter with a default.`,
      );
    }
    return { logicalId, type: found.Type, properties: found.Properties };
  }

  function isThere(condition: string | undefined): boolean {
    return condition === undefined || conditionHolds(condition, scope);
  }

  function resolveOf({ logicalId, type, properties }: Resource, key: string): unknown {
    try {
      return resolve(properties[key], scope);
    } catch (error) {
      throw new TemplateError(`${logicalId} (${type}): ${key}: ${(error as Error).message}`);
    }
  }

  function refOf(resource: Resource): string {
    const name = physicalName(resource, naming);
    return kinds[resource.type]?.ref?.(name, resource, naming) ?? name;
  }

  function attributeOf(resource: Resource, name: string): string {
    const found = kinds[resource.type]?.attributes[name] ?? (name === 'Arn' ? otherArn : undefined);
    if (found !== undefined) return found(physicalName(resource, naming), resource, naming);
    throw new TemplateError(
      `Fn::GetAtt ${resource.logicalId}.${name} (${resource.type}) is not supported locally.`,
    );
  }

  return {
    stackName,
    region,
    ref: refOf,
    attribute: attributeOf,
    physicalName: (resource) => physicalName(resource, naming),
    assetPath: (objectKey) => assembly.assetPaths.get(objectKey),
    resources: (type) =>
      Object.keys(template.Resources)
        .filter((id) => template.Resources[id]?.Type === type && isThere(template.Resources[id].Condition))
        .map(find),
    properties(resource, schema) {
      const wanted = Object.keys(schema.shape).filter((key) => Object.hasOwn(resource.properties, key));
      const values = wanted.map((key) => [key, resolveOf(resource, key)] as const);
      const parsed = schema.safeParse(Object.fromEntries(values.filter(([, value]) => value !== undefined)));
      if (parsed.success) return parsed.data;
      throw new TemplateError(`${resource.logicalId} (${resource.type}): ${describeIssues(parsed.error)}`);
    },
    outputs() {
      const values: Record<string, string> = {};
      const problems: string[] = [];
      for (const [name, output] of Object.entries(template.Outputs)) {
        try {
          if (isThere(output.Condition)) values[name] = String(resolve(output.Value, scope));
        } catch (error) {
          problems.push(`The stack output ${name} has no local value: ${(error as Error).message}`);
        }
      }
      return { values, problems };
    },
    customResourceHandlers: () => new Set(Object.values(template.Resources).flatMap(serviceTokenOf)),
    unsupported: () => unsupportedTypes(template),
  };
}

function serviceTokenOf({ Properties }: Template['Resources'][string]): string[] {
  const token = Properties.ServiceToken;
  const [logicalId] = [fieldOf(token, 'Fn::GetAtt') ?? fieldOf(token, 'Ref')].flat();
  return typeof logicalId === 'string' ? [logicalId] : [];
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'properties'}: ${issue.message}`).join('; ');
}

function parameterValues({ template, stackName, region }: Assembly): Record<string, unknown> {
  const own = Object.entries(template.Parameters).filter(([, parameter]) => parameter.Default !== undefined);
  return {
    ...Object.fromEntries(
      own.map(([name, { Type, Default }]) => [name, isList(Type) ? splitList(Default) : Default]),
    ),
    'AWS::AccountId': localAccountId,
    'AWS::Partition': 'aws',
    'AWS::Region': region,
    'AWS::StackId': `arn:aws:cloudformation:${region}:${localAccountId}:stack/${stackName}/local`,
    'AWS::StackName': stackName,
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::NotificationARNs': [],
  };
}

function isList(parameterType: string): boolean {
  return parameterType === 'CommaDelimitedList' || parameterType.includes('List<');
}

function splitList(value: unknown): string[] {
  return String(value)
    .split(',')
    .map((item) => item.trim());
}

/** Points the URL that a template puts together for an HTTP API (`https://{id}.execute-api.…`) at the local one. */
function keepLocal(text: string, { httpApis }: Endpoints): string {
  return text.replace(/https:\/\/(\w+)\.execute-api\.[\w.-]+/g, (url, apiId) => {
    const logicalId = Object.keys(httpApis).find((id) => httpApiId(id) === apiId);
    return (logicalId !== undefined && httpApis[logicalId]) || url;
  });
}

interface Naming {
  readonly stackName: string;
  readonly region: string;
  readonly endpoints: Endpoints;
  readonly resolve: (value: unknown) => unknown;
}

type Identifier = (name: string, resource: Resource, naming: Naming) => string;

/** How a type of resource is named, and what `Ref` (by default the name) and `Fn::GetAtt` answer. */
interface Kind {
  readonly nameProperty?: string;
  readonly maxNameLength?: number;
  readonly ref?: Identifier;
  readonly attributes: Readonly<Record<string, Identifier>>;
}

const queueUrl: Identifier = (name, _resource, { endpoints }) => `${endpoints.sqs}/${localAccountId}/${name}`;
const queueArn = regionalArn('sqs', '');
const functionArn = regionalArn('lambda', 'function:');
const secretArn: Identifier = (name, resource, naming) =>
  `${regionalArn('secretsmanager', 'secret:')(name, resource, naming)}-${fingerprint(name, 6)}`;
const table: Kind = { nameProperty: 'TableName', attributes: { Arn: regionalArn('dynamodb', 'table/') } };
const ownFunctionArn: Identifier = (_name, { properties }, naming) => {
  const target = String(naming.resolve(properties.FunctionName));
  return target.startsWith('arn:')
    ? target
    : functionArn(target, { logicalId: '', type: 'AWS::Lambda::Function', properties: {} }, naming);
};

/**
 * Return values of each type:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
 */
const kinds: Readonly<Record<string, Kind>> = {
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    maxNameLength: 80,
    ref: queueUrl,
    attributes: { Arn: queueArn, QueueName: (name) => name, QueueUrl: queueUrl },
  },
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::SecretsManager::Secret': { nameProperty: 'Name', ref: secretArn, attributes: { Id: secretArn } },
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    maxNameLength: 63,
    attributes: {
      Arn: (name) => `arn:aws:s3:::${name}`,
      DomainName: (name) => `${name}.s3.amazonaws.com`,
      RegionalDomainName: (name, _resource, { region }) => `${name}.s3.${region}.amazonaws.com`,
    },
  },
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    maxNameLength: 64,
    attributes: { Arn: functionArn },
  },
  'AWS::Lambda::Version': { ref: (...args) => `${ownFunctionArn(...args)}:1`, attributes: {} },
  'AWS::Lambda::Alias': {
    ref: (name, resource, naming) =>
      `${ownFunctionArn(name, resource, naming)}:${String(naming.resolve(resource.properties.Name))}`,
    attributes: {},
  },
  'AWS::Events::Rule': {
    nameProperty: 'Name',
    maxNameLength: 64,
    attributes: { Arn: regionalArn('events', 'rule/') },
  },
  'AWS::ApiGatewayV2::Api': {
    ref: (_name, { logicalId }) => httpApiId(logicalId),
    attributes: {
      ApiId: (_name, { logicalId }) => httpApiId(logicalId),
      ApiEndpoint: (_name, { logicalId }, { endpoints, region }) =>
        endpoints.httpApis[logicalId] ??
        `https://${httpApiId(logicalId)}.execute-api.${region}.amazonaws.com`,
    },
  },
  'AWS::ApiGatewayV2::Stage': { nameProperty: 'StageName', attributes: {} },
};

/** Types that the local stack stands in for beside the kinds above. */
const alsoSimulated = [
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Integration',
];

/** Types without which a local stack does the same work: permissions, observation and set-up. */
const quietTypes =
  /^(Custom::|AWS::(IAM|Logs|CloudWatch|KMS|CDK|XRay|Budgets|CloudFormation::(CustomResource|WaitCondition)|SNS::Topic)|AWS::Lambda::Permission|AWS::(SQS::Queue|S3::Bucket|SecretsManager::Resource)Policy)/;

/** Where the messages of an SNS subscription go that only tells people. */
const peopleProtocols = ['email', 'email-json', 'sms'];

function unsupportedTypes(template: Template): string[] {
  const left = Object.entries(template.Resources).filter(
    ([, { Type, Properties }]) =>
      !(Type in kinds) &&
      !alsoSimulated.includes(Type) &&
      !quietTypes.test(Type) &&
      !(Type === 'AWS::SNS::Subscription' && peopleProtocols.includes(String(Properties.Protocol))),
  );
  const byType = Map.groupBy(left, ([, { Type }]) => Type);
  return [...byType].map(
    ([type, found]) =>
      `${type} is not supported by the local stack and is left out (${found.map(([id]) => id).join(', ')}).`,
  );
}

function physicalName(resource: Resource, { stackName, resolve: resolveValue }: Naming): string {
  const { nameProperty, maxNameLength = 255 } = kinds[resource.type] ?? {};
  const given = nameProperty === undefined ? undefined : resolveValue(resource.properties[nameProperty]);
  if (typeof given === 'string') return given;
  const made = madeName(stackName, resource, maxNameLength);
  return resource.type === 'AWS::S3::Bucket' ? made.toLowerCase() : made;
}

/** `{stack}-{logical ID}`; where that is too long, the stack's name is cut, then the logical ID from its left. */
function madeName(stackName: string, { logicalId, properties }: Resource, maxLength: number): string {
  // SQS tells a FIFO queue by its name.
  const suffix = String(properties.FifoQueue) === 'true' ? '.fifo' : '';
  const room = maxLength - suffix.length;
  const tail = logicalId.slice(-(room - 2));
  return `${stackName.slice(0, Math.max(1, room - tail.length - 1))}-${tail}${suffix}`;
}

function regionalArn(service: string, resourcePrefix: string): Identifier {
  return (name, _resource, { region }) =>
    `arn:aws:${service}:${region}:${localAccountId}:${resourcePrefix}${name}`;
}

/** For what is only named (a role, a log group): an ARN that says what it is. */
const otherArn: Identifier = (name, { type }, { region }) => {
  const service = (type.split('::')[1] ?? 'local').toLowerCase();
  return `arn:aws:${service}:${region}:${localAccountId}:${name}`;
};

/** The ID of an HTTP API: ten characters, as in AWS. */
function httpApiId(logicalId: string): string {
  return fingerprint(logicalId, 10).toLowerCase();
}

function fingerprint(text: string, length: number): string {
  const letters = createHash('sha256')
    .update(text)
    .digest('base64')
    .replace(/[^A-Za-z0-9]/g, '');
  return letters.slice(0, length);
}

/** The last part of an ARN: the name of a queue, or of a function without its qualifier. */
export function nameInArn(arn: string): string {
  const [, , , , , resource = arn, name] = arn.split(':');
  return resource === 'function' || resource === 'secret' ? (name ?? resource) : resource;
}

/** Reads `{ key: value }` of an unknown value; undefined for anything else. */
export function fieldOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}
