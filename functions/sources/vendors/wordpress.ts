import { readStandardWebhook, verifyStandardWebhook } from '../toolkit/standard-webhooks.ts';
import { defineSource } from '../webhook-source.ts';

const NAME = 'wordpress';

/**
 * WordPress with the must-use plugin `docs/snippets/cdn-pro-purger.php`, which signs by Standard Webhooks. WordPress
 * itself sends no webhooks. `data` holds `id`, `type`, `slug`, `url`, `path`, `locale`, and under `previous` what of
 * these was different before.
 */
export const wordpress = defineSource({
  name: NAME,
  options: [],
  verify: verifyStandardWebhook,
  read: (request, context) => readStandardWebhook(NAME, request, context),
});
