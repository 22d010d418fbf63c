import { readFileSync } from 'node:fs';
import type { SourceOptions } from '../../functions/sources/webhook-source.ts';

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

/** @returns every vector */
export function readCmsVectors(): readonly CmsVector[] {
  return JSON.parse(readFileSync(new URL('../vectors/cms-vectors.json', import.meta.url), 'utf8'));
}

/** Vectors name senders and their eras; this is the source of each, with the options that it needs. */
const SOURCES: Readonly<Record<string, readonly [source: string, options?: SourceOptions]>> = {
  svix: ['standard-webhooks'],
  'ghost-legacy': ['ghost', { legacySignatures: true }],
  'kontent-ai-legacy': ['kontent-ai'],
  'wp-webhooks-free': ['wp-webhooks'],
  'wp-webhooks-pro': ['wp-webhooks', { edition: 'pro' }],
  'drupal-webhooks': ['drupal'],
  'drupal-webhooks-old': ['drupal'],
  'sns-https': ['sns'],
  'strapi-v4': ['strapi'],
  'strapi-v5': ['strapi'],
  'directus-flow': ['directus'],
  'payload-hook': ['payload'],
};

/** @returns the source of a vector's sender, and the options that the vector needs */
export function sourceOfVector({ provider }: CmsVector): { source: string; options: SourceOptions } {
  const [source, options = {}] = SOURCES[provider] ?? [provider];
  return { source, options };
}

/** @returns what a user would store for a vector's webhook */
export function secretOfVector(vector: CmsVector, vectors: readonly CmsVector[]): string {
  // SNS has no secret: what is stored is the topic, and the key comes from the certificate's URL.
  if (vector.provider === 'sns-https') return vector.headers['x-amz-sns-topic-arn'] ?? '';
  // The signature of WP Webhooks Pro is the same for every body: it is itself what is stored.
  if (vector.provider === 'wp-webhooks-pro') {
    const genuine = vectors.find(({ provider, valid }) => provider === vector.provider && valid);
    return genuine?.headers['x-wp-webhook-signature'] ?? '';
  }
  return vector.secret ?? vector.public_key ?? '';
}

/** An unsigned ping that the sender wants a 200 for: not genuine, and yet not refused. */
export function isUnsignedPing(vector: CmsVector): boolean {
  return vector.case === 'unsigned-ping';
}
