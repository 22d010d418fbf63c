import type * as z from 'zod';
import type { Assembly, Template } from './assembly.ts';
import { TemplateError } from './errors.ts';
import {
  attributeOf,
  type Endpoints,
  keepLocal,
  localAccountId,
  type Naming,
  physicalName,
  type Resource,
  refOf,
} from './identifiers.ts';
import { conditionHolds, fieldOf, type ResolveScope, resolve } from './intrinsics.ts';
import { unsupportedIn } from './support.ts';

/** A synthesized template with everything that CloudFormation would fill in at deployment. */
export interface StackTemplate {
  readonly region: string;
  /** The resources of one type, in the template's order. */
  readonly resources: (type: string) => readonly Resource[];
  /** The properties in a schema, resolved and validated. Throws a TemplateError that names the field. */
  readonly properties: <Shape extends z.ZodRawShape>(
    resource: Resource,
    schema: z.ZodObject<Shape>,
  ) => z.output<z.ZodObject<Shape>>;
  /** The value of `Ref` to a resource. */
  readonly ref: (resource: Resource) => string;
  /** The value of `Fn::GetAtt` on a resource. */
  readonly attribute: (resource: Resource, name: string) => string;
  /** The name of a resource in AWS: its name property, or one made from the stack's name and the logical ID. */
  readonly physicalName: (resource: Resource) => string;
  /** The directory or file of a function's code; undefined where no asset has this key. */
  readonly assetPath: (objectKey: string) => string | undefined;
  /** The stack outputs with their values, and one sentence for each that has no value here. */
  readonly outputs: () => { readonly values: Record<string, string>; readonly problems: readonly string[] };
  /** The functions that serve custom resources, which only CloudFormation calls. */
  readonly customResourceHandlers: () => ReadonlySet<string>;
  /** One sentence for each type and property of a resource that is left out. */
  readonly unsupported: () => readonly string[];
}

/** @returns the template of an assembly with local values, each resolved when it is read */
export function openTemplate(assembly: Assembly, endpoints: Endpoints): StackTemplate {
  const { template, stackName, region } = assembly;
  const scope: ResolveScope = {
    parameters: parameterValues(assembly),
    conditions: template.Conditions,
    ref: (logicalId) => refOf(find(logicalId), naming),
    getAtt: (logicalId, name) => attributeOf(find(logicalId), name, naming),
    rewrite: (value) => keepLocal(value, endpoints),
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
      const present = Object.keys(schema.shape).filter((key) => Object.hasOwn(resource.properties, key));
      const values = present.map((key) => [key, resolveOf(resource, key)] as const);
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
    unsupported: () => unsupportedIn(template),
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
    ...Object.fromEntries(own.map(([name, { Default }]) => [name, Default])),
    'AWS::AccountId': localAccountId,
    'AWS::Partition': 'aws',
    'AWS::Region': region,
    'AWS::StackId': `arn:aws:cloudformation:${region}:${localAccountId}:stack/${stackName}/local`,
    'AWS::StackName': stackName,
    'AWS::URLSuffix': 'amazonaws.com',
  };
}
