import type { ChangeAction } from '../../core/model/types.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { actionsOf, changesOf } from '../toolkit/entry-change.ts';
import { readingOfOther, readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, listAt, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import type { Reading } from '../webhook-source.ts';

/** An event of an item, `articles.items.update`, or of a file, `files.upload`. */
const itemEvent = /(?:^|\.)(items|files)\.(\w{1,40})$/;
const actions = actionsOf({ put: ['create', 'update', 'upload', 'sort'], delete: ['delete'] });
/** What changes nothing, and `promote`, which comes with an update as well. */
const otherVerbs: ReadonlySet<string> = new Set(['promote', 'query', 'read']);
const defaultStatuses = ['published', 'active', 'public'];

/**
 * A Flow of Directus whose last operation sends `{{$trigger}}`, with the shared secret in a header (by default
 * `x-webhook-token`). `{type}` is the collection, `files` for a file. An update holds only the fields that changed, and a delete only
 * the keys: for both, what the entry mapped to last time is purged.
 * @see https://directus.io/docs/guides/automate/triggers
 */
export const directus = defineJsonSource({
  name: 'directus',
  options: ['header', 'drafts', 'publicStatuses'],
  hasIdsPerType: true,
  verification: ({ header = 'x-webhook-token' }) => ({ kind: 'secret', in: 'header', name: header }),
  read,
});

function read(body: JsonObject, context: SourceContext): Reading {
  const event = stringAt(body, 'event');
  if (event === undefined) return unexpected('event', 'a string such as "articles.items.update"', body.event);
  const [, kind, verb = ''] = itemEvent.exec(event.slice(-100)) ?? [];
  if (kind === undefined || otherVerbs.has(verb)) return readingOfOther(event);
  const isFile = kind === 'files';
  const type = isFile ? 'files' : (stringAt(body, 'collection') ?? event.split('.')[0]);
  const payload = objectAt(body, 'payload');
  const keys = keysOf(body, payload);
  if (keys.length === 0)
    return readingOfUnnamed(context, unexpected('keys', 'a list of keys', body.keys), type);
  const known = actions.get(verb);
  if (known === undefined) return readingOfUnknownEvent(context, event, { id: keys, type });
  const status = isFile ? undefined : stringAt(payload, 'status');
  const { drafts, publicStatuses = defaultStatuses } = context.options;
  const isHidden =
    known === 'put' && status !== undefined && !publicStatuses.includes(status) && drafts !== true;
  const action: ChangeAction = isHidden ? 'delete' : known;
  const found = {
    action,
    type,
    entry: payload,
    onlyIfRemembered: isHidden,
    locale: stringAt(payload, 'locale'),
    // An update holds what changed, and seldom the locale, which is a field like any other.
    affectsAllLocales: true,
  };
  return { kind: 'changes', changes: changesOf(context, found, keys) };
}

/** A create has `key`, an update `keys`, a delete its keys as the payload or as `keys`, and a sort the two that it moved. */
function keysOf(body: JsonObject, payload: JsonObject): readonly string[] {
  const lists = [
    listAt(body, 'keys'),
    listAt(body, 'payload'),
    [body.key],
    [payload.id],
    [body.item, body.to],
  ];
  for (const list of lists) {
    const keys = list.flatMap((key) => idAt({ key }, 'key') ?? []);
    if (keys.length > 0) return [...new Set(keys)];
  }
  return [];
}
