import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A relative module in a declaration file. */
const relativeModule = /(?<=\b(?:from |import\()['"])(\.\.?\/[^'"]+)\.ts(?=['"])/g;

/**
 * Writes the declarations of the library into `dist/types`, as those of CommonJS modules, which the implementation is;
 * `dist/index.d.mts` hands them to ES modules. Declarations that the entry does not lead to are left out.
 * @throws Error with what the compiler says, for one when the library uses what Node 20 lacks
 */
export function declare(root: string, dist: string): void {
  const types = join(dist, 'types');
  const { status, stdout } = spawnSync(join('node_modules', '.bin', 'tsc'), ['--project', 'packaging'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The library's declarations cannot be written:\n${stdout}`);
  const needed = reachableFrom(join(types, 'infra', 'index.d.ts'));
  const all = readdirSync(types, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.d.ts'),
  );
  for (const path of all.map((each) => join(types, each))) {
    const text = needed.get(path);
    rmSync(path);
    if (text !== undefined) writeText(path.replace(/ts$/, 'cts'), text.replace(relativeModule, '$1.cjs'));
  }
  writeText(join(dist, 'index.d.cts'), "export * from './types/infra/index.cjs';\n");
  writeText(join(dist, 'index.d.mts'), "export * from './index.cjs';\n");
}

/** @returns the declarations that this one leads to, itself included: contents by path */
function reachableFrom(entry: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const queue = [entry];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue;
    const text = readFileSync(path, 'utf8');
    found.set(path, text);
    for (const [, module = ''] of text.matchAll(relativeModule)) {
      queue.push(join(dirname(path), `${module}.d.ts`));
    }
  }
  return found;
}

function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
