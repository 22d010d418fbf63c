import * as z from 'zod';
import type { StackTemplate } from '../template/template.ts';
import {
  type AsyncSettings,
  createAsyncInvoker,
  type InvokeAsync,
  type SendToQueue,
} from './async-invocation.ts';
import { type Functions, functionOf } from './functions.ts';
import { type InvocationEvent, type LocalFunction, PayloadTooLargeError } from './invocation.ts';

const queueArn = z.string().startsWith('arn:aws:sqs:');
const invokeConfigSchema = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: z.coerce.number().default(2),
  MaximumEventAgeInSeconds: z.coerce.number().default(21_600),
  DestinationConfig: z
    .strictObject({ OnFailure: z.object({ Destination: queueArn }).optional() })
    .prefault({}),
});

/** The parts of the stack that asynchronous invocations need. */
export interface AsyncSurroundings {
  readonly template: StackTemplate;
  readonly functions: Functions;
  readonly sendToQueue: SendToQueue;
  readonly emit: (event: InvocationEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * @returns a function that invokes the function with an ARN asynchronously, with the settings of the template; it returns
 *   at once, with a sentence where the event was not accepted
 * @throws {TemplateError} for a destination that is not supported
 */
export function createAsyncInvokers(
  surroundings: AsyncSurroundings,
): (functionArn: string, payload: unknown) => string | undefined {
  const { functions, sendToQueue, emit, signal } = surroundings;
  const settings = readAsyncSettings(surroundings);
  const invokers = new Map(
    [...functions.values()].map((target): [LocalFunction, InvokeAsync] => [
      target,
      createAsyncInvoker(target, settings.get(target) ?? defaults, sendToQueue, emit, signal),
    ]),
  );
  return (functionArn, payload) => {
    const target = functionOf(functions, functionArn);
    const invoke = target && invokers.get(target);
    if (invoke === undefined) return 'the function is not part of the local stack.';
    try {
      invoke(payload);
      return undefined;
    } catch (error) {
      if (error instanceof PayloadTooLargeError) return error.message;
      throw error;
    }
  };
}

/** The settings of a function without an EventInvokeConfig. */
const defaults: AsyncSettings = { maxRetryAttempts: 2, maxEventAgeSeconds: 21_600 };

function readAsyncSettings({ template, functions }: AsyncSurroundings): Map<LocalFunction, AsyncSettings> {
  const settings = new Map<LocalFunction, AsyncSettings>();
  for (const resource of template.resources('AWS::Lambda::EventInvokeConfig')) {
    const config = template.properties(resource, invokeConfigSchema);
    const target = functionOf(functions, config.FunctionName);
    const { OnFailure } = config.DestinationConfig;
    if (target === undefined) continue;
    settings.set(target, {
      maxRetryAttempts: config.MaximumRetryAttempts,
      maxEventAgeSeconds: config.MaximumEventAgeInSeconds,
      ...(OnFailure && { onFailureArn: OnFailure.Destination }),
    });
  }
  return settings;
}
