import type * as z from 'zod';
import type { Assembly, Template } from './assembly.ts';
import { TemplateError } from './errors.ts';
import {
  attributeOf,
  type Endpoints,
  isKnownType,
  keepLocal,
  localAccountId,
  type Naming,
  physicalName,
  type Resource,
  refOf,
} from './identifiers.ts';
import { conditionHolds, fieldOf, type ResolveScope, resolve } from './intrinsics.ts';

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

/** Makes the template of an assembly answer with local values. Nothing is resolved before it is asked for. */
export function openTemplate(assembly: Assembly, endpoints: Endpoints): StackTemplate {
  const { template, stackName, region } = assembly;
  const scope: ResolveScope = {
    parameters: parameterValues(assembly),
    conditions: template.Conditions,
    mappings: template.Mappings,
    ref: (logicalId) => refOf(find(logicalId), naming),
    getAtt: (logicalId, name) => attributeOf(find(logicalId), name, naming),
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

  return {
    stackName,
    region,
    ref: (resource) => refOf(resource, naming),
    attribute: (resource, name) => attributeOf(resource, name, naming),
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

/** Types that the local stack stands in for beside the kinds above. */
const alsoSimulated = [
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::ApiMapping',
];

/** Types without which a local stack does the same work: permissions, observation and set-up. */
const quietTypes =
  /^(Custom::|AWS::(IAM|Logs|CloudWatch|KMS|CDK|XRay|Budgets|CloudFormation::(CustomResource|WaitCondition)|SNS::TopicPolicy|Events::EventBusPolicy|Route53|CertificateManager)|AWS::Lambda::Permission|AWS::(SQS::Queue|S3::Bucket|SecretsManager::Resource)Policy)/;

/** SNS subscriptions that are simulated, and those that only tell people. */
const knownProtocols = ['sqs', 'lambda', 'email', 'email-json', 'sms'];

function unsupportedTypes(template: Template): string[] {
  const left = Object.entries(template.Resources).filter(
    ([, { Type, Properties }]) =>
      !isKnownType(Type) &&
      !alsoSimulated.includes(Type) &&
      !quietTypes.test(Type) &&
      !(Type === 'AWS::SNS::Subscription' && knownProtocols.includes(String(Properties.Protocol))),
  );
  const byType = Map.groupBy(left, ([, { Type }]) => Type);
  return [...byType].map(
    ([type, found]) =>
      `${type} is not supported by the local stack and is left out (${found.map(([id]) => id).join(', ')}).`,
  );
}
