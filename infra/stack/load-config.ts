import { existsSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describeValue } from '../../functions/core/model/errors.ts';
import { recordOf } from '../../functions/core/model/record.ts';
import { ConfigError } from '../settings/checks/check.ts';
import type { PurgerConfig } from '../settings/purger-config.ts';
import { type AppStage, checkStages, findStage } from '../settings/stages.ts';

/** Where the installed command line looks for a configuration by default. */
const usualFiles = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'].map((ending) => `cdn-purger.config.${ending}`);

/** The default configuration: `infra/config.ts` of this project, or a usual file in the current folder. */
export const defaultConfigFile =
  [fileURLToPath(new URL('../config.ts', import.meta.url)), ...usualFiles].find((file) => existsSync(file)) ??
  'cdn-purger.config.ts';

/**
 * Loads and checks a configuration: the default export of a TypeScript or JavaScript module, or a JSON file.
 * @returns its stages, as {@link checkStages} does
 * @throws ConfigError with every issue
 */
export async function loadStages(file: string): Promise<readonly AppStage[]> {
  return checkStages(await readConfig(resolve(file)));
}

/**
 * @param stage the first where it is missing
 * @returns the configuration of one stage
 * @throws ConfigError with every issue; StageError where there is no such stage
 */
export async function loadConfig(file: string, stage?: string): Promise<PurgerConfig> {
  return findStage(await loadStages(file), stage).config;
}

/**
 * @returns what a configuration file exports, unchecked
 * @throws ConfigError where it cannot be loaded
 */
export async function readConfig(path: string): Promise<unknown> {
  if (!/\.(?:[cm]?[jt]s|json)$/.test(path)) {
    const wanted = 'a file whose name ends in .ts, .mts, .cts, .js, .mjs, .cjs or .json';
    throw new ConfigError(path, [`expected ${wanted}, got ${describeValue(basename(path))}`]);
  }
  try {
    if (path.endsWith('.json')) return withoutSchema(JSON.parse(readFileSync(path, 'utf8')));
    const exported = defaultOf(await import(pathToFileURL(path).href));
    if (exported !== undefined) return exported;
  } catch (error) {
    throw new ConfigError(path, [`it cannot be loaded: ${reasonOf(error, path)}`]);
  }
  throw new ConfigError(path, [
    `expected a default export with the configuration, got ${describeValue(undefined)}`,
  ]);
}

/** `$schema` is for editors. */
function withoutSchema(config: unknown): unknown {
  const { $schema: _, ...rest } = recordOf(config) ?? {};
  return recordOf(config) === undefined ? config : rest;
}

/** The default export, also of a TypeScript module that was compiled to CommonJS. */
function defaultOf(exports: { readonly default?: unknown }): unknown {
  const inner = recordOf(exports.default);
  return inner?.__esModule === true ? inner.default : exports.default;
}

function reasonOf(error: unknown, path: string): string {
  if (!(error instanceof Error)) return String(error);
  if (!existsSync(path)) {
    if (path !== resolve(defaultConfigFile)) return 'there is no such file';
    const others = `${usualFiles.slice(1, -1).join(', ')} or ${usualFiles.at(-1)}`;
    return `there is no such file, and no ${others}: name yours with --config, or let cdn-purger init write one`;
  }
  const isTypeScript = 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION';
  return isTypeScript
    ? `Node ${process.version} does not read TypeScript: use Node 22.18 or newer, JavaScript or JSON`
    : `${error.message}${lineOf(error, path)}`;
}

/** Where in the file it happened, as far as the stack says so. */
function lineOf({ stack = '' }: Error, path: string): string {
  const found = stack.split('\n').find((line) => line.includes(`${path}:`));
  const line = /^\d+/.exec(found?.slice(found.indexOf(`${path}:`) + path.length + 1) ?? '')?.[0];
  return line === undefined ? '' : ` (line ${line})`;
}
