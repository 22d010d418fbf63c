import { isRecord } from '../../core/model/record.ts';
import type { ChangeAction } from '../../core/model/types.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import {
  changeOf,
  fieldsInLocale,
  isPublicEnvironment,
  localesOf,
  otherEnvironment,
} from '../toolkit/entry-change.ts';
import { readingOfAll, readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { type JsonObject, stringAt, unexpected, valueAt } from '../toolkit/payload.ts';
import {
  acceptedUntil,
  equalInConstantTime,
  headerOf,
  hmac,
  parseTimestampMs,
  refused,
  timestampProblem,
} from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading, type VerificationResult, type WebhookRequest } from '../webhook-source.ts';

const secretLength = 64;
const signatureHeader = 'x-contentful-signature';
const signedHeadersHeader = 'x-contentful-signed-headers';
const timestampHeader = 'x-contentful-timestamp';
const topicHeader = 'x-contentful-topic';
const timestampPolicy = { header: timestampHeader, unit: 'milliseconds', toleranceSeconds: 30 } as const;
/** What the request means depends on these, so a signature that leaves one out proves nothing. */
const mustBeSigned = [signedHeadersHeader, timestampHeader, topicHeader] as const;

/** The one that visitors see; also what a payload is about that names none, as a space with only one may. */
const defaultEnvironment = 'master';
/** A name of an environment, by which it is read: where it points to another one, everything may be different. */
const aliasKind = 'EnvironmentAlias';
const contentKinds: ReadonlySet<string> = new Set(['Entry', 'Asset', aliasKind]);
const topicParts = /^\w{1,50}\.(\w{1,50})\.(\w{1,50})$/;

interface PublicEvent {
  readonly action: ChangeAction;
  /** Where in `sys` the payload tells when it happened, the best place first. */
  readonly times: readonly string[];
}

/** The events that change what visitors see. */
const publicEvents: ReadonlyMap<string, PublicEvent> = new Map([
  ['publish', { action: 'put', times: ['publishedAt', 'updatedAt'] }],
  ['unpublish', { action: 'delete', times: ['deletedAt', 'updatedAt'] }],
  ['delete', { action: 'delete', times: ['deletedAt', 'updatedAt'] }],
  ['archive', { action: 'delete', times: ['archivedAt', 'updatedAt'] }],
]);
const draftEvents: ReadonlySet<string> = new Set(['create', 'save', 'auto_save', 'unarchive']);
const draftEvent: PublicEvent = { action: 'put', times: ['updatedAt'] };

/**
 * Contentful, with request verification enabled: the secret is the space's 64-character signing secret.
 *
 * One publish becomes one change for each locale found in its `fields`; a field that lacks a locale and has exactly
 * one value has that value in every locale, as Contentful serves it. An unpublish and a delete carry no fields and
 * become one change without a locale. `type` is the content type's id, and `Asset` for assets; the environment is
 * the field `environment`. An alias that visitors see, and that points to another environment, is a change of all entries.
 *
 * @see https://www.contentful.com/developers/docs/webhooks/request-verification/
 * @see https://www.contentful.com/developers/docs/webhooks/headers/
 */
export const contentful = defineJsonSource({
  name: 'contentful',
  mainEnvironment: defaultEnvironment,
  canPut: true,
  options: ['environments', 'drafts'],
  verify,
  keyOf: 'customer',
  readHeaders,
});

function verify(request: WebhookRequest, secrets: readonly string[], nowMs: number): VerificationResult {
  const signature = headerOf(request, signatureHeader);
  if (!signature) return refused(`the header ${signatureHeader} is missing`);
  const problem = timestampProblem(headerOf(request, timestampHeader), timestampPolicy, nowMs);
  if (problem !== undefined) return refused(problem);
  const head = canonicalHead(request);
  if ('problem' in head) return refused(head.problem);
  const keys = secrets.filter((secret) => secret.length === secretLength);
  if (keys.length === 0) return refused(`no secret has the ${secretLength} characters of a signing secret`);
  const isSigned = keys.some((key) =>
    equalInConstantTime(signature, hmac('sha256', key, head.text, request.body).toString('hex')),
  );
  if (!isSigned) return refused('the signature does not match');
  const sentAtMs = parseTimestampMs(headerOf(request, timestampHeader), 'milliseconds') ?? nowMs;
  return acceptedUntil(sentAtMs + timestampPolicy.toleranceSeconds * 1000, signature);
}

/**
 * All that is signed before the body, as `signRequest` of @contentful/node-apps-toolkit 3.16.1 writes it. Unlike
 * the toolkit it takes the list of signed headers as it came, sorted or not, and insists that each is there.
 */
function canonicalHead(request: WebhookRequest): { readonly text: string } | { readonly problem: string } {
  const names = (headerOf(request, signedHeadersHeader) ?? '').trim().split(',');
  const unsigned = mustBeSigned.find((name) => !names.includes(name));
  if (unsigned !== undefined) return { problem: `the header ${unsigned} is not among the signed ones` };
  // A name that is repeated would make a short request a long string to sign.
  if (new Set(names).size < names.length) return { problem: 'a header is named twice among the signed ones' };
  const headers: string[] = [];
  for (const name of names) {
    const value = headerOf(request, name);
    if (value === undefined) return { problem: 'a header that was signed is missing' };
    headers.push(`${name}:${value.trim()}`);
  }
  const path = canonicalPath(request.path);
  if (path === undefined) return { problem: 'the path is not well-formed Unicode' };
  return { text: `${request.method}\n${path}\n${headers.join(';')}\n` };
}

/** The toolkit escapes the query up to a second `?` as a whole, then the path together with the escaped query. */
function canonicalPath(path: string): string | undefined {
  if (!path.isWellFormed()) return undefined;
  const [pathname = '', query = ''] = path.split('?');
  return encodeURI(query === '' ? pathname : `${pathname}?${encodeURIComponent(query)}`);
}

function readHeaders(request: WebhookRequest, context: SourceContext) {
  const topic = headerOf(request, topicHeader);
  const [, kind = '', name = ''] = topicParts.exec(topic ?? '') ?? [];
  if (kind === '') return unexpected(topicHeader, 'a topic such as "ContentManagement.Entry.publish"', topic);
  if (!contentKinds.has(kind)) return ignored(`${kind}.${name} is not about an entry or an asset`);
  const isDraft = kind !== aliasKind && draftEvents.has(name);
  if (isDraft && context.options.drafts !== true) return ignored(`${kind}.${name} changes a draft`);
  const event = isDraft ? draftEvent : publicEvents.get(name);
  const sentAtMs = parseTimestampMs(headerOf(request, timestampHeader), 'milliseconds');
  return (body: JsonObject) => readPayload(body, { kind, name, event, sentAtMs }, context);
}

interface Topic {
  readonly kind: string;
  readonly name: string;
  /** Undefined for a name that is not known. */
  readonly event: PublicEvent | undefined;
  readonly sentAtMs: number | undefined;
}

function readPayload(payload: JsonObject, topic: Topic, context: SourceContext): Reading {
  const { kind, name, event, sentAtMs } = topic;
  const type = kind === 'Asset' ? kind : stringAt(payload, 'sys', 'contentType', 'sys', 'id');
  const id = stringAt(payload, 'sys', 'id');
  const isAlias = kind === aliasKind;
  const environment =
    (isAlias ? id : stringAt(payload, 'sys', 'environment', 'sys', 'id')) ?? defaultEnvironment;
  if (!isPublicEnvironment(context.options, environment, [defaultEnvironment])) {
    return ignored(otherEnvironment(environment));
  }
  if (isAlias) {
    return readingOfAll(context, kind, { id: kind, times: [valueAt(payload, 'sys', 'updatedAt')] });
  }
  if (id === undefined) {
    return readingOfUnnamed(context, unexpected('sys.id', 'a string', valueAt(payload, 'sys', 'id')), type);
  }
  if (event === undefined) return readingOfUnknownEvent(context, `${kind}.${name}`, { id, type, sentAtMs });
  const fields = valueAt(payload, 'fields') ?? {};
  if (!isRecord(fields)) return unexpected('fields', 'an object', fields);
  const locales = localesOf(fields);
  const localized = localizedFields(fields);
  const change = (locale?: string) =>
    changeOf(context, {
      action: event.action,
      id,
      type,
      locale,
      times: isPending(payload, locale) ? [] : event.times.map((time) => valueAt(payload, 'sys', time)),
      sentAtMs,
      entry:
        locale === undefined
          ? {}
          : fieldsInLocale(context, localized, ({ values, only }) =>
              Object.hasOwn(values, locale) ? values[locale] : only,
            ),
      metadata: { environment },
    });
  // What is published without any field has no locale left.
  if (locales.length === 0) {
    const whole = { kind: 'changes', changes: [change()] } as const;
    return event.action === 'put' ? { ...whole, isComplete: true } : whole;
  }
  return { kind: 'changes', changes: locales.map((locale) => change(locale)), isComplete: true };
}

/**
 * Whether an entry that was published in some locales has something in this one that is not. Without a time, it replaces
 * nothing that is remembered of the locale: visitors see that.
 */
function isPending(payload: JsonObject, locale = ''): boolean {
  return (stringAt(payload, 'sys', 'fieldStatus', '*', locale) ?? 'published') !== 'published';
}

interface LocalizedField {
  readonly values: JsonObject;
  /** The value of a field that has exactly one: Contentful serves it in every locale. */
  readonly only: unknown;
}

function localizedFields(fields: JsonObject): ReadonlyMap<string, LocalizedField> {
  const localized = Object.entries(fields).flatMap(([name, values]) => {
    if (!isRecord(values)) return [];
    const [locale, ...others] = Object.keys(values);
    const only = locale === undefined || others.length > 0 ? undefined : values[locale];
    return [[name, { values, only }] as const];
  });
  return new Map(localized);
}
