import { contentful } from './contentful.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import type { WebhookSource } from './webhook-source.ts';

/** Every source of webhooks by its name: a new source is a file of its own and a line here. */
export const webhookSources: Readonly<Record<string, WebhookSource>> = {
  [contentful.name]: contentful,
  [standardWebhooks.name]: standardWebhooks,
};

/** The source of that name; undefined if there is none, whatever the name. */
export function findSource(name: string): WebhookSource | undefined {
  return Object.hasOwn(webhookSources, name) ? webhookSources[name] : undefined;
}
