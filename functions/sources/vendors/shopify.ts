import { headerOf } from '../toolkit/crypto.ts';
import { changeOf } from '../toolkit/entry-change.ts';
import { idAt, parseJsonObject, textAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  ignored,
  type ReadContext,
  type Reading,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'shopify';
const SCHEME = { kind: 'hmac', header: 'x-shopify-hmac-sha256', encoding: 'base64' } as const;
const TYPES: ReadonlyMap<string, string> = new Map([
  ['products', 'product'],
  ['collections', 'collection'],
]);
const EVENTS: ReadonlySet<string> = new Set(['create', 'update', 'delete']);

/**
 * Shopify's webhooks of products and collections. `{slug}` is the handle, `{type}` is `product` or `collection`.
 * A delete carries only the id. The time of the event is not signed; deliveries are tried again for hours.
 * @see https://shopify.dev/docs/apps/build/webhooks
 */
export const shopify = defineSource({
  name: NAME,
  options: ['drafts'],
  hasIdsPerType: true,
  verify: (request, secrets, nowMs) => verifyBy(SCHEME, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const topic = headerOf(request, 'x-shopify-topic') ?? '';
  const [resource = '', event = ''] = topic.split('/', 2);
  const type = TYPES.get(resource);
  if (type === undefined || !EVENTS.has(event)) {
    return ignored(
      `${topic.slice(0, 60) || 'an event without a topic'} is not about a product or a collection`,
    );
  }
  if (headerOf(request, 'x-shopify-test') === 'true') return ignored('a test event');
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const id = idAt(body, 'id');
  if (id === undefined) return unexpected('id', 'a number', body.id);
  const isDraft = (textAt(body, 'status') ?? 'active') !== 'active' || valueAt(body, 'published_at') === null;
  const isHidden = event !== 'delete' && isDraft && context.options.drafts !== true;
  const change = changeOf(NAME, context, {
    action: event === 'delete' || isHidden ? 'delete' : 'put',
    ifRemembered: isHidden,
    id,
    type,
    times: [headerOf(request, 'x-shopify-triggered-at'), body.updated_at],
    entry: body,
    metadata: { slug: textAt(body, 'handle') },
  });
  return { kind: 'changes', changes: [change] };
}
