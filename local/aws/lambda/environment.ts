import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LocalStackError } from '../template/errors.ts';
import {
  type FailureCause,
  type FunctionError,
  type FunctionSettings,
  type InvocationResult,
  maxSynchronousPayloadBytes,
  type Trigger,
} from './invocation.ts';

/** In addition to its timeout: how long Lambda lets a function load. */
const initSeconds = 10;

/** An invocation that waits for its turn. */
export interface Job {
  /** The payload as JSON. */
  readonly event: string;
  readonly trigger: Trigger;
  readonly requestId: string;
  readonly settle: (result: InvocationResult) => void;
}

/** One child process, which runs one invocation at a time. */
export interface Environment {
  readonly isCold: () => boolean;
  readonly isAlive: () => boolean;
  /** Settles when the process has ended. */
  readonly ended: Promise<void>;
  readonly run: (job: Job) => Promise<InvocationResult>;
  readonly kill: () => Promise<void>;
}

type HostMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly payload: string }
  | { readonly type: 'error' | 'crash' | 'init-error'; readonly error: FunctionError }
  | { readonly type: 'exit'; readonly how: string }
  | { readonly type: 'timeout' };

const hostFile = fileURLToPath(new URL('host.mjs', import.meta.url));

/** Starts an execution environment. Its handler is loaded while the first invocation waits. */
export function startEnvironment(settings: FunctionSettings, onLog: (line: string) => void): Environment {
  const child = fork(hostFile, [settings.codeDirectory, settings.handler], {
    cwd: settings.codeDirectory,
    env: childEnvironment(settings),
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', onLog);
  }
  const messages = readMessages(child);
  let state: 'cold' | 'ready' | 'dead' = 'cold';
  messages.ended.then(() => {
    state = 'dead';
  });

  async function kill(): Promise<void> {
    state = 'dead';
    child.kill('SIGKILL');
    await messages.ended;
  }

  async function run(job: Job): Promise<InvocationResult> {
    if (state === 'cold') {
      const loaded = await messages.next((initSeconds + settings.timeoutSeconds) * 1000);
      if (loaded.type !== 'ready') {
        await kill();
        return failure(loaded, job, settings, 'init');
      }
      state = 'ready';
    }
    const timeoutMs = settings.timeoutSeconds * 1000;
    const context = {
      requestId: job.requestId,
      deadlineMs: Date.now() + timeoutMs,
      invokedFunctionArn: settings.arn,
    };
    // A child that has ended answers through its messages, so that the error of a send adds nothing.
    child.send({ type: 'invoke', event: job.event, context }, () => {});
    const answer = await messages.next(timeoutMs);
    if (answer.type === 'result') return returned(answer.payload, settings);
    if (answer.type !== 'error') await kill();
    return failure(answer, job, settings);
  }

  return {
    isCold: () => state === 'cold',
    isAlive: () => state === 'ready',
    ended: messages.ended,
    run,
    kill,
  };
}

/** Reads the messages of a child one by one; the last is its exit. */
function readMessages(child: ChildProcess) {
  const backlog: HostMessage[] = [];
  let take: ((message: HostMessage) => void) | undefined;
  const put = (message: HostMessage) => {
    if (take) take(message);
    else backlog.push(message);
  };
  child.on('message', (message) => put(message as HostMessage));
  // The channel may still hold messages when the process has ended: the exit comes after both have ended.
  const exited = new Promise<string>((settle) => {
    child.on('error', (error) => settle(error.message));
    child.once('exit', (code, signal) => settle(signal ? `signal ${signal}` : `exit status ${code}`));
  });
  const disconnected = new Promise<void>((settle) => {
    if (child.connected) child.once('disconnect', settle);
    else settle();
  });
  const ended = Promise.all([exited, disconnected]).then(([how]) => put({ type: 'exit', how }));
  return {
    ended,
    async next(timeoutMs: number): Promise<HostMessage> {
      const first = backlog.shift();
      if (first) return first;
      const { promise, resolve } = Promise.withResolvers<HostMessage>();
      take = resolve;
      const timer = setTimeout(() => resolve({ type: 'timeout' }), timeoutMs);
      const message = await promise;
      clearTimeout(timer);
      take = undefined;
      return message;
    },
  };
}

function returned(payload: string, { functionName }: FunctionSettings): InvocationResult {
  const sizeBytes = Buffer.byteLength(payload);
  if (sizeBytes <= maxSynchronousPayloadBytes) return { outcome: 'returned', payload: JSON.parse(payload) };
  const errorMessage = `Response payload size of ${functionName} exceeded maximum allowed payload size (6291556 bytes).`;
  return failed('error', { errorType: 'Function.ResponseSizeTooLarge', errorMessage });
}

function failure(
  message: HostMessage,
  { requestId }: Job,
  { timeoutSeconds }: FunctionSettings,
  phase: 'init' | 'invoke' = 'invoke',
): InvocationResult {
  const seconds = (phase === 'init' ? initSeconds + timeoutSeconds : timeoutSeconds).toFixed(2);
  switch (message.type) {
    case 'error':
      return failed('error', message.error);
    case 'crash':
    case 'init-error':
      return failed(phase === 'init' ? 'init' : 'crash', message.error);
    case 'timeout':
      return failed('timeout', {
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
      });
    case 'exit':
      return failed(phase === 'init' ? 'init' : 'crash', {
        errorType: 'Runtime.ExitError',
        errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${message.how}`,
      });
    default:
      throw new LocalStackError(`Expected an outcome from the execution environment, got ${message.type}.`);
  }
}

function failed(cause: FailureCause, error: FunctionError): InvocationResult {
  return { outcome: 'failed', cause, error };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function childEnvironment(settings: FunctionSettings): Record<string, string> {
  return {
    ...(process.env.PATH && { PATH: process.env.PATH }),
    TZ: process.env.TZ ?? ':UTC',
    ...settings.environment,
    _HANDLER: settings.handler,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: settings.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: settings.logGroupName ?? `/aws/lambda/${settings.functionName}`,
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${randomUUID().replaceAll('-', '')}`,
    LAMBDA_TASK_ROOT: settings.codeDirectory,
  };
}
