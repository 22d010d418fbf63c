import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Assembly, synthesize } from '../../local/aws/synthesize.ts';
import { olderNode } from '../helpers/older-node.ts';
import { scratchFolder } from '../helpers/start.ts';

const elsewhere = scratchFolder();
let assembly: Assembly;
beforeAll(async () => {
  // CDK validates the templates of both stages in `deployments.test.ts`.
  vi.stubEnv('CDK_VALIDATION', 'false');
  [assembly] = await Promise.all([synthesize(undefined), synthesizeElsewhere()]);
}, 240_000);
afterAll(() => {
  vi.unstubAllEnvs();
  assembly?.remove();
  elsewhere.remove();
});

/** Synthesizes a copy of the app as another machine would, where it can on an older Node: other paths, times, zone, language, rights and account. */
async function synthesizeElsewhere(): Promise<void> {
  const copy = elsewhere.path('a/deeper/folder');
  mkdirSync(copy, { recursive: true });
  for (const part of [
    'infra',
    'functions',
    'local/bootstrap.mjs',
    'cdk.json',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
  ]) {
    cpSync(part, join(copy, part), { recursive: true });
  }
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
  const { app, context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { app: string; context: unknown };
  const child = spawn(
    'sh',
    ['-c', `umask 077; exec ${app.replace(/^node/, `"${olderNode ?? process.execPath}"`)}`],
    {
      cwd: copy,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env.PATH,
        HOME: copy,
        TZ: 'Pacific/Kiritimati',
        LC_ALL: 'tr_TR.UTF-8',
        CDK_VALIDATION: 'false',
        CDK_DEFAULT_ACCOUNT: '123456789012',
        CDK_DEFAULT_REGION: 'ap-southeast-2',
        CDK_OUTDIR: elsewhere.path('out'),
        CDK_CONTEXT_JSON: JSON.stringify(context),
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      },
    },
  );
  const code = await new Promise((settle) => child.on('close', settle));
  if (code !== 0) throw new Error(`the copy does not synthesize: exit code ${code}`);
}

/** What would be deployed: templates, lists of assets and the files of assets, as hashes by path. */
function deployedFiles(directory: string): Readonly<Record<string, string>> {
  const isDeployed = (path: string) => /^asset\..*\/|\.(template|assets)\.json$/.test(path);
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(isDeployed).toSorted();
  const hash = (path: string) =>
    createHash('sha256')
      .update(readFileSync(join(directory, path)))
      .digest('hex');
  return Object.fromEntries(paths.map((path) => [path, hash(path)]));
}

test('synthesizing again, on another machine, gives the same templates and the same assets', () => {
  const files = deployedFiles(assembly.directory);
  expect(Object.keys(files).filter((path) => path.endsWith('.template.json'))).toEqual([
    'CdnProPurger-staging.template.json',
    'CdnProPurger.template.json',
  ]);
  expect(Object.keys(files).filter((path) => path.endsWith('handler.mjs')).length).toBeGreaterThanOrEqual(6);
  expect(deployedFiles(elsewhere.path('out'))).toEqual(files);
});

test('the rules travel inside the assets of the functions, those of each stage in its own', () => {
  const mappings = Object.keys(deployedFiles(assembly.directory)).filter((path) =>
    path.endsWith('mapping.json'),
  );
  const read = mappings.map((path) => JSON.parse(readFileSync(join(assembly.directory, path), 'utf8')));
  expect(read.map(({ target, rules }) => [target, rules.length]).toSorted()).toEqual([
    ...Array(3).fill(['production', 3]),
    ...Array(3).fill(['staging', 3]),
  ]);
});

test('one stage can be synthesized alone', async () => {
  const staging = await synthesize(undefined, 'staging');
  const templates = readdirSync(staging.directory).filter((name) => name.endsWith('.template.json'));
  staging.remove();
  expect(templates).toEqual(['CdnProPurger-staging.template.json']);
  await expect(synthesize(undefined, 'stagin')).rejects.toThrow(
    'Unknown stage "stagin" (did you mean `staging`?)',
  );
}, 240_000);
