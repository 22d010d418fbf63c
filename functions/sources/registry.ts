import { bitbucket } from './vendors/bitbucket.ts';
import { builderIo } from './vendors/builder-io.ts';
import { contentful } from './vendors/contentful.ts';
import { contentstack } from './vendors/contentstack.ts';
import { datocms } from './vendors/datocms.ts';
import { directus } from './vendors/directus.ts';
import { drupal } from './vendors/drupal.ts';
import { generic } from './vendors/generic.ts';
import { ghost } from './vendors/ghost.ts';
import { gitea } from './vendors/gitea.ts';
import { github } from './vendors/github.ts';
import { gitlab } from './vendors/gitlab.ts';
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
  bitbucket,
  'builder-io': builderIo,
  contentful,
  contentstack,
  datocms,
  directus,
  drupal,
  generic,
  ghost,
  gitea,
  github,
  gitlab,
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

/** The options that a source knows; the one that pins the customer of a vendor's key is required. */
export type OptionsOf<Name extends WebhookSourceName> = Name extends WebhookSourceName
  ? Omit<Pick<SourceOptions, (typeof webhookSources)[Name]['options'][number]>, PinOf<Name>> &
      Required<Pick<SourceOptions, PinOf<Name>>>
  : never;

type PinOf<Name extends WebhookSourceName> =
  (typeof webhookSources)[Name] extends WebhookSource<string, readonly (keyof SourceOptions)[], infer Pin>
    ? Pin
    : never;

/** The source of that name; undefined if there is none, whatever the name. */
export function findSource(name: string): WebhookSource | undefined {
  return Object.hasOwn(webhookSources, name) ? webhookSources[name as WebhookSourceName] : undefined;
}
