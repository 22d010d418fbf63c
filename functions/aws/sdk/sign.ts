import { createHash, createHmac } from 'node:crypto';
import type { AwsCredentials } from '../environment-credentials.ts';

/** A POST request as it is signed. */
export interface SignableRequest {
  readonly url: URL;
  /** Every one of them is signed; their names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Whom a signature is for. */
export interface SigningScope {
  readonly credentials: AwsCredentials;
  readonly region: string;
  readonly service: string;
  readonly nowMs: number;
}

const algorithm = 'AWS4-HMAC-SHA256';
/** Keys by what they are derived from: one is good for a day, and deriving it takes four hashes. */
const keys = new Map<string, Buffer>();

/**
 * Signs a request with AWS's Signature Version 4.
 * @returns all headers of the signed request
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function sign(
  { url, headers, body }: SignableRequest,
  { credentials, region, service, nowMs }: SigningScope,
): Readonly<Record<string, string>> {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const bodyHash = sha256(body);
  const signed: Record<string, string> = {
    ...headers,
    host: url.host,
    'x-amz-content-sha256': bodyHash,
    'x-amz-date': time,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(signed).sort();
  const signedHeaders = names.join(';');
  const lines = names.map((name) => `${name}:${(signed[name] ?? '').trim().replace(/\s+/g, ' ')}\n`);
  const canonical = ['POST', url.pathname, '', lines.join(''), signedHeaders, bodyHash].join('\n');
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = [algorithm, time, scope, sha256(canonical)].join('\n');
  const signature = hmac(keyOf(credentials, day, region, service), text).toString('hex');
  const credential = `${credentials.accessKeyId}/${scope}`;
  return {
    ...signed,
    authorization: `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  };
}

function keyOf({ secretAccessKey }: AwsCredentials, ...scope: readonly string[]): Buffer {
  const name = [secretAccessKey, ...scope].join('\n');
  const known = keys.get(name);
  if (known !== undefined) return known;
  let key: Buffer = Buffer.from(`AWS4${secretAccessKey}`);
  for (const part of [...scope, 'aws4_request']) key = hmac(key, part);
  if (keys.size >= 10) keys.clear();
  keys.set(name, key);
  return key;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
