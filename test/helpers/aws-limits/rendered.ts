import type { Template } from 'aws-cdk-lib/assertions';
import { isRecord } from '../../../functions/core/model/record.ts';

/** A resource as CloudFormation would make it, with names and ARNs at their longest. */
export interface RenderedResource {
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** As it is in the template, with references. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly deletionPolicy: string | undefined;
}

const account = '111122223333';
const region = 'ap-northeast-1';
const pseudoParameters: Readonly<Record<string, string>> = {
  'AWS::AccountId': account,
  'AWS::Partition': 'aws-us-gov',
  'AWS::Region': region,
  'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/Stack/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f`,
  'AWS::StackName': 'Stack',
  'AWS::URLSuffix': 'amazonaws.com.cn',
};

/** The most characters of the name that CloudFormation gives. */
const nameLengths: Readonly<Record<string, number>> = {
  'AWS::S3::Bucket': 63,
  'AWS::SQS::Queue': 80,
  'AWS::Events::Rule': 64,
  'AWS::IAM::Role': 64,
  'AWS::Lambda::Function': 64,
};

/** @returns a name of this length that ends with the logical ID, whose end is a hash */
export function longestName(id: string, length: number): string {
  return id.padStart(length, 'x').slice(-length);
}

/** @returns the resources of a template, every reference and intrinsic function replaced by the longest that it can be */
export function renderedResources(template: Template): readonly RenderedResource[] {
  const { Resources: resources } = template.toJSON() as {
    readonly Resources: Readonly<
      Record<string, { Type: string; Properties?: Record<string, unknown>; DeletionPolicy?: string }>
    >;
  };
  const nameOf = (id: string) => {
    const type = resources[id]?.Type ?? '';
    const length = nameLengths[type] ?? 120;
    return longestName(id, length);
  };
  const render = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(render);
    if (!isRecord(value)) return value;
    const [[key, argument] = ['', undefined]] = Object.entries(value);
    if (key === 'Ref') return pseudoParameters[String(argument)] ?? nameOf(String(argument));
    if (key === 'Fn::GetAtt') {
      const [id = '', attribute] = [argument].flat() as string[];
      const bus = resources[id]?.Properties?.EventBusName;
      if (bus !== undefined)
        return `arn:aws-us-gov:events:${region}:${account}:rule/${render(bus)}/${nameOf(id)}`;
      return attribute === 'Arn' ? `arn:aws-us-gov:service:${region}:${account}:${nameOf(id)}` : nameOf(id);
    }
    if (key === 'Fn::Join') {
      const [separator, parts] = argument as [string, readonly unknown[]];
      return parts.map((part) => String(render(part))).join(separator);
    }
    if (key === 'Fn::Split') {
      const [separator, text] = argument as [string, unknown];
      return String(render(text)).split(separator);
    }
    if (key === 'Fn::Select') {
      const [index, list] = argument as [number, unknown];
      return (render(list) as unknown[])[Number(index)] ?? '';
    }
    if (key === 'Fn::If') return render((argument as unknown[])[1]);
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, render(each)]));
  };
  return Object.entries(resources).map(([id, { Type, Properties = {}, DeletionPolicy }]) => ({
    id,
    type: Type,
    properties: render(Properties) as Record<string, unknown>,
    raw: Properties,
    deletionPolicy: DeletionPolicy,
  }));
}
