import { Duration, Stack } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { type IQueue, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IDependable } from 'constructs';
import { type DataProtection, removalPolicy } from '../security/data-protection.ts';
import { grantEventBridgeSend } from '../security/key-policy.ts';
import { acknowledge } from '../security/nag-suppressions.ts';
import { issuesOfQueuePolicy } from '../security/policy-limits.ts';
import { QueueSenders } from '../security/queue-senders.ts';

/** The longest that SQS keeps a message, which leaves two weekends to fix a problem. */
const retention = Duration.days(14);

/** Options of a {@link PurgeQueue}. */
export interface PurgeQueueProps {
  /** How long a message in flight is hidden from other consumers. */
  readonly visibilityTimeout: Duration;
  readonly protection: DataProtection;
}

/** The buffer: the queue in which purge messages wait, and the dead letter queue behind it. */
export class PurgeQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  /** Who may put into the dead letter queue what could not be delivered. */
  readonly deadLetterSenders: QueueSenders;
  readonly protection: DataProtection;

  constructor(scope: Construct, id: string, { visibilityTimeout, protection }: PurgeQueueProps) {
    super(scope, id);
    this.protection = protection;
    const common = keptQueue(protection);
    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', common);
    this.deadLetterSenders = new QueueSenders(this.deadLetterQueue);
    this.node.addValidation({ validate: () => issuesOfQueuePolicy(this.deadLetterQueue, '`topics`') });
    acknowledge(this.deadLetterQueue, {
      'Serverless-SQSRedrivePolicy':
        'It is the dead letter queue itself: messages leave it only by a redrive.',
    });
    this.queue = new Queue(this, 'Queue', {
      ...common,
      visibilityTimeout,
      // Waiting for the rate limit does not count as a receive; these are for consumers that crash.
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: 10 },
    });
  }

  /**
   * Lets EventBridge put events that it cannot deliver into the dead letter queue, and use the key, if any.
   * @param kind what sends them; one statement for all of the account, since a queue's policy takes 20
   * @returns what has to be there before it does
   */
  grantEventBridgeSend(kind: 'rule' | 'event-bus'): IDependable | undefined {
    const { encryptionKey } = this.protection;
    if (encryptionKey !== undefined) grantEventBridgeSend(encryptionKey);
    const all = Stack.of(this).formatArn({ service: 'events', resource: kind, resourceName: '*' });
    return this.deadLetterSenders.allow({ service: 'events.amazonaws.com' }, all);
  }
}

/** @returns what all queues of the purger have in common: how long and how safely they keep messages */
export function keptQueue(protection: DataProtection): QueueProps {
  const { encryptionKey } = protection;
  return {
    retentionPeriod: retention,
    enforceSSL: true,
    removalPolicy: removalPolicy(protection),
    ...(encryptionKey === undefined
      ? { encryption: QueueEncryption.SQS_MANAGED }
      : { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionKey }),
  };
}

/**
 * Lets a function of the purger send to a queue, and do nothing else: CDK's own grant adds reading the queue's
 * attributes, and more of its key than SQS asks for. The key itself every function of the purger may use.
 */
export function grantSend(queue: IQueue, grantee: IGrantable): void {
  queue.grant(grantee, 'sqs:SendMessage');
}
