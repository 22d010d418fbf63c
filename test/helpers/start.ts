import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ready } from '../../local/demo/ready.ts';

/** `npm start` as a user runs it, less npm. */
export interface Started {
  readonly child: ChildProcess;
  /** Everything written to stdout and stderr until now. */
  output(): string;
  /** Resolves when it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts the local stack with these options. */
export function start(...options: string[]): Started {
  const child = spawn(
    process.execPath,
    ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', 'local/start.ts', ...options],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const ended = new Promise<number | null>((settle) => child.on('close', settle));
  return { child, output: () => output, ended };
}

/** A folder for a test's files, and its removal. */
export function scratchFolder(): { path: (name: string) => string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-test-'));
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Waits until a started stack has written its ready file. */
export async function untilReady(started: Started, file: string): Promise<Ready> {
  let ended = false;
  void started.ended.then(() => {
    ended = true;
  });
  while (!existsSync(file)) {
    if (ended) throw new Error(`It ended before it was ready:\n${started.output()}`);
    await sleep(50);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as Ready;
}

/** Asks until the answer is true, and says whether it was in time. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<boolean> {
  const untilMs = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > untilMs) return false;
    await sleep(50);
  }
  return true;
}
