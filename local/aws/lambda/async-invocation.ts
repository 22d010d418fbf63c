import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type FunctionError,
  type InvocationEvent,
  type InvocationResult,
  type LocalFunction,
  maxAsynchronousPayloadBytes,
  PayloadTooLargeError,
} from './invocation.ts';

/** How a function handles asynchronous events. */
export interface AsyncSettings {
  readonly maxRetryAttempts: number;
  readonly maxEventAgeSeconds: number;
  /** The queue of the on-failure destination: it gets a record of the invocation. */
  readonly onFailureArn?: string;
}

/** Puts a message into a queue of the stack. */
export type SendToQueue = (
  queueArn: string,
  body: string,
  attributes?: Readonly<Record<string, string>>,
) => Promise<void>;

/** Accepts an event for a function and returns at once. Throws a PayloadTooLargeError for more than 1 MB. */
export type InvokeAsync = (payload: unknown) => void;

/** Lambda waits one minute, then two; here a second for each minute. */
const retryDelaysMs = [1_000, 2_000];

/**
 * Asynchronous invocation: an event is retried after a function error, then sent to the on-failure destination.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
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
    const { onFailureArn } = settings;
    if (onFailureArn) await sendToQueue(onFailureArn, JSON.stringify(destinationRecord(arn, event, error)));
    report(event.requestId, reason, onFailureArn);
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
