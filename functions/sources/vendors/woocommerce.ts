import { headerOf } from '../toolkit/crypto.ts';
import { changeOf, placeOf } from '../toolkit/entry-change.ts';
import { idAt, parseJsonObject, textAt, unexpected } from '../toolkit/payload.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  ignored,
  type ReadContext,
  type Reading,
  type VerificationResult,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'woocommerce';
const SCHEME = { kind: 'hmac', header: 'x-wc-webhook-signature', encoding: 'base64' } as const;
/** What WooCommerce sends, without a signature, when a webhook is saved; anything but a 200 leaves it inactive. */
const PING = /^webhook_id=\d{1,20}$/;
const EVENTS: ReadonlySet<string> = new Set(['created', 'updated', 'restored', 'deleted']);

/**
 * WooCommerce's own webhooks, of products: orders, customers and coupons have no page and are ignored.
 * `{url}` is the permalink, `{type}` is `product`. A delete carries only the id.
 * @see https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks
 */
export const woocommerce = defineSource({
  name: NAME,
  options: ['drafts'],
  hasIdsPerType: true,
  verify(request, secrets, nowMs): VerificationResult {
    if (headerOf(request, SCHEME.header) === undefined && isPing(request)) {
      return { verified: false, reason: 'an unsigned ping', isPing: true };
    }
    return verifyBy(SCHEME, request, secrets, nowMs);
  },
  read,
});

function isPing({ body }: WebhookRequest): boolean {
  return body.length < 64 && PING.test(Buffer.from(body).toString('latin1'));
}

function read(request: WebhookRequest, context: ReadContext): Reading {
  const topic = headerOf(request, 'x-wc-webhook-topic') ?? '';
  const [resource = '', event = ''] = topic.split('.', 2);
  if (resource !== 'product' || !EVENTS.has(event)) {
    if (isPing(request)) return ignored('a ping');
    return ignored(`${topic.slice(0, 60) || 'an event without a topic'} is not about a product`);
  }
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const product = parsed.value;
  const id = idAt(product, 'id');
  if (id === undefined) return unexpected('id', 'a number', product.id);
  const status = textAt(product, 'status') ?? 'publish';
  const isHidden = event !== 'deleted' && status !== 'publish' && context.options.drafts !== true;
  const gmt = textAt(product, 'date_modified_gmt');
  const change = changeOf(NAME, context, {
    action: event === 'deleted' || isHidden ? 'delete' : 'put',
    ifRemembered: isHidden,
    id,
    type: resource,
    // "_gmt" times come without their zone.
    times: [gmt === undefined ? undefined : `${gmt}Z`],
    entry: product,
    metadata: placeOf(product.permalink),
  });
  return { kind: 'changes', changes: [change] };
}
