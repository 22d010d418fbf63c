#!/usr/bin/env node
// The command line. In the package it is built and runs on whichever Node there is; in the repository it is run from
// its source, on Node 24, which reads TypeScript. Plain JavaScript for whichever Node npx is run with.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const source = join(root, 'infra/cli/main.ts');
const ownNode = join(root, 'node_modules/.bin/node');
const isNewEnough = Number(process.versions.node.split('.')[0]) >= 24;
const node = isNewEnough ? process.execPath : ownNode;

if (!existsSync(source)) {
  await import('../../dist/cli.mjs');
} else if (existsSync(node)) {
  const options = ['--disable-warning=ExperimentalWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];
  const child = spawn(node, [...options, source, ...process.argv.slice(2)], { stdio: 'inherit' });
  child.on('close', (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  console.error(`Node 24 is needed, this is ${process.version}. Run "npm ci" in ${root}, which installs it.`);
  process.exitCode = 2;
}
