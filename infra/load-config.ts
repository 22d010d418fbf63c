import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ConfigError } from '../functions/core/config.ts';
import { describeValue } from '../functions/core/errors.ts';
import { checkConfig, type PurgerConfig } from './purger-stack.ts';

/** The configuration of those who deploy this project as it is. */
export const defaultConfigFile = fileURLToPath(new URL('config.ts', import.meta.url));

/**
 * Loads and checks a configuration: the default export of a TypeScript or JavaScript module, or a JSON file.
 * @throws ConfigError with every fault
 */
export async function loadConfig(file: string): Promise<PurgerConfig> {
  return checkConfig(await readConfig(resolve(file)));
}

async function readConfig(path: string): Promise<unknown> {
  try {
    if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8'));
    const exports = (await import(pathToFileURL(path).href)) as { default?: unknown };
    if (exports.default !== undefined) return exports.default;
  } catch (error) {
    throw new ConfigError(path, [
      `it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
  throw new ConfigError(path, [
    `expected a default export with the configuration, got ${describeValue(undefined)}`,
  ]);
}
