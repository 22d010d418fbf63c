import type { ChangeAction } from '../../core/model/types.ts';
import { changeOf, placeOf } from '../toolkit/entry-change.ts';
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

const NAME = 'builder-io';
const DEFAULT_HEADER = 'x-webhook-token';
const ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['publish', 'put'],
  ['scheduledStart', 'put'],
  ['unpublish', 'delete'],
  ['archive', 'delete'],
  ['delete', 'delete'],
  ['scheduledEnd', 'delete'],
]);

/**
 * Builder.io, which signs nothing: the shared secret is in a header, by default `x-webhook-token`. `{type}` is the
 * model; `{url}` and `{path}` are `data.url`, or else the `urlPath` that the entry is targeted at.
 * @see https://www.builder.io/c/docs/webhooks
 */
export const builderIo = defineSource({
  name: NAME,
  options: ['header', 'drafts'],
  verify: (request, secrets, nowMs, { header = DEFAULT_HEADER }) =>
    verifyBy({ kind: 'secret', in: 'header', name: header }, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const operation = textAt(body, 'operation');
  if (operation === undefined) return unexpected('operation', 'a text such as "publish"', body.operation);
  const action = ACTIONS.get(operation) ?? (context.options.drafts === true ? 'put' : undefined);
  if (action === undefined) return ignored(`${operation.slice(0, 60)} does not change published content`);
  const now = isJsonObject(body.newValue) ? body.newValue : undefined;
  const before = isJsonObject(body.previousValue) ? body.previousValue : undefined;
  const entry = now ?? before ?? {};
  const id = idAt(entry, 'id') ?? idAt(before, 'id');
  if (id === undefined) return unexpected('newValue.id', 'a text', entry.id);
  const wasPublic = before !== undefined && before !== entry && textAt(before, 'published') === 'published';
  const change = changeOf(NAME, context, {
    action,
    id,
    type: textAt(body, 'modelName'),
    locale: textAt(entry, 'data', 'locale'),
    entry: objectAt(entry, 'data'),
    metadata: { ...placeOf(urlOf(entry)), 'fields.name': textAt(entry, 'name') },
    ...(wasPublic && { previous: objectAt(before, 'data'), previousMetadata: placeOf(urlOf(before)) }),
  });
  return { kind: 'changes', changes: [change] };
}

function urlOf(entry: JsonObject): unknown {
  const target = listAt(entry, 'query').find((query) => textAt(query, 'property') === 'urlPath');
  return textAt(entry, 'data', 'url') ?? textAt(target, 'value');
}
