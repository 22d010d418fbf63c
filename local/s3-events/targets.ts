import type { SendToQueue } from '../lambda/async-invocation.ts';

/** Where events go. */
export interface EventTargets {
  /** Hands an event to a function and returns at once; the sentence tells why it was not taken. */
  readonly invoke: (functionArn: string, payload: unknown) => string | undefined;
  readonly sendToQueue: SendToQueue;
}

/** Hands a payload to a function or a queue. The sentence tells why it could not be delivered. */
export async function deliver(
  arn: string,
  payload: unknown,
  targets: EventTargets,
): Promise<string | undefined> {
  if (arn.startsWith('arn:aws:lambda:')) return targets.invoke(arn, payload);
  if (!arn.startsWith('arn:aws:sqs:')) return 'only functions and queues are supported as targets locally.';
  return targets.sendToQueue(arn, JSON.stringify(payload)).then(
    () => undefined,
    (error: Error) => error.message,
  );
}
