import { Stack, type StackProps } from 'aws-cdk-lib';
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
import { addOutputs } from './add-outputs.ts';
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
    addOutputs(this, purger);
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
}
