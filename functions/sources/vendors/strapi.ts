import type { ChangeAction } from '../../core/model/types.ts';
import { headerOf } from '../toolkit/crypto.ts';
import { changeOf, changeOfAllEntries, placeOf } from '../toolkit/entry-change.ts';
import { idAt, objectAt, parseJsonObject, textAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  ignored,
  type ReadContext,
  type Reading,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'strapi';
const ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['create', 'put'],
  ['update', 'put'],
  ['publish', 'put'],
  ['unpublish', 'delete'],
  ['delete', 'delete'],
]);

/**
 * Strapi 4 and 5, which sign nothing: the webhook carries a secret in a header, by default `Authorization`.
 * An entry whose `publishedAt` is null is a draft. `{id}` is the `documentId` of version 5, the `id` of version 4;
 * `{type}` is the model. A release names no entries.
 * @see https://docs.strapi.io/cms/backend-customization/webhooks
 */
export const strapi = defineSource({
  name: NAME,
  options: ['header', 'drafts', 'sweep'],
  hasIdsPerType: true,
  verify: (request, secrets, nowMs, { header }) =>
    verifyBy({ kind: 'secret', in: 'header', ...(header && { name: header }) }, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const event = textAt(body, 'event') ?? headerOf(request, 'x-strapi-event');
  if (!event) return unexpected('event', 'a text such as "entry.publish"', valueAt(body, 'event'));
  if (event === 'trigger-test') return ignored('a test event');
  const times = [valueAt(body, 'createdAt'), valueAt(body, 'created_at')];
  if (event === 'releases.publish') {
    if (context.options.sweep === false) return ignored('a release does not say which entries it published');
    const id = idAt(body, 'release', 'id') ?? 'release';
    return { kind: 'changes', changes: [changeOfAllEntries(NAME, context, { id, times })] };
  }
  const [kind = '', verb = ''] = event.split('.', 2);
  const action = ACTIONS.get(verb);
  if (action === undefined || (kind !== 'entry' && kind !== 'media')) {
    return ignored(`${event.slice(0, 60)} is not an event that changes published content`);
  }
  const isMedia = kind === 'media';
  const entry = objectAt(body, isMedia ? 'media' : 'entry');
  const place = isMedia ? 'media.id' : 'entry.documentId';
  const id = (isMedia ? undefined : textAt(entry, 'documentId')) ?? idAt(entry, 'id');
  if (id === undefined) return unexpected(place, 'a text or a number', valueAt(entry, 'id'));
  const isDraft = action === 'put' && Object.hasOwn(entry, 'publishedAt') && entry.publishedAt === null;
  if (isDraft && context.options.drafts !== true) return ignored('a draft was saved');
  const change = changeOf(NAME, context, {
    action,
    id,
    type: isMedia ? 'media' : textAt(body, 'model'),
    locale: textAt(entry, 'locale'),
    times,
    entry,
    metadata: isMedia ? placeOf(entry.url) : {},
  });
  return { kind: 'changes', changes: [change] };
}
