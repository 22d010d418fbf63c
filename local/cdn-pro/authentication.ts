import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const toleranceMs = 5 * 60 * 1000;
const akskScheme = 'CNC-HMAC-SHA256';
const signedHeaderNames = 'content-type;host';
const akskAuthorization =
  /^CNC-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-fA-F]{64})$/;

/** The credentials of one CDN Pro user. All values are test values. */
export interface Credentials {
  readonly username: string;
  readonly apiKey: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
}

/** The parts of a request that are signed. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  /** What follows the question mark, as it was sent. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Checks who has sent a request. */
export interface Authentication {
  /** @returns why a request is not authenticated; `undefined` when it is */
  readonly faultOf: (request: SignedRequest, credentials: Credentials, nowMs: number) => string | undefined;
}

/**
 * Checks requests by both of the API's schemes: the API key (HTTP Basic with an HMAC-SHA1 of the date, as in the
 * vendor's example for POST /cdn/purges) and AK/SK (`CNC-HMAC-SHA256`, as in the vendor's "API Authentication
 * Overview").
 * @param options.refuseReplays whether an AK/SK signature is good for one request only
 */
export function createAuthentication({ refuseReplays }: { readonly refuseReplays: boolean }): Authentication {
  const seen = new Map<string, number>();
  return {
    faultOf(request, credentials, nowMs) {
      const fault = signatureFault(request, credentials, nowMs);
      const signature = akskParts(request.headers.authorization ?? '')?.signature;
      if (fault !== undefined || !refuseReplays || signature === undefined) return fault;
      for (const [known, seenMs] of seen) if (seenMs < nowMs - 2 * toleranceMs) seen.delete(known);
      if (seen.has(signature)) return 'A request with this signature has been received before.';
      seen.set(signature, nowMs);
      return undefined;
    },
  };
}

function signatureFault(request: SignedRequest, credentials: Credentials, nowMs: number): string | undefined {
  const authorization = request.headers.authorization ?? '';
  if (authorization.startsWith('Basic ')) return apiKeyFault(request.headers, credentials, nowMs);
  if (authorization.startsWith(`${akskScheme} `)) return akskFault(request, credentials, nowMs);
  return `Expected the header Authorization to be of the scheme Basic or ${akskScheme}.`;
}

/** @returns whether a request names this user, valid or not: it then counts in the user's window */
export function namesUser(headers: IncomingHttpHeaders, credentials: Credentials): boolean {
  const authorization = headers.authorization ?? '';
  if (authorization.startsWith('Basic ')) return basicPair(authorization).username === credentials.username;
  const aksk = akskParts(authorization);
  return aksk !== undefined && aksk.accessKey === credentials.accessKey;
}

function apiKeyFault(headers: IncomingHttpHeaders, credentials: Credentials, nowMs: number) {
  // Some clients cannot set Date, or have it set for them: they send x-cnc-date instead.
  const date = single(headers, 'x-cnc-date') ?? headers.date;
  if (date === undefined) return 'The header Date, or x-cnc-date in its place, is missing.';
  const sentMs = Date.parse(date);
  if (Number.isNaN(sentMs) || new Date(sentMs).toUTCString() !== date) {
    return `Expected the date to be of the form 'Mon, 11 Aug 2025 06:15:25 GMT', got '${date}'.`;
  }
  if (Math.abs(nowMs - sentMs) > toleranceMs) return `The date '${date}' is more than 5 minutes off.`;
  const { username, password } = basicPair(headers.authorization ?? '');
  if (username !== credentials.username) return 'The username is not known.';
  const expected = createHmac('sha1', credentials.apiKey).update(date).digest('base64');
  return password === expected ? undefined : 'The password is not the signature of the date.';
}

function basicPair(authorization: string) {
  const pair = Buffer.from(authorization.slice('Basic '.length), 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0
    ? { username: pair, password: '' }
    : { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

function akskFault(request: SignedRequest, credentials: Credentials, nowMs: number) {
  const { headers } = request;
  const aksk = akskParts(headers.authorization ?? '');
  if (aksk === undefined) {
    return `Expected Authorization to be '${akskScheme} Credential=…, SignedHeaders=…, Signature=…'.`;
  }
  if (single(headers, 'x-cnc-auth-method') !== 'AKSK')
    return 'Expected the header x-cnc-auth-method to be AKSK.';
  if (aksk.signedHeaders !== signedHeaderNames) return `Expected SignedHeaders to be '${signedHeaderNames}'.`;
  if (single(headers, 'x-cnc-accesskey') !== aksk.accessKey) {
    return 'Expected the header x-cnc-accessKey to be what Credential names.';
  }
  if (aksk.accessKey !== credentials.accessKey || credentials.secretKey === undefined) {
    return 'The access key is not known.';
  }
  const timestamp = single(headers, 'x-cnc-timestamp') ?? '';
  if (!/^\d{1,15}$/.test(timestamp)) return 'Expected the header x-cnc-timestamp to be in seconds.';
  if (Math.abs(nowMs - Number(timestamp) * 1000) > toleranceMs) {
    return `The timestamp ${timestamp} is more than 5 minutes off.`;
  }
  const expected = akskSignature(request, timestamp, credentials.secretKey);
  return aksk.signature === expected ? undefined : 'The signature does not match.';
}

function akskParts(authorization: string) {
  const [, accessKey, signedHeaders, signature] = akskAuthorization.exec(authorization) ?? [];
  if (accessKey === undefined || signedHeaders === undefined || signature === undefined) return undefined;
  return { accessKey, signedHeaders, signature: signature.toLowerCase() };
}

function akskSignature(request: SignedRequest, timestamp: string, secretKey: string): string {
  const { method, path, headers, body } = request;
  const contentType = (headers['content-type'] ?? '').trim().toLowerCase();
  const canonical = [
    method,
    path,
    method === 'POST' ? '' : decodeQuery(request.query),
    `content-type:${contentType}\nhost:${(headers.host ?? '').toLowerCase()}\n`,
    signedHeaderNames,
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  return createHmac('sha256', secretKey).update(`${akskScheme}\n${timestamp}\n${digest}`).digest('hex');
}

/** The vendor's SDKs sign the query string decoded; one that does not decode is signed as it is. */
function decodeQuery(query: string): string {
  try {
    return decodeURIComponent(query.replaceAll('+', ' '));
  } catch {
    return query;
  }
}

function single(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
