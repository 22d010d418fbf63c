import { constants, createHmac, sign } from 'node:crypto';
import { contentstackTestKey } from './contentstack-test-key.ts';
import { contentfulSecret, signContentful, signStandardWebhook, standardWebhooksSecret } from './signing.ts';

/** A webhook to sign, as its sender would. */
export interface Unsigned {
  readonly body: string;
  readonly nowMs: number;
  /** The path of the URL, with the query string if any. */
  readonly path: string;
  readonly secret: string;
  /** @default POST */
  readonly method?: string;
  /** What the sender sends in addition to the signature, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What to send. */
export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it came, save for a sender that puts the secret into it. */
  readonly body: string;
}

type Signer = (unsigned: Unsigned) => Signed;

/** The generic webhook of the local stack, as documented in `docs/sources.md`. */
export const genericSignatureHeader = 'x-signature';

function withHmac(name: string, hash: string, encoding: 'hex' | 'base64', prefix = ''): Signer {
  return ({ body, secret, headers }) => ({
    headers: { ...headers, [name]: prefix + createHmac(hash, secret).update(body).digest(encoding) },
    body,
  });
}

function withHeader(name: string, prefix = ''): Signer {
  return ({ body, secret, headers }) => ({ headers: { ...headers, [name]: prefix + secret }, body });
}

const standard: Signer = ({ body, nowMs, secret, headers }) => ({
  headers: { ...headers, ...signStandardWebhook({ body, nowMs, secret, id: `msg_${nowMs}` }) },
  body,
});

/** How each source's sender signs, written from the vendors' documents and not from the code under test. */
export const webhookSigners: Readonly<Record<string, Signer>> = {
  bitbucket: withHmac('x-hub-signature', 'sha256', 'hex', 'sha256='),
  'builder-io': withHeader('x-webhook-token'),
  contentful({ body, nowMs, path, secret, method = 'POST', headers = {} }) {
    const topic = headers['x-contentful-topic'];
    const signed = signContentful({
      body,
      nowMs,
      path,
      secret,
      method,
      headers,
      ...(topic === undefined ? {} : { topic }),
    });
    return { headers: signed, body };
  },
  contentstack({ body, secret, headers, nowMs }) {
    const now = new Date(nowMs).toISOString();
    const dated = body.replace(/("triggered_at":\s*")[^"]*"/, `$1${now}"`);
    // Another secret than the local one means another private key, which only Contentstack has.
    const signature =
      secret === contentstackTestKey.public
        ? sign('sha256', Buffer.from(dated), {
            key: contentstackTestKey.private,
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
          })
        : Buffer.alloc(256, 1);
    return {
      headers: { ...headers, 'x-contentstack-request-signature': `v1=${signature.toString('base64')}` },
      body: dated,
    };
  },
  datocms({ body, secret, headers }) {
    const user = secret.includes(':') ? secret : `user:${secret}`;
    const basic = Buffer.from(user).toString('base64');
    return { headers: { ...headers, authorization: `Basic ${basic}` }, body };
  },
  directus: withHeader('x-webhook-token'),
  drupal: withHmac('x-hub-signature', 'sha1', 'hex', 'sha1='),
  generic: withHmac(genericSignatureHeader, 'sha256', 'hex', 'sha256='),
  ghost({ body, nowMs, secret, headers }) {
    const signature = createHmac('sha256', secret).update(`${body}${nowMs}`).digest('hex');
    return { headers: { ...headers, 'x-ghost-signature': `sha256=${signature}, t=${nowMs}` }, body };
  },
  gitea: withHmac('x-gitea-signature', 'sha256', 'hex'),
  github: withHmac('x-hub-signature-256', 'sha256', 'hex', 'sha256='),
  gitlab: withHeader('x-gitlab-token'),
  hygraph({ body, nowMs, secret, headers }) {
    const signed = JSON.stringify({ Body: body, EnvironmentName: 'master', TimeStamp: nowMs });
    const signature = createHmac('sha256', secret).update(signed).digest('base64');
    return { headers: { ...headers, 'gcms-signature': `sign=${signature}, env=master, t=${nowMs}` }, body };
  },
  'kontent-ai': withHmac('x-kontent-ai-signature', 'sha256', 'base64'),
  payload: standard,
  prismic: ({ body, secret, headers }) => ({
    headers: headers ?? {},
    body: JSON.stringify({ ...(JSON.parse(body) as object), secret }),
  }),
  sanity({ body, nowMs, secret, headers }) {
    const signature = createHmac('sha256', secret).update(`${nowMs}.${body}`).digest('base64url');
    return { headers: { ...headers, 'sanity-webhook-signature': `t=${nowMs},v1=${signature}` }, body };
  },
  shopify: withHmac('x-shopify-hmac-sha256', 'sha256', 'base64'),
  'standard-webhooks': standard,
  storyblok: withHmac('webhook-signature', 'sha1', 'hex'),
  strapi: withHeader('authorization', 'Bearer '),
  woocommerce: withHmac('x-wc-webhook-signature', 'sha256', 'base64'),
  wordpress: standard,
  'wp-webhooks': withHmac('x-wp-webhook-signature', 'sha256', 'base64'),
};

const standardSources: ReadonlySet<string> = new Set(['standard-webhooks', 'wordpress', 'payload']);

/** @returns the test value of a source's secret, in the form that the source's secrets have */
export function testSecretOf(source: string): string {
  if (source === 'contentful') return contentfulSecret;
  if (source === 'contentstack') return contentstackTestKey.public;
  return standardSources.has(source) ? standardWebhooksSecret : `${source}-test-secret`;
}
