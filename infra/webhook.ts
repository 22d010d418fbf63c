import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { describeValue } from '../functions/core/model/errors.ts';
import type { OptionsOf, WebhookSourceName } from '../functions/sources/registry.ts';
import type { SourceOptions } from '../functions/sources/webhook-source.ts';
import { ConfigError, check } from './settings/check.ts';
import { strictObject } from './settings/schema.ts';
import { webhookFields } from './settings/webhook-settings.ts';

/** What every webhook is made of. */
export interface WebhookProps {
  /**
   * Holds the text that the source signs with, as the source shows it; or a JSON list of such texts, of which any may
   * verify. Several secrets may be given, too.
   */
  readonly secret: ISecret | readonly ISecret[];
  /** The last part of its path, which rules can match on. Default: the source's name. */
  readonly name?: string;
  /** How long the URLs of an entry are remembered after its last event, in days; 0 is not at all. Default: 365. */
  readonly rememberDays?: number;
}

/** What a webhook of the given source is made of. */
export type WebhookPropsOf<Source extends WebhookSourceName> = WebhookProps & OptionsOf<Source>;

/** A webhook that the purger receives and verifies. */
export class Webhook {
  readonly source: WebhookSourceName;
  readonly name: string;
  readonly secrets: readonly ISecret[];
  readonly options: SourceOptions;
  readonly rememberDays: number | undefined;

  private constructor(source: WebhookSourceName, { secret, ...settings }: WebhookProps & SourceOptions) {
    const checked = check(strictObject(webhookFields(source)), settings, 'The webhook') as Omit<
      WebhookProps,
      'secret'
    > &
      SourceOptions;
    const { name = source, rememberDays, ...options } = checked;
    this.source = source;
    this.name = name;
    this.secrets = 'secretArn' in secret ? [secret] : secret;
    this.options = options;
    this.rememberDays = rememberDays;
    if (this.secrets.length === 0) {
      throw new ConfigError('The webhook', [`\`secret\`: expected a secret, got ${describeValue(secret)}`]);
    }
  }

  /** Builder.io, with the secret in a header. */
  static builderIo(props: WebhookPropsOf<'builder-io'>): Webhook {
    return new Webhook('builder-io', props);
  }

  /** Contentful, with request verification switched on. */
  static contentful(props: WebhookPropsOf<'contentful'>): Webhook {
    return new Webhook('contentful', props);
  }

  /** Contentstack; the secret is its public key in PEM. */
  static contentstack(props: WebhookPropsOf<'contentstack'>): Webhook {
    return new Webhook('contentstack', props);
  }

  /** DatoCMS, with HTTP Basic or the secret in a header. */
  static datocms(props: WebhookPropsOf<'datocms'>): Webhook {
    return new Webhook('datocms', props);
  }

  /** A Flow of Directus, with the secret in a header. */
  static directus(props: WebhookPropsOf<'directus'>): Webhook {
    return new Webhook('directus', props);
  }

  /** Drupal's module Webhooks. */
  static drupal(props: WebhookPropsOf<'drupal'>): Webhook {
    return new Webhook('drupal', props);
  }

  /** A sender that is described by configuration alone. */
  static generic(props: WebhookPropsOf<'generic'>): Webhook {
    return new Webhook('generic', props);
  }

  /** Ghost. */
  static ghost(props: WebhookPropsOf<'ghost'>): Webhook {
    return new Webhook('ghost', props);
  }

  /** Pushes to a repository on GitHub. */
  static github(props: WebhookPropsOf<'github'>): Webhook {
    return new Webhook('github', props);
  }

  /** Hygraph. */
  static hygraph(props: WebhookPropsOf<'hygraph'>): Webhook {
    return new Webhook('hygraph', props);
  }

  /** Kontent.ai. */
  static kontentAi(props: WebhookPropsOf<'kontent-ai'>): Webhook {
    return new Webhook('kontent-ai', props);
  }

  /** Payload, with the hook of `docs/snippets/`. */
  static payload(props: WebhookPropsOf<'payload'>): Webhook {
    return new Webhook('payload', props);
  }

  /** Prismic. */
  static prismic(props: WebhookPropsOf<'prismic'>): Webhook {
    return new Webhook('prismic', props);
  }

  /** Sanity's GROQ-powered webhooks. */
  static sanity(props: WebhookPropsOf<'sanity'>): Webhook {
    return new Webhook('sanity', props);
  }

  /** Shopify's products and collections. */
  static shopify(props: WebhookPropsOf<'shopify'>): Webhook {
    return new Webhook('shopify', props);
  }

  /** Whatever signs by Standard Webhooks (https://www.standardwebhooks.com), Svix included. */
  static standardWebhooks(props: WebhookPropsOf<'standard-webhooks'>): Webhook {
    return new Webhook('standard-webhooks', props);
  }

  /** Storyblok. */
  static storyblok(props: WebhookPropsOf<'storyblok'>): Webhook {
    return new Webhook('storyblok', props);
  }

  /** Strapi 4 and 5, with the secret in a header. */
  static strapi(props: WebhookPropsOf<'strapi'>): Webhook {
    return new Webhook('strapi', props);
  }

  /** WooCommerce's products. */
  static woocommerce(props: WebhookPropsOf<'woocommerce'>): Webhook {
    return new Webhook('woocommerce', props);
  }

  /** WordPress, with the must-use plugin of `docs/snippets/`. */
  static wordpress(props: WebhookPropsOf<'wordpress'>): Webhook {
    return new Webhook('wordpress', props);
  }

  /** The WordPress plugin WP Webhooks. */
  static wpWebhooks(props: WebhookPropsOf<'wp-webhooks'>): Webhook {
    return new Webhook('wp-webhooks', props);
  }

  /** A webhook of the source with the given name. */
  static of<Source extends WebhookSourceName>(source: Source, props: WebhookPropsOf<Source>): Webhook {
    return new Webhook(source, props);
  }
}
