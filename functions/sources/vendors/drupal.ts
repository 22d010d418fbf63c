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

const NAME = 'drupal';
const OLD_SIGNATURE = 'x-drupal-webhooks-signature';
const SCHEME = { kind: 'hmac', header: 'x-hub-signature', hash: 'sha1', prefix: 'sha1=' } as const;
const OLD_SCHEME = { kind: 'hmac', header: OLD_SIGNATURE, encoding: 'base64' } as const;
const ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['create', 'put'],
  ['insert', 'put'],
  ['update', 'put'],
  ['delete', 'delete'],
]);

/**
 * Drupal's module Webhooks, of both header eras. `{id}` is the entity's UUID, `{type}` its bundle, `{path}` its alias
 * without the slash that it begins with. A field is its first value: `{fields.field_topic}`.
 * @see https://www.drupal.org/project/webhooks
 */
export const drupal = defineSource({
  name: NAME,
  options: ['drafts'],
  verify(request, secrets, nowMs) {
    const isOld =
      headerOf(request, SCHEME.header) === undefined && headerOf(request, OLD_SIGNATURE) !== undefined;
    return verifyBy(isOld ? OLD_SCHEME : SCHEME, request, secrets, nowMs);
  },
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const event = textAt(body, 'event') ?? headerOf(request, 'x-drupal-webhooks-event') ?? '';
  const [scope, kind = '', verb = ''] = event.split(':', 3);
  const action = ACTIONS.get(verb);
  if (scope !== 'entity' || action === undefined)
    return ignored(`${event.slice(0, 60)} is not about an entity`);
  const entity = objectAt(body, 'entity');
  const id = idAt(firstOf(entity.uuid), 'value');
  if (id === undefined) return unexpected('entity.uuid', 'a list of {value}', entity.uuid);
  const isHidden = action === 'put' && plainOf(entity.status) === false && context.options.drafts !== true;
  const alias = textAt(firstOf(entity.path), 'alias');
  const change = changeOf(NAME, context, {
    action: isHidden ? 'delete' : action,
    ifRemembered: isHidden,
    id,
    type: textAt(firstOf(entity.type), 'target_id') ?? textAt(firstOf(entity.vid), 'target_id') ?? kind,
    locale: textAt(firstOf(entity.langcode), 'value'),
    times: [plainOf(entity.changed)],
    entry: fieldsOf(entity),
    metadata: { ...placeOf(alias), slug: alias?.split('/').at(-1) },
  });
  return { kind: 'changes', changes: [change] };
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
  if (!isJsonObject(first)) return first;
  return first.value ?? first.target_id ?? first.uri ?? first.alias;
}
