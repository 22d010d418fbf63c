import { deflateRawSync } from 'node:zlib';
import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { memoryPrefix } from '../../functions/aws/tables/ledger-keys.ts';
import { mappingFile } from '../../functions/lambda/bundled-rules.ts';
import { environment } from '../../functions/lambda/environment.ts';
import { compressedPrefix, type WrittenWebhook } from '../../functions/receive-webhook/webhook-config.ts';
import { webhookSources } from '../../functions/sources/registry.ts';
import { PurgerFunction } from '../function/purger-function.ts';
import type { Monitoring } from '../monitoring/monitoring.ts';
import { watchThrottle, watchWebhook, watchWebhookReceiver } from '../monitoring/receiver-alarms.ts';
import { grantReadSecret, secretIdFor } from '../security/secrets.ts';
import { ConfigError } from '../settings/checks/check.ts';
import type { WebhookApiOptions } from '../settings/sources/webhook-api-settings.ts';
import { grantItems, type Ledger } from '../storage/ledger.ts';
import { grantSend } from '../storage/purge-queue.ts';
import type { Webhook } from '../webhook.ts';
import { warnWithout } from './region-features.ts';
import type { ReceiverProps } from './s3/s3-receiver.ts';
import { WebhookApi } from './webhook-api.ts';

/** Options of a {@link WebhookReceiver}. */
export interface WebhookReceiverProps extends ReceiverProps {
  readonly ledger: Ledger;
  readonly webhookApi: WebhookApiOptions;
}

/** Longer than this, the webhooks' configuration is compressed. */
const maxPlainLength = 1000;

/** Receives signed webhooks, each at `POST /webhooks/NAME`, or `PUT`. */
export class WebhookReceiver extends Construct {
  readonly function: PurgerFunction;
  readonly api: HttpApi;
  readonly #webhookApi: WebhookApi;
  /** Whether the webhooks that the API throttles are counted: its access log has to be on. */
  readonly countsThrottled: boolean;
  /** The URL that a webhook's name is appended to. */
  readonly url: string;
  readonly #monitoring: Monitoring;
  /** The target of a DNS record for the API's domain; undefined without a domain, or where the stack creates it. */
  readonly domainTarget: string | undefined;
  readonly #webhooks = new Map<string, Webhook>();

  constructor(scope: Construct, id: string, props: WebhookReceiverProps) {
    super(scope, id);
    const { mapping, buffer, ledger, monitoring, webhookApi } = props;
    this.#monitoring = monitoring;
    warnWithout(this, 'httpApi', 'it had no HTTP APIs when this was written, by which webhooks come');
    this.function = new PurgerFunction(this, 'Function', {
      name: 'receive-webhook',
      description: 'cdn-pro-purger: verifies webhooks and turns what they say into purge messages',
      // Below the HTTP API's own limit of 30 s.
      timeout: Duration.seconds(25),
      memorySize: 512,
      files: { [mappingFile]: JSON.stringify(mapping) },
      environment: {
        [environment.bufferQueueUrl]: buffer.queue.queueUrl,
        [environment.deadLetterQueueUrl]: buffer.deadLetterQueue.queueUrl,
        [environment.ledgerTableName]: ledger.table.tableName,
        [environment.webhooks]: Lazy.string({ produce: () => this.#webhooksJson() }),
        [environment.webhookSecretIds]: Lazy.string({
          produce: () =>
            Stack.of(this).toJsonString(this.#secrets().map((secret) => secretIdFor(this, secret))),
        }),
      },
      protection: buffer.protection,
      environmentAdvice: {
        settings: '`webhooks`',
        advice:
          'let webhooks share a secret, give secrets shorter names, or divide the webhooks among two purgers',
      },
    });
    grantSend(buffer.queue, this.function);
    // For changes with invalid URLs.
    grantSend(buffer.deadLetterQueue, this.function);
    // In the ledger it may use the entry memory, but not the rate limit's window.
    grantItems(ledger.table, this.function, memoryPrefix);
    const { protection } = buffer;
    const options = { ...webhookApi, protection, purgerName: monitoring.purgerName };
    this.#webhookApi = new WebhookApi(this, 'WebhookApi', this.function, options);
    const { api, url, domainTarget, accessLogs } = this.#webhookApi;
    this.api = api;
    this.countsThrottled = accessLogs !== undefined;
    if (this.countsThrottled) watchThrottle(monitoring);
    this.url = url;
    this.domainTarget = domainTarget;
    watchWebhookReceiver(monitoring, this.function, api);
  }

  /** Accepts a webhook under its name. */
  receive(webhook: Webhook): void {
    if (this.#webhooks.has(webhook.name)) {
      throw new ConfigError('The configuration of CdnPurger', [
        `\`webhooks\`: two are named "${webhook.name}": give one of them another \`name\``,
      ]);
    }
    this.#webhooks.set(webhook.name, webhook);
    this.#webhookApi.addWebhook(webhook.name, webhookSources[webhook.source].canPut ?? false);
    watchWebhook(this.#monitoring, webhook.name);
    for (const secret of webhook.secrets) grantReadSecret(secret, this.function);
  }

  /** Every secret once, however many webhooks share it. */
  #secrets(): readonly ISecret[] {
    return [...new Set([...this.#webhooks.values()].flatMap(({ secrets }) => secrets))];
  }

  #webhooksJson(): string {
    const all = this.#secrets();
    const webhooks = [...this.#webhooks.values()].map(({ name, source, secrets, options, rememberDays }) => {
      const written: WrittenWebhook = {
        source,
        secrets: secrets.map((secret) => all.indexOf(secret)),
        ...(Object.keys(options).length > 0 && { options }),
        ...(rememberDays !== undefined && { rememberDays }),
      };
      return [name, written];
    });
    const config = Object.fromEntries(webhooks);
    const json = JSON.stringify(config);
    const stack = Stack.of(this);
    // What only the deployment knows cannot be compressed before.
    const isKnown = JSON.stringify(stack.resolve(config)) === json;
    if (!isKnown) return stack.toJsonString(config);
    if (json.length <= maxPlainLength) return json;
    return `${compressedPrefix}${deflateRawSync(json, { level: 9 }).toString('base64')}`;
  }
}
