import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LocalStackError } from './intrinsics.ts';

/** A function of the template, ready to be run. */
export interface FunctionSettings {
  readonly logicalId: string;
  readonly functionName: string;
  readonly arn: string;
  /** `module.export`, the module relative to the code directory. */
  readonly handler: string;
  readonly codeDirectory: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** Everything that the handler finds in `process.env`, save what Lambda itself sets. */
  readonly environment: Readonly<Record<string, string>>;
  /** The most execution environments (child processes) at a time; further invocations wait for a free one. */
  readonly maxEnvironments: number;
}

/** What made a function run. */
export type Trigger = 'event' | 'http' | 'sqs';

/** An error as Lambda reports it to whoever invoked the function. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** How an invocation went wrong: the handler threw, ran out of time, took its process down, or could not be loaded. */
export type FailureCause = 'error' | 'timeout' | 'crash' | 'init';

/** What came of an invocation. */
export type InvocationResult =
  | { readonly outcome: 'returned'; readonly payload: unknown }
  | { readonly outcome: 'failed'; readonly cause: FailureCause; readonly error: FunctionError }
  | { readonly outcome: 'stopped' };

/** What can be seen of the invocations of a function. Times are Unix milliseconds. */
export type InvocationEvent = {
  readonly atMs: number;
  readonly logicalId: string;
  readonly functionName: string;
  readonly requestId: string;
} & (
  | { readonly type: 'invocation-started'; readonly trigger: Trigger; readonly isColdStart: boolean }
  | { readonly type: 'invocation-ended'; readonly durationMs: number }
  | {
      readonly type: 'invocation-failed';
      readonly cause: FailureCause;
      readonly error: FunctionError;
      readonly durationMs: number;
    }
  /** An asynchronous event was given up; without a queue for it, it is lost. */
  | { readonly type: 'event-given-up'; readonly reason: string; readonly queueArn?: string }
);

/** A function whose invocations run in child processes. */
export interface LocalFunction {
  readonly settings: FunctionSettings;
  /**
   * Runs the handler, waiting for a free execution environment where all are busy. Never rejects for what the handler
   * does.
   * @throws {PayloadTooLargeError} for more than 6 MB.
   */
  readonly invoke: (payload: unknown, trigger: Trigger, requestId?: string) => Promise<InvocationResult>;
  /** Ends every child at once; invocations under way come out as stopped. */
  readonly stop: () => Promise<void>;
}

/** An invocation payload is over Lambda's limit. */
export class PayloadTooLargeError extends LocalStackError {
  override readonly name = 'PayloadTooLargeError';
  constructor(functionName: string, sizeBytes: number, limitBytes: number) {
    super(`The payload for ${functionName} has ${sizeBytes} bytes; Lambda takes at most ${limitBytes}.`);
  }
}

/** Lambda's limits on payloads: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const maxSynchronousPayloadBytes = 6 * 1024 * 1024;
const maxAsynchronousPayloadBytes = 1024 * 1024;

/** Beyond its timeout: what Lambda gives a function to load before it starts again. */
const initSeconds = 10;

/**
 * Makes a function that starts execution environments as they are needed and keeps them warm.
 * @param onLog called with each line that a handler writes to stdout or stderr.
 */
export function createFunction(
  settings: FunctionSettings,
  onLog: (line: string) => void,
  onEvent: (event: InvocationEvent) => void,
): LocalFunction {
  const { logicalId, functionName } = settings;
  const environments = new Set<Environment>();
  const idle: Environment[] = [];
  const waiting: Job[] = [];
  let stopped = false;

  function pump(): void {
    while (!stopped && waiting.length > 0) {
      const environment = idle.pop() ?? (environments.size < settings.maxEnvironments ? open() : undefined);
      const job = environment && waiting.shift();
      if (environment === undefined || job === undefined) return;
      void runIn(environment, job);
    }
  }

  function open(): Environment {
    const environment = startEnvironment(settings, onLog);
    environments.add(environment);
    // One that ends while it is idle must not be handed an invocation.
    environment.ended.then(() => {
      environments.delete(environment);
      if (idle.includes(environment)) idle.splice(idle.indexOf(environment), 1);
    });
    return environment;
  }

  async function runIn(environment: Environment, job: Job): Promise<void> {
    const startedMs = Date.now();
    const common = { logicalId, functionName, requestId: job.requestId };
    const isColdStart = environment.isCold();
    onEvent({ type: 'invocation-started', atMs: startedMs, trigger: job.trigger, isColdStart, ...common });
    const ended = await environment.run(job);
    const result: InvocationResult = stopped ? { outcome: 'stopped' } : ended;
    if (environment.isAlive()) idle.push(environment);
    const timing = { atMs: Date.now(), durationMs: Date.now() - startedMs };
    if (result.outcome === 'returned') onEvent({ type: 'invocation-ended', ...timing, ...common });
    if (result.outcome === 'failed') {
      onEvent({ type: 'invocation-failed', cause: result.cause, error: result.error, ...timing, ...common });
    }
    job.settle(result);
    pump();
  }

  return {
    settings,
    async invoke(payload, trigger, requestId = randomUUID()) {
      const event = JSON.stringify(payload);
      const sizeBytes = Buffer.byteLength(event);
      if (sizeBytes > maxSynchronousPayloadBytes) {
        throw new PayloadTooLargeError(functionName, sizeBytes, maxSynchronousPayloadBytes);
      }
      if (stopped) return { outcome: 'stopped' };
      return new Promise((settle) => {
        waiting.push({ event, trigger, requestId, settle });
        pump();
      });
    },
    async stop() {
      stopped = true;
      for (const job of waiting.splice(0)) job.settle({ outcome: 'stopped' });
      await Promise.all([...environments].map((environment) => environment.kill()));
    },
  };
}

interface Job {
  /** The payload as JSON. */
  readonly event: string;
  readonly trigger: Trigger;
  readonly requestId: string;
  readonly settle: (result: InvocationResult) => void;
}

/** One child process, which runs one invocation at a time. */
interface Environment {
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

const hostFile = fileURLToPath(new URL('lambda-host.mjs', import.meta.url));

function startEnvironment(settings: FunctionSettings, onLog: (line: string) => void): Environment {
  const child = fork(hostFile, [settings.codeDirectory, settings.handler], {
    cwd: settings.codeDirectory,
    env: childEnvironment(settings),
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', onLog);
  }
  const inbox = readMessages(child);
  let state: 'cold' | 'ready' | 'dead' = 'cold';
  inbox.ended.then(() => {
    state = 'dead';
  });

  async function kill(): Promise<void> {
    state = 'dead';
    child.kill('SIGKILL');
    await inbox.ended;
  }

  async function run(job: Job): Promise<InvocationResult> {
    if (state === 'cold') {
      const loaded = await inbox.next((initSeconds + settings.timeoutSeconds) * 1000);
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
    // A child that is gone answers through the inbox, so that the error of a send adds nothing.
    child.send({ type: 'invoke', event: job.event, context }, () => {});
    const answer = await inbox.next(timeoutMs);
    if (answer.type === 'result') return returned(answer.payload, settings);
    if (answer.type !== 'error') await kill();
    return failure(answer, job, settings);
  }

  return { isCold: () => state === 'cold', isAlive: () => state === 'ready', ended: inbox.ended, run, kill };
}

/** The messages of a child one after the other, the last of them its exit. */
function readMessages(child: ChildProcess) {
  const backlog: HostMessage[] = [];
  let take: ((message: HostMessage) => void) | undefined;
  const put = (message: HostMessage) => {
    if (take) take(message);
    else backlog.push(message);
  };
  child.on('message', (message) => put(message as HostMessage));
  // The channel may hold messages still when the process is gone: the exit counts once both have ended.
  const exited = new Promise<string>((settle) => {
    child.once('error', (error) => settle(error.message));
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
    NODE_OPTIONS: '--enable-source-maps',
    ...(process.env.PATH && { PATH: process.env.PATH }),
    TZ: process.env.TZ ?? ':UTC',
    ...settings.environment,
    _HANDLER: settings.handler,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMb),
    AWS_LAMBDA_FUNCTION_NAME: settings.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${randomUUID().replaceAll('-', '')}`,
    LAMBDA_TASK_ROOT: settings.codeDirectory,
  };
}

/** How a function treats events that nobody waits for. */
export interface AsyncSettings {
  readonly maxRetryAttempts: number;
  readonly maxEventAgeSeconds: number;
  /** The queue of the on-failure destination: it gets a record of the invocation. */
  readonly onFailureArn?: string;
  /** The queue of the function's own dead-letter setting: it gets the event as it came. */
  readonly deadLetterArn?: string;
}

/** Puts a message into a queue of the stack. */
export type SendToQueue = (
  queueArn: string,
  body: string,
  attributes?: Readonly<Record<string, string>>,
) => Promise<void>;

/** Takes an event for a function and returns at once. Throws a PayloadTooLargeError for more than 1 MB. */
export type InvokeAsync = (payload: unknown) => void;

/** Lambda waits one minute, then two; here a second stands for a minute. */
const retryDelaysMs = [1_000, 2_000];

/**
 * Asynchronous invocation: an event is retried after a function error, then given to the on-failure destination or the
 * dead-letter queue. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function createAsyncInvoker(
  target: LocalFunction,
  settings: AsyncSettings,
  sendToQueue: SendToQueue,
  onEvent: (event: InvocationEvent) => void,
  signal: AbortSignal,
): InvokeAsync {
  const { logicalId, functionName, arn } = target.settings;

  async function deliver(payload: unknown, requestId: string): Promise<void> {
    const deadlineMs = Date.now() + settings.maxEventAgeSeconds * 1000;
    let last: InvocationResult | undefined;
    for (let invokeCount = 1; invokeCount <= settings.maxRetryAttempts + 1; invokeCount++) {
      if (Date.now() > deadlineMs) {
        return giveUp({
          payload,
          requestId,
          condition: 'EventAgeExceeded',
          invokeCount: invokeCount - 1,
          last,
        });
      }
      last = await target.invoke(payload, 'event', requestId);
      if (last.outcome !== 'failed') return;
      if (invokeCount <= settings.maxRetryAttempts) {
        await delay(retryDelaysMs[invokeCount - 1] ?? 0, undefined, { signal });
      }
    }
    await giveUp({
      payload,
      requestId,
      condition: 'RetriesExhausted',
      invokeCount: settings.maxRetryAttempts + 1,
      last,
    });
  }

  async function giveUp(event: GivenUpEvent): Promise<void> {
    const error = event.last?.outcome === 'failed' ? event.last.error : undefined;
    const reason = `${event.condition}: ${error ? `${error.errorType}: ${error.errorMessage}` : 'never run'}`;
    const queueArn = settings.onFailureArn ?? settings.deadLetterArn;
    if (settings.onFailureArn) {
      await sendToQueue(settings.onFailureArn, JSON.stringify(destinationRecord(arn, event, error)));
    }
    if (settings.deadLetterArn) {
      const attributes = {
        RequestID: event.requestId,
        ErrorCode: '200',
        ErrorMessage: error?.errorMessage ?? reason,
      };
      await sendToQueue(settings.deadLetterArn, JSON.stringify(event.payload), attributes);
    }
    report(event.requestId, reason, queueArn);
  }

  function report(requestId: string, reason: string, queueArn?: string): void {
    const common = { atMs: Date.now(), logicalId, functionName, requestId, reason };
    onEvent({ type: 'event-given-up', ...common, ...(queueArn && { queueArn }) });
  }

  return (payload) => {
    const sizeBytes = Buffer.byteLength(JSON.stringify(payload));
    if (sizeBytes > maxAsynchronousPayloadBytes) {
      throw new PayloadTooLargeError(functionName, sizeBytes, maxAsynchronousPayloadBytes);
    }
    const requestId = randomUUID();
    deliver(payload, requestId).catch((error: Error) => {
      if (!signal.aborted) report(requestId, error.message);
    });
  };
}

interface GivenUpEvent {
  readonly payload: unknown;
  readonly requestId: string;
  readonly condition: 'RetriesExhausted' | 'EventAgeExceeded';
  readonly invokeCount: number;
  readonly last: InvocationResult | undefined;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations */
function destinationRecord(
  functionArn: string,
  event: GivenUpEvent,
  error: FunctionError | undefined,
): object {
  return {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: `${functionArn}:$LATEST`,
      condition: event.condition,
      approximateInvokeCount: event.invokeCount,
    },
    requestPayload: event.payload,
    ...(error && {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: error,
    }),
  };
}
