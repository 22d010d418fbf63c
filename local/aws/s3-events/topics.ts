import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { StackTemplate } from '../template/template.ts';
import { deliver, type EventTargets } from './targets.ts';

const subscriptionSchema = z.object({
  TopicArn: z.string(),
  Protocol: z.string(),
  Endpoint: z.string().optional(),
  RawMessageDelivery: z.union([z.boolean(), z.stringbool()]).default(false),
  FilterPolicy: z.unknown().optional(),
});

/**
 * Reads the subscriptions of the template: to topics of the stack, and to those of others.
 * @param warn called with one sentence for each filter, which is not applied
 * @returns what publishes a text to a topic's subscribers, as SNS does
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
 */
export function createTopics(
  template: StackTemplate,
  targets: Omit<EventTargets, 'publish'>,
  warn: (sentence: string) => void,
): EventTargets['publish'] {
  const subscriptions = template.resources('AWS::SNS::Subscription').flatMap((resource) => {
    const { Endpoint: endpoint, ...subscription } = template.properties(resource, subscriptionSchema);
    if (endpoint === undefined || !['sqs', 'lambda'].includes(subscription.Protocol)) return [];
    if (subscription.FilterPolicy !== undefined) {
      warn(
        `${resource.logicalId}: FilterPolicy is not supported locally; the subscriber gets every message.`,
      );
    }
    return [{ ...subscription, endpoint }];
  });
  return async (topicArn, text) => {
    const wanted = subscriptions.filter(({ TopicArn }) => TopicArn === topicArn);
    const problems = wanted.map(({ Protocol, RawMessageDelivery, endpoint }) => {
      const message = notificationOf(topicArn, text);
      // A queue's body has to be the text itself, or the notification.
      const payload =
        Protocol === 'lambda' ? recordsOf(message) : RawMessageDelivery ? JSON.parse(text) : message;
      return deliver(endpoint, payload, { ...targets, publish: async () => [] });
    });
    return (await Promise.all(problems)).filter((problem) => problem !== undefined);
  };
}

function notificationOf(topicArn: string, text: string) {
  return {
    Type: 'Notification',
    MessageId: randomUUID(),
    TopicArn: topicArn,
    Subject: 'Amazon S3 Notification',
    Message: text,
    Timestamp: new Date().toISOString(),
    SignatureVersion: '1',
    Signature: 'local',
    SigningCertURL: 'https://sns.us-east-1.amazonaws.com/local.pem',
    UnsubscribeURL: 'https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe',
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
function recordsOf({ TopicArn, ...message }: ReturnType<typeof notificationOf>) {
  const EventSubscriptionArn = `${TopicArn}:${randomUUID()}`;
  const Sns = { ...message, TopicArn, MessageAttributes: {} };
  return { Records: [{ EventSource: 'aws:sns', EventVersion: '1.0', EventSubscriptionArn, Sns }] };
}
