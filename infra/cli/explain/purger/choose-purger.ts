import { resolve } from 'node:path';
import { checkSettings } from '../../../settings/settings.ts';
import { defaultConfigFile, loadConfig, readConfig } from '../../../stack/load-config.ts';
import { UsageError } from '../../usage-error.ts';
import { type ExplainedPurger, purgerOfConfig, purgerOfSettings } from './explained-purger.ts';
import { readAssembly } from './read-assembly.ts';

const notDeployed =
  'the rules of a purger that runs are in its functions, and are not read. ' +
  'Check out what was deployed and run explain without it, or name the configuration with --config FILE, ' +
  'or what cdk synth has written with --assembly DIR';

/** Where the purger is described. */
export interface PurgerOptions {
  readonly config?: string | undefined;
  readonly stage?: string | undefined;
  readonly rules?: string | undefined;
  readonly assembly?: string | undefined;
  readonly stack?: string | undefined;
  /** Refused, with what to use instead. */
  readonly ready?: string | undefined;
}

/**
 * @returns the purger that the options are about: that of a configuration, of rules alone, or of a cloud assembly
 * @throws UsageError for options that do not go together; ConfigError for a configuration or rules with an issue
 */
export async function choosePurger(options: PurgerOptions): Promise<ExplainedPurger> {
  const { config, stage, rules, assembly, stack, ready } = options;
  const [one, other] = (['config', 'rules', 'assembly'] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (one !== undefined && other !== undefined)
    throw new UsageError(`Expected --${one} or --${other}, got both`);
  if (ready !== undefined) throw new UsageError(`Expected no --ready, got it: ${notDeployed}`);
  if (stack !== undefined && assembly === undefined) {
    throw new UsageError(`Expected --stack with --assembly, got it alone: ${notDeployed}`);
  }
  if (stage !== undefined && (rules ?? assembly) !== undefined) {
    throw new UsageError('Expected --stage with a configuration, got it with rules or an assembly');
  }
  if (assembly !== undefined) return readAssembly(assembly, stack);
  if (rules !== undefined) return readRules(rules);
  return purgerOfConfig(await loadConfig(config ?? defaultConfigFile, stage));
}

/** Rules alone: a list, or the settings of a purger with rules among them. */
async function readRules(file: string): Promise<ExplainedPurger> {
  const read = await readConfig(resolve(file));
  const settings = Array.isArray(read) ? { rules: read } : read;
  return purgerOfSettings(checkSettings({ target: 'production', ...Object(settings) }));
}
