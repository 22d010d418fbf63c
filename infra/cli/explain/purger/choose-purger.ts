import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkSettings } from '../../../settings/settings.ts';
import { defaultConfigFile, loadConfig, readConfig } from '../../../stack/load-config.ts';
import { connect } from '../../purger/connect.ts';
import { UsageError } from '../../usage-error.ts';
import { type ExplainedPurger, purgerOfConfig, purgerOfSettings } from './explained-purger.ts';
import { readAssembly } from './read-assembly.ts';

/** Where the purger is described. */
export interface PurgerOptions {
  readonly config?: string | undefined;
  readonly stage?: string | undefined;
  readonly rules?: string | undefined;
  readonly assembly?: string | undefined;
  /** A deployed one, or which one of the assembly. */
  readonly stack?: string | undefined;
  /** A local one. */
  readonly ready?: string | undefined;
}

/**
 * @returns the purger that the options are about: that of a configuration, of rules alone, of a cloud assembly, or one that
 *   is deployed or runs locally
 * @throws UsageError for options that do not go together; ConfigError for a configuration or rules with an issue
 */
export async function choosePurger(options: PurgerOptions): Promise<ExplainedPurger> {
  const { config, stage, rules, assembly, stack, ready } = options;
  checkTogether(options);
  if (assembly !== undefined) return readAssembly(assembly, stack);
  if (stack !== undefined || ready !== undefined) {
    const { readDeployed } = await import('./deployed-purger.ts');
    return readDeployed(await connect({ stack, ready }));
  }
  if (rules !== undefined) return readRules(rules);
  if (config === undefined && !existsSync(defaultConfigFile)) {
    throw new UsageError(
      'Expected --config FILE, --assembly cdk.out (in a CDK app, after cdk synth), --stack NAME or --ready FILE, got none, and no cdn-purger.config.ts, .mts, .js, .mjs, .cjs or .json is here: cdn-purger init writes one',
    );
  }
  return purgerOfConfig(await loadConfig(config ?? defaultConfigFile, stage));
}

function checkTogether(options: PurgerOptions): void {
  const { stage, stack, assembly } = options;
  const where = (['config', 'rules', 'assembly', 'ready'] as const).filter(
    (name) => options[name] !== undefined,
  );
  const [one, other] = [...where, ...(stack !== undefined && assembly === undefined ? ['stack'] : [])];
  if (one !== undefined && other !== undefined)
    throw new UsageError(`Expected --${one} or --${other}, got both`);
  if (stage !== undefined && one !== undefined && one !== 'config') {
    throw new UsageError(`Expected --stage with a configuration, got it with --${one}`);
  }
}

/** Rules alone: a list, or the settings of a purger with rules among them. */
async function readRules(file: string): Promise<ExplainedPurger> {
  const read = await readConfig(resolve(file));
  const settings = Array.isArray(read) ? { rules: read } : read;
  return purgerOfSettings(checkSettings({ target: 'production', ...Object(settings) }));
}
