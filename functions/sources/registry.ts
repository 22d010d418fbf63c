import { builderIo } from './builder-io.ts';
import { contentful } from './contentful.ts';
import { contentstack } from './contentstack.ts';
import { datocms } from './datocms.ts';
import { directus } from './directus.ts';
import { drupal } from './drupal.ts';
import { generic } from './generic.ts';
import { ghost } from './ghost.ts';
import { github } from './github.ts';
import { hygraph } from './hygraph.ts';
import { kontentAi } from './kontent-ai.ts';
import { payload } from './payload.ts';
import { prismic } from './prismic.ts';
import { sanity } from './sanity.ts';
import { shopify } from './shopify.ts';
import { sns } from './sns.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import { storyblok } from './storyblok.ts';
import { strapi } from './strapi.ts';
import type { SourceOptions, WebhookSource } from './webhook-source.ts';
import { woocommerce } from './woocommerce.ts';
import { wordpress } from './wordpress.ts';
import { wpWebhooks } from './wp-webhooks.ts';

/** Every source of webhooks by its name: a new source is a file of its own and a line here. */
export const webhookSources = {
  'builder-io': builderIo,
  contentful,
  contentstack,
  datocms,
  directus,
  drupal,
  generic,
  ghost,
  github,
  hygraph,
  'kontent-ai': kontentAi,
  payload,
  prismic,
  sanity,
  shopify,
  sns,
  'standard-webhooks': standardWebhooks,
  storyblok,
  strapi,
  woocommerce,
  wordpress,
  'wp-webhooks': wpWebhooks,
} as const satisfies Readonly<Record<string, WebhookSource>>;

/** The name of a source. */
export type WebhookSourceName = keyof typeof webhookSources;

/** The options that a source knows. */
export type OptionsOf<Name extends WebhookSourceName> = Pick<
  SourceOptions,
  (typeof webhookSources)[Name]['options'][number]
>;

/** The source of that name; undefined if there is none, whatever the name. */
export function findSource(name: string): WebhookSource | undefined {
  return Object.hasOwn(webhookSources, name) ? webhookSources[name as WebhookSourceName] : undefined;
}
