import { builderIo } from './vendors/builder-io.ts';
import { contentful } from './vendors/contentful.ts';
import { contentstack } from './vendors/contentstack.ts';
import { datocms } from './vendors/datocms.ts';
import { directus } from './vendors/directus.ts';
import { drupal } from './vendors/drupal.ts';
import { generic } from './vendors/generic.ts';
import { ghost } from './vendors/ghost.ts';
import { github } from './vendors/github.ts';
import { hygraph } from './vendors/hygraph.ts';
import { kontentAi } from './vendors/kontent-ai.ts';
import { payload } from './vendors/payload.ts';
import { prismic } from './vendors/prismic.ts';
import { sanity } from './vendors/sanity.ts';
import { shopify } from './vendors/shopify.ts';
import { standardWebhooks } from './vendors/standard-webhooks.ts';
import { storyblok } from './vendors/storyblok.ts';
import { strapi } from './vendors/strapi.ts';
import { woocommerce } from './vendors/woocommerce.ts';
import { wordpress } from './vendors/wordpress.ts';
import { wpWebhooks } from './vendors/wp-webhooks.ts';
import type { SourceOptions } from './webhook-options.ts';
import type { WebhookSource } from './webhook-source.ts';

/**
 * Every source of webhooks by its name. A new one is a file in `vendors/`, an import and a line here, an example in the
 * tests, a signer for the local stack, and a section of the docs: CONTRIBUTING.md has the list.
 */
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
