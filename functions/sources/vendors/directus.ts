import type { ChangeAction } from '../../core/model/types.ts';
import { changeOf } from '../toolkit/entry-change.ts';
import {
  idAt,
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

const NAME = 'directus';
const DEFAULT_HEADER = 'x-webhook-token';
const MAX_KEYS = 5000;
const EVENT = /(?:^|\.)items\.(create|update|delete)$/;
const PUBLIC_STATUSES: ReadonlySet<string> = new Set(['published', 'active', 'public']);

/**
 * A Flow of Directus whose last operation sends `{{$trigger}}`, with the shared secret in a header (by default
 * `x-webhook-token`). `{type}` is the collection. An update holds only the fields that changed, and a delete only
 * the keys: for both, what the entry mapped to last time is purged.
 * @see https://directus.io/docs/guides/automate/triggers
 */
export const directus = defineSource({
  name: NAME,
  options: ['header', 'drafts'],
  hasIdsPerType: true,
  verify: (request, secrets, nowMs, { header = DEFAULT_HEADER }) =>
    verifyBy({ kind: 'secret', in: 'header', name: header }, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const event = textAt(body, 'event');
  if (event === undefined) return unexpected('event', 'a text such as "articles.items.update"', body.event);
  const verb = EVENT.exec(event.slice(-100))?.[1];
  if (verb === undefined) return ignored(`${event.slice(0, 60)} is not about an item`);
  const type = textAt(body, 'collection') ?? event.split('.')[0];
  const payload = objectAt(body, 'payload');
  const keys = keysOf(body, payload).slice(0, MAX_KEYS);
  if (keys.length === 0) return unexpected('keys', 'a list of keys', body.keys);
  const status = textAt(payload, 'status');
  const isHidden =
    verb !== 'delete' &&
    status !== undefined &&
    !PUBLIC_STATUSES.has(status) &&
    context.options.drafts !== true;
  const action: ChangeAction = verb === 'delete' || isHidden ? 'delete' : 'put';
  const found = { action, type, entry: payload, ifRemembered: isHidden, locale: textAt(payload, 'locale') };
  return { kind: 'changes', changes: keys.map((id) => changeOf(NAME, context, { ...found, id })) };
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
