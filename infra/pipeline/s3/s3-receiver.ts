import { Annotations, Duration, type IResource, Lazy, Stack, Token } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { objectPrefix } from '../../../functions/aws/tables/ledger-keys.ts';
import type { MappingConfig } from '../../../functions/core/mapping/rule.ts';
import type { ObjectFilter } from '../../../functions/core/model/objects/object-filter.ts';
import { mappingFile } from '../../../functions/lambda/bundled-rules.ts';
import { environment } from '../../../functions/lambda/environment.ts';
import { PurgerFunction } from '../../function/purger-function.ts';
import { LostEvents } from '../../monitoring/lost-events.ts';
import type { Monitoring } from '../../monitoring/monitoring.ts';
import { type S3Queue, watchS3Queue, watchS3Receiver } from '../../monitoring/receiver-alarms.ts';
import { otherRegionOf } from '../../security/other-region.ts';
import { ConfigError, purgerSubject } from '../../settings/checks/check.ts';
import {
  checkStandardQueue,
  checkWatchFilter,
  checkWatchOptions,
  skippedObjects,
  type WatchFilter,
  type WatchOptions,
} from '../../settings/sources/watch-options.ts';
import { grantItems, type Ledger } from '../../storage/ledger.ts';
import { grantSend, type PurgeQueue } from '../../storage/purge-queue.ts';
import { BucketConfigurations } from './bucket-configurations.ts';
import { BucketRules } from './bucket-rules.ts';
import { ObjectFilters } from './object-filters.ts';
import { receiveFrom, S3EventQueue } from './s3-event-queue.ts';

/** Options that the receivers have in common. */
export interface ReceiverProps {
  readonly mapping: MappingConfig;
  readonly buffer: PurgeQueue;
  readonly monitoring: Monitoring;
}

/** Options of an {@link S3Receiver}. */
export interface S3ReceiverProps extends ReceiverProps {
  /** Remembers objects whose puts are left out where nothing changed. */
  readonly ledger: Ledger;
  /** Maps S3's events that come back from the dead letter queue. */
  readonly recovering: PurgerFunction;
  /** Called for every queue that the receiver consumes. */
  readonly onQueue: (queue: S3Queue) => void;
}

/** Not longer than the default visibility timeout of a queue: Lambda refuses queues with a shorter one. */
const timeout = Duration.seconds(30);

/** Receives the changes of S3 objects: from buckets, and from topics and queues that carry S3's events. */
export class S3Receiver extends Construct {
  readonly function: PurgerFunction;
  /** The queues of others that it empties. */
  readonly watchedQueues: IQueue[] = [];
  readonly #props: S3ReceiverProps;
  readonly #filters = new ObjectFilters();
  readonly #rules: BucketRules;
  readonly #configurations: BucketConfigurations;
  readonly #queueNames = new Set<string>();
  readonly #topicArns = new Set<string>();
  #eventQueue: S3EventQueue | undefined;
  #remembersObjects = false;

  constructor(scope: Construct, id: string, props: S3ReceiverProps) {
    super(scope, id);
    this.#props = props;
    const { buffer, monitoring, recovering } = props;
    this.function = this.#createFunction();
    watchS3Receiver(monitoring, this.function);
    const filters = Lazy.string({ produce: () => this.#filters.toEnvironment(this) });
    for (const each of [this.function, recovering]) each.addEnvironment(environment.watchedObjects, filters);
    const skipped = Lazy.string({ produce: () => this.#filters.skippedToEnvironment(this) });
    this.function.addEnvironment(environment.skipUnchanged, skipped);
    this.#rules = new BucketRules(this, { buffer, lostEvents: new LostEvents(monitoring) });
    this.#configurations = new BucketConfigurations(this, buffer.protection);
  }

  /** The objects whose changes it takes. */
  get watchedObjects(): readonly ObjectFilter[] {
    return this.#filters.all;
  }

  /** The queue that buckets, rules and topics send to; undefined while none does. */
  get eventQueue(): IQueue | undefined {
    return this.#eventQueue?.queue;
  }

  /** The ARN of the bus that other accounts send S3's events to; undefined while no bucket of theirs is watched. */
  get eventBusArn(): string | undefined {
    return this.#rules.otherAccounts.arn;
  }

  /** Brings the events of a bucket's watched keys to this receiver. */
  watchBucket(bucket: IBucket, options: WatchOptions): void {
    checkWatchOptions(options, Token.isUnresolved);
    const { prefix, suffix, via = 'eventbridge', configureBucket = true } = options;
    const account = options.account ?? otherAccountOf(bucket, this);
    if (account === undefined || via === 'notification') {
      refuseOtherRegion(
        bucket,
        this,
        "`buckets`: expected a bucket of the stack's region",
        'docs/sources-s3.md#a-bucket-cannot-be-configured has how to watch it from there',
      );
    }
    const keys = { ...(prefix === undefined ? {} : { prefix }), ...(suffix === undefined ? {} : { suffix }) };
    const skipped = skippedObjects(bucket.bucketName, options);
    this.#filters.addBucket({ bucket: bucket.bucketName, ...keys }, skipped);
    if (skipped.length > 0) this.#rememberObjects();
    const isConfigured = account === undefined && configureBucket;
    const configuration = isConfigured ? this.#configurations.of(bucket) : undefined;
    if (via === 'notification') {
      const eventQueue = this.#sharedEventQueue();
      eventQueue.allowBucket(bucket, account);
      configuration?.notify(eventQueue.queue, keys);
    } else {
      const eventQueue = this.#sharedEventQueue();
      const rule = this.#rules.add(bucket, keys, eventQueue, account);
      configuration?.enableEventBridge(rule, eventQueue);
    }
  }

  /** Subscribes to a topic that carries S3's events. */
  watchTopic(topic: ITopic, filter: WatchFilter): void {
    checkWatchFilter(filter, 'watchTopic');
    if (this.#topicArns.has(topic.topicArn)) {
      throw new ConfigError(purgerSubject, [
        `\`topics\`: expected each topic once, got ${topic.node.path} twice: watch it without a filter, and let the rules choose`,
      ]);
    }
    this.#topicArns.add(topic.topicArn);
    this.#filters.addTopic(topic.topicArn, filter);
    this.#warnOfOpenCarrier('topic', topic, filter);
    this.#sharedEventQueue().subscribe(topic);
  }

  /** Consumes a queue that carries S3's events. */
  watchQueue(queue: IQueue, filter: WatchFilter): void {
    checkWatchFilter(filter, 'watchQueue');
    checkStandardQueue(queue);
    refuseOtherRegion(
      queue,
      this,
      "`queues`: expected a queue of the stack's region",
      'name a topic, which may be of another',
    );
    this.#checkReaders(queue);
    this.#filters.addQueue(queue.queueArn, filter);
    this.#warnOfOpenCarrier('queue', queue, filter);
    receiveFrom(queue, this.function);
    this.watchedQueues.push(queue);
    // CloudWatch has no metrics of another account's queue.
    if (otherAccountOf(queue, this) === undefined) this.#notifyOfQueue({ queue, name: queue.queueName });
  }

  /** A message of a queue reaches one of those who empty it. */
  #checkReaders(queue: IQueue): void {
    const receivers = this.node.root.node.findAll().filter((each) => each instanceof S3Receiver);
    const other = receivers.find(({ watchedQueues }) =>
      watchedQueues.some(({ queueArn }) => queueArn === queue.queueArn),
    );
    if (other === undefined) return;
    const name = queue.node.path;
    if (other === this) {
      throw new ConfigError(purgerSubject, [
        `\`queues\`: expected each queue once, got ${name} twice: watch it without a filter, and let the rules choose`,
      ]);
    }
    Annotations.of(this).addWarningV2(
      'cdn-pro-purger:queue-shared',
      `The queue ${name} is emptied by ${other.node.path}, too: of each change only one of both learns. Give each a queue, subscribed to one topic: docs/sources-s3.md.`,
    );
  }

  #warnOfOpenCarrier(kind: 'topic' | 'queue', carrier: IResource, { bucket }: WatchFilter): void {
    const account = otherAccountOf(carrier, this);
    if (account === undefined || bucket !== undefined) return;
    Annotations.of(this).addWarningV2(
      'cdn-pro-purger:open-carrier',
      `The ${kind} ${carrier.node.id} belongs to the account ${account}, which can have any object's URLs purged by it: name the \`bucket\` that it may tell of.`,
    );
  }

  #createFunction(): PurgerFunction {
    const { mapping, buffer } = this.#props;
    const created = new PurgerFunction(this, 'Function', {
      name: 'receive-s3',
      description: 'cdn-pro-purger: turns changes of S3 objects into purge messages',
      timeout,
      // Half of it would be enough for one event; batches have thousands.
      memorySize: 512,
      files: { [mappingFile]: JSON.stringify(mapping) },
      environment: {
        [environment.bufferQueueUrl]: buffer.queue.queueUrl,
        [environment.deadLetterQueueUrl]: buffer.deadLetterQueue.queueUrl,
      },
      protection: buffer.protection,
      environmentAdvice: {
        settings: '`topics`, `queues` and `buckets`',
        advice:
          'leave the filters of topics and queues out, and let the rules choose; and name fewer prefixes in `skipUnchanged`',
      },
    });
    grantSend(buffer.queue, created);
    grantSend(buffer.deadLetterQueue, created);
    return created;
  }

  /** Lets the functions that map S3's events use what is remembered of objects. */
  #rememberObjects(): void {
    if (this.#remembersObjects) return;
    this.#remembersObjects = true;
    const { ledger, recovering } = this.#props;
    for (const each of [this.function, recovering]) {
      each.addEnvironment(environment.seenObjectsTable, ledger.table.tableName);
      grantItems(ledger.table, each, objectPrefix);
    }
    grantItems(ledger.table, this.function, objectPrefix, ['dynamodb:BatchGetItem']);
  }

  /** The queue for buckets and topics, created when the first needs it. */
  #sharedEventQueue(): S3EventQueue {
    if (this.#eventQueue !== undefined) return this.#eventQueue;
    const { buffer } = this.#props;
    this.#eventQueue = new S3EventQueue(this, 'Inbox', { receiver: this.function, timeout, buffer });
    this.#notifyOfQueue({ queue: this.#eventQueue.queue, name: 'inbox' });
    return this.#eventQueue;
  }

  #notifyOfQueue({ queue, name }: S3Queue): void {
    const { monitoring, onQueue } = this.#props;
    const unique = this.#queueNames.has(name) ? `${name}-${queue.env.account}` : name;
    this.#queueNames.add(name);
    watchS3Queue(monitoring, { queue, name: unique });
    onQueue({ queue, name: unique });
  }
}

/** The account that owns a resource, where it is known not to be the stack's. */
function otherAccountOf(resource: IResource, scope: Construct): string | undefined {
  const [owner, own] = [resource.env.account, Stack.of(scope).account];
  return Token.isUnresolved(owner) || Token.isUnresolved(own) || owner === own ? undefined : owner;
}

/**
 * S3 sends to EventBridge and to queues of the bucket's own region, and Lambda receives from queues of its own.
 * @throws ConfigError where a resource is known to be in another region than the stack
 */
function refuseOtherRegion(resource: IResource, scope: Construct, expected: string, instead: string): void {
  const region = otherRegionOf(resource, scope);
  if (region === undefined) return;
  const own = Stack.of(scope).region;
  throw new ConfigError(purgerSubject, [
    `${expected} ${own}, got ${resource.node.path} of ${region}: ${instead}`,
  ]);
}
