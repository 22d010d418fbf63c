import type { Template } from 'aws-cdk-lib/assertions';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Principal: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const places: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'REGION',
  'AWS::AccountId': 'ACCOUNT',
};
/** What ends a logical id: CDK's hash, and that of the source behind a rule or a topic. */
const hashes = /([0-9a-f]{16}|c8[0-9a-f]{40})?[0-9A-F]{8}$/;

/** @returns a value of a template as one text: references by logical ids without their hashes */
export function readable(value: unknown): string {
  if (Array.isArray(value)) return value.map(readable).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown>;
  if (typeof ref === 'string') return places[ref] ?? ref.replace(hashes, '');
  if (Array.isArray(attribute)) return String(attribute[0]).replace(hashes, '');
  if (Array.isArray(join)) return (join[1] as unknown[]).map(readable).join(String(join[0]));
  return Object.values(value).map(readable).join(', ');
}

/**
 * @returns who is let in by the policies of resources, and by the permissions of functions, each as
 * `PRINCIPAL may ACTION on RESOURCE where KEY = VALUE`
 */
export function grantsOf(template: Template): readonly string[] {
  const grants = [
    ...invocations(template),
    ...inPolicies(template, 'AWS::SQS::QueuePolicy', ({ Queues }) => [Queues, 'PolicyDocument']),
    ...inPolicies(template, 'AWS::SNS::TopicPolicy', ({ Topics }) => [Topics, 'PolicyDocument']),
    ...inPolicies(template, 'AWS::S3::BucketPolicy', ({ Bucket }) => [Bucket, 'PolicyDocument']),
    ...inPolicies(template, 'AWS::KMS::Key', (_, id) => [{ Ref: id }, 'KeyPolicy']),
    ...busGrants(template),
    ...tableGrants(template),
  ];
  return grants.toSorted();
}

type Properties = Readonly<Record<string, unknown>>;

function resources(template: Template, type: string): readonly (readonly [string, Properties])[] {
  return Object.entries(template.findResources(type)).map(
    ([id, { Properties }]) => [id, Properties as Properties] as const,
  );
}

function invocations(template: Template): readonly string[] {
  return resources(template, 'AWS::Lambda::Permission').map(
    ([, { Principal, Action, FunctionName, SourceArn, SourceAccount }]) => {
      const account =
        SourceAccount === undefined ? '' : ` and aws:SourceAccount = ${readable(SourceAccount)}`;
      const source = SourceArn === undefined ? '' : ` where aws:SourceArn = ${readable(SourceArn)}${account}`;
      return `${readable(Principal)} may ${readable(Action)} on ${readable(FunctionName)}${source}`;
    },
  );
}

function inPolicies(
  template: Template,
  type: string,
  read: (properties: Properties, id: string) => readonly [resource: unknown, field: string],
): readonly string[] {
  return resources(template, type).flatMap(([id, properties]) => {
    const [resource, field] = read(properties, id);
    const { Statement: statements } = properties[field] as { readonly Statement: readonly Statement[] };
    return statements.flatMap((statement) => describe(statement, readable(resource)));
  });
}

function busGrants(template: Template): readonly string[] {
  return resources(template, 'AWS::Events::EventBusPolicy').flatMap(
    ([, { Statement: statement, EventBusName }]) => describe(statement as Statement, readable(EventBusName)),
  );
}

function tableGrants(template: Template): readonly string[] {
  return resources(template, 'AWS::DynamoDB::Table').flatMap(([id, { ResourcePolicy }]) => {
    if (ResourcePolicy === undefined) return [];
    const { PolicyDocument } = ResourcePolicy as {
      readonly PolicyDocument: { readonly Statement: readonly Statement[] };
    };
    return PolicyDocument.Statement.flatMap((statement) => describe(statement, readable({ Ref: id })));
  });
}

function describe(
  { Effect, Principal, Action, Condition = {} }: Statement,
  resource: string,
): readonly string[] {
  if (Effect !== 'Allow') return [];
  const conditions = Object.values(Condition).flatMap((keys) =>
    Object.entries(keys).map(([key, value]): readonly string[] => {
      // A statement for several sources says the same of each.
      const values = key === 'aws:SourceArn' ? [value].flat() : [value];
      return values.map((each) => `${key} = ${readable(each)}`);
    }),
  );
  return alternatives(conditions).map((all) => {
    const where = all.length === 0 ? '' : ` where ${all.join(' and ')}`;
    return `${readable(Principal)} may ${readable(Action)} on ${resource}${where}`;
  });
}

/** Every way to take one of each list. */
function alternatives(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const [first, ...rest] = lists;
  if (first === undefined) return [[]];
  return first.flatMap((each) => alternatives(rest).map((others) => [each, ...others]));
}
