import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  type CompleteSettings,
  checkSettings,
  describeFault,
  type Settings,
} from '../functions/core/config.ts';
import { faultsOfSources, sourcesOf } from '../functions/core/source-faults.ts';
import type { AlarmSettings } from './alarm-settings.ts';
import { PurgerDashboard } from './dashboard.ts';
import { Ledger } from './ledger.ts';
import { Monitoring } from './monitoring.ts';
import { S3Receiver, type WatchOptions, WebhookReceiver } from './receivers.ts';
import { Submit } from './submit.ts';
import { type Webhook, webhookSourceNames } from './webhook.ts';

/** What a purger is made of. */
export interface CdnPurgerProps extends Settings {
  /** Holds CDN Pro's credentials: `{"username","apiKey"}` or `{"accessKey","secretKey"}`. */
  readonly credentials: ISecret;
  /** Scheme and host of CDN Pro's API. Default: `https://api.cdnetworks.com`. */
  readonly endpoint?: string;
  /** Where alarms go, and which there are. Default: all of them, and nobody is told. */
  readonly alarms?: AlarmSettings;
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
  readonly #monitoring: Monitoring;
  readonly #dashboard: PurgerDashboard | undefined;
  #s3Receiver: S3Receiver | undefined;
  #webhookReceiver: WebhookReceiver | undefined;
  readonly #sources = new Set<string>();

  constructor(scope: Construct, id: string, props: CdnPurgerProps) {
    super(scope, id);
    const { credentials, endpoint = 'https://api.cdnetworks.com', alarms = {}, ...settings } = props;
    this.#settings = checkSettings(settings);
    this.#monitoring = new Monitoring(this, 'Monitoring', alarms);
    this.ledger = new Ledger(this, 'Ledger');
    this.#submit = new Submit(this, 'Submit', {
      settings: this.#settings,
      credentials,
      endpoint,
      ledger: this.ledger,
      monitoring: this.#monitoring,
    });
    if (this.#settings.dashboard) {
      const { function: fn, buffer } = this.#submit;
      const watched = { function: fn, buffer, settings: this.#settings };
      this.#dashboard = new PurgerDashboard(this, 'Dashboard', this.#monitoring, watched);
    }
    this.bufferQueue = this.#submit.buffer.queue;
    this.deadLetterQueue = this.#submit.buffer.deadLetterQueue;
    this.node.addValidation({ validate: () => this.#rulesWithoutSource() });
  }

  /** Purges what the rules say when an object of this bucket is put or deleted. */
  watchBucket(bucket: IBucket, options: WatchOptions = {}): void {
    this.#s3Receiver ??= this.#createS3Receiver();
    this.#s3Receiver.watch(bucket, options);
    this.#sources.add('s3');
  }

  /** Purges what the rules say when this webhook delivers a change. */
  receiveWebhook(webhook: Webhook): void {
    this.#webhookReceiver ??= this.#createWebhookReceiver();
    this.#webhookReceiver.receive(webhook);
    this.#dashboard?.addWebhook(webhook.name);
    for (const source of sourcesOf(webhook.source)) this.#sources.add(source);
  }

  /** The URL that a webhook's name is appended to; undefined while no webhook is received. */
  get webhookUrl(): string | undefined {
    return this.#webhookReceiver?.url;
  }

  #createS3Receiver(): S3Receiver {
    const receiver = new S3Receiver(this, 'ReceiveS3', this.#receiverProps());
    this.#dashboard?.addReceiver('receive-s3', receiver.function);
    return receiver;
  }

  #createWebhookReceiver(): WebhookReceiver {
    const props = { ...this.#receiverProps(), ledger: this.ledger };
    const receiver = new WebhookReceiver(this, 'ReceiveWebhook', props);
    this.#dashboard?.addReceiver('receive-webhook', receiver.function);
    return receiver;
  }

  #receiverProps() {
    const { target, rules } = this.#settings;
    return { mapping: { target, rules }, buffer: this.#submit.buffer, monitoring: this.#monitoring };
  }

  #rulesWithoutSource(): string[] {
    const received = { sources: [...this.#sources] };
    return faultsOfSources(this.#settings, received, ['s3', ...webhookSourceNames]).map(describeFault);
  }
}
