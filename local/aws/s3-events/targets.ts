import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { SendToQueue } from '../lambda/async-invocation.ts';
import type { StackTemplate } from '../template/template.ts';

/** A queue that subscribes to a topic. */
export interface Subscriber {
  readonly queueArn: string;
  /** Whether it gets messages as they are, without SNS's envelope. */
  readonly isRaw: boolean;
}

/** Where events go. */
export interface EventTargets {
  /** Sends an event to a function and returns at once, with a sentence where the event was not accepted. */
  readonly invoke: (functionArn: string, payload: unknown) => string | undefined;
  readonly sendToQueue: SendToQueue;
  /** The queues that subscribe to a topic. */
  readonly subscribersOf: (topicArn: string) => readonly Subscriber[];
}

const subscriptionSchema = z.object({
  TopicArn: z.string(),
  Endpoint: z.string(),
  RawMessageDelivery: z.union([z.boolean(), z.stringbool()]).default(false),
});

/** Reads the queues of the template that subscribe to topics of others. */
export function readSubscribers(template: StackTemplate): EventTargets['subscribersOf'] {
  const subscriptions = template
    .resources('AWS::SNS::Subscription')
    .filter(({ properties }) => properties.Protocol === 'sqs')
    .map((resource) => template.properties(resource, subscriptionSchema));
  return (topicArn) =>
    subscriptions
      .filter(({ TopicArn }) => TopicArn === topicArn)
      .map(({ Endpoint, RawMessageDelivery }) => ({ queueArn: Endpoint, isRaw: RawMessageDelivery }));
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
  const message = JSON.stringify(payload);
  const queues = arn.startsWith('arn:aws:sns:')
    ? targets.subscribersOf(arn)
    : [{ queueArn: arn, isRaw: true }];
  try {
    for (const { queueArn, isRaw } of queues) {
      await targets.sendToQueue(queueArn, isRaw ? message : JSON.stringify(envelopeOf(arn, message)));
    }
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html */
function envelopeOf(topicArn: string, message: string): object {
  return {
    Type: 'Notification',
    MessageId: randomUUID(),
    TopicArn: topicArn,
    Message: message,
    Timestamp: new Date().toISOString(),
  };
}
