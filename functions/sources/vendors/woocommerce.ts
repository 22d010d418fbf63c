import { defineJsonSource } from '../toolkit/define-json-source.ts';
import {
  changeOf,
  lastSegmentOf,
  pathOf,
  trashedSuffix,
  urlFields,
  withDecodedSlugs,
} from '../toolkit/entry-change.ts';
import { readingOfOther, readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, stringAt, unexpected } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import { verifyBy } from '../toolkit/signatures/verify-request.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading, type WebhookRequest } from '../webhook-source.ts';

const scheme = { kind: 'hmac', header: 'x-wc-webhook-signature', encoding: 'base64' } as const;
/** What WooCommerce sends, without a signature, when a webhook is saved; anything but a 200 leaves it inactive. */
const ping = /^webhook_id=\d{1,20}$/;
const events: ReadonlySet<string> = new Set(['created', 'updated', 'restored', 'deleted']);

/**
 * WooCommerce's own webhooks, of products: orders, customers and coupons have no page and are ignored.
 * `{url}` is the permalink, `{type}` is `product`. A delete carries only the id.
 * @see https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks
 */
export const woocommerce = defineJsonSource({
  name: 'woocommerce',
  options: ['drafts'],
  hasIdsPerType: true,
  keyOf: 'customer',
  verify(request, secrets, nowMs) {
    if (headerOf(request, scheme.header) === undefined && isPing(request)) {
      return { verified: false, reason: 'an unsigned ping', isPing: true };
    }
    return verifyBy(scheme, request, secrets, nowMs);
  },
  readHeaders,
});

function isPing({ body }: WebhookRequest): boolean {
  return body.length < 64 && ping.test(Buffer.from(body).toString('latin1'));
}

function readHeaders(request: WebhookRequest, context: SourceContext) {
  const topic = headerOf(request, 'x-wc-webhook-topic') ?? '';
  const [resource = '', event = ''] = topic.split('.', 2);
  if (resource !== 'product') {
    if (isPing(request)) return ignored('a ping');
    return readingOfOther(topic || 'an event without a topic');
  }
  return (product: JsonObject) => readProduct(productOf(product), event, context);
}

/**
 * A variation has events like a product, with an id and a slug that no page has: it is shown on the page of its product, to
 * whose address its own one adds the attributes. A draft has no address but its id.
 */
function productOf(product: JsonObject): JsonObject {
  if (product.type !== 'variation') return product;
  const permalink = stringAt(product, 'permalink')?.replace(/[?&]attribute_.*$/s, '');
  const status = /[?&]post_type=/.test(permalink ?? '') ? 'draft' : 'publish';
  return { id: product.parent_id, status, permalink, slug: lastSegmentOf(pathOf(permalink) ?? '') };
}

function readProduct(product: JsonObject, event: string, context: SourceContext): Reading {
  const id = idAt(product, 'id');
  if (id === undefined) {
    // WooCommerce sends its own error in place of a product that it cannot read.
    const code = stringAt(product, 'code');
    const what = code === undefined ? product.id : code;
    return readingOfUnnamed(context, unexpected('id', 'a number', what), 'product');
  }
  if (!events.has(event)) return readingOfUnknownEvent(context, event, { id, type: 'product' });
  const status = stringAt(product, 'status') ?? 'publish';
  const isHidden = event !== 'deleted' && status !== 'publish' && context.options.drafts !== true;
  const gmt = stringAt(product, 'date_modified_gmt');
  const slug = stringAt(product, 'slug')?.replace(trashedSuffix, '');
  const change = changeOf(context, {
    action: event === 'deleted' || isHidden ? 'delete' : 'put',
    onlyIfRemembered: isHidden,
    id,
    type: 'product',
    // "_gmt" times come without their zone.
    times: [gmt === undefined ? undefined : `${gmt}Z`],
    entry: withDecodedSlugs({ ...product, ...(slug !== undefined && { slug }) }, [
      'slug',
      'categories',
      'tags',
    ]),
    metadata: urlFields(product.permalink),
  });
  return { kind: 'changes', changes: [change] };
}
