import type { ChangeAction, EntryChange } from '../../core/model/types.ts';
import { headerOf } from '../toolkit/crypto.ts';
import { changeOf, changeOfAllEntries } from '../toolkit/entry-change.ts';
import {
  idAt,
  isJsonObject,
  type JsonObject,
  listAt,
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

const NAME = 'kontent-ai';
const SIGNATURE = 'x-kontent-ai-signature';
const LEGACY_SIGNATURE = 'x-kc-signature';
/** More than the notifications of one delivery. */
const MAX_ITEMS = 5000;
const ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['published', 'put'],
  ['unpublished', 'delete'],
  ['deleted', 'delete'],
  // The words of legacy webhooks.
  ['publish', 'put'],
  ['unpublish', 'delete'],
  ['archive', 'delete'],
]);
const DRAFT_ACTIONS: ReadonlySet<string> = new Set(['created', 'changed', 'metadata_changed', 'upsert']);

/**
 * Kontent.ai, its present webhooks and the legacy ones. The payload holds no slug: rules have `{id}`,
 * `{fields.codename}`, `{type}` and `{locale}` (the language's codename). Several notifications may come at once.
 * @see https://kontent.ai/learn/docs/webhooks/javascript
 */
export const kontentAi = defineSource({
  name: NAME,
  options: ['drafts', 'sweep'],
  verify(request, secrets, nowMs) {
    const isLegacy =
      headerOf(request, SIGNATURE) === undefined && headerOf(request, LEGACY_SIGNATURE) !== undefined;
    const header = isLegacy ? LEGACY_SIGNATURE : SIGNATURE;
    return verifyBy({ kind: 'hmac', header, encoding: 'base64' }, request, secrets, nowMs);
  },
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const notifications = Array.isArray(body.notifications) ? body.notifications : legacyNotifications(body);
  if (notifications === undefined) return unexpected('notifications', 'a list', body.notifications);
  const changes = notifications.slice(0, MAX_ITEMS).flatMap((each) => changeIn(each, context));
  if (changes.length > 0) return { kind: 'changes', changes };
  return ignored('no notification is about published content');
}

/** Legacy webhooks list the items of one event. */
function legacyNotifications(body: JsonObject): readonly unknown[] | undefined {
  if (!isJsonObject(body.message)) return undefined;
  const { message } = body;
  const type = textAt(message, 'type') ?? '';
  return listAt(body, 'data', 'items').map((item) => ({
    data: { system: { ...(isJsonObject(item) ? item : {}), last_modified: message.created_timestamp } },
    message: {
      object_type: type.startsWith('content_item') ? 'content_item' : type,
      action: message.operation,
      delivery_slot: textAt(message, 'api_name') === 'delivery_preview' ? 'preview' : 'published',
    },
  }));
}

function changeIn(notification: unknown, context: ReadContext): readonly EntryChange[] {
  const system = objectAt(notification, 'data', 'system');
  const message = objectAt(notification, 'message');
  const kind = textAt(message, 'object_type') ?? '';
  const id = idAt(system, 'id');
  const isPreview = message.delivery_slot === 'preview';
  const drafts = context.options.drafts === true;
  if (isPreview && !drafts) return [];
  const verb = textAt(message, 'action') ?? '';
  const isSave = DRAFT_ACTIONS.has(verb);
  // What has no workflow of its own is live as soon as it is changed.
  const isLive = kind !== 'content_item' && !isPreview;
  const action = ACTIONS.get(verb) ?? (isSave && (drafts || isLive) ? 'put' : undefined);
  if (action === undefined) return [];
  if (kind === 'taxonomy' || kind === 'content_type' || kind === 'language') {
    return context.options.sweep === false ? [] : [changeOfAllEntries(NAME, context, { id: id ?? kind })];
  }
  if (id === undefined || (kind !== 'content_item' && kind !== 'asset')) return [];
  const change = changeOf(NAME, context, {
    action,
    id,
    type: kind === 'asset' ? 'asset' : textAt(system, 'type'),
    locale: textAt(system, 'language'),
    times: [system.last_modified],
    entry: system,
    metadata: { environment: textAt(message, 'environment_id') },
  });
  return [change];
}
