import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { checkConfig, type PurgerConfig } from '../../infra/settings/purger-config.ts';
import { PurgerStack } from '../../infra/stack/purger-stack.ts';
import { sampleConfig } from './sample-config.ts';

/** A folder for a cloud assembly, which goes when the tests end. */
export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), 'assembly-'));
}

/** The feature flags and all else that the app is synthesized with. */
const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };

/** Skips the bundles of functions, and what CDK notes of each construct, which no test reads. */
const unbundled = {
  'aws:cdk:bundling-stacks': [],
  'aws:cdk:disable-stack-trace': true,
  'aws:cdk:disable-creation-stack-traces': true,
  'aws:cdk:disable-logicalId-metadata': true,
};

/** @returns an app that neither bundles functions nor lets CDK validate its templates, which takes it seconds to load */
export function unbundledApp(): App {
  return new App({
    outdir: scratchFolder(),
    context: unbundled,
    builtinCloudFormationValidation: false,
    treeMetadata: false,
  });
}

/**
 * @param builtinCloudFormationValidation true to let CDK validate its template, which takes it seconds to load
 * @returns a stack with this configuration and the feature flags of the app, without bundling its functions
 */
export function stackOf(
  overrides: Partial<PurgerConfig> = {},
  builtinCloudFormationValidation = false,
): PurgerStack {
  const config = checkConfig({ ...sampleConfig, ...overrides });
  const app = new App({
    outdir: scratchFolder(),
    context: { ...context, ...unbundled },
    builtinCloudFormationValidation,
    treeMetadata: false,
  });
  return new PurgerStack(app, 'Stack', { config });
}

/** Templates by their configuration: a worker synthesizes each once. */
const templates = new Map<string, Template>();

/** @returns the template of such a stack */
export function templateOf(overrides: Partial<PurgerConfig> = {}): Template {
  const key = JSON.stringify(overrides);
  const template = templates.get(key) ?? Template.fromStack(stackOf(overrides));
  templates.set(key, template);
  return template;
}

/** @returns the event rules of a template that wait for events, and are not on a schedule, by their logical IDs */
export function eventRulesOf(template: Template) {
  const all = Object.entries(template.findResources('AWS::Events::Rule'));
  return all.flatMap(([id, { Properties }]) =>
    Properties.EventPattern === undefined ? [] : [[id, Properties] as const],
  );
}

/** @returns the properties of all resources of a type; fails where there are none */
export function allOf(template: Template, type: string) {
  const all = Object.values(template.findResources(type)).map(({ Properties }) => Properties);
  if (all.length === 0) throw new Error(`Expected resources of type ${type}, got none`);
  return all;
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Effect: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * @returns what the role of a function may do, as `action on resource`, with ` where key = values` for conditions, by
 * the function's description
 */
export function permissionsOf(template: Template, description: RegExp): readonly string[] {
  const [[, fn] = []] = Object.entries(template.findResources('AWS::Lambda::Function')).filter(
    ([, { Properties }]) => description.test(Properties.Description ?? ''),
  );
  const role = fn?.Properties.Role['Fn::GetAtt'][0] as string;
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    JSON.stringify(Properties.Roles).includes(`"${role}"`),
  );
  return policies
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
    .flatMap((statement) => {
      if (statement.Effect !== 'Allow') return [];
      const resources = [statement.Resource].flat().map(nameOf);
      const actions = [statement.Action].flat();
      return actions.flatMap((action) =>
        resources.map((name) => `${action} on ${name}${conditionOf(statement)}`),
      );
    })
    .toSorted();
}

function conditionOf({ Condition = {} }: Statement): string {
  const texts = Object.values(Condition).flatMap((keys) =>
    Object.entries(keys).map(([key, values]) => `${key} = ${[values].flat().join(', ')}`),
  );
  return texts.length === 0 ? '' : ` where ${texts.join(' and ')}`;
}

/** A resource's logical id without CDK's hash, with what follows it for an index, or what is readable of its ARN. */
function nameOf(resource: unknown): string {
  const text = JSON.stringify(resource);
  const secret = /:secret:([^"]*)/.exec(text)?.[1];
  const logicalId = /"Fn::GetAtt":\["([A-Za-z0-9]+?)[0-9A-F]{8}","Arn"\]/.exec(text)?.[1];
  const below = /"(\/index\/[^"]+)"/.exec(text)?.[1] ?? '';
  return secret ?? (logicalId === undefined ? text : logicalId + below);
}
