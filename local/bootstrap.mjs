// Runs a script of this project on Node 24, installing what is missing first.
// Plain JavaScript for Node >= 20: it is what a fresh clone starts with, before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nodeMajor = 24;
const ownNode = join(root, 'node_modules/.bin/node');

if (!isInstalled()) install();
let started = 'once';
do {
  await run(nodeBinary(), process.argv.slice(2), started);
  started = 'again';
  // With this exit code the local stack asks to be started anew: its configuration has changed.
} while (process.exitCode === 75);

/** Whether every package of the lock file (optional ones aside) is in node_modules in the locked version. */
function isInstalled() {
  const hidden = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(hidden) || nodeBinary() === undefined) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || present[path]?.version === version,
  );
}

function install() {
  console.error('Installing dependencies from the lock file (once; about half a minute) ...');
  npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
  if (nodeBinary() === undefined) {
    const reason = 'the lock file has one for Linux alone, among the optional packages';
    fail(`Expected Node ${nodeMajor} or newer, got ${process.version}: install it (${reason}).`);
  }
  console.error('Dependencies are installed.');
}

function npm(...args) {
  const npmCli = process.env.npm_execpath;
  const [command, first] = npmCli?.endsWith('.js') ? [process.execPath, [npmCli]] : ['npm', []];
  // Its output goes to stderr, so that stdout holds only what the script prints.
  const { status } = spawnSync(command, [...first, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`npm ${args[0]} failed (exit code ${status}). See its message above.`);
}

/** The Node to run on: this one where it is new enough, else that of the lock file; undefined where there is none. */
function nodeBinary() {
  if (Number(process.versions.node.split('.')[0]) >= nodeMajor) return process.execPath;
  return existsSync(ownNode) ? ownNode : undefined;
}

/** Runs a script with this process's streams, passes signals on, and exits with its exit code. */
async function run(node, [script, ...args], started) {
  const env = {
    ...process.env,
    CDN_PURGER_STARTED: started,
    PATH: [dirname(node), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  };
  const child = spawn(
    node,
    [
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
      resolve(root, script),
      ...args,
    ],
    {
      stdio: 'inherit',
      env,
    },
  );
  // A terminal's Ctrl-C then reaches the child twice, which it expects.
  const interrupt = () => child.kill('SIGINT');
  const terminate = () => child.kill('SIGTERM');
  process.on('SIGINT', interrupt).on('SIGTERM', terminate);
  // npm passes signals to the shell between us, which dies without passing them on; a killed npm leaves the shell behind.
  const parent = process.ppid;
  const npm = npmAbove(parent);
  const isOrphan = () => process.ppid !== parent || npmAbove(parent) !== npm;
  const watching = setInterval(() => isOrphan() && child.kill('SIGTERM'), 500).unref();
  const [code, signal] = await new Promise((settle) => child.on('close', (...end) => settle(end)));
  clearInterval(watching);
  process.off('SIGINT', interrupt).off('SIGTERM', terminate);
  process.exitCode = signal ? 1 : code;
}

/** The process that started the shell of an npm script, as Linux knows it; undefined elsewhere and without a shell. */
function npmAbove(shell) {
  const file = `/proc/${shell}/stat`;
  if (process.env.npm_lifecycle_event === undefined || !existsSync(file)) return undefined;
  return /^\d+ \(\w*sh\) \w (\d+)/.exec(readFileSync(file, 'utf8'))?.[1];
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
