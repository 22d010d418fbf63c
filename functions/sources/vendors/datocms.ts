import { isRecord } from '../../core/model/record.ts';
import type { ChangeAction } from '../../core/model/types.ts';
import { defineJsonSource, type SourceContext } from '../toolkit/define-json-source.ts';
import {
  actionsOf,
  changeOf,
  isPublicEnvironment,
  localesOf,
  otherEnvironment,
  urlFields,
} from '../toolkit/entry-change.ts';
import { idAt, type JsonObject, listAt, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import { ignored, type Reading } from '../webhook-source.ts';

const actions = actionsOf({ put: ['create', 'update', 'publish'], delete: ['unpublish', 'delete'] });
/** `en`, `pt-BR`, `zh-Hant-TW`: what the key of a localized value looks like. */
const localeKey = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;

/**
 * DatoCMS, which signs nothing: HTTP Basic, whose password (or `user:password`) is the secret, or a header that the
 * option `header` names. `{type}` is the model's API key; `{slug}` and the other attributes come for each locale
 * that the slug, or else any attribute of such a form, is written in. `previous_entity` tells what it was before.
 * @see https://www.datocms.com/docs/general-concepts/webhooks
 */
export const datocms = defineJsonSource({
  name: 'datocms',
  options: ['header', 'environments', 'drafts'],
  verification: ({ header }) =>
    header === undefined ? { kind: 'secret', in: 'basic' } : { kind: 'secret', in: 'header', name: header },
  read,
});

function read(body: JsonObject, context: SourceContext): Reading {
  const kind = stringAt(body, 'entity_type');
  const event = stringAt(body, 'event_type');
  if (kind === undefined || event === undefined) {
    return unexpected('entity_type', 'a string such as "item", next to `event_type`', body.entity_type);
  }
  const action = actions.get(event);
  if (action === undefined || (kind !== 'item' && kind !== 'upload')) {
    return ignored(`${event.slice(0, 40)} of ${kind.slice(0, 40)} is not an event that changes content`);
  }
  const environment = stringAt(body, 'environment') ?? 'main';
  const main = body.is_environment_primary === false ? [] : [environment];
  if (!isPublicEnvironment(context.options, environment, main)) return ignored(otherEnvironment(environment));
  const entity = objectAt(body, 'entity');
  const id = idAt(entity, 'id');
  if (id === undefined) return unexpected('entity.id', 'a string', entity.id);
  const status = stringAt(entity, 'meta', 'status');
  const isSave = event === 'create' || event === 'update';
  // A model without drafts has no status, and each save of it is public.
  const isDraft = kind === 'item' && isSave && status !== undefined && status !== 'published';
  if (isDraft && context.options.drafts !== true) return ignored('a draft was saved');
  return readEntity(body, { kind, id, action, environment, entity }, context);
}

interface Delivery {
  readonly kind: string;
  readonly id: string;
  readonly action: ChangeAction;
  readonly environment: string;
  readonly entity: JsonObject;
}

function readEntity(body: JsonObject, delivery: Delivery, context: SourceContext): Reading {
  const { kind, id, action, environment, entity } = delivery;
  const attributes = objectAt(entity, 'attributes');
  const previous = isRecord(body.previous_entity) ? objectAt(body.previous_entity, 'attributes') : undefined;
  const found = {
    action,
    id,
    type: kind === 'upload' ? 'upload' : typeOf(body, entity),
    times: [body.event_triggered_at],
  };
  const change = (locale?: string) => {
    const entry = locale === undefined ? attributes : inLocale(attributes, locale);
    const before = previous === undefined || locale === undefined ? previous : inLocale(previous, locale);
    return changeOf(context, {
      ...found,
      locale,
      entry,
      metadata: { environment, ...(kind === 'upload' ? urlFields(attributes.url) : {}) },
      ...(before !== undefined && { previous: before, previousMetadata: { environment } }),
    });
  };
  const locales = localesIn(attributes);
  if (locales.length === 0) return { kind: 'changes', changes: [change()] };
  return { kind: 'changes', changes: locales.map(change), isComplete: true };
}

/** The locales of the field that holds the URL, else of every field that looks localized. */
function localesIn(attributes: JsonObject): readonly string[] {
  const { slug, url, path } = attributes;
  const ofUrl = localesOf({ slug, url, path }, (key) => localeKey.test(key));
  const all = Object.values(attributes).filter(
    (value) =>
      isRecord(value) &&
      Object.keys(value).length > 0 &&
      Object.keys(value).every((key) => localeKey.test(key)),
  );
  return ofUrl.length > 0 ? ofUrl : localesOf(Object.fromEntries(all.entries())).slice(0, 500);
}

function inLocale(attributes: JsonObject, locale: string): JsonObject {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => {
      const isLocalized = isRecord(value) && Object.hasOwn(value, locale);
      return [name, isLocalized ? value[locale] : value];
    }),
  );
}

function typeOf(body: JsonObject, entity: JsonObject): string | undefined {
  const modelId = stringAt(entity, 'relationships', 'item_type', 'data', 'id');
  const model = listAt(body, 'related_entities').find(
    (related) => stringAt(related, 'type') === 'item_type' && stringAt(related, 'id') === modelId,
  );
  return stringAt(model, 'attributes', 'api_key') ?? modelId;
}
