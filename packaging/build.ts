import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, type BuildResult, build, buildSync, type Plugin } from 'esbuild';
import { bundle } from '../infra/function/bundle.ts';
import { configJsonSchema } from '../infra/settings/json-schema.ts';
import { clientBuild } from '../local/page/client-build.ts';
import { declare } from './declarations.ts';
import { noticesOf } from './notices.ts';

/**
 * Builds `dist/`, the contents of the package: the library once as CommonJS with an ES module in front of it, so that
 * there is one instance of it, however it is loaded; its types; the command line; the local stack; and the functions' bundles.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: object;
  peerDependencies: object;
};
const common = {
  absWorkingDir: root,
  bundle: true,
  // Only what is installed with the package. All else is bundled, without what is not used.
  external: Object.keys({ ...dependencies, ...peerDependencies }),
  mainFields: ['module', 'main'],
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  metafile: true,
} satisfies BuildOptions;

/** The emulator of DynamoDB finds its actions by name; esbuild follows that where the names have an ending. */
const actionsOfDynalite: Plugin = {
  name: 'actions-of-dynalite',
  setup({ onLoad }) {
    onLoad({ filter: /dynalite[/\\]index\.js$/ }, ({ path }) => {
      const byName = /require\('(\.\/\w+\/)' \+ action\)/g;
      const contents = readFileSync(path, 'utf8').replace(byName, "require('$1' + action + '.js')");
      return { contents };
    });
  },
};

/** The modules in `infra/` that the package exports. */
const entries = ['index', 'purge-messages'];
/** Every file that is in a bundle. */
const bundledFiles = new Set<string>();

rmSync(dist, { recursive: true, force: true });
for (const entry of entries) buildLibrary(entry);
buildCommandLine();
await buildLocalStack();
buildPage();
buildFunctions();
declare(root, dist, entries);
writeFileSync(join(dist, 'config.schema.json'), JSON.stringify(configJsonSchema()));
writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), noticesOf(root, bundledFiles));

/** Notes which files a bundle is made of. */
function built({ metafile }: BuildResult): void {
  for (const file of Object.keys(metafile?.inputs ?? {})) bundledFiles.add(file);
}

function buildLibrary(entry: string): void {
  built(
    buildSync({
      ...common,
      entryPoints: [`infra/${entry}.ts`],
      outfile: `dist/${entry}.cjs`,
      format: 'cjs',
      define: { 'import.meta.url': 'importMetaUrl' },
      banner: {
        js: "'use strict';\nconst importMetaUrl = require('node:url').pathToFileURL(__filename).href;",
      },
    }),
  );
  const names = Object.keys(createRequire(import.meta.url)(`../dist/${entry}.cjs`) as object);
  writeFileSync(join(dist, `${entry}.mjs`), `export { ${names.join(', ')} } from './${entry}.cjs';\n`);
}

/** In parts: a command loads what it needs of the AWS SDK and the CDK, and nothing else. */
function buildCommandLine(): void {
  built(
    buildSync({
      ...common,
      entryPoints: { cli: 'infra/cli/main.ts' },
      outdir: 'dist',
      outExtension: { '.js': '.mjs' },
      chunkNames: 'cli/[name]-[hash]',
      splitting: true,
      format: 'esm',
    }),
  );
}

/** What `cdn-purger dev` runs, with its emulators, and the app that it synthesizes. Nobody imports either. */
async function buildLocalStack(): Promise<void> {
  for (const [name, entry] of Object.entries({ dev: 'local/start.ts', app: 'infra/app.ts' })) {
    built(
      await build({
        ...common,
        entryPoints: [entry],
        // It builds functions and the page, which the package has.
        external: [...common.external, 'esbuild'],
        outfile: `dist/${name}.mjs`,
        format: 'esm',
        target: 'node24',
        // Instead of a native database, which is needed only to keep tables in a folder.
        alias: { level: 'memory-level' },
        plugins: [actionsOfDynalite],
        banner: {
          js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
        },
      }),
    );
  }
  copyFileSync(join(root, 'local/aws/lambda/host.mjs'), join(dist, 'host.mjs'));
}

/** What the local stack serves as its page. */
function buildPage(): void {
  const folder = join(root, 'local/page/client');
  built(
    buildSync({ ...clientBuild(folder), absWorkingDir: root, outfile: 'dist/page/page.js', metafile: true }),
  );
  for (const file of ['page.html', 'page.css']) copyFileSync(join(folder, file), join(dist, 'page', file));
}

function buildFunctions(): void {
  const entries = readdirSync(join(root, 'functions'), { recursive: true, encoding: 'utf8' });
  for (const entry of entries.filter((path) => path.endsWith('handler.ts'))) {
    const folder = join('functions', dirname(entry));
    mkdirSync(join(dist, folder), { recursive: true });
    for (const { path, contents, sources } of bundle(folder)) {
      writeFileSync(join(dist, folder, path), contents);
      for (const source of sources) bundledFiles.add(source);
    }
  }
}
