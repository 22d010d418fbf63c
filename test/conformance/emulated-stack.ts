import { setTimeout as sleep } from 'node:timers/promises';
import type { Assembly } from '../../local/aws/template/assembly.ts';
import { type AwsCalls, createAwsCalls } from './aws-calls.ts';
import { type EmulatedTemplate, emulatedTemplate } from './emulated-template.ts';

const cloudFormationVersion = '2010-05-15';

/** A stack that moto's CloudFormation has created. */
export interface EmulatedStack extends EmulatedTemplate {
  readonly status: string;
  readonly calls: AwsCalls;
  /** Physical IDs by logical ID. */
  readonly physicalIds: ReadonlyMap<string, string>;
  readonly outputs: Readonly<Record<string, string>>;
  /** The URL of a queue in moto; other strings as they are. */
  readonly localUrl: (text: string) => string;
  /** The logical ID of the one resource of this type whose logical ID matches. */
  readonly find: (type: string, logicalId: RegExp) => string;
}

/**
 * Creates the stack of an assembly, less what moto lacks, and waits until CloudFormation is done with it.
 * @throws Error with CloudFormation's words where it refuses the template
 */
export async function createStack(url: string, assembly: Assembly): Promise<EmulatedStack> {
  const calls = createAwsCalls(url, assembly.region);
  const emulated = emulatedTemplate(assembly.template);
  await bootstrap(calls, assembly);
  const StackName = assembly.stackName;
  const cloudFormation = (action: string, parameters: Readonly<Record<string, string>>) =>
    calls.query('cloudformation', cloudFormationVersion, action, { StackName, ...parameters });
  await cloudFormation('CreateStack', {
    TemplateBody: JSON.stringify(emulated.template),
    'Capabilities.member.1': 'CAPABILITY_IAM',
  });
  const described = await untilDone(() => cloudFormation('DescribeStacks', {}));
  const resources = membersOf(await cloudFormation('DescribeStackResources', {}), 'StackResources');
  const physicalIds = new Map(
    resources.map((xml) => [textOf(xml, 'LogicalResourceId'), textOf(xml, 'PhysicalResourceId')]),
  );
  // CloudFormation answers with AWS's own address of a queue.
  const localUrl = (text: string) => text.replace(/^https:\/\/sqs\.[\w-]+\.amazonaws\.com/, url);
  return {
    ...emulated,
    localUrl,
    status: textOf(described, 'StackStatus'),
    calls,
    physicalIds,
    outputs: Object.fromEntries(
      membersOf(described, 'Outputs').map((xml) => [
        textOf(xml, 'OutputKey'),
        localUrl(textOf(xml, 'OutputValue')),
      ]),
    ),
    find: (type, logicalId) => findOne(emulated, type, logicalId),
  };
}

/** What `cdk bootstrap` leaves behind, and a template of CDK refers to: its version, and the bucket of the assets. */
async function bootstrap(calls: AwsCalls, { template }: Assembly): Promise<void> {
  for (const { Type, Default } of Object.values(template.Parameters)) {
    if (!Type.startsWith('AWS::SSM::Parameter')) continue;
    const body = { Name: String(Default), Value: '21', Type: 'String' };
    await calls.json('ssm', 'AmazonSSM.PutParameter', body);
  }
}

async function untilDone(describe: () => Promise<string>): Promise<string> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const described = await describe();
    if (!textOf(described, 'StackStatus').endsWith('_IN_PROGRESS')) return described;
    await sleep(100);
  }
  throw new Error('Expected CloudFormation to be done within a minute');
}

function findOne({ template }: EmulatedTemplate, type: string, logicalId: RegExp): string {
  const found = Object.entries(template.Resources).filter(
    ([id, { Type }]) => Type === type && logicalId.test(id),
  );
  const [[id] = []] = found;
  if (id === undefined || found.length > 1) {
    throw new Error(`Expected one ${type} like ${logicalId}, got ${found.map(([each]) => each).join(', ')}`);
  }
  return id;
}

/** The items of a list in an answer of the Query protocol. */
function membersOf(xml: string, list: string): readonly string[] {
  const inside = new RegExp(`<${list}>(.*?)</${list}>`, 's').exec(xml)?.[1] ?? '';
  return [...inside.matchAll(/<member>(.*?)<\/member>/gs)].map(([, member = '']) => member);
}

function textOf(xml: string, element: string): string {
  const text = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(xml)?.[1] ?? '';
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
