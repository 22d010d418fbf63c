import { headerOf, refused } from '../toolkit/crypto.ts';
import { changeOf, placeOf } from '../toolkit/entry-change.ts';
import {
  idAt,
  isJsonObject,
  type JsonObject,
  listAt,
  objectAt,
  parseJsonObject,
  unexpected,
  valueAt,
} from '../toolkit/payload.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  ignored,
  type PayloadLocation,
  type ReadContext,
  type Reading,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'generic';
const MAX_ENTRIES = 5000;

/**
 * A sender that is described by configuration alone: how it is verified (`verification`) and where in its payload
 * what is (`payload`).
 */
export const generic = defineSource({
  name: NAME,
  options: ['verification', 'payload', 'environments'],
  verify: (request, secrets, nowMs, { verification }) =>
    verification === undefined
      ? refused('the webhook has no `verification`')
      : verifyBy(verification, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const map = context.options.payload ?? {};
  const entries = map.entries === undefined ? [body] : valueAtPath(body, map.entries);
  if (!Array.isArray(entries)) return unexpected(map.entries ?? '', 'a list of entries', entries);
  const changes = [];
  let reason = 'no entry changed';
  for (const entry of entries.slice(0, MAX_ENTRIES)) {
    const found = readEntry(isJsonObject(entry) ? entry : { id: entry }, body, request, context);
    if (typeof found === 'string') reason = found;
    else changes.push(found);
  }
  return changes.length === 0 ? ignored(reason) : { kind: 'changes', changes };
}

function readEntry(entry: JsonObject, body: JsonObject, request: WebhookRequest, context: ReadContext) {
  const map = context.options.payload ?? {};
  const at = (place: PayloadLocation | undefined) =>
    place === undefined ? undefined : find(place, entry, body, request);
  const action = at(map.action) ?? '';
  const { deletes = [], puts, ignores = [] } = map;
  const isDelete = deletes.includes(action);
  if (ignores.includes(action) || !(isDelete || puts === undefined || puts.includes(action))) {
    return `${JSON.stringify(action.slice(0, 60))} is not an action that changes published content`;
  }
  const environment = at(map.environment);
  const names = context.options.environments;
  if (names !== undefined && !names.includes('*') && !names.includes(environment ?? '')) {
    return `the environment ${JSON.stringify(environment?.slice(0, 60) ?? '')} is not one that visitors see`;
  }
  const id = at(map.id ?? 'id');
  const previous = map.previous === undefined ? undefined : valueAtPath(entry, map.previous);
  const fields =
    map.fields === undefined ? entry : objectAt({ value: valueAtPath(entry, map.fields) }, 'value');
  return changeOf(NAME, context, {
    action: isDelete ? 'delete' : 'put',
    id: id ?? context.webhook,
    type: at(map.type),
    locale: at(map.locale),
    times: [at(map.occurredAt)],
    entry: fields,
    metadata: { ...placeOf(at(map.url)), slug: at(map.slug), environment },
    ...(isJsonObject(previous) && { previous: { ...fields, ...previous } }),
    isForgotten: id === undefined,
  });
}

function find(
  place: PayloadLocation,
  entry: JsonObject,
  body: JsonObject,
  request: WebhookRequest,
): string | undefined {
  if (typeof place === 'string') {
    for (const root of [entry, body]) {
      const text = idAt({ value: valueAtPath(root, place) }, 'value');
      if (text !== undefined) return text;
    }
    return undefined;
  }
  if ('header' in place) return headerOf(request, place.header.toLowerCase()) || undefined;
  const query = request.path.slice(request.path.indexOf('?') + 1 || request.path.length);
  return new URLSearchParams(query).get(place.query) || undefined;
}

/** As {@link valueAt}, and through lists by their indices. */
function valueAtPath(root: unknown, path: string): unknown {
  let current = root;
  for (const key of path.split('.')) {
    current = Array.isArray(current) ? listAt({ current }, 'current')[Number(key)] : valueAt(current, key);
  }
  return current;
}
