import { createHash } from 'node:crypto';
import { TemplateError } from './errors.ts';

/** The account that the emulators answer for. */
export const localAccountId = '000000000000';

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
  /** The URLs of the HTTP APIs by the domain of their own that they have, without a slash at their end. */
  readonly domains: Readonly<Record<string, string>>;
}

/** What the names of a stack's resources are made of. */
export interface Naming {
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
  return target.startsWith('arn:') ? target : arnOf('lambda', naming.region, `function:${target}`);
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
  'AWS::ApiGatewayV2::DomainName': {
    nameProperty: 'DomainName',
    attributes: {
      RegionalDomainName: (name, _resource, { region }) => `${name}.execute-api.${region}.local`,
      RegionalHostedZoneId: () => 'ZLOCAL',
    },
  },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    ref: regionalArn('sns', ''),
    attributes: { TopicArn: regionalArn('sns', ''), TopicName: (name) => name },
  },
  'AWS::Events::EventBus': {
    nameProperty: 'Name',
    attributes: { Arn: regionalArn('events', 'event-bus/'), Name: (name) => name },
  },
  'AWS::ApiGatewayV2::Stage': { nameProperty: 'StageName', attributes: {} },
};

/** Whether the local stack has its own names for a type of resource. */
export function isKnownType(type: string): boolean {
  return Object.hasOwn(kinds, type);
}

/** What `Ref` answers for a resource. */
export function refOf(resource: Resource, naming: Naming): string {
  const name = physicalName(resource, naming);
  return kinds[resource.type]?.ref?.(name, resource, naming) ?? name;
}

/**
 * What `Fn::GetAtt` answers for a resource.
 * @throws {TemplateError} for an attribute that has no local value.
 */
export function attributeOf(resource: Resource, attribute: string, naming: Naming): string {
  const found = kinds[resource.type]?.attributes[attribute] ?? (attribute === 'Arn' ? otherArn : undefined);
  if (found !== undefined) return found(physicalName(resource, naming), resource, naming);
  throw new TemplateError(
    `Fn::GetAtt ${resource.logicalId}.${attribute} (${resource.type}) is not supported locally.`,
  );
}

/** The name a resource has in AWS: its name property, or one made of the stack's name and the logical ID. */
export function physicalName(resource: Resource, { stackName, resolve: resolveValue }: Naming): string {
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
  return (name, _resource, { region }) => arnOf(service, region, resourcePrefix + name);
}

function arnOf(service: string, region: string, resource: string): string {
  return `arn:aws:${service}:${region}:${localAccountId}:${resource}`;
}

/** For what is only named (a role, a log group): an ARN that says what it is. */
const otherArn: Identifier = (name, { type }, { region }) =>
  arnOf((type.split('::')[1] ?? 'local').toLowerCase(), region, name);

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

/** Points the URL that a template puts together for an HTTP API (`https://{id}.execute-api.…`, its domain) at the local one. */
export function keepLocal(text: string, { httpApis, domains }: Endpoints): string {
  const withoutDomains = text.replace(/https:\/\/([\w.-]+)/g, (url, name: string) => domains[name] ?? url);
  return withoutDomains.replace(/https:\/\/(\w+)\.execute-api\.[\w.-]+/g, (url, apiId) => {
    const logicalId = Object.keys(httpApis).find((id) => httpApiId(id) === apiId);
    return (logicalId !== undefined && httpApis[logicalId]) || url;
  });
}
