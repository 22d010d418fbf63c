import { createHash, createHmac } from 'node:crypto';
import { PurgerError } from '../core/model/errors.ts';
import { isRecord } from '../core/model/record.ts';

/** Credentials of a CDN Pro user: a user name with its API key, or an access key with its secret key. */
export type Credentials =
  | { readonly kind: 'api-key'; readonly username: string; readonly apiKey: string }
  | { readonly kind: 'access-key'; readonly accessKey: string; readonly secretKey: string };

/** A credentials secret that cannot be used. The message names fields, never values. */
export class CredentialsError extends PurgerError {
  override readonly name = 'CredentialsError';
}

/**
 * Reads the credentials secret: `{"username","apiKey"}` or `{"accessKey","secretKey"}`.
 * @throws CredentialsError that names what is missing
 */
export function parseCredentials(secret: string): Credentials {
  const fields = readFields(secret);
  const { username, apiKey, accessKey, secretKey } = fields;
  if (isNonEmptyString(username) && isNonEmptyString(apiKey)) return { kind: 'api-key', username, apiKey };
  if (isNonEmptyString(accessKey) && isNonEmptyString(secretKey))
    return { kind: 'access-key', accessKey, secretKey };
  const present = Object.keys(fields).map((name) => `"${name}"`);
  const got = present.length === 0 ? 'no fields' : present.join(', ');
  throw new CredentialsError(
    `Expected the credentials secret to have "username" and "apiKey", or "accessKey" and "secretKey", got ${got}`,
  );
}

function readFields(secret: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(secret);
    if (isRecord(json)) return { ...json };
  } catch {
    // The parser's message would quote the secret.
  }
  throw new CredentialsError('Expected the credentials secret to be a JSON object, got something else');
}

function isNonEmptyString(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A request to sign. */
export interface SignableRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly contentType: string;
  /** Empty for a GET. */
  readonly body: string;
}

/**
 * @returns the headers that authenticate a request to CDN Pro
 * @param nowMs goes into the signature; the server refuses one that is more than 5 minutes off
 */
export function signRequest(
  request: SignableRequest,
  credentials: Credentials,
  nowMs: number,
): Readonly<Record<string, string>> {
  return credentials.kind === 'api-key'
    ? signWithApiKey(credentials, nowMs)
    : signWithAccessKey(request, credentials, nowMs);
}

/** HTTP Basic with an HMAC-SHA1 of the date as its password, as in the example of the purge API's page. */
function signWithApiKey({ username, apiKey }: Credentials & { kind: 'api-key' }, nowMs: number) {
  const date = new Date(nowMs).toUTCString();
  const password = createHmac('sha1', apiKey).update(date).digest('base64');
  return { date, authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

/**
 * CNC-HMAC-SHA256 (CDNetworks' API authentication by access key). The third line is the query, decoded and in its own
 * order; a POST has none.
 */
function signWithAccessKey(
  { method, url, contentType, body }: SignableRequest,
  { accessKey, secretKey }: Credentials & { kind: 'access-key' },
  nowMs: number,
) {
  const timestamp = String(Math.floor(nowMs / 1000));
  const headers = `content-type:${contentType.toLowerCase()}\nhost:${url.host.toLowerCase()}\n`;
  const query = method === 'GET' ? decodeURIComponent(url.search.slice(1)) : '';
  const canonical = [method, url.pathname, query, headers, 'content-type;host', sha256(body)].join('\n');
  const signature = createHmac('sha256', secretKey)
    .update(`CNC-HMAC-SHA256\n${timestamp}\n${sha256(canonical)}`)
    .digest('hex');
  return {
    'x-cnc-accesskey': accessKey,
    'x-cnc-timestamp': timestamp,
    'x-cnc-auth-method': 'AKSK',
    authorization: `CNC-HMAC-SHA256 Credential=${accessKey}, SignedHeaders=content-type;host, Signature=${signature}`,
  };
}

function sha256(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
