import { isRecord } from '../../core/model/record.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { withDecodedSlugs } from '../toolkit/entry-change.ts';
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
  read(body, context, request) {
    return readStandardWebhook({ ...body, data: withSlugs(body.data) }, context, request);
  },
});

const slugs = ['slug', 'categories', 'tags', 'author'] as const;

/** WordPress keeps slugs as they are in its URLs: percent-encoded. */
function withSlugs(data: unknown): unknown {
  if (!isRecord(data)) return data;
  const { previous, ...entry } = withDecodedSlugs(data, slugs);
  return { ...entry, ...(isRecord(previous) && { previous: withDecodedSlugs(previous, slugs) }) };
}
