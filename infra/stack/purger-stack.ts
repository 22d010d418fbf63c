import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import * as z from 'zod';
import { CdnPurger } from '../cdn-purger.ts';
import { type DataProtectionProps, dataProtectionFields } from '../security/data-protection.ts';
import { type AlarmFields, type AlarmSettings, alarmFields } from '../settings/alarm-settings.ts';
import { validateRegion } from '../settings/check-region.ts';
import { endpointField } from '../settings/endpoint.ts';
import { validateRules } from '../settings/rules/check-rules.ts';
import { receivedBy, validateSources } from '../settings/rules/check-sources.ts';
import { expected, nonEmptyString, strictObject } from '../settings/schema.ts';
import { check, type Settings, settingsFields } from '../settings/settings.ts';
import {
  type BucketSettings,
  type QueueSettings,
  sourceFields,
  type TopicSettings,
  validateSourceSettings,
  webhookApiFields,
} from '../settings/source-settings.ts';
import type { ValidationIssue } from '../settings/validation-issue.ts';
import { type WebhookSettings, webhookSettings, webhookSourceNames } from '../settings/webhook-settings.ts';
import {
  accounts,
  importLedger,
  keyArn,
  type SharedLedgerSettings,
  sharedLedgerFields,
  validateSharing,
} from '../storage/shared-ledger.ts';
import { Webhook } from '../webhook.ts';
import { type WebhookApiSettings, watchSources, webhookApiOptions } from './stack-sources.ts';

/** The name of a stack that is given none. */
export const defaultStackName = 'CdnProPurger';

/** What `infra/config.ts` holds, or what each of its stages does. */
export interface PurgerConfig extends Settings, DataProtectionProps {
  /** The stack's name. Default: `CdnProPurger`, and `CdnProPurger-NAME` for the stage NAME. */
  readonly stackName?: string;
  /** The AWS account to deploy into, 12 digits. Default: that of the credentials in use. */
  readonly account?: string;
  /** The AWS region to deploy into. Default: that of the profile in use. */
  readonly region?: string;
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
  /** ARN of a key of yours that encrypts queues, table, logs, bus and the functions' environment. Default: AWS's own keys. */
  readonly encryptionKeyArn?: string;
  /** The ledger of another deployment that uses the same CDN Pro user. Default: its own. */
  readonly sharedLedger?: SharedLedgerSettings;
  /** IDs of other AWS accounts whose deployments share this one's ledger. */
  readonly ledgerSharedWith?: readonly string[];
  /** Where alarms go, and which there are. Default: all of them, and nobody is told. */
  readonly alarms?: AlarmFields;
  /** What the API that takes webhooks is like. */
  readonly webhookApi?: WebhookApiSettings;
}

/** The shape of a {@link PurgerConfig}. */
export const configFields = strictObject({
  ...settingsFields,
  stackName: nonEmptyString('a stack name')
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, expected('a stack name: letters, digits and "-", a letter first'))
    .optional(),
  account: nonEmptyString('an AWS account: 12 digits')
    .regex(/^\d{12}$/, expected('an AWS account: 12 digits'))
    .optional(),
  region: nonEmptyString('an AWS region')
    .regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, expected('an AWS region'))
    .optional(),
  credentials: nonEmptyString('the name or ARN of a secret').regex(
    /^(?:(?!arn:).+|arn:[^:]+:secretsmanager:[^:]*:\d+:secret:.+-[A-Za-z0-9]{6})$/,
    expected('the name of a secret, or its whole ARN with the six characters at its end'),
  ),
  endpoint: endpointField.optional(),
  ...sourceFields,
  webhooks: z.array(webhookSettings, expected('a list of {source, secret, name}')).optional(),
  ...dataProtectionFields,
  encryptionKeyArn: keyArn.optional(),
  sharedLedger: sharedLedgerFields.optional(),
  ledgerSharedWith: accounts.optional(),
  alarms: alarmFields.optional(),
  webhookApi: webhookApiFields.optional(),
});

/**
 * Checks what a configuration file exports.
 * @throws ConfigError with every issue
 */
export function checkConfig(config: unknown): PurgerConfig {
  return check(configFields, config, 'The configuration', validateConfig) as PurgerConfig;
}

/** @returns what is wrong with a configuration that its shape cannot say */
export function validateConfig(config: unknown): readonly ValidationIssue[] {
  return [
    ...validateRules(config),
    ...validateSourceSettings(config),
    ...validateRegion(config),
    ...validateSharing(config),
    ...validateSources(config, receivedBy(config), ['s3', ...webhookSourceNames]),
  ];
}

/**
 * A stack around one purger, for those who deploy this project as it is.
 * @throws ConfigError when the configuration is wrong, with every issue
 */
export class PurgerStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { readonly config: PurgerConfig }) {
    const { config, ...stackProps } = props;
    const { stackName, account, region, ...deployed } = checkConfig(config);
    super(scope, id, {
      ...(stackName === undefined ? {} : { stackName }),
      env: { ...(account ? { account } : {}), ...(region ? { region } : {}) },
      ...stackProps,
    });
    const { credentials, buckets = [], topics = [], queues = [], webhooks = [], ...others } = deployed;
    const { encryptionKeyArn, sharedLedger, alarms = {}, webhookApi = {}, ...settings } = others;
    const purger = new CdnPurger(this, 'Purger', {
      ...settings,
      credentials: this.#secret('Credentials', credentials),
      alarms: this.#alarms(alarms),
      webhookApi: webhookApiOptions(this, webhookApi),
      ...(encryptionKeyArn && { encryptionKey: Key.fromKeyArn(this, 'EncryptionKey', encryptionKeyArn) }),
      ...(sharedLedger && { sharedLedger: importLedger(this, 'SharedLedger', sharedLedger) }),
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

  #output(name: string, value: string | undefined, description: string): void {
    if (value !== undefined) new CfnOutput(this, name, { value, description });
  }
}
