import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Surroundings } from './command.ts';

/** The terminal, or the script, that the command line runs in. */
export const terminal: Surroundings = {
  readStdin: async () => (process.stdin.isTTY ? undefined : text(process.stdin)),
  async confirm(question) {
    if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await lines.question(`${question} [y/N] `);
    lines.close();
    return /^y(es)?$/i.test(answer.trim());
  },
  nowMs: Date.now,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  interruption() {
    const controller = new AbortController();
    // In a clone, the process that has started this one sends a SIGTERM, too.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
    return controller.signal;
  },
  progress: (line) => console.error(line),
  print: (line) => console.log(line),
};

/**
 * Ends a program whose output can no longer be written, rather than by a stack trace. Who reads it may have seen enough,
 * as of `tail | head`: then nothing is said.
 * @param end gets the exit code: 2, and for a closed pipe the one that the program has by then
 */
export function onOutputError(end: (exitCode: number) => void): void {
  let isOver = false;
  const over = ({ code, message }: NodeJS.ErrnoException, canSay: boolean) => {
    if (isOver) return;
    isOver = true;
    const isClosed = code === 'EPIPE';
    if (!isClosed && canSay) console.error(`The output could not be written: ${message}`);
    end(isClosed ? Number(process.exitCode ?? 0) : 2);
  };
  process.stdout.on('error', (error) => over(error, true));
  process.stderr.on('error', (error) => over(error, false));
}
