import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { readStandardWebhook, verifyStandardWebhook } from '../toolkit/signatures/standard-webhooks.ts';

/**
 * WordPress with the must-use plugin `docs/snippets/cdn-pro-purger.php`, which signs by Standard Webhooks. WordPress
 * itself sends no webhooks. `data` holds `id`, `type`, `slug`, `url`, `path`, `locale`, and under `previous` what of
 * these was different before.
 */
export const wordpress = defineJsonSource({
  name: 'wordpress',
  options: [],
  verify: verifyStandardWebhook,
  keyOf: 'customer',
  read: readStandardWebhook,
});
