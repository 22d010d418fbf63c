import type { ChangeAction, EntryChange } from '../../core/model/types.ts';
import {
  equalInConstantTime,
  headerOf,
  hmac,
  parseTimestampMs,
  refused,
  timestampProblem,
  VERIFIED,
} from '../toolkit/crypto.ts';
import { isPublicEnvironment, localesOf, otherEnvironment } from '../toolkit/entry-change.ts';
import { flattenFields } from '../toolkit/fields.ts';
import {
  isJsonObject,
  type JsonObject,
  parseJsonObject,
  textAt,
  unexpected,
  valueAt,
} from '../toolkit/payload.ts';
import { isoDateOf, isoOfMs } from '../toolkit/time.ts';
import {
  defineSource,
  ignored,
  type ReadContext,
  type Reading,
  type SourceOptions,
  type VerificationResult,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'contentful';
const SECRET_LENGTH = 64;

const SIGNATURE = 'x-contentful-signature';
const SIGNED_HEADERS = 'x-contentful-signed-headers';
const TIMESTAMP = 'x-contentful-timestamp';
const TOPIC = 'x-contentful-topic';
const TIMESTAMP_POLICY = { header: TIMESTAMP, unit: 'milliseconds', toleranceSeconds: 30 } as const;
/** What the request means hangs on these, so a signature that leaves one out proves nothing. */
const MUST_BE_SIGNED = [SIGNED_HEADERS, TIMESTAMP, TOPIC] as const;

/** The one that visitors see; also what a payload is about that names none, as a space with only one may. */
const DEFAULT_ENVIRONMENT = 'master';
const CONTENT_KINDS: ReadonlySet<string> = new Set(['Entry', 'Asset']);
const TOPIC_PARTS = /^\w{1,50}\.(\w{1,50})\.(\w{1,50})$/;
const MAX_LOCALES = 1000;

interface PublicEvent {
  readonly action: ChangeAction;
  /** Where in `sys` the payload tells when it happened, the best place first. */
  readonly times: readonly string[];
}

/** The events that change what visitors see. */
const PUBLIC_EVENTS: ReadonlyMap<string, PublicEvent> = new Map([
  ['publish', { action: 'put', times: ['publishedAt', 'updatedAt'] }],
  ['unpublish', { action: 'delete', times: ['deletedAt', 'updatedAt'] }],
  ['delete', { action: 'delete', times: ['deletedAt', 'updatedAt'] }],
  ['archive', { action: 'delete', times: ['archivedAt', 'updatedAt'] }],
]);
const DRAFT_EVENTS: ReadonlySet<string> = new Set(['create', 'save', 'auto_save', 'unarchive']);
const DRAFT_EVENT: PublicEvent = { action: 'put', times: ['updatedAt'] };

/**
 * Contentful, with request verification enabled: the secret is the space's 64-character signing secret.
 *
 * One publish becomes one change for each locale found in its `fields`; a field that lacks a locale and has exactly
 * one value has that value in every locale, as Contentful serves it. An unpublish and a delete carry no fields and
 * become one change without a locale. `type` is the content type's id, and `Asset` for assets; the environment is
 * the field `environment`.
 *
 * @see https://www.contentful.com/developers/docs/webhooks/request-verification/
 * @see https://www.contentful.com/developers/docs/webhooks/headers/
 */
export const contentful = defineSource({ name: NAME, options: ['environments', 'drafts'], verify, read });

function verify(request: WebhookRequest, secrets: readonly string[], nowMs: number): VerificationResult {
  const signature = headerOf(request, SIGNATURE);
  if (!signature) return refused(`the header ${SIGNATURE} is missing`);
  const fault = timestampProblem(headerOf(request, TIMESTAMP), TIMESTAMP_POLICY, nowMs);
  if (fault !== undefined) return refused(fault);
  const head = canonicalHead(request);
  if ('fault' in head) return refused(head.fault);
  const keys = secrets.filter((secret) => secret.length === SECRET_LENGTH);
  if (keys.length === 0) return refused(`no secret has the ${SECRET_LENGTH} characters of a signing secret`);
  const verified = keys.some((key) =>
    equalInConstantTime(signature, hmac('sha256', key, head.text, request.body).toString('hex')),
  );
  return verified ? VERIFIED : refused('the signature does not match');
}

/**
 * All that is signed before the body, as `signRequest` of @contentful/node-apps-toolkit 3.16.1 writes it. Unlike
 * the toolkit it takes the list of signed headers as it came, sorted or not, and insists that each is there.
 */
function canonicalHead(request: WebhookRequest): { readonly text: string } | { readonly fault: string } {
  const names = (headerOf(request, SIGNED_HEADERS) ?? '').trim().split(',');
  const unsigned = MUST_BE_SIGNED.find((name) => !names.includes(name));
  if (unsigned !== undefined) return { fault: `the header ${unsigned} is not among the signed ones` };
  // A name that comes again and again would make a short request a long text to sign.
  if (new Set(names).size < names.length) return { fault: 'a header is named twice among the signed ones' };
  const headers: string[] = [];
  for (const name of names) {
    const value = headerOf(request, name);
    if (value === undefined) return { fault: 'a header that was signed is missing' };
    headers.push(`${name}:${value.trim()}`);
  }
  const path = canonicalPath(request.path);
  if (path === undefined) return { fault: 'the path is not well-formed Unicode' };
  return { text: `${request.method}\n${path}\n${headers.join(';')}\n` };
}

/** The toolkit escapes the query up to a second `?` as a whole, then the path together with the escaped query. */
function canonicalPath(path: string): string | undefined {
  if (!path.isWellFormed()) return undefined;
  const [pathname = '', query = ''] = path.split('?');
  return encodeURI(query === '' ? pathname : `${pathname}?${encodeURIComponent(query)}`);
}

function read(request: WebhookRequest, context: ReadContext): Reading {
  const topic = headerOf(request, TOPIC);
  const [, kind = '', name = ''] = TOPIC_PARTS.exec(topic ?? '') ?? [];
  if (kind === '') return unexpected(TOPIC, 'a topic such as "ContentManagement.Entry.publish"', topic);
  const { webhook, options } = context;
  const draft = options.drafts === true && DRAFT_EVENTS.has(name) ? DRAFT_EVENT : undefined;
  const event = PUBLIC_EVENTS.get(name) ?? draft;
  if (event === undefined || !CONTENT_KINDS.has(kind)) return ignored(reasonToIgnore(kind, name));
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const sentAtMs = parseTimestampMs(headerOf(request, TIMESTAMP), 'milliseconds') ?? context.nowMs;
  return readPayload(parsed.value, { webhook, options, kind, event, sentAtMs });
}

function reasonToIgnore(kind: string, name: string): string {
  if (!CONTENT_KINDS.has(kind)) return `${kind}.${name} is not about an entry or an asset`;
  return DRAFT_EVENTS.has(name)
    ? `${kind}.${name} changes a draft`
    : `${kind}.${name} is not an event that changes published content`;
}

interface Delivery {
  readonly webhook: string;
  readonly options: SourceOptions;
  readonly kind: string;
  readonly event: PublicEvent;
  readonly sentAtMs: number;
}

function readPayload(payload: JsonObject, { webhook, options, kind, event, sentAtMs }: Delivery): Reading {
  const id = textAt(payload, 'sys', 'id');
  if (id === undefined) return unexpected('sys.id', 'a text', valueAt(payload, 'sys', 'id'));
  const environment = textAt(payload, 'sys', 'environment', 'sys', 'id') ?? DEFAULT_ENVIRONMENT;
  if (!isPublicEnvironment(options, environment, [DEFAULT_ENVIRONMENT])) {
    return ignored(otherEnvironment(environment));
  }
  const fields = valueAt(payload, 'fields') ?? {};
  if (!isJsonObject(fields)) return unexpected('fields', 'an object', fields);
  const locales = localesOf(fields);
  if (locales.length > MAX_LOCALES) return unexpected('fields', `in at most ${MAX_LOCALES} locales`, locales);
  const type = kind === 'Asset' ? kind : textAt(payload, 'sys', 'contentType', 'sys', 'id');
  const times = event.times.map((time) => isoDateOf(valueAt(payload, 'sys', time)));
  const change: EntryChange = {
    source: NAME,
    webhook,
    action: event.action,
    id,
    ...(type !== undefined && { type }),
    occurredAt: times.find((time) => time !== undefined) ?? isoOfMs(sentAtMs),
    fields: flattenFields({}, { environment }),
  };
  if (locales.length === 0) return { kind: 'changes', changes: [change] };
  return {
    kind: 'changes',
    changes: locales.map((locale) => localized(change, fields, locale)),
    isComplete: true,
  };
}

function localized(change: EntryChange, fields: JsonObject, locale: string): EntryChange {
  const entry: Record<string, unknown> = Object.create(null);
  for (const [name, values] of Object.entries(fields)) {
    if (isJsonObject(values)) entry[name] = valueIn(values, locale);
  }
  return { ...change, locale, fields: flattenFields(entry, change.fields) };
}

function valueIn(values: JsonObject, locale: string): unknown {
  if (Object.hasOwn(values, locale)) return values[locale];
  const all = Object.values(values);
  return all.length === 1 ? all[0] : undefined;
}
