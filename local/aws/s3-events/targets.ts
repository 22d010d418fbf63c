import * as z from 'zod';
import type { SendToQueue } from '../lambda/async-invocation.ts';
import type { StackTemplate } from '../template/template.ts';

/** Where events go. */
export interface EventTargets {
  /** Sends an event to a function and returns at once, with a sentence where the event was not accepted. */
  readonly invoke: (functionArn: string, payload: unknown) => string | undefined;
  readonly sendToQueue: SendToQueue;
  /** The ARNs of the queues that subscribe to a topic. */
  readonly subscribersOf: (topicArn: string) => readonly string[];
}

const subscriptionSchema = z.object({
  TopicArn: z.string(),
  Endpoint: z.string(),
  RawMessageDelivery: z.union([z.boolean(), z.stringbool()]).pipe(z.literal(true)),
});

/**
 * Reads the queues of the template that subscribe to topics of others, which get each message as it is.
 * @throws {TemplateError} for a subscription without `RawMessageDelivery`.
 */
export function readSubscribers(template: StackTemplate): EventTargets['subscribersOf'] {
  const subscriptions = template
    .resources('AWS::SNS::Subscription')
    .filter(({ properties }) => properties.Protocol === 'sqs')
    .map((resource) => template.properties(resource, subscriptionSchema));
  return (topicArn) =>
    subscriptions.filter(({ TopicArn }) => TopicArn === topicArn).map(({ Endpoint }) => Endpoint);
}

/**
 * Sends a payload to a function, a queue, or the queues that subscribe to a topic.
 * @returns a sentence where it could not be delivered
 */
export async function deliver(
  arn: string,
  payload: unknown,
  targets: EventTargets,
): Promise<string | undefined> {
  if (arn.startsWith('arn:aws:lambda:')) return targets.invoke(arn, payload);
  const queues = arn.startsWith('arn:aws:sns:') ? targets.subscribersOf(arn) : [arn];
  try {
    for (const queueArn of queues) await targets.sendToQueue(queueArn, JSON.stringify(payload));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
