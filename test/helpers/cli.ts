import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Surroundings } from '../../infra/cli/command.ts';
import { runCommand } from '../../infra/cli/run-command.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { scratchFolder } from './start.ts';

/** What a command printed. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @returns a function that runs `cdn-purger` on a local stack */
export function cliOf(
  ready: Ready,
): (args: readonly string[], given?: Partial<Surroundings>) => Promise<Ran> {
  const scratch = scratchFolder();
  const file = scratch.path('ready.json');
  writeFileSync(file, JSON.stringify(ready));
  return (args, given) => run([...args, '--ready', file], given);
}

/** Runs `cdn-purger` in this process; nobody is at its terminal unless a test says so. */
export async function run(args: readonly string[], given: Partial<Surroundings> = {}): Promise<Ran> {
  const nobody: Surroundings = {
    readStdin: async () => undefined,
    confirm: async () => undefined,
    nowMs: Date.now,
    sleep: (ms) => sleep(ms),
    interruption: () => new AbortController().signal,
    progress: () => {},
    print: () => {},
  };
  const { exitCode, stdout = '', stderr = '' } = await runCommand(args, { ...nobody, ...given });
  return { exitCode, stdout, stderr };
}
