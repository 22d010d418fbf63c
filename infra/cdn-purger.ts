import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  type CompleteSettings,
  checkSettings,
  describeFault,
  type Settings,
} from '../functions/core/config.ts';
import { faultsOfSources, sourcesOf } from '../functions/core/source-faults.ts';
import { Ledger } from './ledger.ts';
import { S3Receiver } from './s3-receiver.ts';
import type { WatchFilter, WatchOptions } from './source-settings.ts';
import { Submit } from './submit.ts';
import { type Webhook, webhookSourceNames } from './webhook.ts';
import type { WebhookApiOptions } from './webhook-api.ts';
import { WebhookReceiver } from './webhook-receiver.ts';

/** What a purger is made of. */
export interface CdnPurgerProps extends Settings {
  /** Holds CDN Pro's credentials: `{"username","apiKey"}` or `{"accessKey","secretKey"}`. */
  readonly credentials: ISecret;
  /** Scheme and host of CDN Pro's API. Default: `https://api.cdnetworks.com`. */
  readonly endpoint?: string;
  /** What the API that takes webhooks is like: its domain, its throttle, its logs. */
  readonly webhookApi?: WebhookApiOptions;
}

/**
 * Purges CDN Pro's cache when something changes at the origin.
 * @throws ConfigError when the settings are wrong, with every fault
 */
export class CdnPurger extends Construct {
  /** The buffer in which purge messages wait. */
  readonly bufferQueue: Queue;
  /** Holds what could not be purged, with the reason. */
  readonly deadLetterQueue: Queue;
  readonly ledger: Ledger;
  readonly #settings: CompleteSettings;
  readonly #submit: Submit;
  readonly #webhookApi: WebhookApiOptions;
  #s3Receiver: S3Receiver | undefined;
  #webhookReceiver: WebhookReceiver | undefined;
  readonly #sources = new Set<string>();

  constructor(scope: Construct, id: string, props: CdnPurgerProps) {
    super(scope, id);
    const { credentials, endpoint = 'https://api.cdnetworks.com', webhookApi = {}, ...settings } = props;
    this.#webhookApi = webhookApi;
    this.#settings = checkSettings(settings);
    this.ledger = new Ledger(this, 'Ledger');
    this.#submit = new Submit(this, 'Submit', {
      settings: this.#settings,
      credentials,
      endpoint,
      ledger: this.ledger,
    });
    this.bufferQueue = this.#submit.buffer.queue;
    this.deadLetterQueue = this.#submit.buffer.deadLetterQueue;
    this.node.addValidation({ validate: () => this.#rulesWithoutSource() });
  }

  /**
   * Purges what the rules say when an object of this bucket is put or deleted. Several calls for one bucket have to name
   * keys that do not overlap.
   */
  watchBucket(bucket: IBucket, options: WatchOptions = {}): void {
    this.#receiveS3().watchBucket(bucket, options);
  }

  /** Purges what the rules say when this topic, to which S3 or EventBridge sends S3's events, tells of an object. */
  watchTopic(topic: ITopic, filter: WatchFilter = {}): void {
    this.#receiveS3().watchTopic(topic, filter);
  }

  /**
   * Purges what the rules say when this queue, which carries S3's events in any envelope, tells of an object. The purger
   * becomes its consumer: what it takes is gone from the queue.
   */
  watchQueue(queue: IQueue, filter: WatchFilter = {}): void {
    this.#receiveS3().watchQueue(queue, filter);
  }

  /** Purges what the rules say when this webhook delivers a change. */
  receiveWebhook(webhook: Webhook): void {
    this.#webhookReceiver ??= new WebhookReceiver(this, 'ReceiveWebhook', {
      ...this.#receiverProps(),
      ledger: this.ledger,
      webhookApi: this.#webhookApi,
    });
    this.#webhookReceiver.receive(webhook);
    for (const source of sourcesOf(webhook.source)) this.#sources.add(source);
  }

  /** The URL that a webhook's name is appended to; undefined while no webhook is received. */
  get webhookUrl(): string | undefined {
    return this.#webhookReceiver?.url;
  }

  /** What a record for the domain of the webhooks' API has to point at; undefined where there is nothing to do. */
  get webhookDomainTarget(): string | undefined {
    return this.#webhookReceiver?.domainTarget;
  }

  /** The queue that buckets notify and topics send to; undefined while none does. */
  get s3Queue(): IQueue | undefined {
    return this.#s3Receiver?.inboxQueue;
  }

  /** The ARN of the event bus that other accounts send S3's events to; undefined while no bucket of theirs is watched. */
  get s3EventBusArn(): string | undefined {
    return this.#s3Receiver?.eventBusArn;
  }

  #receiveS3(): S3Receiver {
    this.#s3Receiver ??= new S3Receiver(this, 'ReceiveS3', this.#receiverProps());
    this.#sources.add('s3');
    return this.#s3Receiver;
  }

  #receiverProps() {
    const { target, rules } = this.#settings;
    return { mapping: { target, rules }, buffer: this.#submit.buffer };
  }

  #rulesWithoutSource(): string[] {
    const received = { sources: [...this.#sources] };
    return faultsOfSources(this.#settings, received, ['s3', ...webhookSourceNames]).map(describeFault);
  }
}
