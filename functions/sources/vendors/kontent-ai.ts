import { isRecord } from '../../core/model/record.ts';
import type { EntryChange } from '../../core/model/types.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { actionsOf, changeOf, changeOfAllEntries } from '../toolkit/entry-change.ts';
import { readingOfUnnamed } from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, listAt, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Malformed, type Reading } from '../webhook-source.ts';

const currentHeader = 'x-kontent-ai-signature';
const legacyHeader = 'x-kc-signature';
/** The verbs of current webhooks, and then of legacy ones. */
const actions = actionsOf({
  put: ['published', 'publish', 'metadata_changed'],
  delete: ['unpublished', 'deleted', 'unpublish', 'archive'],
});
const draftActions: ReadonlySet<string> = new Set(['created', 'changed', 'upsert', 'workflow_step_changed']);
/** What has no page of its own, and is shown on any. */
const sharedKinds: ReadonlySet<string> = new Set(['taxonomy', 'content_type', 'language']);

/**
 * Kontent.ai, its current webhooks and the legacy ones. The payload holds no slug: rules have `{id}`,
 * `{fields.codename}`, `{type}` and `{locale}` (the language's codename). Several notifications may come at once.
 * @see https://kontent.ai/learn/docs/webhooks/javascript
 */
export const kontentAi = defineJsonSource({
  name: 'kontent-ai',
  options: ['drafts'],
  verification(_, request) {
    const isLegacy =
      headerOf(request, currentHeader) === undefined && headerOf(request, legacyHeader) !== undefined;
    return { kind: 'hmac', header: isLegacy ? legacyHeader : currentHeader, encoding: 'base64' };
  },
  read,
});

function read(body: JsonObject, context: SourceContext): Reading {
  const notifications = Array.isArray(body.notifications) ? body.notifications : legacyNotifications(body);
  if (notifications === undefined) return unexpected('notifications', 'a list', body.notifications);
  const changes: EntryChange[] = [];
  let unnamed: Malformed | undefined;
  for (const each of notifications) {
    const read = changeIn(each, context);
    if ('message' in read) unnamed = read;
    else changes.push(...read);
  }
  if (unnamed !== undefined) {
    const whole = readingOfUnnamed(context, unnamed);
    if (whole.kind === 'changes') return { ...whole, changes: [...changes, ...whole.changes] };
    return changes.length === 0 ? whole : { kind: 'changes', changes, notUnderstood: unnamed.message };
  }
  if (changes.length > 0) return { kind: 'changes', changes };
  return ignored('no notification is about published content');
}

/** Legacy webhooks list the items of one event. */
function legacyNotifications(body: JsonObject): readonly unknown[] | undefined {
  if (!isRecord(body.message)) return undefined;
  const { message } = body;
  const type = stringAt(message, 'type') ?? '';
  const items = listAt(body, 'data', 'items');
  const all = items.length > 0 ? items : listAt(body, 'data', 'taxonomies');
  // One that lists nothing tells of something all the same.
  return (all.length > 0 ? all : [{}]).map((item) => ({
    data: { system: { ...(isRecord(item) ? item : {}), last_modified: message.created_timestamp } },
    message: {
      object_type: type.startsWith('content_item') ? 'content_item' : type,
      action: message.operation,
      // Of the others, "content_management" tells of drafts and their workflow.
      delivery_slot: stringAt(message, 'api_name') === 'delivery_production' ? 'published' : 'preview',
    },
  }));
}

/** @returns its changes, or what is missing in a notification of something that is published */
function changeIn(notification: unknown, context: SourceContext): readonly EntryChange[] | Malformed {
  const system = objectAt(notification, 'data', 'system');
  const message = objectAt(notification, 'message');
  const kind = stringAt(message, 'object_type') ?? '';
  const id = idAt(system, 'id');
  const isPreview = message.delivery_slot === 'preview';
  const drafts = context.options.drafts === true;
  if (isPreview && !drafts) return [];
  if (sharedKinds.has(kind)) {
    return context.options.sweep === false ? [] : [changeOfAllEntries(context, { id: id ?? kind })];
  }
  const verb = stringAt(message, 'action') ?? '';
  // An asset has no workflow: it is live as soon as it is changed. So is what the published slot says of an item.
  const isDraft = kind === 'content_item' && draftActions.has(verb);
  if (isDraft && !drafts) return [];
  if (kind !== 'content_item' && kind !== 'asset') {
    return unexpected('message.object_type', '"content_item" or "asset"', message.object_type);
  }
  if (id === undefined) return unexpected('data.system.id', 'a string', system.id);
  const action = actions.get(verb) ?? 'put';
  const change = changeOf(context, {
    action,
    id,
    type: kind === 'asset' ? 'asset' : stringAt(system, 'type'),
    locale: stringAt(system, 'language'),
    times: [system.last_modified],
    entry: system,
    metadata: { environment: stringAt(message, 'environment_id') },
  });
  return [change];
}
