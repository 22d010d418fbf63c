import type { ChangeAction } from '../../core/model/types.ts';
import { defineJsonSource, type SourceContext } from '../toolkit/define-json-source.ts';
import { changeOf } from '../toolkit/entry-change.ts';
import { idAt, type JsonObject, listAt, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import { ignored, type Reading } from '../webhook-source.ts';

const maxKeys = 5000;
const itemEvent = /(?:^|\.)items\.(create|update|delete)$/;
const publicStatuses: ReadonlySet<string> = new Set(['published', 'active', 'public']);

/**
 * A Flow of Directus whose last operation sends `{{$trigger}}`, with the shared secret in a header (by default
 * `x-webhook-token`). `{type}` is the collection. An update holds only the fields that changed, and a delete only
 * the keys: for both, what the entry mapped to last time is purged.
 * @see https://directus.io/docs/guides/automate/triggers
 */
export const directus = defineJsonSource({
  name: 'directus',
  options: ['header', 'drafts'],
  hasIdsPerType: true,
  verification: ({ header = 'x-webhook-token' }) => ({ kind: 'secret', in: 'header', name: header }),
  read,
});

function read(body: JsonObject, context: SourceContext): Reading {
  const event = stringAt(body, 'event');
  if (event === undefined) return unexpected('event', 'a string such as "articles.items.update"', body.event);
  const verb = itemEvent.exec(event.slice(-100))?.[1];
  if (verb === undefined) return ignored(`${event.slice(0, 60)} is not about an item`);
  const type = stringAt(body, 'collection') ?? event.split('.')[0];
  const payload = objectAt(body, 'payload');
  const keys = keysOf(body, payload).slice(0, maxKeys);
  if (keys.length === 0) return unexpected('keys', 'a list of keys', body.keys);
  const status = stringAt(payload, 'status');
  const isHidden =
    verb !== 'delete' &&
    status !== undefined &&
    !publicStatuses.has(status) &&
    context.options.drafts !== true;
  const action: ChangeAction = verb === 'delete' || isHidden ? 'delete' : 'put';
  const found = {
    action,
    type,
    entry: payload,
    onlyIfRemembered: isHidden,
    locale: stringAt(payload, 'locale'),
  };
  return { kind: 'changes', changes: keys.map((id) => changeOf(context, { ...found, id })) };
}

/** A create has `key`, an update `keys`, a delete its keys as the payload or as `keys`. */
function keysOf(body: JsonObject, payload: JsonObject): readonly string[] {
  const lists = [listAt(body, 'keys'), listAt(body, 'payload'), [body.key], [payload.id]];
  for (const list of lists) {
    const keys = list.flatMap((key) => idAt({ key }, 'key') ?? []);
    if (keys.length > 0) return [...new Set(keys)];
  }
  return [];
}
