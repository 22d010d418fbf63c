import { LocalStackError } from '../template/errors.ts';

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
  /** The handler's `process.env`, except what Lambda itself sets. */
  readonly environment: Readonly<Record<string, string>>;
  /** @default `/aws/lambda/{function}` */
  readonly logGroupName?: string;
  /** The most execution environments (child processes) at a time; further invocations wait for a free one. */
  readonly maxEnvironments: number;
}

/** What invoked a function. */
export type Trigger = 'event' | 'http' | 'invoke' | 'sqs';

/** An error as Lambda reports it to the caller of the function. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** How an invocation failed: the handler threw, timed out, ended its process, or could not be loaded. */
export type FailureCause = 'error' | 'timeout' | 'crash' | 'init';

/** The outcome of an invocation. */
export type InvocationResult =
  | { readonly outcome: 'returned'; readonly payload: unknown }
  | { readonly outcome: 'failed'; readonly cause: FailureCause; readonly error: FunctionError }
  | { readonly outcome: 'stopped' };

/** What happens to the invocations of a function. Times are Unix milliseconds. */
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
  /** An asynchronous event was given up; without a queue it is lost. */
  | { readonly type: 'event-given-up'; readonly reason: string; readonly queueArn?: string }
);

/** A function whose invocations run in child processes. */
export interface LocalFunction {
  readonly settings: FunctionSettings;
  /**
   * Runs the handler, waiting for a free execution environment where all are busy. Never rejects for an error of the
   * handler.
   * @throws {PayloadTooLargeError} for more than 6 MB.
   */
  readonly invoke: (payload: unknown, trigger: Trigger, requestId?: string) => Promise<InvocationResult>;
  /** Whether an invocation runs, or waits for an environment. */
  readonly isBusy: () => boolean;
  /** Ends every child at once; the outcome of invocations under way is `stopped`. */
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
export const maxAsynchronousPayloadBytes = 1024 * 1024;
