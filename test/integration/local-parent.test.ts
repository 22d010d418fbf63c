import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { eventually, scratchFolder } from '../helpers/start.ts';

const scratch = scratchFolder();
const pids: number[] = [];
afterAll(() => {
  for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGKILL');
  scratch.remove();
});

/** Runs a script as npm does: through a shell, which waits for it. @returns the process in npm's role, and the script's */
async function runByNpm(): Promise<{ npm: ChildProcess; pid: number }> {
  const pidFile = scratch.path('pid');
  const script = `require('node:fs').writeFileSync('${pidFile}', String(process.pid)); setInterval(() => {}, 1000);`;
  writeFileSync(scratch.path('wait.cjs'), script);
  const command = `"${process.execPath}" local/bootstrap.mjs "${scratch.path('wait.cjs')}"; true`;
  const npm = spawn('sh', ['-c', `sh -c '${command}'; true`], {
    stdio: 'ignore',
    env: { ...process.env, npm_lifecycle_event: 'start' },
  });
  expect(await eventually(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '')).toBe(true);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  pids.push(npm.pid ?? pid, pid);
  return { npm, pid };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.runIf(process.platform === 'linux')('a killed npm leaves nothing behind', async () => {
  const { npm, pid } = await runByNpm();
  expect(isRunning(pid)).toBe(true);
  npm.kill('SIGKILL');
  expect(await eventually(() => !isRunning(pid))).toBe(true);
});
