import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { ConfigError } from '../functions/core/config.ts';
import { describeValue } from '../functions/core/errors.ts';

/** What every webhook is made of. */
export interface WebhookProps {
  /** Holds the text that the source signs with, as the source shows it. */
  readonly secret: ISecret;
  /** The last part of its path, which rules can match on. Default: the source's name. */
  readonly name?: string;
}

/** The sources whose webhooks can be received, as in `functions/sources/registry.ts`. */
export const webhookSources = ['contentful', 'standard-webhooks'] as const;
export type WebhookSourceName = (typeof webhookSources)[number];

/** A webhook that the purger receives and verifies. */
export class Webhook {
  readonly source: WebhookSourceName;
  readonly name: string;
  readonly secret: ISecret;

  private constructor(source: WebhookSourceName, { secret, name = source }: WebhookProps) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
      throw new ConfigError('The webhook', [
        `\`name\`: expected 1 to 64 letters, digits, "-" and "_", got ${describeValue(name)}`,
      ]);
    }
    this.source = source;
    this.name = name;
    this.secret = secret;
  }

  /** Contentful, with request verification switched on. */
  static contentful(props: WebhookProps): Webhook {
    return new Webhook('contentful', props);
  }

  /** Whatever signs by Standard Webhooks (https://www.standardwebhooks.com), Svix included. */
  static standardWebhooks(props: WebhookProps): Webhook {
    return new Webhook('standard-webhooks', props);
  }

  /** A webhook of the source with the given name. */
  static of(source: WebhookSourceName, props: WebhookProps): Webhook {
    return new Webhook(source, props);
  }
}
