import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { bundle, type CodeFile, type FunctionName } from './bundle.ts';

/** The functions' bundles in the package. In the repository there is no such folder. */
const builtFunctions = fileURLToPath(new URL('functions/', import.meta.url));
const isPackaged = existsSync(builtFunctions);
const folderOfFunctions = isPackaged
  ? builtFunctions
  : fileURLToPath(new URL('../../functions/', import.meta.url));

/**
 * @returns a function's code: its handler in one ES module, with the given files next to it
 * @param files contents by name, e.g. the rules
 */
export function functionCode(name: FunctionName, files: Readonly<Record<string, string>> = {}): Code {
  const folder = join(folderOfFunctions, name);
  return Code.fromAsset(folder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-used'),
      // CDK bundles once for equal options, and does not see what `tryBundle` closes over.
      environment: { FILES: createHash('sha256').update(JSON.stringify(files)).digest('hex') },
      local: {
        tryBundle(outputDir) {
          for (const { path, contents } of isPackaged ? filesIn(folder) : bundle(join('functions', name))) {
            writeFileSync(join(outputDir, path), contents);
          }
          for (const [file, text] of Object.entries(files)) writeFileSync(join(outputDir, file), text);
          return true;
        },
      },
    },
  });
}

function filesIn(folder: string): readonly CodeFile[] {
  return readdirSync(folder).map((path) => ({
    path,
    contents: readFileSync(join(folder, path)),
    sources: [],
  }));
}
