import { isRecord } from '../../functions/core/model/record.ts';
import type { Template } from '../../local/aws/template/assembly.ts';

type Resources = Template['Resources'];

/** Types that moto's CloudFormation creates (5.2). */
const emulatedTypes = [
  'AWS::CloudWatch::Dashboard',
  'AWS::DynamoDB::Table',
  'AWS::Events::Rule',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::KMS::Key',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::Logs::ResourcePolicy',
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::SSM::Parameter',
];

/** Types that moto's CloudFormation does not know (5.2): they are left out of what it is given. */
const missingTypes = [
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::ApiMapping',
  'AWS::ApiGatewayV2::DomainName',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Logs::MetricFilter',
  'AWS::Route53::RecordSet',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::SecretsManager::ResourcePolicy',
  'AWS::SecretsManager::Secret',
  // No deployment calls their functions: the tests do.
  'AWS::CloudFormation::CustomResource',
  'Custom::PurgerBucketConfiguration',
  'Custom::S3AutoDeleteObjects',
  'Custom::S3BucketNotifications',
];

/** A template that moto can create, and what had to be left out. */
export interface EmulatedTemplate {
  readonly template: Template;
  /** Logical IDs of the resources that are left out, by their type. */
  readonly leftOut: ReadonlyMap<string, readonly string[]>;
}

/**
 * Leaves out what moto's CloudFormation lacks, by the lists in this file; what refers to it gets its logical ID.
 * @throws Error that names a type which is in neither list
 */
export function emulatedTemplate(template: Template): EmulatedTemplate {
  const unknown = Object.values(template.Resources).filter(({ Type }) => kindOf(Type) === undefined);
  if (unknown.length > 0) {
    const types = [...new Set(unknown.map(({ Type }) => Type))].join(', ');
    throw new Error(`Expected every resource type to be in a list of emulated-template.ts, got ${types}`);
  }
  const all = Object.entries(template.Resources);
  const missing = all.filter(([, { Type }]) => kindOf(Type) === 'missing');
  const ids = new Set(missing.map(([id]) => id));
  const resources = Object.fromEntries(all.filter(([id]) => !ids.has(id))) as Resources;
  const byType = Map.groupBy(missing, ([, { Type }]) => Type);
  return {
    template: withoutReferences(
      { ...template, Resources: resources, Outputs: { ...template.Outputs, ...propertyOutputs(missing) } },
      ids,
    ) as Template,
    leftOut: new Map([...byType].map(([type, found]) => [type, found.map(([id]) => id)])),
  };
}

/** The name of the output that has a property of a custom resource as CloudFormation resolves it. */
export function propertyOutput(logicalId: string, property: string): string {
  return `${logicalId}${property}`;
}

/** What a custom resource's function would be called with: strings, of which CloudFormation fills in the references. */
function propertyOutputs(missing: readonly [string, Resources[string]][]): Template['Outputs'] {
  const custom = missing.filter(([, { Type }]) => Type === 'Custom::PurgerBucketConfiguration');
  const outputs = custom.flatMap(([id, { Properties }]) =>
    Object.entries(Properties)
      .filter(([name]) => name !== 'ServiceToken')
      .map(([name, Value]) => [propertyOutput(id, name), { Value }] as const),
  );
  return Object.fromEntries(outputs);
}

function kindOf(type: string): 'emulated' | 'missing' | undefined {
  if (emulatedTypes.includes(type)) return 'emulated';
  return missingTypes.includes(type) ? 'missing' : undefined;
}

function withoutReferences(value: unknown, ids: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutReferences(item, ids));
  if (!isRecord(value)) return value;
  const to = value.Ref ?? [value['Fn::GetAtt']].flat()[0];
  const [id] = typeof to === 'string' ? to.split('.') : [];
  if (id !== undefined && ids.has(id)) return id;
  const kept = Object.entries(value).filter(([key]) => key !== 'DependsOn');
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutReferences(item, ids)]));
}
