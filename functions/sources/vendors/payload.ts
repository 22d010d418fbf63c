import { isRecord } from '../../core/model/record.ts';
import { headerOf } from '../toolkit/crypto.ts';
import { defineJsonSource, type SourceContext } from '../toolkit/define-json-source.ts';
import { actionsOf, changeOf } from '../toolkit/entry-change.ts';
import { idAt, type JsonObject, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import { verifyStandardWebhook } from '../toolkit/standard-webhooks.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import { ignored, type Reading } from '../webhook-source.ts';

const actions = actionsOf({ put: ['create', 'update'], delete: ['delete'] });

/**
 * Payload, which has hooks and no webhooks: `docs/snippets/payload-purge.ts` sends `{ collection, operation, doc,
 * previousDoc, locale, timestamp }`, signed by Standard Webhooks. Code that cannot sign may send the secret as a bearer token,
 * or in the header that the option `header` names.
 * @see https://payloadcms.com/docs/hooks/collections
 */
export const payload = defineJsonSource({
  name: 'payload',
  options: ['header', 'drafts'],
  hasIdsPerType: true,
  verify(request, secrets, nowMs, { header = 'authorization' }) {
    return headerOf(request, 'webhook-signature') === undefined
      ? verifyBy({ kind: 'secret', in: 'header', name: header }, request, secrets, nowMs)
      : verifyStandardWebhook(request, secrets, nowMs);
  },
  read,
});

function read(body: JsonObject, context: SourceContext): Reading {
  const operation = stringAt(body, 'operation');
  if (operation === 'test') return ignored('a test event');
  const action = actions.get(operation ?? '');
  if (action === undefined) return unexpected('operation', '"create", "update" or "delete"', body.operation);
  const doc = objectAt(body, 'doc');
  const before = isRecord(body.previousDoc) ? body.previousDoc : undefined;
  const id = idAt(doc, 'id') ?? idAt(before, 'id');
  if (id === undefined) return unexpected('doc.id', 'a string or a number', doc.id);
  const wasPublic = before !== undefined && (stringAt(before, '_status') ?? 'published') === 'published';
  const isDraft = action === 'put' && stringAt(doc, '_status') === 'draft' && context.options.drafts !== true;
  if (isDraft && !(operation === 'update' && wasPublic)) return ignored('a draft was saved');
  // This is an unpublish, or a draft next to the public version: invalidating what was public is right for both.
  const entry = isDraft && before !== undefined ? before : doc;
  const change = changeOf(context, {
    action,
    id,
    type: stringAt(body, 'collection'),
    locale: stringAt(body, 'locale'),
    times: [body.timestamp, doc.updatedAt],
    entry,
    ...(operation === 'update' && wasPublic && !isDraft && { previous: before }),
  });
  return { kind: 'changes', changes: [change] };
}
