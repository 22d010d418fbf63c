import * as z from 'zod';
import { type AlarmFields, alarmFields } from './alarm-settings.ts';
import { validateRegion } from './check-region.ts';
import { check } from './checks/check.ts';
import { retiredSettings } from './checks/retired.ts';
import { expected, nonEmptyString, strictObject } from './checks/schema.ts';
import type { ValidationIssue } from './checks/validation-issue.ts';
import { type DataProtectionProps, dataProtectionFields } from './data-protection-settings.ts';
import {
  accounts,
  keyArn,
  type SharedLedgerSettings,
  sharedLedgerFields,
  validateSharing,
} from './ledger-settings.ts';
import { endpointField } from './purger-props.ts';
import { receivedBy, validateSources } from './rules/check-sources.ts';
import { type Settings, settingsFields, validateSettings } from './settings.ts';
import { type SecretSettings, secretSettings } from './sources/secret-settings.ts';
import {
  type BucketSettings,
  type QueueSettings,
  sourceFields,
  type TopicSettings,
  validateSourceSettings,
} from './sources/source-settings.ts';
import {
  validateWebhookApi,
  type WebhookApiSettings,
  webhookApiFields,
} from './sources/webhook-api-settings.ts';
import { type WebhookSettings, webhookSettings } from './sources/webhook-settings.ts';

/** The stack's name unless the configuration has one. */
export const defaultStackName = 'CdnProPurger';

/** The configuration in `infra/config.ts`, or one stage of it. */
export interface PurgerConfig extends Settings, DataProtectionProps {
  /**
   * The stack's name.
   * @default - `CdnProPurger`, and `CdnProPurger-NAME` for the stage NAME
   */
  readonly stackName?: string;
  /**
   * The AWS account to deploy into, 12 digits.
   * @default - that of the credentials in use
   */
  readonly account?: string;
  /**
   * The AWS region to deploy into.
   * @default - that of the profile in use
   */
  readonly region?: string;
  /**
   * The secret with CDN Pro's credentials: `{"username","apiKey"}` or `{"accessKey","secretKey"}`; its name or whole ARN, or
   * `{ name, keyArn }` where a key of yours encrypts it.
   */
  readonly credentials: SecretSettings;
  /**
   * Scheme and host of CDN Pro's API.
   * @default 'https://api.cdnetworks.com'
   */
  readonly endpoint?: string;
  /**
   * The buckets to watch, by name, each once or with prefixes and suffixes that do not overlap.
   * @default - none
   */
  readonly buckets?: readonly BucketSettings[];
  /**
   * SNS topics that carry S3's events already.
   * @default - none
   */
  readonly topics?: readonly TopicSettings[];
  /**
   * SQS queues that carry S3's events already, and that have no other consumer.
   * @default - none
   */
  readonly queues?: readonly QueueSettings[];
  /**
   * The webhooks to receive, each with the options that its source knows: see `docs/sources.md`.
   * @default - none
   */
  readonly webhooks?: readonly WebhookSettings[];
  /**
   * ARN of a key of yours that encrypts queues, table, logs, bus and the functions' environment.
   * @default - AWS's own keys
   */
  readonly encryptionKeyArn?: string;
  /**
   * The ledger of another deployment of the same CDN Pro customer.
   * @default - a table of the stack
   */
  readonly sharedLedger?: SharedLedgerSettings;
  /**
   * IDs of other AWS accounts whose deployments share this one's ledger.
   * @default - none
   */
  readonly ledgerSharedWith?: readonly string[];
  /**
   * Where alarms go, and which there are.
   * @default - all alarms, without notifications
   */
  readonly alarms?: AlarmFields;
  /**
   * Options of the API that receives webhooks.
   * @default - the address that AWS gives, throttled and with access logs
   */
  readonly webhookApi?: WebhookApiSettings;
}

/** The schema of a {@link PurgerConfig}. */
export const configFields = strictObject(
  {
    ...settingsFields,
    stackName: nonEmptyString('a stack name')
      .regex(
        /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
        expected('a stack name: letters, digits and "-", a letter first'),
      )
      .optional(),
    account: nonEmptyString('an AWS account: 12 digits')
      .regex(/^\d{12}$/, expected('an AWS account: 12 digits'))
      .optional(),
    region: nonEmptyString('an AWS region')
      .regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, expected('an AWS region'))
      .optional(),
    credentials: secretSettings,
    endpoint: endpointField.optional(),
    ...sourceFields,
    webhooks: z.array(webhookSettings, expected('a list of {source, secret, name}')).optional(),
    ...dataProtectionFields,
    encryptionKeyArn: keyArn.optional(),
    sharedLedger: sharedLedgerFields.optional(),
    ledgerSharedWith: accounts.optional(),
    alarms: alarmFields.optional(),
    webhookApi: webhookApiFields.optional(),
  },
  retiredSettings,
);

/**
 * Checks what a configuration file exports.
 * @throws ConfigError with every issue
 */
export function checkConfig(config: unknown): PurgerConfig {
  return check(configFields, config, 'The configuration', validateConfig) as PurgerConfig;
}

/** @returns the issues of a configuration that a schema cannot express */
export function validateConfig(config: unknown): readonly ValidationIssue[] {
  return [
    ...validateSettings(config),
    ...validateSourceSettings(config),
    ...validateWebhookApi(config),
    ...validateRegion(config),
    ...validateSharing(config),
    ...validateSources(config, receivedBy(config)),
  ];
}
