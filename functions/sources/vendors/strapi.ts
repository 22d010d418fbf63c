import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { actionsOf, changeOf, urlFields } from '../toolkit/entry-change.ts';
import {
  readingOfAll,
  readingOfOther,
  readingOfUnknownEvent,
  readingOfUnnamed,
} from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, objectAt, stringAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading, type WebhookRequest } from '../webhook-source.ts';

const actions = actionsOf({ put: ['create', 'update', 'publish'], delete: ['unpublish', 'delete'] });
const draftVerbs: ReadonlySet<string> = new Set(['draft-discard']);

/**
 * Strapi 4 and 5, which sign nothing: the webhook carries a secret in a header, by default `Authorization`.
 * An entry whose `publishedAt` is null is a draft. `{id}` is the `documentId` of version 5, the `id` of version 4;
 * `{type}` is the model. A release names no entries.
 * @see https://docs.strapi.io/cms/backend-customization/webhooks
 */
export const strapi = defineJsonSource({
  name: 'strapi',
  options: ['header', 'drafts'],
  hasIdsPerType: true,
  verification: ({ header = 'authorization' }) => ({ kind: 'secret', in: 'header', name: header }),
  read,
});

function read(body: JsonObject, context: SourceContext, request: WebhookRequest): Reading {
  const event = stringAt(body, 'event') ?? headerOf(request, 'x-strapi-event');
  if (!event) return unexpected('event', 'a string such as "entry.publish"', valueAt(body, 'event'));
  if (event === 'trigger-test') return ignored('a test event');
  const times = [valueAt(body, 'createdAt'), valueAt(body, 'created_at')];
  if (event === 'releases.publish') {
    return readingOfAll(context, event, { id: idAt(body, 'release', 'id') ?? 'release', times });
  }
  const [kind = '', verb = ''] = event.split('.', 2);
  const action = actions.get(verb);
  if (draftVerbs.has(verb) || (kind !== 'entry' && kind !== 'media')) {
    return readingOfOther(event);
  }
  const isMedia = kind === 'media';
  const entry = objectAt(body, isMedia ? 'media' : 'entry');
  const id = (isMedia ? undefined : stringAt(entry, 'documentId')) ?? idAt(entry, 'id');
  const type = isMedia ? 'media' : stringAt(body, 'model');
  if (id === undefined) {
    const field = isMedia ? 'media.id' : 'entry.documentId';
    // A race of Strapi 5 sends "null" as the entry.
    const problem = unexpected(field, 'a string or a number', valueAt(entry, 'id'));
    return readingOfUnnamed(context, problem, type, times);
  }
  if (action === undefined) return readingOfUnknownEvent(context, event, { id, type });
  const isDraft = action === 'put' && Object.hasOwn(entry, 'publishedAt') && entry.publishedAt === null;
  if (isDraft && context.options.drafts !== true) return ignored('a draft was saved');
  const change = changeOf(context, {
    action,
    id,
    type,
    locale: stringAt(entry, 'locale'),
    // Version 5 copies the fields that locales share to all of them, and tells of one.
    affectsAllLocales: action === 'put',
    times,
    entry,
    metadata: isMedia ? urlFields(entry.url) : {},
  });
  return { kind: 'changes', changes: [change] };
}
