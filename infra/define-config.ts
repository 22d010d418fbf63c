import type { PurgerConfig } from './settings/purger-config.ts';
import type { StagedConfig } from './settings/stages.ts';

/**
 * Lets an editor complete and check a configuration file: `export default defineConfig({ … })`.
 * @returns the configuration as it is
 */
export function defineConfig<const Config extends PurgerConfig | StagedConfig>(config: Config): Config {
  return config;
}
