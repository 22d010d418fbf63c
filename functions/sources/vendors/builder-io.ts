import { isRecord } from '../../core/model/record.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { actionsOf, changeOf, urlFields } from '../toolkit/entry-change.ts';
import { readingOfOther, readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import {
  idAt,
  type JsonObject,
  listAt,
  objectAt,
  stringAt,
  stringOf,
  unexpected,
  valueAt,
} from '../toolkit/payload.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import type { Reading } from '../webhook-source.ts';

const actions = actionsOf({
  put: ['publish', 'scheduledStart'],
  delete: ['unpublish', 'archive', 'delete', 'scheduledEnd'],
});
const draftOperations: ReadonlySet<string> = new Set(['autosave', 'create', 'draft', 'save', 'update']);

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
  const isDraft = draftOperations.has(operation);
  if (isDraft && context.options.drafts !== true) {
    return readingOfOther(operation);
  }
  const action = actions.get(operation) ?? (isDraft ? 'put' : undefined);
  const now = isRecord(body.newValue) ? body.newValue : undefined;
  const before = isRecord(body.previousValue) ? body.previousValue : undefined;
  const entry = now ?? before ?? {};
  const id = idAt(entry, 'id') ?? idAt(before, 'id');
  const type = stringAt(body, 'modelName');
  if (id === undefined)
    return readingOfUnnamed(context, unexpected('newValue.id', 'a string', entry.id), type);
  if (action === undefined) return readingOfUnknownEvent(context, operation, { id, type });
  const wasPublic = before !== undefined && before !== entry && stringAt(before, 'published') === 'published';
  const urls = urlsOf(entry);
  const left = wasPublic ? urlsOf(before).filter((url) => !urls.includes(url)) : [];
  // An entry may be at several URLs, and have left several: there is a change for each.
  const changes = Array.from({ length: Math.max(1, urls.length, left.length) }, (_, index) =>
    changeOf(context, {
      action,
      id,
      type,
      locale: stringAt(entry, 'data', 'locale'),
      entry: objectAt(entry, 'data'),
      metadata: { ...urlFields(urls[index] ?? urls.at(-1)), 'fields.name': stringAt(entry, 'name') },
      ...(wasPublic &&
        (index === 0 || index < left.length) && {
          previous: objectAt(before, 'data'),
          previousMetadata: urlFields(left[index]),
        }),
    }),
  );
  return { kind: 'changes', changes };
}

/** A URL is a string, a list of which any is meant, or an object with one for each locale. */
function urlsOf(entry: JsonObject): readonly string[] {
  const own = stringsIn(valueAt(entry, 'data', 'url'));
  if (own.length > 0) return own;
  const targets = listAt(entry, 'query').filter((query) => stringAt(query, 'property') === 'urlPath');
  return [...new Set(targets.flatMap((target) => stringsIn(valueAt(target, 'value'))))];
}

function stringsIn(value: unknown): readonly string[] {
  // A list may be in each locale, and each item of a list in several locales.
  const values = partsOf(value).flatMap(partsOf).flatMap(partsOf);
  return [...new Set(values.flatMap((each) => stringOf(each) ?? []))];
}

/** @returns the items of a list, the values of an object less its type, or the value itself */
function partsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) return [value];
  return Object.entries(value).flatMap(([key, each]) => (key.startsWith('@') ? [] : [each]));
}
