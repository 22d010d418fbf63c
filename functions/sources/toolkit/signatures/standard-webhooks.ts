import { createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import { isRecord } from '../../../core/model/record.ts';
import { minKeyBytes } from '../../../core/model/secret-issue.ts';
import { ignored, type Reading, type VerificationResult, type WebhookRequest } from '../../webhook-source.ts';
import { changeOf } from '../entry-change.ts';
import { idAt, type JsonObject, stringAt, unexpected } from '../payload.ts';
import type { SourceContext } from '../source-context.ts';
import {
  acceptedUntil,
  decodeBase64,
  equalInConstantTime,
  headerOf,
  hmac,
  parseTimestampMs,
  refused,
  timestampProblem,
} from './crypto.ts';

const toleranceSeconds = 300;
/** Two secrets in rotation make two; a request with many more is not a webhook. */
const maxSignatures = 20;
const ed25519KeyBytes = 32;
/** The 64 bytes of an ed25519 signature in padded base64. */
const ed25519SignatureLength = 88;
/** The DER prefix of the 32 bytes of an ed25519 public key, RFC 8410. */
const ed25519SpkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** The two families of headers: the specification's and Svix's. */
const headerFamilies = ['webhook', 'svix'] as const;

/** The last word of an event type that says that the entry is gone. */
const goneWord =
  /^(delete|remove|archive|destroy|expire|retire|erase|withdraw|trash|unpublish|depublish|retract)(d|ed|n|s|es)?$/;
const testEvent = /(^|[.:/])(ping|test)$/i;

type Key =
  | { readonly kind: 'hmac'; readonly bytes: Buffer }
  | { readonly kind: 'ed25519'; readonly publicKey: KeyObject };

interface Signed {
  readonly id: string;
  readonly seconds: string;
  readonly signatures: readonly string[];
}

/** Verifies a request that has to be signed by Standard Webhooks. */
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
    toleranceSeconds,
  } as const;
  const problem = timestampProblem(signed.seconds, policy, nowMs);
  if (problem !== undefined) return refused(problem);
  const keys = secrets.map(keyOf).filter((key) => key !== undefined);
  if (keys.length === 0) return refused('no secret has the form whsec_ or whpk_ and base64');
  if (!keys.some((key) => isSignedBy(key, signed, request.body))) return refused('no signature matches');
  // A delivery that is tried again has its id, and another time and signature.
  const untilMs = (Number(signed.seconds) + toleranceSeconds) * 1000;
  return acceptedUntil(untilMs, signed.id, '.', request.body);
}

function familyOf(request: WebhookRequest): (typeof headerFamilies)[number] {
  return headerFamilies.find((family) => headerOf(request, `${family}-signature`) !== undefined) ?? 'webhook';
}

function signedOf(request: WebhookRequest, family: string): Signed | string {
  const missing = ['id', 'timestamp', 'signature']
    .map((part) => `${family}-${part}`)
    .find((name) => !headerOf(request, name));
  if (missing !== undefined) return `the header ${missing} is missing`;
  const signatures = (headerOf(request, `${family}-signature`) ?? '').split(' ');
  if (signatures.length > maxSignatures) {
    return `the header ${family}-signature holds more than ${maxSignatures} signatures`;
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
  return bytes === undefined || bytes.length < minKeyBytes ? undefined : { kind: 'hmac', bytes };
}

function publicKeyOf(base64: string): Key | undefined {
  const bytes = decodeBase64(base64);
  if (bytes?.length !== ed25519KeyBytes) return undefined;
  const der = Buffer.concat([ed25519SpkiPrefix, bytes]);
  return { kind: 'ed25519', publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

function isSignedBy(key: Key, signed: Signed, body: Uint8Array): boolean {
  const prefix = `${signed.id}.${signed.seconds}.`;
  if (key.kind === 'hmac') {
    // Compared as strings: a decoded signature could be written in several ways.
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
  return base64.length === ed25519SignatureLength ? decodeBase64(base64) : undefined;
}

/** Reads a body in the form of Standard Webhooks. */
export function readStandardWebhook(
  body: JsonObject,
  context: SourceContext,
  request: WebhookRequest,
): Reading {
  const event = stringAt(body, 'type');
  if (event === undefined) return unexpected('type', 'a string such as "entry.published"', body.type);
  const { data } = body;
  if (testEvent.test(event)) return ignored('a test event');
  if (!isRecord(data)) return unexpected('data', 'an object', data);
  const family = familyOf(request);
  const id = idAt(data, 'id');
  const change = changeOf(context, {
    action: goneWord.test(lastWordOf(event)) ? 'delete' : 'put',
    id: id ?? headerOf(request, `${family}-id`) ?? '',
    type: stringAt(data, 'type') ?? stringAt(data, 'contentType') ?? event,
    locale: stringAt(data, 'locale'),
    times: [body.timestamp],
    sentAtMs: parseTimestampMs(headerOf(request, `${family}-timestamp`), 'seconds'),
    entry: data,
    previous: isRecord(data.previous) ? { ...data, ...data.previous } : undefined,
    skipMemory: id === undefined,
  });
  return { kind: 'changes', changes: [change] };
}

/** `blog_post.soft-deleted`, `entry/Deleted` and `entryDeleted` all end in the word `deleted`. */
function lastWordOf(event: string): string {
  const words = event
    .slice(-100)
    .replace(/([a-z0-9])([A-Z])/g, '$1.$2')
    .split(/[^A-Za-z]+/);
  return words.findLast((word) => word !== '')?.toLowerCase() ?? '';
}
