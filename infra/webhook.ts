import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import * as z from 'zod';
import { compilePattern } from '../functions/core/mapping/pattern.ts';
import { PatternError } from '../functions/core/mapping/tokens.ts';
import { describeValue } from '../functions/core/model/errors.ts';
import { type OptionsOf, type WebhookSourceName, webhookSources } from '../functions/sources/registry.ts';
import type { SourceOptions } from '../functions/sources/webhook-source.ts';
import { expected, nonEmptyString, strictObject, wholeNumber } from './settings/schema.ts';
import { ConfigError, check } from './settings/settings.ts';

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

const header = nonEmptyString('a header name')
  .regex(/^[A-Za-z0-9-]+$/, expected('a header name'))
  .transform((name) => name.toLowerCase());
const stringArray = (what: string) =>
  z.array(nonEmptyString(`a ${what}`), expected(`a list of ${what}s`)).min(1, expected(`a ${what} at least`));
const flag = z.boolean(expected('true or false'));
const oneOf = <const Value extends string>(...values: readonly Value[]) =>
  z.enum(values, expected(values.map((value) => `"${value}"`).join(' or ')));

const pattern = nonEmptyString('a pattern').superRefine((value, context) => {
  try {
    compilePattern(value);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

const hmac = strictObject({
  kind: z.literal('hmac'),
  header,
  hash: oneOf('sha1', 'sha256', 'sha384', 'sha512').optional(),
  encoding: oneOf('hex', 'base64', 'base64url').optional(),
  prefix: nonEmptyString('a prefix').optional(),
  parameter: nonEmptyString('the name of a parameter').optional(),
  separator: nonEmptyString('a separator').optional(),
  key: oneOf('text', 'base64', 'hex').optional(),
  keyPrefix: nonEmptyString('a prefix').optional(),
  template: nonEmptyString('a template')
    .regex(/\{body\}/, expected('a template with {body} in it'))
    .optional(),
  id: header.optional(),
  timestamp: strictObject({
    header: header.optional(),
    parameter: nonEmptyString('the name of a parameter').optional(),
    unit: oneOf('seconds', 'milliseconds').optional(),
    toleranceSeconds: wholeNumber(1, 86_400).optional(),
  }).optional(),
});
const sharedSecret = strictObject({
  kind: z.literal('secret'),
  in: oneOf('header', 'basic', 'query', 'body'),
  name: nonEmptyString('a name').optional(),
});

const place = z.union(
  [
    nonEmptyString('a path of keys'),
    z.strictObject({ header: nonEmptyString('a header name') }),
    z.strictObject({ query: nonEmptyString('a query parameter') }),
  ],
  expected('a path of keys, {header} or {query}'),
);
const payload = strictObject({
  entries: nonEmptyString('a path of keys').optional(),
  id: place.optional(),
  type: place.optional(),
  slug: place.optional(),
  locale: place.optional(),
  url: place.optional(),
  environment: place.optional(),
  occurredAt: place.optional(),
  fields: nonEmptyString('a path of keys').optional(),
  previous: nonEmptyString('a path of keys').optional(),
  action: place.optional(),
  deletes: stringArray('value').optional(),
  puts: stringArray('value').optional(),
  ignores: stringArray('value').optional(),
});

/** The schema of each option, whichever sources know it. */
const optionSchemas: { readonly [Name in keyof Required<SourceOptions>]: z.ZodType } = {
  environments: stringArray('name of an environment'),
  drafts: flag,
  branches: stringArray('branch'),
  files: z.array(pattern, expected('a list of patterns')).min(1, expected('a pattern at least')),
  sweep: flag,
  header,
  legacySignatures: flag,
  edition: oneOf('free', 'pro'),
  verification: z.discriminatedUnion(
    'kind',
    [hmac, sharedSecret],
    expected('{kind: "hmac", …} or {kind: "secret", …}'),
  ),
  payload,
};

/** The names of the sources whose webhooks can be received. */
export const webhookSourceNames = Object.keys(webhookSources) as [WebhookSourceName, ...WebhookSourceName[]];

/** The schemas of what can be set for a webhook of a source, beside its secret. */
export function webhookFields(source: WebhookSourceName) {
  const names: readonly (keyof SourceOptions)[] = webhookSources[source].options;
  const options = names.map((name) => {
    const isRequired = source === 'generic' && name === 'verification';
    return [name, isRequired ? optionSchemas[name] : optionSchemas[name].optional()] as const;
  });
  return {
    name: nonEmptyString('a name')
      .regex(/^[A-Za-z0-9_-]{1,64}$/, expected('1 to 64 letters, digits, "-" and "_"'))
      .optional(),
    rememberDays: wholeNumber(0, 3650).optional(),
    ...Object.fromEntries(options),
  };
}

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

  /** SNS over HTTPS with S3's events in it; the secret is the topic's ARN. */
  static sns(props: WebhookPropsOf<'sns'>): Webhook {
    return new Webhook('sns', props);
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
