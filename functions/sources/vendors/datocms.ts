import { isRecord } from '../../core/model/record.ts';
import type { ChangeAction } from '../../core/model/types.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import {
  actionsOf,
  changeOf,
  inLocale,
  isPublicEnvironment,
  otherEnvironment,
  urlFields,
  writtenLocales,
} from '../toolkit/entry-change.ts';
import {
  readingOfAll,
  readingOfOther,
  readingOfUnknownEvent,
  readingOfUnnamed,
} from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, listAt, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading } from '../webhook-source.ts';

const actions = actionsOf({ put: ['create', 'update', 'publish'], delete: ['unpublish', 'delete'] });

/** The status of a record once all of it is published, or unpublished. */
const wholeStatuses = new Map([
  ['publish', 'published'],
  ['unpublish', 'draft'],
]);

/**
 * DatoCMS, which signs nothing: HTTP Basic, whose password (or `user:password`) is the secret, or a header that the
 * option `header` names. `{type}` is the model's API key; `{slug}` and the other attributes come for each locale
 * that the slug, or else any attribute of such a form, is written in. `previous_entity` tells what it was before.
 * @see https://www.datocms.com/docs/general-concepts/webhooks
 */
export const datocms = defineJsonSource({
  name: 'datocms',
  mainEnvironment: 'main',
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
  if (kind === 'environment' && event === 'promote') {
    return readingOfAll(context, event, { id: event, times: [body.event_triggered_at] });
  }
  if (kind !== 'item' && kind !== 'upload') {
    return readingOfOther(`${event.slice(0, 30)} of ${kind}`);
  }
  const environment = stringAt(body, 'environment') ?? 'main';
  const main = body.is_environment_primary === false ? [] : [environment];
  if (!isPublicEnvironment(context.options, environment, main)) return ignored(otherEnvironment(environment));
  const entity = objectAt(body, 'entity');
  const id = idAt(entity, 'id');
  const type = kind === 'upload' ? kind : typeOf(body, entity);
  const action = actions.get(event);
  if (id === undefined)
    return readingOfUnnamed(context, unexpected('entity.id', 'a string', entity.id), type);
  if (action === undefined) return readingOfUnknownEvent(context, event, { id, type });
  const status = stringAt(entity, 'meta', 'status');
  const isSave = event === 'create' || event === 'update';
  // A model without drafts has no status, and each save of it is public.
  const isDraft = kind === 'item' && isSave && status !== undefined && status !== 'published';
  if (isDraft && context.options.drafts !== true) {
    if (status !== 'draft') return ignored('a draft was saved');
    // Nothing of the record is public: where something is remembered, an unpublish was missed.
    const unseen = { action: 'delete', id, type, onlyIfRemembered: true } as const;
    const times = [body.event_triggered_at];
    return { kind: 'changes', changes: [changeOf(context, { ...unseen, times, metadata: { environment } })] };
  }
  // Some locales alone can be published and unpublished: of the others, visitors see what is remembered.
  const isPartial = status !== undefined && (wholeStatuses.get(event) ?? status) !== status;
  return readEntity(body, { kind, id, action, environment, entity, isPartial }, context);
}

interface Delivery {
  readonly kind: string;
  readonly id: string;
  readonly action: ChangeAction;
  readonly environment: string;
  readonly entity: JsonObject;
  readonly isPartial: boolean;
}

function readEntity(body: JsonObject, delivery: Delivery, context: SourceContext): Reading {
  const { kind, id, action, environment, entity, isPartial } = delivery;
  const attributes = objectAt(entity, 'attributes');
  const previous = isRecord(body.previous_entity) ? objectAt(body.previous_entity, 'attributes') : undefined;
  const found = {
    action,
    id,
    type: kind === 'upload' ? 'upload' : typeOf(body, entity),
    // Without a time, a change replaces nothing that is remembered.
    times: isPartial ? [] : [body.event_triggered_at],
  };
  const metadataOf = (file: JsonObject = {}) => ({
    environment,
    ...(kind === 'upload' && urlFields(file.url)),
  });
  const change = (locale?: string) => {
    const entry = locale === undefined ? attributes : inLocale(context, attributes, locale);
    const before =
      previous === undefined || locale === undefined ? previous : inLocale(context, previous, locale);
    return changeOf(context, {
      ...found,
      locale,
      entry,
      metadata: metadataOf(attributes),
      ...(before !== undefined && { previous: before, previousMetadata: metadataOf(previous) }),
    });
  };
  const locales = writtenLocales(attributes);
  const changes = locales.length === 0 ? [change()] : locales.map(change);
  return { kind: 'changes', changes, isComplete: true };
}

function typeOf(body: JsonObject, entity: JsonObject): string | undefined {
  const modelId = stringAt(entity, 'relationships', 'item_type', 'data', 'id');
  const model = listAt(body, 'related_entities').find(
    (related) => stringAt(related, 'type') === 'item_type' && stringAt(related, 'id') === modelId,
  );
  return stringAt(model, 'attributes', 'api_key') ?? modelId;
}
