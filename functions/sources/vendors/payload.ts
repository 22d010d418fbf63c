import type { ChangeAction } from '../../core/model/types.ts';
import { headerOf } from '../toolkit/crypto.ts';
import { changeOf } from '../toolkit/entry-change.ts';
import { idAt, isJsonObject, objectAt, parseJsonObject, textAt, unexpected } from '../toolkit/payload.ts';
import { verifyStandardWebhook } from '../toolkit/standard-webhooks.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  ignored,
  type ReadContext,
  type Reading,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'payload';
const ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['create', 'put'],
  ['update', 'put'],
  ['delete', 'delete'],
]);

/**
 * Payload, which has hooks and no webhooks: `docs/snippets/payload-purge.ts` sends `{ collection, operation, doc,
 * previousDoc, locale }`, signed by Standard Webhooks. Code that cannot sign may send the secret as a bearer token,
 * or in the header that the option `header` names.
 * @see https://payloadcms.com/docs/hooks/collections
 */
export const payload = defineSource({
  name: NAME,
  options: ['header', 'drafts'],
  hasIdsPerType: true,
  verify(request, secrets, nowMs, { header }) {
    if (headerOf(request, 'webhook-signature') !== undefined)
      return verifyStandardWebhook(request, secrets, nowMs);
    return verifyBy(
      { kind: 'secret', in: 'header', ...(header && { name: header }) },
      request,
      secrets,
      nowMs,
    );
  },
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const operation = textAt(body, 'operation');
  if (operation === 'test') return ignored('a test event');
  const stated = ACTIONS.get(operation ?? '');
  if (stated === undefined) return unexpected('operation', '"create", "update" or "delete"', body.operation);
  const doc = objectAt(body, 'doc');
  const before = isJsonObject(body.previousDoc) ? body.previousDoc : undefined;
  const id = idAt(doc, 'id') ?? idAt(before, 'id');
  if (id === undefined) return unexpected('doc.id', 'a text or a number', doc.id);
  const wasPublic = before !== undefined && (textAt(before, '_status') ?? 'published') === 'published';
  const isDraft = stated === 'put' && textAt(doc, '_status') === 'draft' && context.options.drafts !== true;
  if (isDraft && !(operation === 'update' && wasPublic)) return ignored('a draft was saved');
  // This is an unpublish, or a draft beside the public version: invalidating what was public is right for both.
  const entry = isDraft && before !== undefined ? before : doc;
  const change = changeOf(NAME, context, {
    action: stated,
    id,
    type: textAt(body, 'collection'),
    locale: textAt(body, 'locale'),
    times: [doc.updatedAt],
    entry,
    ...(operation === 'update' && wasPublic && !isDraft && { previous: before }),
  });
  return { kind: 'changes', changes: [change] };
}
