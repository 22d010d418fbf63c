import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import * as z from 'zod';
import { check, type Settings, settingsFields } from '../functions/core/config.ts';
import { faultsOfRules } from '../functions/core/rule-faults.ts';
import { expecting, fields, text } from '../functions/core/schema.ts';
import { faultsOfSources, receivedBy } from '../functions/core/source-faults.ts';
import { CdnPurger } from './cdn-purger.ts';
import {
  type BucketSettings,
  faultsOfSettings,
  type QueueSettings,
  sourceFields,
  type TopicSettings,
  webhookApiFields,
} from './source-settings.ts';
import { type WebhookApiSettings, watchSources, webhookApiOptions } from './stack-sources.ts';
import { Webhook, webhookSourceNames } from './webhook.ts';
import { type WebhookSettings, webhookSettings } from './webhook-settings.ts';

/** What `infra/config.ts` holds. */
export interface PurgerConfig extends Settings {
  /** The stack's name. Default: `CdnProPurger`. */
  readonly stackName?: string;
  /** Name or ARN of the secret with CDN Pro's credentials: `{"username","apiKey"}` or `{"accessKey","secretKey"}`. */
  readonly credentials: string;
  /** Scheme and host of CDN Pro's API. Default: `https://api.cdnetworks.com`. */
  readonly endpoint?: string;
  /** The buckets to watch, by name, each once or with prefixes and suffixes that do not overlap. */
  readonly buckets?: readonly BucketSettings[];
  /** SNS topics that carry S3's events already. */
  readonly topics?: readonly TopicSettings[];
  /** SQS queues that carry S3's events already, and that nobody else empties. */
  readonly queues?: readonly QueueSettings[];
  /** The webhooks to receive, each with the options that its source knows: see `docs/sources.md`. */
  readonly webhooks?: readonly WebhookSettings[];
  /** What the API that takes webhooks is like. */
  readonly webhookApi?: WebhookApiSettings;
}

/** The shape of a {@link PurgerConfig}. */
export const configFields = fields({
  ...settingsFields,
  stackName: text('a stack name')
    .regex(
      /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
      expecting('a stack name: letters, digits and "-", a letter first'),
    )
    .optional(),
  credentials: text('the name or ARN of a secret').regex(
    /^(?:(?!arn:).+|arn:[^:]+:secretsmanager:[^:]*:\d+:secret:.+-[A-Za-z0-9]{6})$/,
    expecting('the name of a secret, or its whole ARN with the six characters at its end'),
  ),
  endpoint: text('a URL')
    .regex(/^https?:\/\/[^/]+\/?$/, expecting('scheme and host of a URL'))
    .optional(),
  ...sourceFields,
  webhooks: z.array(webhookSettings, expecting('a list of {source, secret, name}')).optional(),
  webhookApi: webhookApiFields.optional(),
});

/**
 * Checks what a configuration file exports.
 * @throws ConfigError with every fault
 */
export function checkConfig(config: unknown): PurgerConfig {
  return check(configFields, config, 'The configuration', (value) => [
    ...faultsOfRules(value),
    ...faultsOfSettings(value),
    ...faultsOfSources(value, receivedBy(value), ['s3', ...webhookSourceNames]),
  ]) as PurgerConfig;
}

/** A stack around one purger, for those who deploy this project as it is. */
export class PurgerStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { readonly config: PurgerConfig }) {
    const { config, ...stackProps } = props;
    super(scope, id, stackProps);
    const {
      stackName: _,
      credentials,
      buckets = [],
      topics = [],
      queues = [],
      webhooks = [],
      webhookApi = {},
      ...settings
    } = config;
    const purger = new CdnPurger(this, 'Purger', {
      ...settings,
      credentials: this.#secret('Credentials', credentials),
      webhookApi: webhookApiOptions(this, webhookApi),
    });
    watchSources(this, purger, { buckets, topics, queues });
    const secrets = new Map<string, ISecret>();
    for (const { source, secret, ...settings } of webhooks) {
      for (const name of [secret].flat()) {
        if (!secrets.has(name)) secrets.set(name, this.#secret(`WebhookSecret${secrets.size + 1}`, name));
      }
      const own = [secret].flat().flatMap((name) => secrets.get(name) ?? []);
      purger.receiveWebhook(Webhook.of(source, { ...settings, secret: own }));
    }
    this.#output('BufferQueueUrl', purger.bufferQueue.queueUrl, 'The queue in which purge messages wait.');
    this.#output(
      'DeadLetterQueueUrl',
      purger.deadLetterQueue.queueUrl,
      'Holds what could not be purged, with the reason.',
    );
    this.#output('LedgerTableName', purger.ledger.table.tableName, "The table with the rate limit's window.");
    const { webhookUrl, webhookDomainTarget, s3Queue, s3EventBusArn } = purger;
    this.#output('WebhookUrl', webhookUrl, "Append a webhook's name to get the URL to enter in the CMS.");
    this.#output('WebhookDomainTarget', webhookDomainTarget, 'What a CNAME of the domain has to point at.');
    this.#output('S3QueueArn', s3Queue?.queueArn, 'The queue that buckets notify and topics send to.');
    this.#output('S3EventBusArn', s3EventBusArn, "The event bus that other accounts send S3's events to.");
  }

  #secret(id: string, nameOrArn: string): ISecret {
    return nameOrArn.startsWith('arn:')
      ? Secret.fromSecretCompleteArn(this, id, nameOrArn)
      : Secret.fromSecretNameV2(this, id, nameOrArn);
  }

  #output(name: string, value: string | undefined, description: string): void {
    if (value !== undefined) new CfnOutput(this, name, { value, description });
  }
}
