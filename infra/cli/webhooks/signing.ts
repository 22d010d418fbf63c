import { createHmac, type KeyObject, sign } from 'node:crypto';
import { escape as escapeQuery } from 'node:querystring';

/** A secret in the form of Contentful's: 64 characters. */
export const contentfulSecret = 'contentful-test-secret-'.padEnd(64, '0123456789abcdef');

/** A secret in the form of Standard Webhooks: 32 bytes. */
export const standardWebhooksSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

interface StandardWebhook {
  readonly body: string | Uint8Array;
  readonly nowMs: number;
  /** @default {@link standardWebhooksSecret}. An ed25519 private key signs as `v1a` */
  readonly secret?: string | KeyObject;
  readonly id?: string;
  /**
   * The family of the headers.
   * @default webhook
   */
  readonly family?: 'webhook' | 'svix';
}

/**
 * Signs as a sender of Standard Webhooks does, from the specification and not from the code under test.
 * @returns the headers to send with the body
 */
export function signStandardWebhook({
  body,
  nowMs,
  secret = standardWebhooksSecret,
  id = 'msg_1',
  family = 'webhook',
}: StandardWebhook): Record<string, string> {
  const seconds = String(Math.floor(nowMs / 1000));
  const content = Buffer.concat([Buffer.from(`${id}.${seconds}.`), Buffer.from(body)]);
  const signature =
    typeof secret === 'string'
      ? `v1,${createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64'))
          .update(content)
          .digest('base64')}`
      : `v1a,${sign(null, content, secret).toString('base64')}`;
  return {
    'content-type': 'application/json',
    [`${family}-id`]: id,
    [`${family}-timestamp`]: seconds,
    [`${family}-signature`]: signature,
  };
}

interface ContentfulWebhook {
  readonly body: string | Uint8Array;
  readonly nowMs: number;
  /** The path as the sender requests it, with the query string if any. */
  readonly path: string;
  /** @default {@link contentfulSecret} */
  readonly secret?: string;
  /** @default ContentManagement.Entry.publish */
  readonly topic?: string;
  readonly method?: string;
  /** Further headers to sign, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Signs as Contentful does, from `signRequest` of @contentful/node-apps-toolkit and not from the code under test.
 * @returns the headers to send with the body
 */
export function signContentful({
  body,
  nowMs,
  path,
  secret = contentfulSecret,
  topic = 'ContentManagement.Entry.publish',
  method = 'POST',
  headers = {},
}: ContentfulWebhook): Record<string, string> {
  const signed: Record<string, string> = {
    'content-type': 'application/vnd.contentful.management.v1+json',
    'x-contentful-topic': topic,
    'x-contentful-webhook-name': 'cdn purge',
    ...headers,
    'x-contentful-timestamp': String(nowMs),
    'x-contentful-signed-headers': '',
  };
  const names = Object.keys(signed).sort();
  signed['x-contentful-signed-headers'] = names.join(',');
  const canonicalHeaders = names.map((name) => `${name}:${(signed[name] ?? '').trim()}`).join(';');
  const [pathname, query] = path.split('?');
  const canonicalPath = encodeURI(query ? `${pathname}?${escapeQuery(query)}` : `${pathname}`);
  const signature = createHmac('sha256', secret)
    .update(`${method}\n${canonicalPath}\n${canonicalHeaders}\n`)
    .update(body)
    .digest('hex');
  return { ...signed, 'x-contentful-signature': signature };
}
