import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { readStandardWebhook, verifyStandardWebhook } from '../toolkit/signatures/standard-webhooks.ts';

/**
 * Any sender that follows Standard Webhooks 1.0, under its own header names or Svix's.
 *
 * A secret is `whsec_` and base64 (the prefix may be missing) for `v1` signatures, HMAC-SHA256; or `whpk_` and
 * base64, a public key, for `v1a` signatures, ed25519. The prefix of a public key must not be missing: without it
 * the key would be taken for a shared secret.
 *
 * The body is `{ type, timestamp?, data: { id?, type? or contentType?, locale?, ... } }`. Of one change:
 * - `action` is `delete` if the last word of `type` says so (`entry.deleted`, `post.unpublish`), else `put`;
 * - `id` is `data.id`, else the webhook's id, which names the delivery and not the entry;
 * - `type`, which rules match on, is `data.type`, else `data.contentType`, else the event's `type` as it is
 *   (`entry.published`). A sender that tells the content type lets one rule match its publish and its delete; for
 *   one that does not, a rule lists the events: `type: ['entry.published', 'entry.deleted']`;
 * - `fields` are those of `data`; `data.previous` may hold those that were different before.
 * An event whose type ends in `ping` or `test` purges nothing.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooks = defineJsonSource({
  name: 'standard-webhooks',
  options: [],
  verify: verifyStandardWebhook,
  keyOf: 'customer',
  read: readStandardWebhook,
});
