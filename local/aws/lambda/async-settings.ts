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

const destinationSchema = z.object({ Destination: z.string() }).optional();
const invokeConfigSchema = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: z.coerce.number().default(2),
  MaximumEventAgeInSeconds: z.coerce.number().default(21_600),
  DestinationConfig: z.object({ OnFailure: destinationSchema, OnSuccess: destinationSchema }).prefault({}),
});
const deadLetterSchema = z.object({
  DeadLetterConfig: z.object({ TargetArn: z.string().optional() }).prefault({}),
});

/** What asynchronous invocations need of the stack around them. */
export interface AsyncSurroundings {
  readonly template: StackTemplate;
  readonly functions: Functions;
  readonly sendToQueue: SendToQueue;
  readonly emit: (event: InvocationEvent) => void;
  readonly warn: (sentence: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes what invokes the functions of a stack asynchronously, with the settings of the template.
 * @returns a function that takes the ARN of a function and an event; it answers at once, with a sentence where the
 * event was not taken.
 */
export function createAsyncInvokers(
  surroundings: AsyncSurroundings,
): (functionArn: string, payload: unknown) => string | undefined {
  const { functions, sendToQueue, emit, signal } = surroundings;
  const settings = readAsyncSettings(surroundings);
  const invokers = new Map(
    [...functions.values()].map((target): [LocalFunction, InvokeAsync] => [
      target,
      createAsyncInvoker(target, { ...defaults, ...settings.get(target) }, sendToQueue, emit, signal),
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

/** What holds for a function without an EventInvokeConfig. */
const defaults: AsyncSettings = { maxRetryAttempts: 2, maxEventAgeSeconds: 21_600 };

function readAsyncSettings({
  template,
  functions,
  warn,
}: AsyncSurroundings): Map<LocalFunction, AsyncSettings> {
  const settings = new Map<LocalFunction, AsyncSettings>();
  for (const resource of template.resources('AWS::Lambda::Function')) {
    const target = functions.get(template.physicalName(resource));
    const deadLetterArn = template.properties(resource, deadLetterSchema).DeadLetterConfig.TargetArn;
    if (target && deadLetterArn) settings.set(target, { ...defaults, deadLetterArn });
  }
  for (const resource of template.resources('AWS::Lambda::EventInvokeConfig')) {
    const config = template.properties(resource, invokeConfigSchema);
    const target = functionOf(functions, config.FunctionName);
    const { OnFailure, OnSuccess } = config.DestinationConfig;
    const isQueue = OnFailure?.Destination.startsWith('arn:aws:sqs:');
    if (OnSuccess || (OnFailure && !isQueue)) {
      warn(`${resource.logicalId}: only queues that take failures are supported as destinations locally.`);
    }
    if (target === undefined) continue;
    settings.set(target, {
      ...settings.get(target),
      maxRetryAttempts: config.MaximumRetryAttempts,
      maxEventAgeSeconds: config.MaximumEventAgeInSeconds,
      ...(OnFailure && isQueue && { onFailureArn: OnFailure.Destination }),
    });
  }
  return settings;
}
