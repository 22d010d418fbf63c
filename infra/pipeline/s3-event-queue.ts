import { Aws, CfnCondition, CfnResource, Duration, Fn, Stack, Token } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { type ITopic, Subscription, SubscriptionProtocol } from 'aws-cdk-lib/aws-sns';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { DataProtection } from '../security/data-protection.ts';
import { grantBucketsSend, grantTopicsSend } from '../security/key-policy.ts';
import { acknowledge } from '../security/nag-suppressions.ts';
import { keptQueue } from '../storage/purge-queue.ts';

/** A batch of more than ten needs a window, and this is the shortest. */
const batchingWindow = Duration.seconds(1);

/** Options of an {@link S3EventQueue}. */
export interface S3EventQueueProps {
  /** Consumes the queue. */
  readonly receiver: IFunction;
  /** Longest that the receiver runs. */
  readonly timeout: Duration;
  readonly deadLetterQueue: IQueue;
  readonly protection: DataProtection;
}

/** The queue to which buckets and topics send S3's events, for the receiver to consume in batches. */
export class S3EventQueue extends Construct {
  readonly queue: Queue;
  readonly #deadLetterQueue: IQueue;
  readonly #protection: DataProtection;

  constructor(
    scope: Construct,
    id: string,
    { receiver, timeout, deadLetterQueue, protection }: S3EventQueueProps,
  ) {
    super(scope, id);
    this.#protection = protection;
    this.#deadLetterQueue = deadLetterQueue;
    this.queue = new Queue(this, 'Queue', {
      // As Lambda's documentation advises for queues whose consumer may be throttled.
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds() + batchingWindow.toSeconds()),
      ...keptQueue(protection),
      // The event of a batch that crashes: `submit` maps it when it is moved back.
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: 10 },
    });
    receiveFrom(this.queue, receiver);
  }

  /** Lets a bucket, of this account unless told otherwise, send its notifications. */
  allowBucket(bucket: IBucket, account = Stack.of(this).account): void {
    const { encryptionKey } = this.#protection;
    if (encryptionKey !== undefined) grantBucketsSend(encryptionKey, account);
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.queue.queueArn],
        // The name of a deleted bucket can be taken by someone else: so the account counts, too.
        conditions: {
          ArnEquals: { 'aws:SourceArn': bucket.bucketArn },
          StringEquals: { 'aws:SourceAccount': account },
        },
      }),
    );
  }

  /**
   * Subscribes the queue to a topic. CDK's `SqsSubscription` would name the topic in the policy of the key, or no topic at
   * all: a topic that the same key encrypts could then not be deployed, or any topic could use the key.
   */
  subscribe(topic: ITopic): void {
    const { encryptionKey } = this.#protection;
    if (encryptionKey !== undefined) grantTopicsSend(encryptionKey, topic.env.account);
    const { region } = topic.env;
    const elsewhere = Token.isUnresolved(region) ? {} : { region };
    const policy = this.queue.addToResourcePolicy(
      new PolicyStatement({
        // In regions that an account has to opt in to, SNS has a name of its own.
        principals: [new ServicePrincipal('sns.amazonaws.com', elsewhere)],
        actions: ['sqs:SendMessage'],
        resources: [this.queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': topic.topicArn } },
      }),
    );
    const subscription = new Subscription(this, `Topic${topic.node.addr}`, {
      topic,
      protocol: SubscriptionProtocol.SQS,
      endpoint: this.queue.queueArn,
      rawMessageDelivery: true,
      ...(this.#isElsewhere(region) ? {} : { deadLetterQueue: this.#deadLetterQueue }),
      ...elsewhere,
    });
    this.#leaveOutElsewhere(subscription, region);
    // What is sent before the queue lets it in would go to the dead letter queue.
    if (policy.policyDependable !== undefined) subscription.node.addDependency(policy.policyDependable);
  }

  /** Whether a topic's region is known to be another than the stack's. */
  #isElsewhere(region: string): boolean {
    const own = Stack.of(this).region;
    return !Token.isUnresolved(region) && !Token.isUnresolved(own) && region !== own;
  }

  /**
   * SNS takes no dead letter queue of another region than the topic's. A stack for any region learns its own when it is
   * deployed.
   * @see https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
   */
  #leaveOutElsewhere(subscription: Subscription, region: string): void {
    if (Token.isUnresolved(region) || !Token.isUnresolved(Stack.of(this).region)) return;
    const isHere = new CfnCondition(subscription, 'IsHere', {
      expression: Fn.conditionEquals(Aws.REGION, region),
    });
    const policy = { deadLetterTargetArn: this.#deadLetterQueue.queueArn };
    const resource = subscription.node.defaultChild;
    if (!CfnResource.isCfnResource(resource)) return;
    resource.addPropertyOverride('RedrivePolicy', Fn.conditionIf(isHere.logicalId, policy, Aws.NO_VALUE));
  }
}

/** Lets a function take S3's events out of a queue, as many at once as there are. */
export function receiveFrom(queue: IQueue, receiver: IFunction): void {
  receiver.addEventSource(
    new SqsEventSource(queue, {
      batchSize: 10_000,
      maxBatchingWindow: batchingWindow,
      // Enough for thousands of changes a second, and the rest of the account's concurrency is left alone.
      maxConcurrency: 10,
      reportBatchItemFailures: true,
    }),
  );
  acknowledge(receiver, {
    'Serverless-LambdaEventSourceMappingDestination':
      'A destination is for streams. A message that fails goes back to its queue alone, whose redrive policy says how often, and where it ends.',
  });
}
