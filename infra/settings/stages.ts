import leven from 'leven';
import * as z from 'zod';
import { PurgerError } from '../../functions/core/model/errors.ts';
import { recordOf } from '../../functions/core/model/record.ts';
import { check } from './checks/check.ts';
import { expected, strictObject } from './checks/schema.ts';
import { suggestion } from './checks/suggestion.ts';
import type { ValidationIssue } from './checks/validation-issue.ts';
import {
  checkConfig,
  configFields,
  defaultStackName,
  type PurgerConfig,
  validateConfig,
} from './purger-config.ts';

/** A configuration for several stages, each of which is a separate stack. */
export interface StagedConfig {
  /** By the stage's name. Programs that run one stage take the first by default. */
  readonly stages: Readonly<Record<string, PurgerConfig>>;
}

/** One stage of a configuration. */
export interface AppStage {
  /** Missing where the configuration has no stages. */
  readonly name?: string;
  readonly config: PurgerConfig & { readonly stackName: string };
}

/** A stage was requested that does not exist. */
export class StageError extends PurgerError {
  override readonly name = 'StageError';
}

const stageName = expected('a stage name: letters, digits and "-", a letter first');
/** The schema of a {@link StagedConfig}. */
export const stagedFields = strictObject({
  stages: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/), configFields, {
      error: (issue) =>
        issue.code === 'invalid_key'
          ? stageName.error({ input: issue.path?.at(-1) })
          : expected('an object with stages by name').error(issue),
    })
    .refine((stages) => Object.keys(stages).length > 0, expected('at least one stage')),
});

/**
 * Checks what a configuration file exports: a {@link PurgerConfig}, or a {@link StagedConfig}.
 * @returns its stages in their order, each with the name of its stack; one without a name where there are none
 * @throws ConfigError with every issue of every stage
 */
export function checkStages(config: unknown): readonly AppStage[] {
  if (recordOf(config)?.stages === undefined) {
    return [stageOf(checkConfig(config), defaultStackName)];
  }
  const { stages } = check(stagedFields, config, 'The configuration', validateStages);
  return Object.entries(stages as StagedConfig['stages']).map(([name, stage]) => ({
    name,
    ...stageOf(stage, stackNameOf(name)),
  }));
}

function stageOf(config: PurgerConfig, stackName: string): AppStage {
  return { config: { ...config, stackName: config.stackName ?? stackName } };
}

/**
 * @param name the first stage where it is missing
 * @returns the stage of that name
 * @throws StageError where there is none, with the name that was meant
 */
export function findStage(stages: readonly AppStage[], name: string | undefined): AppStage {
  const names = stages.flatMap((stage) => stage.name ?? []);
  const found = stages.find((stage) => name === undefined || stage.name === name);
  if (found !== undefined) return found;
  if (names.length === 0)
    throw new StageError(`Expected no stage, since the configuration has none, got "${name}"`);
  throw new StageError(`Unknown stage "${name}"${suggestion(name ?? '', names)}`);
}

/**
 * Refuses a context value of CDK that is nearly one of ours: `--all --context stag=staging` would deploy every stage.
 * @param given the names of all context values
 * @param known ours
 * @throws StageError with the name that was meant
 */
export function refuseMisspelledContext(given: readonly string[], known: readonly string[]): void {
  const misspelled = given.find(
    (name) => !known.includes(name) && known.some((each) => leven(name, each) === 1),
  );
  if (misspelled === undefined) return;
  throw new StageError(`Unknown context value "${misspelled}"${suggestion(misspelled, known)}`);
}

function validateStages(config: unknown): readonly ValidationIssue[] {
  const stages = Object.entries(recordOf(recordOf(config)?.stages) ?? {});
  return [
    ...stages.flatMap(([name, stage]) =>
      validateConfig(stage).map(({ path, message }) => ({ path: ['stages', name, ...path], message })),
    ),
    ...validateStackNames(stages),
  ];
}

function validateStackNames(stages: readonly (readonly [string, unknown])[]): readonly ValidationIssue[] {
  const owners = new Map<unknown, string>();
  return stages.flatMap(([name, stage]) => {
    const stackName = recordOf(stage)?.stackName ?? stackNameOf(name);
    const owner = owners.get(stackName);
    if (owner === undefined) owners.set(stackName, name);
    const message = `expected a unique name, got that of the stage "${owner}": "${stackName}"`;
    return owner === undefined ? [] : [{ path: ['stages', name, 'stackName'], message }];
  });
}

function stackNameOf(stage: string): string {
  return `${defaultStackName}-${stage}`;
}
