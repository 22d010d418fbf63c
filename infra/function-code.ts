import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The deployed functions, by their folder in `functions/`. */
export type FunctionName = 'receive-s3' | 'receive-webhook' | 'submit' | 'configure-bucket';

/** Parts of the AWS SDK that a function never runs, and what stands in for them: see `docs/adr/0030`. */
const aliases = {
  '@aws-sdk/credential-provider-node': join(root, 'functions', 'aws', 'environment-credentials.ts'),
  '@aws-sdk/endpoint-cache': join(root, 'functions', 'aws', 'no-endpoint-cache.ts'),
  '@smithy/core/event-streams': join(root, 'functions', 'aws', 'no-event-streams.ts'),
};

/**
 * @returns a function's code: its handler in one ES module, with the given files beside it
 * @param files contents by name, e.g. the rules
 */
export function functionCode(name: FunctionName, files: Readonly<Record<string, string>> = {}): Code {
  return Code.fromAsset(join(root, 'functions', name), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      // CDK bundles once for equal options, and does not see what `tryBundle` closes over.
      environment: { FILES: createHash('sha256').update(JSON.stringify(files)).digest('hex') },
      local: {
        tryBundle(outputDir) {
          for (const { path, contents } of bundle(join('functions', name)))
            writeFileSync(join(outputDir, path), contents);
          for (const [file, text] of Object.entries(files)) writeFileSync(join(outputDir, file), text);
          return true;
        },
      },
    },
  });
}

/**
 * @param folder of a `handler.ts`, from the root of the project
 * @returns a handler's bundle and its source map; paths in them are relative, so that every machine gives the same bytes
 */
export function bundle(folder: string): readonly { path: string; contents: Uint8Array }[] {
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: [join(folder, 'handler.ts')],
    outfile: join(folder, 'handler.mjs'),
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    alias: aliases,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    // The SDK's ES modules can be tree-shaken, its CommonJS cannot.
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  return outputFiles.map(({ path, contents }) => ({
    path: basename(path),
    contents,
  }));
}
