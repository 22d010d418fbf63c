import { Aws, CfnCondition, Duration, Fn, Stack, Token } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnSubscription, type ITopic, Subscription, SubscriptionProtocol } from 'aws-cdk-lib/aws-sns';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IDependable } from 'constructs';
import { grantBucketsSend, grantTopicsSend } from '../../security/key-policy.ts';
import { acknowledge } from '../../security/nag-suppressions.ts';
import { issuesOfQueuePolicy } from '../../security/policy-limits.ts';
import { QueueSenders } from '../../security/queue-senders.ts';
import { keptQueue, type PurgeQueue } from '../../storage/purge-queue.ts';

/** A batch of more than ten needs a window, of which this is the shortest. */
const batchingWindow = Duration.seconds(1);

/** Options of an {@link S3EventQueue}. */
export interface S3EventQueueProps {
  /** Consumes the queue. */
  readonly receiver: IFunction;
  /** Longest that the receiver runs. */
  readonly timeout: Duration;
  readonly buffer: PurgeQueue;
}

/** The queue to which buckets, EventBridge's rules and topics send S3's events, for the receiver to consume in batches. */
export class S3EventQueue extends Construct {
  readonly queue: Queue;
  readonly #buffer: PurgeQueue;
  readonly #senders: QueueSenders;

  constructor(scope: Construct, id: string, { receiver, timeout, buffer }: S3EventQueueProps) {
    super(scope, id);
    this.#buffer = buffer;
    const { deadLetterQueue, protection } = buffer;
    this.queue = new Queue(this, 'Queue', {
      // As Lambda's documentation advises for queues whose consumer may be throttled.
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds() + batchingWindow.toSeconds()),
      ...keptQueue(protection),
      // Events of a batch that crashes: `submit` maps them when they are redriven.
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: 10 },
    });
    this.#senders = new QueueSenders(this.queue);
    this.node.addValidation({
      validate: () => issuesOfQueuePolicy(this.queue, '`buckets` by notification and `topics`'),
    });
    receiveFrom(this.queue, receiver);
  }

  /**
   * Lets EventBridge's rules of the account send events.
   * @returns what has to be there before they do
   */
  allowRules(): IDependable | undefined {
    const rules = Stack.of(this).formatArn({ service: 'events', resource: 'rule', resourceName: '*' });
    return this.#senders.allow({ service: 'events.amazonaws.com' }, rules);
  }

  /** Lets a bucket send its notifications; by default one of this account. */
  allowBucket(bucket: IBucket, account = Stack.of(this).account): void {
    const { encryptionKey } = this.#buffer.protection;
    if (encryptionKey !== undefined) grantBucketsSend(encryptionKey, account);
    // Someone else can create a bucket with the name of a deleted one, so the account has to match, too.
    this.#senders.allow({ service: 's3.amazonaws.com', account }, bucket.bucketArn);
  }

  /**
   * Subscribes the queue to a topic. CDK's `SqsSubscription` would name the topic in the policy of the key, or allow all
   * topics: a topic that the same key encrypts could then not be deployed, or any topic could use the key.
   */
  subscribe(topic: ITopic): void {
    const { protection, deadLetterSenders } = this.#buffer;
    const { encryptionKey } = protection;
    if (encryptionKey !== undefined) grantTopicsSend(encryptionKey, topic.env.account);
    const { region } = topic.env;
    const ofRegion = Token.isUnresolved(region) ? {} : { region };
    // In regions that an account has to opt in to, SNS has a regional name.
    const sender = { service: 'sns.amazonaws.com', ...ofRegion };
    const policy = this.#senders.allow(sender, topic.topicArn);
    const subscription = new Subscription(this, `Topic${topic.node.addr}`, {
      topic,
      protocol: SubscriptionProtocol.SQS,
      endpoint: this.queue.queueArn,
      // The envelope says which topic it was: who publishes to one may write anything into a message.
      rawMessageDelivery: false,
      ...ofRegion,
    });
    if (!this.#isOtherRegion(region)) {
      deadLetterSenders.allow(sender, topic.topicArn);
      this.#redrive(subscription, region);
    }
    // Messages sent before the queue's policy allows them would go to the dead letter queue.
    if (policy !== undefined) subscription.node.addDependency(policy);
  }

  /** Whether a topic's region is known to differ from the stack's. */
  #isOtherRegion(region: string): boolean {
    const own = Stack.of(this).region;
    return !Token.isUnresolved(region) && !Token.isUnresolved(own) && region !== own;
  }

  /**
   * SNS accepts a dead letter queue of the topic's region only. A stack without an explicit region knows its own at
   * deployment only, so that a condition decides.
   * @see https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
   */
  #redrive(subscription: Subscription, region: string): void {
    const resource = subscription.node.defaultChild;
    if (!(resource instanceof CfnSubscription)) return;
    const policy = { deadLetterTargetArn: this.#buffer.deadLetterQueue.queueArn };
    const isKnown = Token.isUnresolved(region) || !Token.isUnresolved(Stack.of(this).region);
    resource.redrivePolicy = isKnown
      ? policy
      : Fn.conditionIf(this.#isRegion(region).logicalId, policy, Aws.NO_VALUE);
  }

  /** One condition for each region: topics of the same share it. */
  #isRegion(region: string): CfnCondition {
    const id = `Is-${region}`;
    const known = this.node.tryFindChild(id);
    if (known instanceof CfnCondition) return known;
    return new CfnCondition(this, id, { expression: Fn.conditionEquals(Aws.REGION, region) });
  }
}

/** Lets a function consume S3's events from a queue, in batches as large as possible. */
export function receiveFrom(queue: IQueue, receiver: IFunction): void {
  receiver.addEventSource(
    new SqsEventSource(queue, {
      batchSize: 10_000,
      maxBatchingWindow: batchingWindow,
      // Enough for thousands of changes a second; the rest of the account's concurrency is for others.
      maxConcurrency: 10,
      reportBatchItemFailures: true,
    }),
  );
  acknowledge(receiver, {
    'Serverless-LambdaEventSourceMappingDestination':
      'A destination is for streams. A single message that fails returns to its queue, whose redrive policy says how often, and where it goes afterwards.',
  });
}
