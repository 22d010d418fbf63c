import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

/** In the package they are built and next to this code; in the repository they are built when the page is opened. */
const builtFolder = fileURLToPath(new URL('page', import.meta.url));
const sourceFolder = fileURLToPath(new URL('client', import.meta.url));

/** @returns the files of the page by their paths */
export async function pageAssets(): Promise<Readonly<Record<string, Asset>>> {
  const { html, css, js } = existsSync(builtFolder) ? readBuilt() : await buildSource();
  return {
    '/': { type: 'text/html;charset=utf-8', body: html },
    '/page.css': { type: 'text/css;charset=utf-8', body: css },
    '/page.js': { type: 'text/javascript;charset=utf-8', body: js },
  };
}

function readBuilt() {
  const read = (name: string) => readFileSync(join(builtFolder, name), 'utf8');
  return { html: read('page.html'), css: read('page.css'), js: read('page.js') };
}

async function buildSource() {
  const read = (name: string) => readFileSync(join(sourceFolder, name), 'utf8');
  const { build } = await import('esbuild');
  const { clientBuild } = await import('./client-build.ts');
  const { outputFiles } = await build({ ...clientBuild(sourceFolder), write: false });
  return { html: read('page.html'), css: read('page.css'), js: outputFiles[0]?.text ?? '' };
}
