import { isRecord } from '../../core/model/record.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { actionsOf, changeOf, inLocale, urlFields, writtenLocales } from '../toolkit/entry-change.ts';
import { readingOfOther, readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import { verifyStandardWebhook } from '../toolkit/signatures/standard-webhooks.ts';
import { verifyBy } from '../toolkit/signatures/verify-request.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading } from '../webhook-source.ts';

const actions = actionsOf({ put: ['create', 'update'], delete: ['delete'] });

/**
 * Payload, which has hooks and no webhooks: `docs/snippets/payload-purge.ts` sends `{ collection or global, operation,
 * doc, previousDoc, locale, autosave, timestamp }`, signed by Standard Webhooks. Code that cannot sign may send the secret as a bearer token,
 * or in the header that the option `header` names.
 * @see https://payloadcms.com/docs/hooks/collections
 */
export const payload = defineJsonSource({
  name: 'payload',
  options: ['header', 'drafts'],
  hasIdsPerType: true,
  keyOf: 'customer',
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
  if (operation === undefined) return unexpected('operation', 'a string such as "update"', body.operation);
  if (body.autosave === true && context.options.drafts !== true) return readingOfOther('an autosave');
  // A global has a name and no documents.
  const global = stringAt(body, 'global');
  const type = stringAt(body, 'collection') ?? global;
  const doc = objectAt(body, 'doc');
  const before = isRecord(body.previousDoc) ? body.previousDoc : undefined;
  const id = idAt(doc, 'id') ?? idAt(before, 'id') ?? global;
  if (id === undefined)
    return readingOfUnnamed(context, unexpected('doc.id', 'a string or a number', doc.id), type);
  // In the trash, a document is kept, and is gone from what visitors see.
  const action = operation === 'update' && stringAt(doc, 'deletedAt') ? 'delete' : actions.get(operation);
  if (action === undefined) return readingOfUnknownEvent(context, operation, { id, type });
  const isDraft = action === 'put' && stringAt(doc, '_status') === 'draft' && context.options.drafts !== true;
  const wasPublic = before !== undefined && (stringAt(before, '_status') ?? 'published') === 'published';
  // This is an unpublish, or a draft on top of the public version: nothing tells which.
  const isUnknown = isDraft && !(operation === 'update' && wasPublic);
  const entry = isDraft && before !== undefined && wasPublic ? before : doc;
  const previous = operation === 'update' && wasPublic && !isDraft ? before : undefined;
  const found = {
    action,
    id,
    type,
    // The hook runs once, with the editor's locale, for what is done to the document in all.
    affectsAllLocales: true,
    onlyIfRemembered: isUnknown,
    times: [body.timestamp, doc.updatedAt],
  };
  const own = stringAt(body, 'locale');
  const locales = own === 'all' ? writtenLocales(entry) : [];
  const change = (locale: string | undefined, pick = (fields: JsonObject) => fields) => {
    const [now, former] = [pick(entry), previous && pick(previous)];
    return changeOf(context, {
      ...found,
      locale,
      entry: now,
      // Of an upload, the URL of its file.
      metadata: urlFields(now.url),
      previous: former,
      previousMetadata: urlFields(former?.url),
    });
  };
  const changes =
    locales.length === 0
      ? [change(own === 'all' ? undefined : own)]
      : locales.map((locale) => change(locale, (fields) => inLocale(context, fields, locale)));
  return { kind: 'changes', changes };
}
