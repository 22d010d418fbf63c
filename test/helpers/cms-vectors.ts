import { readFileSync } from 'node:fs';

/** A signed request of a vendor, genuine or not, as `test/vectors/README.md` describes it. */
export interface CmsVector {
  readonly provider: string;
  readonly case: string;
  readonly secret: string | null;
  readonly public_key?: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly now_ms: number;
  readonly tolerance_s?: number | null;
  readonly valid: boolean;
}

/** The API key of the stack that Contentstack's deliveries are of. */
export const ownStack = 'blt0000000000000022';

/**
 * Senders that are no longer supported, and the source that a user would try them with: SNS over HTTPS, Ghost up to
 * 5.87.0, whose signature leaves out the time, and WP Webhooks Pro, whose signature leaves out the body.
 */
const retired: Readonly<Record<string, string>> = {
  'sns-https': 'sns',
  'ghost-legacy': 'ghost',
  'wp-webhooks-pro': 'wp-webhooks',
};

/** @returns every vector of a sender that is supported */
export function readCmsVectors(): readonly CmsVector[] {
  return readAll().filter(({ provider }) => !(provider in retired));
}

/** @returns every vector of a retired sender, none of which may pass any more */
export function readRetiredVectors(): readonly CmsVector[] {
  return readAll().filter(({ provider }) => provider in retired);
}

function readAll(): readonly CmsVector[] {
  const vectors = JSON.parse(
    readFileSync(new URL('../vectors/cms-vectors.json', import.meta.url), 'utf8'),
  ) as readonly CmsVector[];
  return vectors.map(withRetries);
}

/** The vectors take 300 s to be too old; Contentstack's fourth retry comes 780 s after the event, see the source. */
function withRetries(vector: CmsVector): CmsVector {
  if (vector.provider !== 'contentstack') return vector;
  const laterMs = vector.case === 'stale-timestamp' ? 600_000 : 0;
  return { ...vector, tolerance_s: 900, now_ms: vector.now_ms + laterMs };
}

/** Vectors name senders and their eras (`kontent-ai-legacy`); this is the source of each. */
const sources: Readonly<Record<string, string>> = {
  ...retired,
  svix: 'standard-webhooks',
  'kontent-ai-legacy': 'kontent-ai',
  'wp-webhooks-free': 'wp-webhooks',
  'drupal-webhooks': 'drupal',
  'drupal-webhooks-old': 'drupal',
  'strapi-v4': 'strapi',
  'strapi-v5': 'strapi',
  'directus-flow': 'directus',
  'payload-hook': 'payload',
};

/** @returns the source of a vector's sender */
export function sourceOfVector({ provider }: CmsVector): string {
  return sources[provider] ?? provider;
}

/** @returns what a user would store for a vector's webhook */
export function secretOfVector(vector: CmsVector): string {
  return vector.secret ?? vector.public_key ?? '';
}

/** An unsigned ping that the sender wants a 200 for: not genuine, and yet not refused. */
export function isUnsignedPing(vector: CmsVector): boolean {
  return vector.case === 'unsigned-ping';
}
