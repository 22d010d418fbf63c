import type { ChangeAction } from '../../core/model/types.ts';
import {
  changeOf,
  isPublicEnvironment,
  localesOf,
  otherEnvironment,
  placeOf,
} from '../toolkit/entry-change.ts';
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
  type SourceOptions,
  type VerificationResult,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'datocms';
const ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['create', 'put'],
  ['update', 'put'],
  ['publish', 'put'],
  ['unpublish', 'delete'],
  ['delete', 'delete'],
]);
/** `en`, `pt-BR`, `zh-Hant-TW`: what the key of a localized value looks like. */
const LOCALE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;

/**
 * DatoCMS, which signs nothing: HTTP Basic, whose password (or `user:password`) is the secret, or a header that the
 * option `header` names. `{type}` is the model's API key; `{slug}` and the other attributes come for each locale
 * that the slug, or else any attribute of such a form, is written in. `previous_entity` tells what it was before.
 * @see https://www.datocms.com/docs/general-concepts/webhooks
 */
export const datocms = defineSource({
  name: NAME,
  options: ['header', 'environments', 'drafts'],
  verify(request, secrets, nowMs, { header }: SourceOptions): VerificationResult {
    const scheme =
      header === undefined
        ? ({ kind: 'secret', in: 'basic' } as const)
        : ({ kind: 'secret', in: 'header', name: header } as const);
    return verifyBy(scheme, request, secrets, nowMs);
  },
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const kind = textAt(body, 'entity_type');
  const event = textAt(body, 'event_type');
  if (kind === undefined || event === undefined) {
    return unexpected('entity_type', 'a text such as "item", beside `event_type`', body.entity_type);
  }
  const action = ACTIONS.get(event);
  if (action === undefined || (kind !== 'item' && kind !== 'upload')) {
    return ignored(`${event.slice(0, 40)} of ${kind.slice(0, 40)} is not an event that changes content`);
  }
  const environment = textAt(body, 'environment') ?? 'main';
  const main = body.is_environment_primary === false ? [] : [environment];
  if (!isPublicEnvironment(context.options, environment, main)) return ignored(otherEnvironment(environment));
  const entity = objectAt(body, 'entity');
  const id = idAt(entity, 'id');
  if (id === undefined) return unexpected('entity.id', 'a text', entity.id);
  const status = textAt(entity, 'meta', 'status');
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

function readEntity(body: JsonObject, delivery: Delivery, context: ReadContext): Reading {
  const { kind, id, action, environment, entity } = delivery;
  const attributes = objectAt(entity, 'attributes');
  const previous = isJsonObject(body.previous_entity)
    ? objectAt(body.previous_entity, 'attributes')
    : undefined;
  const found = {
    action,
    id,
    type: kind === 'upload' ? 'upload' : typeOf(body, entity),
    times: [body.event_triggered_at],
  };
  const change = (locale?: string) => {
    const entry = locale === undefined ? attributes : inLocale(attributes, locale);
    const before = previous === undefined || locale === undefined ? previous : inLocale(previous, locale);
    return changeOf(NAME, context, {
      ...found,
      locale,
      entry,
      metadata: { environment, ...(kind === 'upload' ? placeOf(attributes.url) : {}) },
      ...(before !== undefined && { previous: before, previousMetadata: { environment } }),
    });
  };
  const locales = localesIn(attributes);
  if (locales.length === 0) return { kind: 'changes', changes: [change()] };
  return { kind: 'changes', changes: locales.map(change), isComplete: true };
}

/** The locales of the field that a URL is made of, else of every field that looks localized. */
function localesIn(attributes: JsonObject): readonly string[] {
  const { slug, url, path } = attributes;
  const inPlace = localesOf({ slug, url, path }, (key) => LOCALE.test(key));
  const all = Object.values(attributes).filter(
    (value) =>
      isJsonObject(value) &&
      Object.keys(value).length > 0 &&
      Object.keys(value).every((key) => LOCALE.test(key)),
  );
  return inPlace.length > 0 ? inPlace : localesOf(Object.fromEntries(all.entries())).slice(0, 500);
}

function inLocale(attributes: JsonObject, locale: string): JsonObject {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => {
      const isLocalized = isJsonObject(value) && Object.hasOwn(value, locale);
      return [name, isLocalized ? value[locale] : value];
    }),
  );
}

function typeOf(body: JsonObject, entity: JsonObject): string | undefined {
  const modelId = textAt(entity, 'relationships', 'item_type', 'data', 'id');
  const model = listAt(body, 'related_entities').find(
    (related) => textAt(related, 'type') === 'item_type' && textAt(related, 'id') === modelId,
  );
  return textAt(model, 'attributes', 'api_key') ?? modelId;
}
