import { createHash } from 'node:crypto';
import { CfnResource, CustomResource, Duration, Lazy, Names, Stack, Token } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  Bucket,
  BucketNotificationDestinationType,
  EventType,
  type IBucket,
  type IBucketNotificationDestination,
  type NotificationKeyFilter,
} from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct, DependencyGroup, type IDependable } from 'constructs';
import { formEncodedKey } from '../../../functions/core/model/objects/form-encoded-key.ts';
import type { PurgerFunction } from '../../function/purger-function.ts';
import { acknowledge } from '../../security/nag-suppressions.ts';
import type { Keys } from './key-pattern.ts';

/** The events of changed objects; restores, tags and access control are not among them. */
const changeEvents = [
  EventType.OBJECT_CREATED,
  EventType.OBJECT_REMOVED,
  EventType.LIFECYCLE_EXPIRATION,
] as const;

/**
 * What one bucket has to send. A bucket of the same app that only needs EventBridge is configured in its own template,
 * and one whose notifications the CDK manages already by the CDK. For all others a function reads the bucket's
 * configuration and adds to it: `docs/adr/0043` says why it is not the CDK's.
 */
export class BucketConfiguration extends Construct {
  readonly #bucket: IBucket;
  readonly #isManagedByCdk: boolean;
  #eventBridge = false;
  readonly #notifications: { readonly queue: Queue; readonly keys: Keys }[] = [];
  readonly #function: () => PurgerFunction;
  /** What has to exist before the bucket sends to it. */
  readonly #receivers = new DependencyGroup();
  #resource: CustomResource | undefined;
  /** Lets the function configure the bucket; undefined where it does not. */
  policy: Policy | undefined;

  constructor(scope: Construct, id: string, bucket: IBucket, configureFunction: () => PurgerFunction) {
    super(scope, id);
    this.#bucket = bucket;
    this.#function = configureFunction;
    this.#isManagedByCdk = hasNotifications(bucket);
    this.node.addValidation({ validate: () => this.#conflicts() });
  }

  /**
   * Lets the bucket send its events to EventBridge.
   * @param receivers have to exist first: from then on, former notifications of the keys no longer arrive
   */
  enableEventBridge(...receivers: readonly IDependable[]): void {
    this.#receivers.add(...receivers);
    if (this.#eventBridge) return;
    this.#eventBridge = true;
    const own = ownResourceOf(this.#bucket);
    if (this.#isManagedByCdk) this.#bucket.enableEventBridgeNotification();
    else if (own === undefined) this.#configure();
    else {
      own.addPropertyOverride(
        'NotificationConfiguration.EventBridgeConfiguration',
        // Where the function configures the bucket, it does all: CloudFormation would overwrite what it adds.
        Lazy.any({
          produce: () =>
            this.#ofSameBucket().some((each) => each.#resource) ? undefined : { EventBridgeEnabled: true },
        }),
      );
    }
  }

  /** Lets the bucket notify a queue, whose policy has to allow it. */
  notify(queue: Queue, keys: Keys): void {
    if (this.#isManagedByCdk) {
      // CDK refuses a filter without a prefix and suffix.
      const filters = keys.prefix === undefined && keys.suffix === undefined ? [] : [encodedFilter(keys)];
      for (const event of changeEvents) {
        this.#bucket.addEventNotification(event, destinationOf(queue), ...filters);
      }
      return;
    }
    this.#notifications.push({ queue, keys });
    // S3 tests a queue before it accepts a notification to it.
    this.#receivers.add(queue);
    this.#configure();
  }

  #configure(): void {
    if (this.#resource !== undefined) return;
    const configure = this.#function();
    // Of two concurrent writes, one would overwrite the other's part.
    const others = this.#ofSameBucket().flatMap((other) => other.#resource ?? []);
    const policy = this.#policyFor(configure);
    this.#resource = new CustomResource(this, 'Resource', {
      serviceToken: configure.functionArn,
      resourceType: 'Custom::PurgerBucketConfiguration',
      serviceTimeout: Duration.minutes(5),
      properties: {
        BucketName: this.#bucket.bucketName,
        Configuration: Lazy.string({ produce: () => this.#configurationJson() }),
      },
    });
    this.#resource.node.addDependency(this.#receivers, policy, ...others);
  }

  /**
   * Each bucket has a policy, which goes after its configuration: CloudFormation updates a common one first, and the
   * function could no longer take its part out of the bucket. Another bucket has another one for the same reason.
   */
  #policyFor({ role }: PurgerFunction): Policy {
    const { bucketName, bucketArn } = this.#bucket;
    const name = Token.isUnresolved(bucketName) ? '' : bucketName;
    this.policy = new Policy(this, `Policy${createHash('sha256').update(name).digest('hex').slice(0, 8)}`, {
      statements: [
        new PolicyStatement({
          actions: ['s3:GetBucketNotification', 's3:PutBucketNotification'],
          resources: [bucketArn],
        }),
      ],
      roles: role === undefined ? [] : [role],
    });
    acknowledge(this.policy, policyReasons);
    return this.policy;
  }

  /** The configurations of the same bucket by this stack's purgers, this one included. */
  #ofSameBucket(): BucketConfiguration[] {
    const stack = Stack.of(this);
    const nameOf = (bucket: IBucket) => JSON.stringify(stack.resolve(bucket.bucketName));
    return stack.node
      .findAll()
      .filter((each) => each instanceof BucketConfiguration)
      .filter((each) => Stack.of(each) === stack && nameOf(each.#bucket) === nameOf(this.#bucket));
  }

  #configurationJson(): string {
    return Stack.of(this).toJsonString({
      eventBridge: this.#ofSameBucket().some((each) => each.#eventBridge),
      idPrefix: `${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}-`,
      queues: this.#notifications.map(({ queue, keys }) => ({
        queueArn: queue.queueArn,
        events: changeEvents,
        ...encodedFilter(keys),
      })),
    });
  }

  #conflicts(): string[] {
    return [...this.#lateNotifications(), ...this.#overwritten()];
  }

  #lateNotifications(): string[] {
    const isOwn = this.#resource !== undefined || (this.#eventBridge && ownResourceOf(this.#bucket));
    if (this.#isManagedByCdk || !isOwn || !hasNotifications(this.#bucket)) return [];
    return [
      `\`watchBucket\`: expected notifications of the bucket ${this.#bucket.node.path} to be added before it is watched, got one after it: the CDK would overwrite what the purger adds`,
    ];
  }

  /** CloudFormation writes EventBridge into the bucket's configuration alone, over what a function has added in another stack. */
  #overwritten(): string[] {
    const own = ownResourceOf(this.#bucket);
    if (!this.#eventBridge || this.#isManagedByCdk || this.#resource || own === undefined) return [];
    const other = this.node.root.node
      .findAll()
      .filter((each) => each instanceof BucketConfiguration)
      .find((each) => each.#resource !== undefined && ownResourceOf(each.#bucket) === own);
    if (other === undefined || Stack.of(other) === Stack.of(this)) return [];
    const [here, there] = [Stack.of(this).stackName, Stack.of(other).stackName];
    return [
      `\`watchBucket\`: expected the bucket ${this.#bucket.node.path} to be watched in one way by the stacks ${here} and ${there}, got "eventbridge" and "notification": CloudFormation would write EventBridge over the notifications`,
    ];
  }
}

const policyReasons = {
  'NIST.800.53.R5-IAMNoInlinePolicy':
    'The policy belongs to the role of one function, goes with the configuration of the one bucket that it names, and is of no use to others.',
};

/** CDK's `SqsDestination` would let every bucket of every account use the queue's key. */
function destinationOf(queue: Queue): IBucketNotificationDestination {
  return {
    bind: () => ({
      arn: queue.queueArn,
      type: BucketNotificationDestinationType.QUEUE,
      dependencies: [queue],
    }),
  };
}

/** The bucket in this app's templates; undefined for one that is imported. */
function ownResourceOf(bucket: IBucket): CfnResource | undefined {
  const child = bucket.node.defaultChild;
  return child !== undefined && CfnResource.isCfnResource(child) ? child : undefined;
}

/** Whether the CDK manages the bucket's notifications, which then are all that it has. */
function hasNotifications(bucket: IBucket): boolean {
  return bucket instanceof Bucket && bucket.node.tryFindChild('Notifications') !== undefined;
}

/**
 * S3 compares the prefix and suffix of a notification with keys in the encoding of notifications.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */
function encodedFilter({ prefix, suffix }: Keys): NotificationKeyFilter {
  return {
    ...(prefix === undefined ? {} : { prefix: formEncodedKey(prefix) }),
    ...(suffix === undefined ? {} : { suffix: formEncodedKey(suffix) }),
  };
}
