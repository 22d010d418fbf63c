import type { PurgerConfig } from '../../../settings/purger-config.ts';
import { UsageError } from '../../usage-error.ts';

/**
 * @param file as `--config` has it
 * @param stage as `--stage` has it
 * @returns the configuration, where one is given
 * @throws UsageError for a stage alone; ConfigError for a configuration that is wrong
 */
export async function readConfig(
  file: string | undefined,
  stage: string | undefined,
): Promise<PurgerConfig | undefined> {
  if (file === undefined && stage === undefined) return undefined;
  if (file === undefined) {
    throw new UsageError(`Expected --stage with the --config that it is of, got --stage ${stage} alone`);
  }
  // Checking a configuration takes code that most calls do not need.
  const { loadConfig } = await import('../../../stack/load-config.ts');
  return loadConfig(file, stage);
}
