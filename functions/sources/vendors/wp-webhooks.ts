import { isRecord } from '../../core/model/record.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { actionsOf, changeOf, trashedSuffix, urlFields, withDecodedSlugs } from '../toolkit/entry-change.ts';
import { readingOfOther, readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import type { Reading, WebhookRequest } from '../webhook-source.ts';

const actions = actionsOf({ put: ['post_create', 'post_update'], delete: ['post_trash', 'post_delete'] });

/** The address of a post that has no other, a draft or one in the trash. */
const plainPermalink = /[?&](p|page_id)=\d+/;

/**
 * The WordPress plugin WP Webhooks, free 3.x, which signs the body by HMAC. The signature of Pro 5.x is the same for
 * every body and so verifies none. `{type}` is the post type.
 * @see https://wordpress.org/plugins/wp-webhooks/
 */
export const wpWebhooks = defineJsonSource({
  name: 'wp-webhooks',
  options: ['drafts'],
  verification: { kind: 'hmac', header: 'x-wp-webhook-signature', encoding: 'base64' },
  readHeaders,
});

function readHeaders(request: WebhookRequest, context: SourceContext) {
  const event = headerOf(request, 'x-wp-webhook-name') ?? '';
  if (!event.startsWith('post_')) {
    return readingOfOther(event || 'an event without a name');
  }
  return (body: JsonObject) => readPost(body, event, context);
}

function readPost(body: JsonObject, event: string, context: SourceContext): Reading {
  const action = actions.get(event);
  const post = objectAt(body, 'post');
  const before = body.post_before;
  const id = idAt(body, 'post_id') ?? idAt(post, 'ID');
  const type = stringAt(post, 'post_type');
  if (id === undefined)
    return readingOfUnnamed(context, unexpected('post_id', 'a number', body.post_id), type);
  if (action === undefined) return readingOfUnknownEvent(context, event, { id, type });
  const isPublic = stringAt(post, 'post_status') === 'publish' || context.options.drafts === true;
  const wasPublic = stringAt(before, 'post_status') === 'publish';
  const isHidden = action === 'put' && !isPublic;
  const entry = { ...post, slug: stringAt(post, 'post_name')?.replace(trashedSuffix, '') };
  const permalink = stringAt(body, 'post_permalink');
  const url = permalink === undefined || plainPermalink.test(permalink) ? undefined : permalink;
  const change = changeOf(context, {
    action: isHidden ? 'delete' : action,
    onlyIfRemembered: isHidden && !wasPublic,
    id,
    type,
    entry: withDecodedSlugs(entry, ['slug']),
    metadata: urlFields(url),
    ...(isRecord(before) && wasPublic && previousOf(before, entry, url)),
  });
  return { kind: 'changes', changes: [change] };
}

function previousOf(before: JsonObject, entry: JsonObject, url: string | undefined) {
  const slug = stringAt(before, 'post_name');
  if (slug === undefined || slug === entry.slug) return {};
  const at = typeof entry.slug === 'string' ? (url ?? '').lastIndexOf(entry.slug) : -1;
  const old =
    url === undefined || typeof entry.slug !== 'string' || at < 0
      ? undefined
      : `${url.slice(0, at)}${slug}${url.slice(at + entry.slug.length)}`;
  const previous = withDecodedSlugs({ ...entry, ...before, slug }, ['slug']);
  return { previous, previousMetadata: urlFields(old) };
}
