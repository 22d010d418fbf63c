import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { localCredentials } from '../../local/aws/emulators/emulators.ts';
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
      // CDK's validation takes seconds to load, and `test/infra` has it for each form.
      env: { ...process.env, CDK_VALIDATION: 'false' },
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

/** A folder for a test's files. */
export interface Scratch {
  readonly path: (name: string) => string;
  readonly remove: () => void;
}

/** Makes a folder for a test's files. */
export function scratchFolder(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-test-'));
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A local stack that is ready. */
export interface StartedStack extends Started {
  readonly ready: Ready;
  /** Ends it, and all that it started. */
  stop(): Promise<void>;
}

/** Starts the local stack with a configuration, synthesized in this process, and waits until it is ready. */
export async function startStack(config: object, ...options: readonly string[]): Promise<StartedStack> {
  const scratch = scratchFolder();
  const readyFile = scratch.path('ready.json');
  const started = await startWith(config, scratch, '--ready', readyFile, ...options);
  const stop = async () => {
    started.child.kill('SIGTERM');
    await started.ended;
    scratch.remove();
  };
  try {
    return { ...started, ready: await untilReady(started, readyFile), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs the samples on the local stack with a configuration, synthesized in this process, to their end. */
export async function runOnce(config: object): Promise<{ code: number | null; output: string }> {
  const scratch = scratchFolder();
  const started = await startWith(config, scratch, '--once');
  const code = await started.ended;
  scratch.remove();
  return { code, output: started.output() };
}

async function startWith(config: object, { path }: Scratch, ...options: readonly string[]): Promise<Started> {
  // Loading the CDK takes a second, and most who import this file start nothing.
  const { assemblyOf } = await import('./assembly.ts');
  writeFileSync(path('config.json'), JSON.stringify(config));
  // Samples of the rules would be changes that the tests did not make.
  const own = ['--config', path('config.json'), '--assembly', assemblyOf(config), '--events', 'events'];
  return start(...own, ...options);
}

/** A client of a started stack's queues. */
export function sqsOf({ sqs }: Ready): SQSClient {
  return new SQSClient({ endpoint: sqs.endpoint, region: 'us-east-1', credentials: localCredentials });
}

/** @returns messages of a queue with their attributes, once there are any: ten at most */
export async function receivedFrom(sqs: SQSClient, QueueUrl: string): Promise<readonly Message[]> {
  const ask = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 10, MessageAttributeNames: ['All'] };
  for (let tries = 1; ; tries++) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(ask));
    if (Messages.length > 0 || tries === 5) return Messages;
  }
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
