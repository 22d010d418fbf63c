#!/usr/bin/env node
// The command line. In the package it is built and runs on whichever Node there is; in the repository it is run from
// its source, on Node 24, which reads TypeScript. Plain JavaScript for whichever Node npx is run with.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const isSource = existsSync(join(root, 'infra/cli/main.ts'));
const ownNode = join(root, 'node_modules/.bin/node');
const isNewEnough = Number(process.versions.node.split('.')[0]) >= 24;
const node = isNewEnough ? process.execPath : ownNode;
const [command, ...args] = process.argv.slice(2);
// The local stack runs the functions themselves, so that it is a program apart from the commands.
const isDev = command === 'dev';

if (command === '--version') {
  console.log(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version);
} else if (!isSource && !isDev) {
  await import('../../dist/cli.mjs');
} else if (isSource ? !existsSync(node) : !isNewEnough) {
  const isInstalled = isSource && process.platform === 'linux';
  const todo = isInstalled ? `run "npm ci" in ${root}, which installs it` : 'install it';
  console.error(`Expected Node 24 or newer, got ${process.version}: ${todo}.`);
  process.exitCode = 2;
} else if (isDev) {
  const program = join(root, isSource ? 'local/start.ts' : 'dist/dev.mjs');
  let started = 'once';
  do {
    process.exitCode = await run(program, args, { ...process.env, CDN_PURGER_STARTED: started });
    started = 'again';
    // With this exit code it asks to be started anew: its configuration has changed.
  } while (process.exitCode === 75);
} else {
  process.exitCode = await run(join(root, 'infra/cli/main.ts'), process.argv.slice(2), process.env);
}

/** Runs a program with this process's streams. @returns its exit code */
async function run(program, args, env) {
  const options = ['--disable-warning=ExperimentalWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];
  const child = spawn(node, [...options, program, ...args], { stdio: 'inherit', env });
  const stop = () => child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
  const code = await new Promise((settle) => child.on('close', settle));
  for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, stop);
  return code ?? 1;
}
