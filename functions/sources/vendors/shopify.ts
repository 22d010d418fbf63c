import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { changeOf } from '../toolkit/entry-change.ts';
import { readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, stringAt, unexpected } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading, type WebhookRequest } from '../webhook-source.ts';

const types: ReadonlyMap<string, string> = new Map([
  ['products', 'product'],
  ['collections', 'collection'],
]);
/** Unlisted products are on no list, and seen by anybody who has the link (API versions from 2025-10 on). */
const publicStatuses: ReadonlySet<string> = new Set(['active', 'unlisted']);
const events: ReadonlySet<string> = new Set(['create', 'update', 'delete']);

/**
 * Shopify's webhooks of products and collections. `{slug}` is the handle, `{type}` is `product` or `collection`.
 * A delete carries only the id. The header that tells the time of the event is not signed, so it tells no order; failed
 * deliveries are retried for hours.
 * @see https://shopify.dev/docs/apps/build/webhooks
 */
export const shopify = defineJsonSource({
  name: 'shopify',
  options: ['drafts'],
  hasIdsPerType: true,
  verification: { kind: 'hmac', header: 'x-shopify-hmac-sha256', encoding: 'base64' },
  readHeaders,
});

function readHeaders(request: WebhookRequest, context: SourceContext) {
  const topic = headerOf(request, 'x-shopify-topic') ?? '';
  const [resource = '', event = ''] = topic.split('/', 2);
  const type = types.get(resource);
  if (type === undefined) {
    return ignored(
      `${topic.slice(0, 60) || 'an event without a topic'} is not about a product or a collection`,
    );
  }
  if (headerOf(request, 'x-shopify-test') === 'true') return ignored('a test event');
  const isDelete = event === 'delete';
  const isKnown = events.has(event);
  return (body: JsonObject) => readItem(body, { type, topic, isKnown, isDelete }, context);
}

interface Topic {
  readonly type: string;
  readonly topic: string;
  readonly isKnown: boolean;
  readonly isDelete: boolean;
}

function readItem(
  body: JsonObject,
  { type, topic, isKnown, isDelete }: Topic,
  context: SourceContext,
): Reading {
  const id = idAt(body, 'id');
  if (id === undefined) return readingOfUnnamed(context, unexpected('id', 'a number', body.id), type);
  if (!isKnown) return readingOfUnknownEvent(context, topic, { id, type });
  // Whether it is published tells `published_at` of the Online Store alone, and not of the storefronts of other channels.
  const isDraft = !publicStatuses.has(stringAt(body, 'status') ?? 'active');
  const isHidden = !isDelete && isDraft && context.options.drafts !== true;
  const change = changeOf(context, {
    action: isDelete || isHidden ? 'delete' : 'put',
    onlyIfRemembered: isHidden,
    id,
    type,
    times: [body.updated_at],
    entry: body,
    metadata: { slug: stringAt(body, 'handle') },
  });
  return { kind: 'changes', changes: [change] };
}
