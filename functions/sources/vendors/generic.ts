import { isRecord } from '../../core/model/record.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { changeOf, urlFields, withFields } from '../toolkit/entry-change.ts';
import { idAt, type JsonObject, listAt, objectAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { headerOf, refused } from '../toolkit/signatures/crypto.ts';
import { verifyBy } from '../toolkit/signatures/verify-request.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import type { PayloadLocation } from '../webhook-options.ts';
import { ignored, type Reading, type WebhookRequest } from '../webhook-source.ts';

/**
 * A sender that is described by configuration alone: how it is verified (`verification`) and where its payload holds
 * what (`payload`).
 */
export const generic = defineJsonSource({
  name: 'generic',
  canPut: true,
  options: ['verification', 'payload', 'environments'],
  keyOf: 'customer',
  verify: (request, secrets, nowMs, { verification }) =>
    verification === undefined
      ? refused('the webhook has no `verification`')
      : verifyBy(verification, request, secrets, nowMs, 'any'),
  read,
});

function read(body: JsonObject, context: SourceContext, request: WebhookRequest): Reading {
  const map = context.options.payload ?? {};
  const entries = map.entries === undefined ? [body] : entriesAt(body, map.entries);
  if (!Array.isArray(entries)) return unexpected(map.entries ?? '', 'a list of entries', entries);
  const changes = [];
  let reason = 'no entry changed';
  for (const entry of entries) {
    const found = readEntry(isRecord(entry) ? entry : { id: entry }, body, request, context);
    if (typeof found === 'string') reason = found;
    else changes.push(found);
  }
  return changes.length === 0 ? ignored(reason) : { kind: 'changes', changes };
}

/**
 * @returns the list at the path. Where there is none, a sender of one entry has it in the list's place, or leaves the list
 *   out; `null` is a list of nothing to many senders
 */
function entriesAt(body: JsonObject, path: string): unknown {
  const entries = valueAtPath(body, path);
  const dot = path.lastIndexOf('.');
  const holder = dot < 0 ? body : valueAtPath(body, path.slice(0, dot));
  if (entries === undefined && isRecord(holder)) return [holder];
  if (entries === null) return [];
  return isRecord(entries) ? [entries] : entries;
}

/** @returns the change of an entry, or the reason why there is none */
function readEntry(entry: JsonObject, body: JsonObject, request: WebhookRequest, context: SourceContext) {
  const map = context.options.payload ?? {};
  const at = (location: PayloadLocation | undefined, read = idOf) =>
    location === undefined ? undefined : find(location, [entry, body], request, read);
  const action = at(map.action, wordOf) ?? '';
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
  return changeOf(context, {
    action: isDelete ? 'delete' : 'put',
    id: id ?? context.webhook,
    type: at(map.type),
    locale: at(map.locale),
    times: [at(map.occurredAt)],
    entry: fields,
    metadata: { ...urlFields(at(map.url)), slug: at(map.slug), environment },
    ...(isRecord(previous) && {
      previous: withFields(context, fields, previous),
      previousMetadata: { ...urlFields(previous.url), environment },
    }),
    skipMemory: id === undefined,
  });
}

function idOf(value: unknown): string | undefined {
  return idAt({ value }, 'value');
}

/** What happened may be told by nothing but whether the entry is public: `"published": false`. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'boolean' ? String(value) : idOf(value);
}

function find(
  location: PayloadLocation,
  roots: readonly JsonObject[],
  request: WebhookRequest,
  read: (value: unknown) => string | undefined,
): string | undefined {
  if (typeof location === 'string') {
    for (const root of roots) {
      const found = read(valueAtPath(root, location));
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if ('header' in location) return headerOf(request, location.header.toLowerCase()) || undefined;
  const query = request.path.slice(request.path.indexOf('?') + 1 || request.path.length);
  return new URLSearchParams(query).get(location.query) || undefined;
}

/** As {@link valueAt}, and through lists by their indices. */
function valueAtPath(root: unknown, path: string): unknown {
  let current = root;
  for (const key of path.split('.')) {
    current = Array.isArray(current) ? listAt({ current }, 'current')[Number(key)] : valueAt(current, key);
  }
  return current;
}
