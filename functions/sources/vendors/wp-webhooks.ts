import type { ChangeAction } from '../../core/model/types.ts';
import { headerOf } from '../toolkit/crypto.ts';
import { changeOf, placeOf } from '../toolkit/entry-change.ts';
import {
  idAt,
  isJsonObject,
  type JsonObject,
  objectAt,
  parseJsonObject,
  textAt,
  unexpected,
} from '../toolkit/payload.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  ignored,
  type ReadContext,
  type Reading,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'wp-webhooks';
const SCHEME = { kind: 'hmac', header: 'x-wp-webhook-signature', encoding: 'base64' } as const;
const ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['post_create', 'put'],
  ['post_update', 'put'],
  ['post_trash', 'delete'],
  ['post_delete', 'delete'],
]);

/**
 * The WordPress plugin WP Webhooks, free 3.x, which signs the body by HMAC. The signature of Pro 5.x is the same for
 * every body and so verifies none. `{type}` is the post type.
 * @see https://wordpress.org/plugins/wp-webhooks/
 */
export const wpWebhooks = defineSource({
  name: NAME,
  options: ['drafts'],
  verify: (request, secrets, nowMs) => verifyBy(SCHEME, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const event = headerOf(request, 'x-wp-webhook-name') ?? '';
  const action = ACTIONS.get(event);
  if (action === undefined) {
    return ignored(`${event.slice(0, 60) || 'an event without a name'} is not about a post`);
  }
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const post = objectAt(body, 'post');
  const before = body.post_before;
  const id = idAt(body, 'post_id') ?? idAt(post, 'ID');
  if (id === undefined) return unexpected('post_id', 'a number', body.post_id);
  const isPublic = textAt(post, 'post_status') === 'publish' || context.options.drafts === true;
  const wasPublic = textAt(before, 'post_status') === 'publish';
  if (action === 'put' && !isPublic && !wasPublic) return ignored('a draft changed');
  const entry = { ...post, slug: textAt(post, 'post_name') };
  const url = textAt(body, 'post_permalink');
  const change = changeOf(NAME, context, {
    action: action === 'put' && !isPublic ? 'delete' : action,
    id,
    type: textAt(post, 'post_type'),
    entry,
    metadata: placeOf(url),
    ...(isJsonObject(before) && wasPublic && previousOf(before, entry, url)),
  });
  return { kind: 'changes', changes: [change] };
}

function previousOf(before: JsonObject, entry: JsonObject, url: string | undefined) {
  const slug = textAt(before, 'post_name');
  if (slug === undefined || slug === entry.slug) return {};
  const at = typeof entry.slug === 'string' ? (url ?? '').lastIndexOf(entry.slug) : -1;
  const old =
    url === undefined || typeof entry.slug !== 'string' || at < 0
      ? undefined
      : `${url.slice(0, at)}${slug}${url.slice(at + entry.slug.length)}`;
  return { previous: { ...entry, ...before, slug }, previousMetadata: placeOf(old) };
}
