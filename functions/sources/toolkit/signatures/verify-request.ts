import { minKeyBytes } from '../../../core/model/secret-issue.ts';
import type { HmacVerification, SecretVerification, Verification } from '../../webhook-options.ts';
import type { VerificationResult, WebhookRequest } from '../../webhook-source.ts';
import { deliveryLimits } from '../limits.ts';
import { parseBody, valueAt } from '../payload.ts';
import {
  accepted,
  acceptedIf,
  acceptedUntil,
  decodeBase64,
  equalInConstantTime,
  headerOf,
  hmac,
  parseTimestampMs,
  refused,
  timestampProblem,
} from './crypto.ts';

/** Longer than the header of twenty signatures. */
const maxHeaderLength = 8192;
const maxSignatures = 20;
const defaultToleranceSeconds = 300;
const templateToken = /\{(body|timestamp|id|method|path)\}/;

/** How a signature may be written: as Node.js does, or in each spelling of its encoding that senders use. */
type Spelling = 'usual' | 'any';

/** Verifies a request as a scheme says; a scheme that is itself wrong verifies nothing. */
export function verifyBy(
  scheme: Verification,
  request: WebhookRequest,
  secrets: readonly string[],
  nowMs: number,
  spelling: Spelling = 'usual',
): VerificationResult {
  return scheme.kind === 'hmac'
    ? verifyHmac(scheme, request, secrets, nowMs, spelling)
    : verifySecret(scheme, request, secrets);
}

function verifyHmac(
  scheme: HmacVerification,
  request: WebhookRequest,
  secrets: readonly string[],
  nowMs: number,
  spelling: Spelling,
): VerificationResult {
  const value = headerOf(request, scheme.header);
  if (!value) return refused(`the header ${scheme.header} is missing`);
  if (value.length > maxHeaderLength) return refused(`the header ${scheme.header} is too long`);
  const parameters =
    scheme.parameter === undefined ? undefined : parametersOf(value, scheme.separator ?? ',');
  const signatures =
    parameters?.get(scheme.parameter ?? '') ?? (parameters ? [] : signaturesOf(value, scheme));
  if (signatures.length === 0 || signatures.length > maxSignatures) {
    return refused(`the header ${scheme.header} holds no signature, or too many`);
  }
  const timestamp = timestampOf(scheme, request, parameters);
  const problem = timestampProblemOf(scheme, timestamp, nowMs);
  if (problem !== undefined) return refused(problem);
  const signed = signedParts(scheme, request, timestamp);
  if (typeof signed === 'string') return refused(signed);
  const keys = secrets.map((secret) => keyOf(secret, scheme)).filter((key) => key !== undefined);
  if (keys.length === 0) return refused('no secret has the form of a key');
  const { hash = 'sha256', encoding = 'hex', prefix = '' } = scheme;
  const expected = keys.map((key) =>
    spellingsOf(hmac(hash, key, ...signed), encoding, spelling).map((each) => prefix + each),
  );
  const [signature] = expected.find((spellings) => isAnyOf(signatures, spellings)) ?? [];
  if (signature === undefined) return refused('the signature does not match');
  const untilMs = validUntilMs(scheme, timestamp);
  return untilMs === undefined ? accepted : acceptedUntil(untilMs, signature);
}

/** @returns until when the time of a request is within its tolerance; undefined where it is not signed */
function validUntilMs(
  { timestamp: location, template }: HmacVerification,
  timestamp: string | undefined,
): number | undefined {
  if (location === undefined || !template?.includes('{timestamp}')) return undefined;
  const { unit = 'seconds', toleranceSeconds = defaultToleranceSeconds } = location;
  const atMs = parseTimestampMs(timestamp, unit);
  return atMs === undefined ? undefined : atMs + toleranceSeconds * 1000;
}

/** @returns an HMAC as senders write it: hex in either case, base64 with or without its padding; the usual one first */
function spellingsOf(
  mac: Buffer,
  encoding: NonNullable<HmacVerification['encoding']>,
  spelling: Spelling,
): readonly string[] {
  const text = mac.toString(encoding);
  if (spelling === 'usual') return [text];
  if (encoding === 'hex') return [text, text.toUpperCase()];
  const bare = text.replace(/=+$/, '');
  const padded = bare.padEnd(Math.ceil(bare.length / 4) * 4, '=');
  return encoding === 'base64' ? [padded, bare] : [bare, padded];
}

/** Compares strings: decoding takes more spellings than senders write. */
function isAnyOf(given: readonly string[], expected: readonly string[]): boolean {
  return expected.some((right) => given.some((left) => equalInConstantTime(left, right)));
}

/** The values by name of a list such as `t=1,v1=abc, v1=def`. */
function parametersOf(value: string, separator: string): ReadonlyMap<string, readonly string[]> {
  const parameters = new Map<string, string[]>();
  for (const part of value.split(separator, maxSignatures * 2)) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const name = part.slice(0, equals).trim();
    parameters.set(name, [...(parameters.get(name) ?? []), part.slice(equals + 1).trim()]);
  }
  return parameters;
}

function signaturesOf(value: string, { separator }: HmacVerification): readonly string[] {
  if (separator === undefined) return [value];
  return value.split(separator, maxSignatures + 1).map((signature) => signature.trim());
}

function timestampOf(
  { timestamp }: HmacVerification,
  request: WebhookRequest,
  parameters: ReadonlyMap<string, readonly string[]> | undefined,
): string | undefined {
  if (timestamp === undefined) return undefined;
  if (timestamp.header !== undefined) return headerOf(request, timestamp.header);
  const [value, ...others] = parameters?.get(timestamp.parameter ?? '') ?? [];
  // Of two, one would be checked and the other could be what was signed.
  return others.length === 0 ? value : undefined;
}

function timestampProblemOf(
  { header: signatureHeader, timestamp: location }: HmacVerification,
  timestamp: string | undefined,
  nowMs: number,
): string | undefined {
  if (location === undefined) return undefined;
  const { header, parameter, unit = 'seconds', toleranceSeconds = defaultToleranceSeconds } = location;
  const policy = { header: header ?? `${signatureHeader} (${parameter})`, unit, toleranceSeconds };
  return timestampProblem(timestamp, policy, nowMs);
}

/** @returns what is signed, or what the request lacks of it */
function signedParts(
  { template = '{body}', id }: HmacVerification,
  request: WebhookRequest,
  timestamp: string | undefined,
): readonly (string | Uint8Array)[] | string {
  const values: Readonly<Record<string, string | Uint8Array | undefined>> = {
    body: request.body,
    timestamp,
    id: id === undefined ? undefined : headerOf(request, id),
    method: request.method,
    path: request.path,
  };
  const parts: (string | Uint8Array)[] = [];
  // Splitting by a group leaves literals at even indices and names at odd ones.
  for (const [index, part] of template.split(templateToken).entries()) {
    const value = index % 2 === 0 ? part : values[part];
    if (value === undefined) return `the request has no ${part}, which is signed`;
    parts.push(value);
  }
  return parts;
}

function keyOf(secret: string, { key = 'text', keyPrefix = '' }: HmacVerification): Buffer | undefined {
  const text = secret.startsWith(keyPrefix) ? secret.slice(keyPrefix.length) : secret;
  if (key === 'text') return text === '' ? undefined : Buffer.from(text);
  if (key === 'hex' && !/^([0-9a-fA-F]{2})+$/.test(text)) return undefined;
  const bytes = key === 'hex' ? Buffer.from(text, 'hex') : decodeBase64(text);
  // What is decoded is shorter than the string that was checked when the secret was read.
  return bytes === undefined || bytes.length < minKeyBytes ? undefined : bytes;
}

function verifySecret(
  scheme: SecretVerification,
  request: WebhookRequest,
  secrets: readonly string[],
): VerificationResult {
  const location = scheme.in === 'basic' ? 'Basic' : `${scheme.in} ${scheme.name ?? 'authorization'}`;
  const { unverifiedBytes } = deliveryLimits;
  if (scheme.in === 'body' && request.body.length > unverifiedBytes) {
    const reason = `the body has ${request.body.length} bytes, at most ${unverifiedBytes} are parsed before it is verified`;
    return { verified: false, reason, isTooLarge: true };
  }
  const given = secretsIn(scheme, request);
  if (given.length === 0) return refused(`the request carries no secret (${location})`);
  const real = secrets.filter((secret) => secret !== '');
  return acceptedIf(isAnyOf(given, real), `the secret does not match (${location})`);
}

/** What may be the secret in the request, in each form that it may be stored in. */
function secretsIn(scheme: SecretVerification, request: WebhookRequest): readonly string[] {
  const { name = 'authorization' } = scheme;
  if (scheme.in === 'query') {
    const query = request.path.slice(request.path.indexOf('?') + 1 || request.path.length);
    return new URLSearchParams(query).getAll(name).slice(0, 1);
  }
  if (scheme.in === 'body') {
    const parsed = parseBody(request.body, deliveryLimits.unverifiedValues);
    const value = parsed.kind === 'parsed' ? valueAt(parsed.value, ...name.split('.')) : undefined;
    return typeof value === 'string' && value !== '' ? [value] : [];
  }
  const value = headerOf(request, scheme.in === 'basic' ? 'authorization' : name);
  if (!value || value.length > maxHeaderLength) return [];
  return scheme.in === 'basic' ? basicSecrets(value) : [value, value.replace(/^Bearer /i, '')];
}

function basicSecrets(value: string): readonly string[] {
  const base64 = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(value)?.[1];
  const decoded = base64 === undefined ? undefined : decodeBase64(base64)?.toString('utf8');
  if (decoded === undefined || !decoded.includes(':')) return [];
  return [decoded, decoded.slice(decoded.indexOf(':') + 1)];
}
