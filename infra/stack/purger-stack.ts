import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { CdnPurger } from '../cdn-purger.ts';
import { importSecret } from '../security/secrets.ts';
import type { AlarmFields, AlarmSettings } from '../settings/alarm-settings.ts';
import { checkConfig, type PurgerConfig } from '../settings/purger-config.ts';
import type { WebhookSettings } from '../settings/sources/webhook-settings.ts';
import { importLedger } from '../storage/shared-ledger.ts';
import { Webhook } from '../webhook.ts';
import { watchSources, webhookApiOptions } from './stack-sources.ts';

/**
 * A stack around one purger, for users who deploy this project as it is.
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
      credentials: importSecret(this, 'Credentials', credentials),
      alarms: this.#alarms(alarms),
      webhookApi: webhookApiOptions(this, webhookApi),
      ...(encryptionKeyArn && { encryptionKey: Key.fromKeyArn(this, 'EncryptionKey', encryptionKeyArn) }),
      ...(sharedLedger && { sharedLedger: importLedger(this, 'SharedLedger', sharedLedger) }),
    });
    watchSources(this, purger, { buckets, topics, queues });
    this.#receiveWebhooks(purger, webhooks);
    this.#addOutputs(purger);
  }

  /** A secret that several webhooks share is imported once. */
  #receiveWebhooks(purger: CdnPurger, webhooks: readonly WebhookSettings[]): void {
    const secrets = new Map<string, ISecret>();
    for (const { source, secret, ...settings } of webhooks) {
      const own = [secret].flat().map((each) => {
        const key = JSON.stringify(each);
        const known = secrets.get(key) ?? importSecret(this, `WebhookSecret${secrets.size + 1}`, each);
        secrets.set(key, known);
        return known;
      });
      purger.receiveWebhook(Webhook.of(source, { ...settings, secret: own }));
    }
  }

  #addOutputs(purger: CdnPurger): void {
    const { bufferQueue, deadLetterQueue, ledger, parked, journal } = purger;
    this.#output('BufferQueueUrl', bufferQueue.queueUrl, 'The queue in which purge messages wait.');
    const deadLetters = 'Holds what could not be purged, with the reason.';
    this.#output('DeadLetterQueueUrl', deadLetterQueue.queueUrl, deadLetters);
    this.#output('LedgerTableName', ledger.table.tableName, "The table with the rate limit's window.");
    const waiting = 'The table of what waits for tokens of the day.';
    this.#output('ParkedTableName', parked.table.tableName, waiting);
    const purges = 'The table of what happened to each purge.';
    this.#output('JournalTableName', journal.table.tableName, purges);
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

  #output(name: string, value: string | undefined, description: string): void {
    if (value !== undefined) new CfnOutput(this, name, { value, description });
  }
}
