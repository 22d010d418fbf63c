import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';

/** @returns how esbuild makes the page's one script out of its folder */
export function clientBuild(folder: string) {
  return {
    entryPoints: [join(folder, 'main.tsx')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
  } satisfies BuildOptions;
}
