import { isRecord } from '../../core/model/record.ts';
import { defineJsonSource, type SourceContext } from '../toolkit/define-json-source.ts';
import { actionsOf, changeOf, urlFields } from '../toolkit/entry-change.ts';
import { idAt, type JsonObject, listAt, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import { ignored, type Reading } from '../webhook-source.ts';

const actions = actionsOf({
  put: ['publish', 'scheduledStart'],
  delete: ['unpublish', 'archive', 'delete', 'scheduledEnd'],
});

/**
 * Builder.io, which signs nothing: the shared secret is in a header, by default `x-webhook-token`. `{type}` is the
 * model; `{url}` and `{path}` are `data.url`, or else the `urlPath` that the entry is targeted at.
 * @see https://www.builder.io/c/docs/webhooks
 */
export const builderIo = defineJsonSource({
  name: 'builder-io',
  options: ['header', 'drafts'],
  verification: ({ header = 'x-webhook-token' }) => ({ kind: 'secret', in: 'header', name: header }),
  read,
});

function read(body: JsonObject, context: SourceContext): Reading {
  const operation = stringAt(body, 'operation');
  if (operation === undefined) return unexpected('operation', 'a string such as "publish"', body.operation);
  const action = actions.get(operation) ?? (context.options.drafts === true ? 'put' : undefined);
  if (action === undefined) return ignored(`${operation.slice(0, 60)} does not change published content`);
  const now = isRecord(body.newValue) ? body.newValue : undefined;
  const before = isRecord(body.previousValue) ? body.previousValue : undefined;
  const entry = now ?? before ?? {};
  const id = idAt(entry, 'id') ?? idAt(before, 'id');
  if (id === undefined) return unexpected('newValue.id', 'a string', entry.id);
  const wasPublic = before !== undefined && before !== entry && stringAt(before, 'published') === 'published';
  const change = changeOf(context, {
    action,
    id,
    type: stringAt(body, 'modelName'),
    locale: stringAt(entry, 'data', 'locale'),
    entry: objectAt(entry, 'data'),
    metadata: { ...urlFields(urlOf(entry)), 'fields.name': stringAt(entry, 'name') },
    ...(wasPublic && { previous: objectAt(before, 'data'), previousMetadata: urlFields(urlOf(before)) }),
  });
  return { kind: 'changes', changes: [change] };
}

function urlOf(entry: JsonObject): unknown {
  const target = listAt(entry, 'query').find((query) => stringAt(query, 'property') === 'urlPath');
  return stringAt(entry, 'data', 'url') ?? stringAt(target, 'value');
}
