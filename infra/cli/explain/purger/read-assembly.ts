import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MappingConfig } from '../../../../functions/core/mapping/rule.ts';
import { recordOf } from '../../../../functions/core/model/record.ts';
import { mappingFile } from '../../../../functions/lambda/bundled-rules.ts';
import { environment } from '../../../../functions/lambda/environment.ts';
import { readWebhooks } from '../../../../functions/receive-webhook/webhook-config.ts';
import { type PurgerDescription, parameterRoot, readDescription } from '../../../operation/description.ts';
import { UsageError } from '../../usage-error.ts';
import { objectsInAssembly } from './assembly-objects.ts';
import { assetOf, type Resource, resourcesIn, stringOf, variableOf } from './assembly-template.ts';
import { type ExplainedPurger, type ExplainedWebhook, explainedWebhooks } from './explained-purger.ts';

/** A purger in a cloud assembly. */
interface Found {
  /** `STACK/PURGER`. */
  readonly name: string;
  readonly description: PurgerDescription;
  readonly resources: readonly Resource[];
  /** Where the template is. */
  readonly folder: string;
}

/**
 * Reads a purger from what the CDK has synthesized: its rules next to a function's code, and the rest in the template.
 * @param folder a cloud assembly, such as `cdk.out`
 * @param stack a stack, or `STACK/PURGER`; any where it is missing
 * @throws UsageError where there is none, or more than one
 */
export function readAssembly(folder: string, stack: string | undefined): ExplainedPurger {
  const all = templatesIn(folder).flatMap(purgersIn);
  const found = all.filter(
    ({ name }) => stack === undefined || name === stack || name.startsWith(`${stack}/`),
  );
  const [only, ...others] = found;
  const names = (list: readonly Found[]) => list.map(({ name }) => name).join(' or ');
  if (only === undefined) {
    if (all.length === 0)
      throw new UsageError(`Expected ${folder} to be a cloud assembly with a purger, found none`);
    throw new UsageError(`Expected --stack to be ${names(all)}, got "${stack}"`);
  }
  if (others.length > 0)
    throw new UsageError(`Expected --stack, since there are several purgers: ${names(found)}`);
  const { description, resources } = only;
  return {
    mapping: readMapping(only),
    limits: description.limits,
    planning: description.planning,
    watched: objectsInAssembly(resources, description),
    webhooks: functionsOf(only).flatMap(webhooksOf),
  };
}

/** The templates of an assembly, and of those for its stages. */
function templatesIn(folder: string): readonly string[] {
  if (!existsSync(join(folder, 'manifest.json'))) {
    throw new UsageError(
      `Expected --assembly to be a cloud assembly, but ${folder} has no manifest.json: cdk synth makes one`,
    );
  }
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return entry.name.endsWith('.template.json') ? [path] : [];
    return entry.isDirectory() && existsSync(join(path, 'manifest.json')) ? templatesIn(path) : [];
  });
}

function purgersIn(template: string): readonly Found[] {
  const resources = resourcesIn(JSON.parse(readFileSync(template, 'utf8')));
  return resources.flatMap(({ type, properties }) => {
    const parameter = type === 'AWS::SSM::Parameter' ? stringOf(properties.Name) : undefined;
    if (!parameter?.startsWith(`${parameterRoot}/`)) return [];
    const description = readDescription(parsed(stringOf(properties.Value)));
    if ('problem' in description) {
      throw new UsageError(
        `Expected ${template} to describe a purger in ${parameter}, but ${description.problem}`,
      );
    }
    const name = parameter.slice(parameterRoot.length + 1);
    return [{ name, description, resources, folder: dirname(template) }];
  });
}

function parsed(json = ''): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function functionsOf({ resources, description: { name } }: Found): readonly Resource[] {
  return resources.filter(
    (resource) =>
      resource.type === 'AWS::Lambda::Function' && variableOf(resource, environment.purgerName) === name,
  );
}

/** The rules are in the asset of each function that maps or names them. */
function readMapping(found: Found): MappingConfig {
  const assets = assetsIn(found.folder);
  const files = functionsOf(found).flatMap((each) => {
    const path = assets.get(assetOf(each) ?? '');
    return path === undefined ? [] : [join(path, mappingFile)];
  });
  const file = files.find((each) => existsSync(each));
  if (file === undefined) {
    throw new UsageError(
      `Expected the rules of ${found.name} in an asset of ${found.folder}, found none: synthesize it with its assets`,
    );
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** @returns where the assets of a folder's stacks are, by their hashes: those of a stage are next to the app's */
function assetsIn(folder: string): ReadonlyMap<string, string> {
  const manifests = readdirSync(folder).filter((name) => name.endsWith('.assets.json'));
  return new Map(
    manifests.flatMap((name) => {
      const { files } = recordOf(JSON.parse(readFileSync(join(folder, name), 'utf8'))) ?? {};
      return Object.entries(recordOf(files) ?? {}).flatMap(([hash, asset]) => {
        const path = recordOf(recordOf(asset)?.source)?.path;
        return typeof path === 'string' ? [[hash, join(folder, path)] as const] : [];
      });
    }),
  );
}

function webhooksOf(resource: Resource): readonly ExplainedWebhook[] {
  const written = variableOf(resource, environment.webhooks);
  if (written === undefined) return [];
  return explainedWebhooks(readWebhooks(written, []));
}
