import { headerOf } from '../toolkit/crypto.ts';
import { changeOf, isPublicEnvironment, otherEnvironment } from '../toolkit/entry-change.ts';
import { parseJsonObject, textAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  ignored,
  type ReadContext,
  type Reading,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'sanity';
const SCHEME = {
  kind: 'hmac',
  header: 'sanity-webhook-signature',
  encoding: 'base64url',
  parameter: 'v1',
  template: '{timestamp}.{body}',
  timestamp: { parameter: 't', unit: 'milliseconds', toleranceSeconds: 300 },
} as const;
const OPERATIONS: ReadonlySet<string> = new Set(['create', 'update', 'delete']);
/** What a draft's and a release's documents are called: `drafts.abc`, `versions.r1.abc`. */
const UNPUBLISHED_ID = /^(drafts|versions\.[^.]+)\./;

/**
 * Sanity's GROQ-powered webhooks. The body is the user's own projection; `_id`, `_type` and `slug` are read from it,
 * and `language` or `locale`. What was unpublished or deleted is projected as it was before, so its slug is known.
 * A projection can hold `"previous": before(){ "slug": slug.current }`.
 * @see https://www.sanity.io/docs/content-lake/webhook-best-practices and npm @sanity/webhook
 */
export const sanity = defineSource({
  name: NAME,
  options: ['environments', 'drafts'],
  verify: (request, secrets, nowMs) => verifyBy(SCHEME, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const dataset = headerOf(request, 'sanity-dataset') ?? 'production';
  if (!isPublicEnvironment(context.options, dataset, ['production']))
    return ignored(otherEnvironment(dataset));
  const operation = headerOf(request, 'sanity-operation') ?? textAt(body, 'operation') ?? 'update';
  if (!OPERATIONS.has(operation)) {
    return unexpected('sanity-operation', '"create", "update" or "delete"', operation);
  }
  const stated = textAt(body, '_id') ?? headerOf(request, 'sanity-document-id');
  if (!stated) return unexpected('_id', 'a text', valueAt(body, '_id'));
  const isDraft = UNPUBLISHED_ID.test(stated);
  if (isDraft && context.options.drafts !== true) return ignored('a draft or a version in a release changed');
  const previous = valueAt(body, 'previous');
  const change = changeOf(NAME, context, {
    action: operation === 'delete' ? 'delete' : 'put',
    id: stated.replace(UNPUBLISHED_ID, ''),
    type: textAt(body, '_type'),
    locale: textAt(body, 'language') ?? textAt(body, 'locale') ?? textAt(body, '__i18n_lang'),
    times: [headerOf(request, 'sanity-transaction-time'), valueAt(body, '_updatedAt')],
    entry: body,
    metadata: { environment: dataset, slug: slugOf(body) },
    ...(slugOf(previous) !== undefined && {
      previous: { ...body, slug: slugOf(previous) },
      previousMetadata: { environment: dataset },
    }),
  });
  return { kind: 'changes', changes: [change] };
}

/** A slug is `{ "_type": "slug", "current": "…" }`, or what the projection made of it. */
function slugOf(document: unknown): string | undefined {
  return textAt(document, 'slug', 'current') ?? textAt(document, 'slug');
}
