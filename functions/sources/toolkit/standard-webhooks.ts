import { createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import type { ChangeAction, EntryChange } from '../../core/model/types.ts';
import type { ReadContext, Reading, VerificationResult, WebhookRequest } from '../webhook-source.ts';
import {
  decodeBase64,
  equalInConstantTime,
  headerOf,
  hmac,
  parseTimestampMs,
  refused,
  timestampProblem,
  VERIFIED,
} from './crypto.ts';
import { flattenFields } from './fields.ts';
import {
  idAt,
  isJsonObject,
  type JsonObject,
  parseJsonObject,
  textAt,
  unexpected,
  valueAt,
} from './payload.ts';
import { isoDateOf, isoOfMs } from './time.ts';

const TOLERANCE_SECONDS = 300;
/** Two secrets in rotation make two; what carries many more is no sender of webhooks. */
const MAX_SIGNATURES = 20;
const ED25519_KEY_BYTES = 32;
/** The 64 bytes of an ed25519 signature in padded base64. */
const ED25519_SIGNATURE_LENGTH = 88;
/** What stands before the 32 bytes of an ed25519 public key in DER, RFC 8410. */
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The two spellings of the headers: the specification's own and Svix's. */
const HEADER_FAMILIES = ['webhook', 'svix'] as const;

/** The last word of an event type that says that the entry is gone. */
const GONE =
  /^(delete|remove|archive|destroy|expire|retire|erase|withdraw|trash|unpublish|depublish|retract)(d|ed|n|s|es)?$/;
const TEST = /(^|[.:/])(ping|test)$/i;

type Key =
  | { readonly kind: 'hmac'; readonly bytes: Buffer }
  | { readonly kind: 'ed25519'; readonly publicKey: KeyObject };

interface Signed {
  readonly id: string;
  readonly seconds: string;
  readonly signatures: readonly string[];
}

/** The verdict on a request that has to be signed by Standard Webhooks, for every source that is. */
export function verifyStandardWebhook(
  request: WebhookRequest,
  secrets: readonly string[],
  nowMs: number,
): VerificationResult {
  const family = familyOf(request);
  const signed = signedOf(request, family);
  if (typeof signed === 'string') return refused(signed);
  const policy = {
    header: `${family}-timestamp`,
    unit: 'seconds',
    toleranceSeconds: TOLERANCE_SECONDS,
  } as const;
  const fault = timestampProblem(signed.seconds, policy, nowMs);
  if (fault !== undefined) return refused(fault);
  const keys = secrets.map(keyOf).filter((key) => key !== undefined);
  if (keys.length === 0) return refused('no secret has the form whsec_ or whpk_ and base64');
  const verified = keys.some((key) => isSignedBy(key, signed, request.body));
  return verified ? VERIFIED : refused('no signature matches');
}

function familyOf(request: WebhookRequest): (typeof HEADER_FAMILIES)[number] {
  return (
    HEADER_FAMILIES.find((family) => headerOf(request, `${family}-signature`) !== undefined) ?? 'webhook'
  );
}

function signedOf(request: WebhookRequest, family: string): Signed | string {
  const missing = ['id', 'timestamp', 'signature']
    .map((part) => `${family}-${part}`)
    .find((name) => !headerOf(request, name));
  if (missing !== undefined) return `the header ${missing} is missing`;
  const signatures = (headerOf(request, `${family}-signature`) ?? '').split(' ');
  if (signatures.length > MAX_SIGNATURES) {
    return `the header ${family}-signature holds more than ${MAX_SIGNATURES} signatures`;
  }
  return {
    id: headerOf(request, `${family}-id`) ?? '',
    seconds: headerOf(request, `${family}-timestamp`) ?? '',
    signatures,
  };
}

function keyOf(secret: string): Key | undefined {
  if (secret.startsWith('whpk_')) return publicKeyOf(secret.slice('whpk_'.length));
  const bytes = decodeBase64(secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : secret);
  return bytes && { kind: 'hmac', bytes };
}

function publicKeyOf(base64: string): Key | undefined {
  const bytes = decodeBase64(base64);
  if (bytes?.length !== ED25519_KEY_BYTES) return undefined;
  const der = Buffer.concat([ED25519_SPKI_PREFIX, bytes]);
  return { kind: 'ed25519', publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

function isSignedBy(key: Key, signed: Signed, body: Uint8Array): boolean {
  const prefix = `${signed.id}.${signed.seconds}.`;
  if (key.kind === 'hmac') {
    // Compared as text: a decoded signature could be written in several ways.
    const expected = `v1,${hmac('sha256', key.bytes, prefix, body).toString('base64')}`;
    return signed.signatures.some((signature) => equalInConstantTime(signature, expected));
  }
  const content = Buffer.concat([Buffer.from(prefix), body]);
  return signed.signatures.some((signature) => {
    const bytes = ed25519SignatureOf(signature);
    return bytes !== undefined && verifySignature(null, content, key.publicKey, bytes);
  });
}

function ed25519SignatureOf(signature: string): Buffer | undefined {
  if (!signature.startsWith('v1a,')) return undefined;
  const base64 = signature.slice('v1a,'.length);
  return base64.length === ED25519_SIGNATURE_LENGTH ? decodeBase64(base64) : undefined;
}

/** Reads a body in the form of Standard Webhooks. */
export function readStandardWebhook(source: string, request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const event = textAt(parsed.value, 'type');
  if (event === undefined) {
    return unexpected('type', 'a text such as "entry.published"', valueAt(parsed.value, 'type'));
  }
  const data = valueAt(parsed.value, 'data');
  if (!isJsonObject(data)) return unexpected('data', 'an object', data);
  if (TEST.test(event)) return { kind: 'ignored', reason: 'a test event' };
  return { kind: 'changes', changes: [changeOf(source, request, context, event, parsed.value, data)] };
}

function changeOf(
  source: string,
  request: WebhookRequest,
  { webhook, nowMs }: ReadContext,
  event: string,
  payload: JsonObject,
  data: JsonObject,
): EntryChange {
  const family = familyOf(request);
  const sentAtMs = parseTimestampMs(headerOf(request, `${family}-timestamp`), 'seconds') ?? nowMs;
  const locale = textAt(data, 'locale');
  const id = idAt(data, 'id');
  const previous = valueAt(data, 'previous');
  return {
    source,
    webhook,
    action: actionOf(event),
    id: id ?? headerOf(request, `${family}-id`) ?? '',
    type: textAt(data, 'type') ?? textAt(data, 'contentType') ?? event,
    ...(locale !== undefined && { locale }),
    occurredAt: isoDateOf(valueAt(payload, 'timestamp')) ?? isoOfMs(sentAtMs),
    fields: flattenFields(data),
    ...(isJsonObject(previous) && { previous: flattenFields({ ...data, ...previous }) }),
    ...(id === undefined && { skipMemory: true as const }),
  };
}

function actionOf(event: string): ChangeAction {
  return GONE.test(lastWordOf(event)) ? 'delete' : 'put';
}

/** `blog_post.soft-deleted`, `entry/Deleted` and `entryDeleted` all end in the word `deleted`. */
function lastWordOf(event: string): string {
  const words = event
    .slice(-100)
    .replace(/([a-z0-9])([A-Z])/g, '$1.$2')
    .split(/[^A-Za-z]+/);
  return words.findLast((word) => word !== '')?.toLowerCase() ?? '';
}
