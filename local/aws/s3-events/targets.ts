import type { SendToQueue } from '../lambda/async-invocation.ts';

/** Where events go. */
export interface EventTargets {
  /** Hands an event to a function and returns at once; the sentence tells why it was not taken. */
  readonly invoke: (functionArn: string, payload: unknown) => string | undefined;
  readonly sendToQueue: SendToQueue;
  /** Hands a text to the subscribers of a topic; one sentence for each that could not take it. */
  readonly publish: (topicArn: string, text: string) => Promise<readonly string[]>;
}

/** Hands a payload to a function, a queue or a topic. The sentence tells why it could not be delivered. */
export async function deliver(
  arn: string,
  payload: unknown,
  targets: EventTargets,
): Promise<string | undefined> {
  if (arn.startsWith('arn:aws:lambda:')) return targets.invoke(arn, payload);
  if (arn.startsWith('arn:aws:sns:')) {
    const problems = await targets.publish(arn, JSON.stringify(payload));
    return problems.length === 0 ? undefined : problems.join(' ');
  }
  if (!arn.startsWith('arn:aws:sqs:'))
    return 'only functions, queues and topics are supported as targets locally.';
  return targets.sendToQueue(arn, JSON.stringify(payload)).then(
    () => undefined,
    (error: Error) => error.message,
  );
}
