import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A relative module in a declaration file. */
const relativeModule = /(?<=\b(?:from |import\()['"])(\.\.?\/[^'"]+)\.ts(?=['"])/g;

/**
 * Writes the declarations of the library into `dist/types`, as those of CommonJS modules, which the implementation is;
 * `dist/index.d.mts` hands them to ES modules. Declarations that no entry leads to are left out.
 * @param entries modules in `infra/` that the package exports, without their ending
 * @throws Error with the compiler's output, for example where the library uses what Node 20 lacks
 */
export function declare(root: string, dist: string, entries: readonly string[]): void {
  const types = join(dist, 'types');
  // More threads would each check CDK's types anew.
  const args = ['--project', 'packaging', '--singleThreaded'];
  const { status, stdout } = spawnSync(join('node_modules', '.bin', 'tsc'), args, {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The library's declarations cannot be written:\n${stdout}`);
  const needed = new Map(
    entries.flatMap((entry) => [...reachableFrom(join(types, 'infra', `${entry}.d.ts`))]),
  );
  const all = readdirSync(types, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.d.ts'),
  );
  for (const path of all.map((each) => join(types, each))) {
    const contents = needed.get(path);
    rmSync(path);
    if (contents !== undefined)
      writeNested(path.replace(/ts$/, 'cts'), contents.replace(relativeModule, '$1.cjs'));
  }
  for (const entry of entries) {
    writeNested(join(dist, `${entry}.d.cts`), `export * from './types/infra/${entry}.cjs';\n`);
    writeNested(join(dist, `${entry}.d.mts`), `export * from './${entry}.cjs';\n`);
  }
}

/** @returns the declarations that an entry imports, directly or not, itself included: contents by path */
function reachableFrom(entry: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const queue = [entry];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue;
    const contents = readFileSync(path, 'utf8');
    found.set(path, contents);
    for (const [, module = ''] of contents.matchAll(relativeModule)) {
      queue.push(join(dirname(path), `${module}.d.ts`));
    }
  }
  return found;
}

function writeNested(path: string, contents: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
