import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { TemplateError } from './errors.ts';

/** One stack of a cloud assembly (`cdk.out`), as it was synthesized. */
export interface Assembly {
  readonly stackName: string;
  /** The region that the stack was synthesized for; us-east-1 where it is for any. */
  readonly region: string;
  readonly template: Template;
  /** The directories and files of the assets by their object key, such as `0a1b….zip`. */
  readonly assetPaths: ReadonlyMap<string, string>;
}

/** Reads a template, of which it keeps the parts that the local stack knows. */
export const templateSchema = z.object({
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
 * @param stackName by default the only stack of the assembly
 * @throws {TemplateError} where the assembly cannot be read, or does not hold exactly one such stack.
 */
export function readAssembly(assemblyDir: string, stackName?: string): Assembly {
  const { artifacts } = readJson(join(assemblyDir, 'manifest.json'), manifestSchema);
  const stacks = Object.entries(artifacts)
    .filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack')
    .map(([id, artifact]) => ({ id, name: artifact.properties.stackName ?? id, artifact }));
  const fitting = stacks.filter(({ name }) => stackName === undefined || stackName === name);
  const [stack] = fitting;
  if (stack === undefined || fitting.length > 1) {
    const wanted = stackName === undefined ? 'exactly one stack' : `a stack named ${stackName}`;
    const names = stacks.map(({ name }) => name).join(', ') || 'none';
    throw new TemplateError(`Expected ${wanted} in ${assemblyDir}, got ${names}.`);
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
