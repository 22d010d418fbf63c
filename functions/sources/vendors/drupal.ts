import { isRecord } from '../../core/model/record.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { actionsOf, changeOf, lastSegmentOf, urlFields } from '../toolkit/entry-change.ts';
import { readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading, type WebhookRequest } from '../webhook-source.ts';

const scheme = { kind: 'hmac', header: 'x-hub-signature', hash: 'sha1', prefix: 'sha1=' } as const;
const oldScheme = { kind: 'hmac', header: 'x-drupal-webhooks-signature', encoding: 'base64' } as const;
const actions = actionsOf({ put: ['create', 'insert', 'update'], delete: ['delete'] });

/**
 * Drupal's module Webhooks, of both header eras. `{id}` is the entity's UUID, `{type}` its bundle, `{path}` its alias
 * without its first slash. A field is its first value: `{fields.field_topic}`.
 * @see https://www.drupal.org/project/webhooks
 */
export const drupal = defineJsonSource({
  name: 'drupal',
  options: ['drafts'],
  verification(_, request) {
    const isOld =
      headerOf(request, scheme.header) === undefined && headerOf(request, oldScheme.header) !== undefined;
    return isOld ? oldScheme : scheme;
  },
  read,
});

function read(body: JsonObject, context: SourceContext, request: WebhookRequest): Reading {
  const event = stringAt(body, 'event') ?? headerOf(request, 'x-drupal-webhooks-event') ?? '';
  const [scope, kind = '', verb = ''] = event.split(':', 3);
  const action = actions.get(verb);
  if (scope !== 'entity') return ignored(`${event.slice(0, 60)} is not about an entity`);
  const entity = objectAt(body, 'entity');
  const id = idAt(firstOf(entity.uuid), 'value');
  const type =
    stringAt(firstOf(entity.type), 'target_id') ?? stringAt(firstOf(entity.vid), 'target_id') ?? kind;
  if (id === undefined) {
    return readingOfUnnamed(context, unexpected('entity.uuid', 'a list of {value}', entity.uuid), type);
  }
  if (action === undefined) return readingOfUnknownEvent(context, event, { id, type });
  const isHidden = action === 'put' && isOff(plainOf(entity.status)) && context.options.drafts !== true;
  // Content moderation keeps what is public under a draft: only of what is archived it is sure that it is gone.
  const state = plainOf(entity.moderation_state);
  const isGone = isHidden && (typeof state !== 'string' || state === 'archived');
  const alias = stringAt(firstOf(entity.path), 'alias');
  const change = changeOf(context, {
    action: isGone ? 'delete' : action,
    onlyIfRemembered: isHidden,
    id,
    type,
    // A save and a delete name one translation, and are of all: fields may be shared, and a translation may be gone.
    affectsAllLocales: true,
    locale: stringAt(firstOf(entity.langcode), 'value'),
    // What is deleted is sent as it was saved last, with the time of that.
    times: action === 'delete' ? [] : [plainOf(entity.changed)],
    entry: fieldsOf(entity),
    metadata: { ...urlFields(alias), slug: alias && lastSegmentOf(alias) },
  });
  return { kind: 'changes', changes: [change] };
}

/** A boolean of Drupal is written as one, or as the number that its database holds. */
function isOff(value: unknown): boolean {
  return value === false || value === 0 || value === '0';
}

function fieldsOf(entity: JsonObject): JsonObject {
  const { path: _, ...fields } = entity;
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, plainOf(field)]));
}

function firstOf(field: unknown): unknown {
  return Array.isArray(field) ? field[0] : field;
}

function plainOf(field: unknown): unknown {
  const first = firstOf(field);
  if (!isRecord(first)) return first;
  return first.value ?? first.target_id ?? first.uri ?? first.alias;
}
