import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface LockedPackage {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  /** In the archive of the package that it is in, and so under its checksum. */
  readonly inBundle?: boolean;
  readonly hasInstallScript?: boolean;
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const { packages } = read('package-lock.json') as { packages: Readonly<Record<string, LockedPackage>> };
const installed = Object.entries(packages).filter(
  ([path, { link, inBundle }]) => /node_modules\//.test(path) && !link && !inBundle,
);

test('every package comes with a checksum, from the registry of npm', () => {
  const isLocked = ({ integrity = '', resolved }: LockedPackage) =>
    integrity.startsWith('sha512-') && (resolved?.startsWith('https://registry.npmjs.org/') ?? true);
  expect(installed.length).toBeGreaterThan(200);
  expect(installed.filter(([, locked]) => !isLocked(locked)).map(([path]) => path)).toEqual([]);
});

test('the Node that runs everything is among them, and no script of a package fetches another', () => {
  const binaries = Object.keys(read('packaging/node/package.json').optionalDependencies);
  expect(binaries.filter((name) => !packages[`node_modules/${name}`]?.integrity)).toEqual([]);
  const withScripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript);
  // The others have their binaries in packages of the lock file, and `allowScripts` keeps their scripts from running.
  const names = withScripts.map(([path]) => path.replace('node_modules/', ''));
  expect(names).toEqual(['@swc/core', 'classic-level', 'esbuild']);
  expect(Object.keys(read('package.json').allowScripts)).toEqual(['esbuild']);
});
