import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PurgerError } from '../../functions/core/model/errors.ts';

/** Lambda's runtime interface client could not be installed. */
export class RuntimeInterfaceError extends PurgerError {
  override readonly name = 'RuntimeInterfaceError';
}

/** AWS's own client of the Runtime API for Node.js: the part of Lambda's runtime that loads a handler. */
const packageName = 'aws-lambda-ric@4.0.2';
const root = join(import.meta.dirname, '..', '..');
const folder = join(root, 'node_modules', '.cache', 'cdn-pro-purger', packageName);
const entry = join('node_modules', 'aws-lambda-ric', 'index.mjs');
const native = join('node_modules', 'aws-lambda-ric', 'rapid-client.node');

/**
 * Installs AWS's runtime interface client into a cache, unless it is there. It is not among the project's
 * dependencies, since it is compiled for half a minute and by tools that not everyone has.
 * @returns the path of its entry
 * @throws RuntimeInterfaceError that says what is missing
 */
export function installRuntimeInterface(): string {
  if (existsSync(join(folder, entry))) return join(folder, entry);
  const missing = ['cmake', 'g++'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
  if (missing.length > 0) {
    throw new RuntimeInterfaceError(
      `Expected cmake and g++, with which ${packageName} is built, got no ${missing.join(' and no ')}. ` +
        'Install them, e.g. by `apt install cmake g++`, and run the benchmark again.',
    );
  }
  console.error(`Installing ${packageName} (once; about a minute) ...`);
  const building = `${folder}.building`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { recursive: true });
  writeFileSync(join(building, 'package.json'), '{"private":true}');
  const args = [
    'install',
    packageName,
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--ignore-scripts=false',
  ];
  const { status, stderr } = spawnSync('npm', args, { cwd: building, encoding: 'utf8' });
  if (status !== 0 || !existsSync(join(building, native))) {
    throw new RuntimeInterfaceError(`Expected npm to install ${packageName}, got: ${stderr.slice(-2000)}`);
  }
  // A build that was interrupted is not taken for one that is whole.
  rmSync(folder, { recursive: true, force: true });
  renameSync(building, folder);
  return join(folder, entry);
}
