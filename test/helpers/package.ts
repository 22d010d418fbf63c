import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** What a CDK app has installed next to the package: its peers, its dependencies, and types for those who compile. */
const neighbours = ['aws-cdk-lib', 'constructs', '@aws-sdk', 'zod', '@types/node'];

/**
 * Packs the project as it would be published, by a clone of `origin`.
 * @returns the tarball
 */
export function pack(folder: string, origin: string): string {
  // A repository that has no other remote: that of this clone may have one.
  const repository = join(folder, 'origin.git');
  run('git', ['init', '--quiet', '--bare', repository], '.');
  run('git', ['-C', repository, 'remote', 'add', 'origin', origin], '.');
  const ofOrigin = { GIT_DIR: repository, GIT_WORK_TREE: resolve('.') };
  // Else npm may ask its registry for a newer npm.
  const options = ['--silent', '--no-update-notifier', '--pack-destination', folder];
  run('npm', ['pack', ...options], '.', { ...process.env, ...ofOrigin });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack wrote no tarball');
  return join(folder, tarball);
}

/** Installs the tarball into an app's folder, without a network: unpacked, its neighbours linked. */
export function install(tarball: string, app: string): void {
  const modules = join(app, 'node_modules');
  mkdirSync(join(modules, 'cdn-pro-purger'), { recursive: true });
  run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, 'cdn-pro-purger')], '.');
  for (const name of neighbours) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(resolve('node_modules', name), join(modules, name));
  }
}

/**
 * Runs a command to its end.
 * @throws Error with what it printed, when it fails
 */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}${error ?? ''}`);
}
