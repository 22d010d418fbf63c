import { createHash } from 'node:crypto';
import { Duration, Lazy, Stack, Token } from 'aws-cdk-lib';
import { type EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { MappingConfig } from '../../functions/core/mapping/rule.ts';
import type { WatchedObjects } from '../../functions/core/model/object-filter.ts';
import { mappingFile } from '../../functions/lambda/bundled-rules.ts';
import { environment } from '../../functions/lambda/environment.ts';
import { PurgerFunction } from '../function/purger-function.ts';
import { LostEvents } from '../monitoring/lost-events.ts';
import type { Monitoring } from '../monitoring/monitoring.ts';
import { type S3Queue, watchS3Queue, watchS3Receiver } from '../monitoring/receiver-alarms.ts';
import {
  checkOverlap,
  checkStandardQueue,
  checkWatchFilter,
  checkWatchOptions,
  type WatchFilter,
  type WatchOptions,
} from '../settings/watch-options.ts';
import { grantSend, type PurgeQueue as PurgeBuffer } from '../storage/purge-queue.ts';
import { BucketConfiguration, configureBucketFunction } from './bucket-configuration.ts';
import { keyPattern } from './key-pattern.ts';
import { createBus, grantPutEvents } from './other-accounts-bus.ts';
import { Inbox, receiveFrom } from './s3-event-queue.ts';

/** What the receivers are made of. */
export interface ReceiverProps {
  readonly mapping: MappingConfig;
  readonly buffer: PurgeBuffer;
  readonly monitoring: Monitoring;
}

/** What the receiver of S3's events is made of. */
export interface S3ReceiverProps extends ReceiverProps {
  readonly freshnessSeconds: number;
  /** Is told of each queue out of which events are taken. */
  readonly onQueue: (queue: S3Queue) => void;
}

/** At most what a queue hides a message for by default: Lambda refuses a queue that hides it for less. */
const timeout = Duration.seconds(30);
/** Lambda takes 4 KB of environment in all. */
const maxWatchedLength = 3000;

/** Receives the changes of S3 buckets. */
export class S3Receiver extends Construct {
  readonly function: PurgerFunction;
  readonly #buffer: PurgeBuffer;
  readonly #watchQueue: (queue: S3Queue) => void;
  readonly #watched: WatchedObjects[] = [];
  readonly #bucketConfigurations = new Map<string, BucketConfiguration>();
  /** What topics and queues carry may be more than is watched. */
  #filters = false;
  #carriesAll = false;
  readonly #lostEvents: LostEvents;
  readonly #otherAccounts = new Set<string>();
  #inbox: Inbox | undefined;
  #bus: EventBus | undefined;
  #configureFunction: PurgerFunction | undefined;

  constructor(scope: Construct, id: string, props: S3ReceiverProps) {
    super(scope, id);
    const { mapping, buffer, monitoring, freshnessSeconds, onQueue } = props;
    this.#buffer = buffer;
    this.#watchQueue = (queue) => {
      watchS3Queue(monitoring, queue, freshnessSeconds);
      onQueue(queue);
    };
    this.function = new PurgerFunction(this, 'Function', {
      name: 'receive-s3',
      description: 'cdn-pro-purger: turns changes of S3 objects into purge messages',
      timeout,
      // Half of it would do for one event; batches have thousands.
      memorySize: 512,
      files: { [mappingFile]: JSON.stringify(mapping) },
      environment: {
        [environment.bufferQueueUrl]: buffer.queue.queueUrl,
        [environment.deadLetterQueueUrl]: buffer.deadLetterQueue.queueUrl,
      },
      onFailure: buffer.deadLetterQueue,
      protection: buffer.protection,
    });
    grantSend(buffer.queue, this.function);
    grantSend(buffer.deadLetterQueue, this.function);
    watchS3Receiver(monitoring, this.function, buffer);
    this.#lostEvents = new LostEvents(monitoring, this.function);
    this.node.addValidation({ validate: () => this.#issuesOfLength() });
  }

  /** The queue that takes notifications and what topics send; undefined while nothing needs it. */
  get inboxQueue(): IQueue | undefined {
    return this.#inbox?.queue;
  }

  /** Of the bus that other accounts send their S3 events to; undefined while no bucket of theirs is watched. */
  get eventBusArn(): string | undefined {
    return this.#bus?.eventBusArn;
  }

  /** Brings the events of a bucket's watched keys to this receiver. */
  watchBucket(bucket: IBucket, options: WatchOptions): void {
    checkWatchOptions(options);
    const { prefix, suffix, via = 'eventbridge', configureBucket = true } = options;
    const account = options.account ?? otherAccountOf(bucket, this);
    const keys = { ...(prefix === undefined ? {} : { prefix }), ...(suffix === undefined ? {} : { suffix }) };
    this.#addWatched({ bucket: bucket.bucketName, ...keys });
    const configuration =
      account === undefined && configureBucket ? this.#configurationOf(bucket) : undefined;
    if (via === 'notification') {
      const inbox = this.#ownInbox();
      inbox.allowBucket(bucket, account);
      configuration?.notify(inbox.queue, keys);
    } else {
      const rule = this.#addRule(bucket, keys, account);
      // With the function, the permission to invoke it, which the rule has put in there.
      configuration?.enableEventBridge(rule, this.function);
    }
  }

  /** Subscribes to a topic that carries S3's events. */
  watchTopic(topic: ITopic, filter: WatchFilter): void {
    checkWatchFilter(filter, 'watchTopic');
    this.#addFilter(filter);
    this.#ownInbox().subscribe(topic);
  }

  /** Takes S3's events out of a queue that carries them. */
  watchQueue(queue: IQueue, filter: WatchFilter): void {
    checkWatchFilter(filter, 'watchQueue');
    checkStandardQueue(queue);
    this.#addFilter(filter);
    receiveFrom(queue, this.function);
    this.#watchQueue({ queue, name: queue.queueName });
  }

  #addWatched(objects: WatchedObjects): void {
    checkOverlap(objects, this.#watched);
    this.#watched.push(objects);
  }

  #addFilter(filter: WatchFilter): void {
    if (Object.keys(filter).length === 0) this.#carriesAll = true;
    this.#watched.push(filter);
    if (this.#filters) return;
    this.#filters = true;
    this.function.addEnvironment(
      environment.watchedObjects,
      Lazy.string({ produce: () => Stack.of(this).toJsonString(this.#carriesAll ? [{}] : this.#watched) }),
    );
  }

  #ownInbox(): Inbox {
    if (this.#inbox !== undefined) return this.#inbox;
    const { deadLetterQueue, protection } = this.#buffer;
    this.#inbox = new Inbox(this, 'Inbox', { receiver: this.function, timeout, deadLetterQueue, protection });
    this.#watchQueue({ queue: this.#inbox.queue, name: 'inbox' });
    return this.#inbox;
  }

  #configurationOf(bucket: IBucket): BucketConfiguration {
    const known = this.#bucketConfigurations.get(bucket.bucketName);
    if (known !== undefined) return known;
    // Not by its place: in another order, one bucket's resource would become another's, and meet the one it still has.
    const id = `Configuration${bucket.node.addr}`;
    const made = new BucketConfiguration(this, id, bucket, () => {
      this.#configureFunction ??= configureBucketFunction(this, this.#buffer.protection);
      return this.#configureFunction;
    });
    this.#bucketConfigurations.set(bucket.bucketName, made);
    return made;
  }

  #addRule(bucket: IBucket, keys: Pick<WatchedObjects, 'prefix' | 'suffix'>, account?: string): Rule {
    const key = keyPattern(keys);
    this.#buffer.letEventBridgeSend();
    // What is watched otherwise is another rule, which is there before the former one goes.
    const identity = JSON.stringify([bucket.node.addr, keys.prefix, keys.suffix, account]);
    const bus = account === undefined ? undefined : this.#busFor(account);
    const rule = new Rule(this, `Rule${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`, {
      description: 'cdn-pro-purger: objects that are put or deleted',
      ...(bus === undefined ? {} : { eventBus: bus }),
      eventPattern: {
        ...(account === undefined ? {} : { account: [account] }),
        source: ['aws.s3'],
        detailType: ['Object Created', 'Object Deleted'],
        detail: {
          bucket: { name: [bucket.bucketName] },
          ...(key === undefined ? {} : { object: { key: [...key] } }),
        },
      },
      targets: [
        new LambdaFunction(this.function, {
          deadLetterQueue: this.#buffer.deadLetterQueue,
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
        }),
      ],
    });
    this.#lostEvents.addRule(rule, bus);
    return rule;
  }

  /** A bus of its own: what another account sends then meets no other rule of this account. */
  #busFor(account: string): EventBus {
    this.#bus ??= createBus(this, 'Bus', this.#buffer);
    if (!this.#otherAccounts.has(account)) grantPutEvents(this.#bus, account);
    this.#otherAccounts.add(account);
    return this.#bus;
  }

  #issuesOfLength(): string[] {
    const length = this.#filters && !this.#carriesAll ? JSON.stringify(this.#watched).length : 0;
    if (length <= maxWatchedLength) return [];
    return [
      `\`topics\`, \`queues\` and \`buckets\`: expected filters of at most ${maxWatchedLength} characters in all, got ${length}: leave the filters of topics and queues out, and let the rules choose`,
    ];
  }
}

/** The account that owns a bucket, where it is known not to be the stack's. */
function otherAccountOf(bucket: IBucket, scope: Construct): string | undefined {
  const [owner, own] = [bucket.env.account, Stack.of(scope).account];
  return Token.isUnresolved(owner) || Token.isUnresolved(own) || owner === own ? undefined : owner;
}
