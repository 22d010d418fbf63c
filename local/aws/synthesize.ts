import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** In the package the app is built and next to this code; in the repository CDK's own file says how it runs. */
const builtApp = fileURLToPath(new URL('app.mjs', import.meta.url));
const root = existsSync(builtApp) ? undefined : fileURLToPath(new URL('../..', import.meta.url));

/** A cloud assembly in a temporary folder. */
export interface Assembly {
  readonly directory: string;
  /** Deletes the folder. */
  remove(): void;
}

/** @returns the assembly in a folder, which stays; without a folder one that is synthesized */
export async function assemblyAt(
  directory: string | undefined,
  configFile: string | undefined,
  stage?: string,
): Promise<Assembly> {
  return directory === undefined ? synthesize(configFile, stage) : { directory, remove: () => {} };
}

/**
 * Synthesizes `infra/app.ts`, as `cdk synth` does.
 * @param configFile another configuration than `infra/config.ts`
 * @param stage the only stage to synthesize; all where it is missing
 * @throws Error with what the app wrote to stderr, when it refuses the configuration
 */
export async function synthesize(configFile: string | undefined, stage?: string): Promise<Assembly> {
  const directory = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const { args, context } = app();
  const asked = {
    ...(configFile === undefined ? {} : { config: resolve(configFile) }),
    ...(stage === undefined ? {} : { stage }),
  };
  const { code, stderr } = await run(args, {
    ...process.env,
    CDK_OUTDIR: directory,
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...asked }),
  });
  if (code === 0) return { directory, remove };
  remove();
  throw new Error(stderr.trim() || `The app ended with exit code ${code}`);
}

/** @returns the arguments for Node that run the app, and CDK's context */
function app(): { readonly args: readonly string[]; readonly context: Readonly<Record<string, unknown>> } {
  if (root === undefined) return { args: [builtApp], context: {} };
  const { app, context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as {
    app: string;
    context: Record<string, unknown>;
  };
  return { args: app.split(' ').slice(1), context };
}

function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; stderr: string }> {
  return new Promise((settle, reject) => {
    const child = spawn(process.execPath, args, {
      ...(root !== undefined && { cwd: root }),
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => settle({ code, stderr }));
  });
}
