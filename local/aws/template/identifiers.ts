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

/** Where the emulators listen: names such as a queue's URL depend on it. */
export interface Endpoints {
  /** The SQS endpoint without a trailing slash. */
  readonly sqs: string;
  /** The URLs of the HTTP APIs by logical ID, without a trailing slash. */
  readonly httpApis: Readonly<Record<string, string>>;
  /** The URLs of the HTTP APIs by custom domain, without a trailing slash. */
  readonly domains: Readonly<Record<string, string>>;
}

/** What the names of a stack's resources depend on. */
export interface Naming {
  readonly stackName: string;
  readonly region: string;
  readonly endpoints: Endpoints;
  readonly resolve: (value: unknown) => unknown;
}

type Identifier = (name: string, resource: Resource, naming: Naming) => string;

/** How a type of resource is named, and the values of `Ref` (by default the name) and `Fn::GetAtt`. */
interface Kind {
  readonly nameProperty?: string;
  readonly maxNameLength?: number;
  readonly ref?: Identifier;
  readonly attributes: Readonly<Record<string, Identifier>>;
}

const queueUrl: Identifier = (name, _resource, { endpoints }) => `${endpoints.sqs}/${localAccountId}/${name}`;

/**
 * Return values of each type:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
 */
const kinds: Readonly<Record<string, Kind>> = {
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    maxNameLength: 80,
    ref: queueUrl,
    attributes: { Arn: regionalArn('sqs', ''), QueueName: (name) => name },
  },
  'AWS::DynamoDB::Table': {
    nameProperty: 'TableName',
    attributes: { Arn: regionalArn('dynamodb', 'table/') },
  },
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    maxNameLength: 63,
    attributes: { Arn: (name) => `arn:aws:s3:::${name}` },
  },
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    maxNameLength: 64,
    attributes: { Arn: regionalArn('lambda', 'function:') },
  },
  'AWS::Events::Rule': {
    nameProperty: 'Name',
    maxNameLength: 64,
    attributes: { Arn: regionalArn('events', 'rule/') },
  },
  'AWS::ApiGatewayV2::Api': {
    ref: (_name, { logicalId }) => httpApiId(logicalId),
    attributes: { ApiEndpoint: (_name, { logicalId }, { endpoints }) => endpoints.httpApis[logicalId] ?? '' },
  },
  'AWS::ApiGatewayV2::DomainName': { nameProperty: 'DomainName', attributes: {} },
  'AWS::SNS::Topic': { nameProperty: 'TopicName', ref: regionalArn('sns', ''), attributes: {} },
  'AWS::Events::EventBus': {
    nameProperty: 'Name',
    attributes: { Arn: regionalArn('events', 'event-bus/') },
  },
};

/** @returns the value of `Ref` to a resource */
export function refOf(resource: Resource, naming: Naming): string {
  const name = physicalName(resource, naming);
  return kinds[resource.type]?.ref?.(name, resource, naming) ?? name;
}

/**
 * @returns the value of `Fn::GetAtt` on a resource
 * @throws {TemplateError} for an attribute that has no local value.
 */
export function attributeOf(resource: Resource, attribute: string, naming: Naming): string {
  const found = kinds[resource.type]?.attributes[attribute] ?? (attribute === 'Arn' ? otherArn : undefined);
  if (found !== undefined) return found(physicalName(resource, naming), resource, naming);
  throw new TemplateError(
    `Fn::GetAtt ${resource.logicalId}.${attribute} (${resource.type}) is not supported locally.`,
  );
}

/** @returns the name of a resource in AWS: its name property, or one made from the stack's name and the logical ID */
export function physicalName(resource: Resource, { stackName, resolve: resolveValue }: Naming): string {
  const { nameProperty, maxNameLength = 255 } = kinds[resource.type] ?? {};
  const given = nameProperty === undefined ? undefined : resolveValue(resource.properties[nameProperty]);
  if (typeof given === 'string') return given;
  const made = madeName(stackName, resource, maxNameLength);
  return resource.type === 'AWS::S3::Bucket' ? made.toLowerCase() : made;
}

/** `{stack}-{logical ID}`; where that is too long, the stack's name is cut, then the logical ID from its left. */
function madeName(stackName: string, { logicalId }: Resource, maxLength: number): string {
  const tail = logicalId.slice(-(maxLength - 2));
  return `${stackName.slice(0, Math.max(1, maxLength - tail.length - 1))}-${tail}`;
}

function regionalArn(service: string, resourcePrefix: string): Identifier {
  return (name, _resource, { region }) => arnOf(service, region, resourcePrefix + name);
}

function arnOf(service: string, region: string, resource: string): string {
  return `arn:aws:${service}:${region}:${localAccountId}:${resource}`;
}

/** The ARN of a resource that is only named, such as a role or a log group. */
const otherArn: Identifier = (name, { type }, { region }) =>
  arnOf((type.split('::')[1] ?? 'local').toLowerCase(), region, name);

/** The ID of an HTTP API: ten characters, as in AWS. */
function httpApiId(logicalId: string): string {
  return createHash('sha256').update(logicalId).digest('hex').slice(0, 10);
}

/** @returns the last part of an ARN, such as the name of a queue, function or secret */
export function nameInArn(arn: string): string {
  const [, , , , , resource = arn, name] = arn.split(':');
  return resource === 'function' || resource === 'secret' ? (name ?? resource) : resource;
}

/** @returns a string with the local URL in place of the custom domain of an HTTP API */
export function keepLocal(value: string, { domains }: Endpoints): string {
  return value.replace(/https:\/\/([\w.-]+)/g, (url, name: string) => domains[name] ?? url);
}
