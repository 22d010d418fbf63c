import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import * as z from 'zod';
import { check, type Settings, settingsFields } from '../functions/core/config.ts';
import { faultsOfRules } from '../functions/core/rule-faults.ts';
import { expecting, fields, text } from '../functions/core/schema.ts';
import { faultsOfSources, receivedBy } from '../functions/core/source-faults.ts';
import { type AlarmFields, type AlarmSettings, alarmFields } from './alarm-settings.ts';
import { CdnPurger } from './cdn-purger.ts';
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
  /** The buckets to watch, by name, each once or with prefixes that do not overlap. */
  readonly buckets?: readonly {
    readonly name: string;
    /** Only keys that begin with this. Default: all keys. */
    readonly prefix?: string;
  }[];
  /** The webhooks to receive, each with the options that its source knows: see `docs/sources.md`. */
  readonly webhooks?: readonly WebhookSettings[];
  /** Where alarms go, and which there are. Default: all of them, and nobody is told. */
  readonly alarms?: AlarmFields;
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
  buckets: z
    .array(
      fields({
        name: text('a bucket name').regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, expecting('a bucket name')),
        prefix: text('a prefix').optional(),
      }),
      expecting('a list of {name, prefix}'),
    )
    .optional(),
  webhooks: z.array(webhookSettings, expecting('a list of {source, secret, name}')).optional(),
  alarms: alarmFields.optional(),
});

/**
 * Checks what a configuration file exports.
 * @throws ConfigError with every fault
 */
export function checkConfig(config: unknown): PurgerConfig {
  return check(configFields, config, 'The configuration', (value) => [
    ...faultsOfRules(value),
    ...faultsOfSources(value, receivedBy(value), ['s3', ...webhookSourceNames]),
  ]) as PurgerConfig;
}

/** A stack around one purger, for those who deploy this project as it is. */
export class PurgerStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { readonly config: PurgerConfig }) {
    const { config, ...stackProps } = props;
    super(scope, id, stackProps);
    const { stackName: _, credentials, buckets = [], webhooks = [], alarms = {}, ...settings } = config;
    const purger = new CdnPurger(this, 'Purger', {
      ...settings,
      credentials: this.#secret('Credentials', credentials),
      alarms: this.#alarms(alarms),
    });
    buckets.forEach(({ name, prefix }, index) => {
      const bucket = Bucket.fromBucketName(this, `Bucket${index + 1}`, name);
      purger.watchBucket(bucket, prefix === undefined ? {} : { prefix });
    });
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
    if (purger.webhookUrl !== undefined) {
      this.#output(
        'WebhookUrl',
        purger.webhookUrl,
        "Append a webhook's name to get the URL to enter in the CMS.",
      );
    }
  }

  #alarms({ topicArn, criticalTopicArn, ...settings }: AlarmFields): AlarmSettings {
    const topicOf = (id: string, arn: string) => Topic.fromTopicArn(this, id, arn);
    return {
      ...settings,
      ...(topicArn === undefined ? {} : { topic: topicOf('AlarmTopic', topicArn) }),
      ...(criticalTopicArn === undefined
        ? {}
        : { criticalTopic: topicOf('CriticalAlarmTopic', criticalTopicArn) }),
    };
  }

  #secret(id: string, nameOrArn: string): ISecret {
    return nameOrArn.startsWith('arn:')
      ? Secret.fromSecretCompleteArn(this, id, nameOrArn)
      : Secret.fromSecretNameV2(this, id, nameOrArn);
  }

  #output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}
