import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { PurgerError } from '../../functions/core/model/errors.ts';

/** A function did not start. */
export class StartError extends PurgerError {
  override readonly name = 'StartError';
}

/** A function as it lies in an assembly. */
export interface StartedFunction {
  readonly name: string;
  /** The folder of its code. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What one start took. */
export interface Start {
  /** From the process's start to its asking for the first event. */
  readonly initMs: number;
  /** The most memory that it had by then; undefined where the system does not tell. */
  readonly maxRssBytes: number | undefined;
}

const timeoutMs = 20_000;

/**
 * Starts a function as Lambda does, under its Runtime API, and ends it when it asks for the first event.
 * @param runtimeInterface the path of AWS's runtime interface client
 * @throws StartError with what the function or the runtime said
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export async function startOnce(runtimeInterface: string, started: StartedFunction): Promise<Start> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const startMs = performance.now();
  const child = spawn(process.execPath, [runtimeInterface], {
    cwd: started.directory,
    env: { ...runtimeEnvironment(started), AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  const ended = new Promise<void>((end) => child.on('close', () => end()));
  const fail = (why: string) => new StartError(`Expected ${started.name} to start, got ${why}: ${said}`);
  try {
    return await new Promise<Start>((settle, reject) => {
      const timer = setTimeout(() => reject(fail(`nothing in ${timeoutMs} ms`)), timeoutMs);
      ended.then(() => reject(fail('its end')));
      server.on('request', (request: IncomingMessage) => {
        const initMs = performance.now() - startMs;
        clearTimeout(timer);
        if (request.url?.endsWith('/invocation/next'))
          settle({ initMs, maxRssBytes: maxRssBytes(child.pid) });
        else text(request).then((body) => reject(fail(body)));
      });
    });
  } finally {
    child.kill('SIGKILL');
    await ended;
    server.closeAllConnections();
    server.close();
  }
}

/** What Lambda sets, with the function's own on top. */
function runtimeEnvironment({ name, directory, environment }: StartedFunction): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    _HANDLER: 'handler.handler',
    LAMBDA_TASK_ROOT: directory,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    ...environment,
  };
}

function maxRssBytes(pid: number | undefined): number | undefined {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    // Only Linux has it.
    return undefined;
  }
}
