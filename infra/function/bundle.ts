import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Codec, withoutDependencies } from './source-map.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The deployed functions, by their folder in `functions/`. */
export type FunctionName =
  | 'receive-s3'
  | 'receive-webhook'
  | 'submit'
  | 'tick'
  | 'probe'
  | 'configure-bucket';

const aws = join(root, 'functions', 'aws');
/** Parts of the AWS SDK that a function never runs, and what replaces them: see `docs/adr/0030`. */
const unusedSdkParts = {
  '@aws-sdk/credential-provider-node': join(aws, 'environment-credentials.ts'),
  '@aws-sdk/middleware-endpoint-discovery': join(aws, 'unused-sdk-parts.ts'),
  '@smithy/core/event-streams': join(aws, 'unused-sdk-parts.ts'),
  '@aws/lambda-invoke-store': join(aws, 'unused-sdk-parts.ts'),
};
/** The S3 client, which only `configure-bucket` has, needs more of these. */
const nodeChecksums = { '@smithy/core/checksum': join(aws, 'node-checksums.ts') };

/** A file of a function's code. */
export interface CodeFile {
  readonly path: string;
  readonly contents: Uint8Array;
  /** The files that it is made of, from the root of the project; none of a built file. */
  readonly sources: readonly string[];
}

function modulesIn(folder: string): string[] {
  const lazy = readdirSync(join(root, folder)).filter((name) => name.endsWith('.lazy.ts'));
  return ['handler.ts', ...lazy].map((name) => join(folder, name));
}

/** By their folders: every stage has the same handlers. */
const bundles = new Map<string, readonly CodeFile[]>();

/**
 * @param folder of a `handler.ts`, from the root of the project
 * @returns the bundles of a handler and of each `*.lazy.ts`, which the handler imports when it needs it, and their source
 * maps; paths in them are relative, so that every machine gives the same bytes
 */
export function bundle(folder: string): readonly CodeFile[] {
  const files = bundles.get(folder) ?? build(folder);
  bundles.set(folder, files);
  return files;
}

function build(folder: string): readonly CodeFile[] {
  // Loaded where they are needed: those who install the package do not have them.
  const require = createRequire(import.meta.url);
  const { buildSync } = require('esbuild') as typeof import('esbuild');
  const codec = require('@jridgewell/sourcemap-codec') as Codec;
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: modulesIn(folder),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    write: false,
    metafile: true,
    bundle: true,
    // Paths in the source map do not tell where dependencies really stand.
    preserveSymlinks: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    alias: { ...unusedSdkParts, ...(basename(folder) !== 'configure-bucket' && nodeChecksums) },
    // Each client of the SDK holds all of its package.json for the version in a header.
    loader: { '.json': 'empty' },
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    // The SDK's ES modules can be tree-shaken, its CommonJS cannot.
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  return outputFiles.map(({ path, contents, text }) => ({
    path: basename(path),
    contents: path.endsWith('.map') ? Buffer.from(withoutDependencies(text, codec)) : contents,
    sources: Object.keys(metafile.inputs),
  }));
}
