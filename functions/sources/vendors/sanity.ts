import { headerOf } from '../toolkit/crypto.ts';
import { defineJsonSource, type SourceContext } from '../toolkit/define-json-source.ts';
import { changeOf, isPublicEnvironment, otherEnvironment } from '../toolkit/entry-change.ts';
import { type JsonObject, stringAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { ignored, type Reading, type WebhookRequest } from '../webhook-source.ts';

const scheme = {
  kind: 'hmac',
  header: 'sanity-webhook-signature',
  encoding: 'base64url',
  parameter: 'v1',
  template: '{timestamp}.{body}',
  timestamp: { parameter: 't', unit: 'milliseconds', toleranceSeconds: 300 },
} as const;
const operations: ReadonlySet<string> = new Set(['create', 'update', 'delete']);
/** The ids of drafts and of versions in a release: `drafts.abc`, `versions.r1.abc`. */
const unpublishedId = /^(drafts|versions\.[^.]+)\./;

/**
 * Sanity's GROQ-powered webhooks. The body is the user's own projection; `_id`, `_type` and `slug` are read from it,
 * and `language` or `locale`. What was unpublished or deleted is projected as it was before, so its slug is known.
 * A projection can hold `"previous": before(){ "slug": slug.current }`.
 * @see https://www.sanity.io/docs/content-lake/webhook-best-practices and npm @sanity/webhook
 */
export const sanity = defineJsonSource({
  name: 'sanity',
  options: ['environments', 'drafts'],
  verification: scheme,
  read,
});

function read(body: JsonObject, context: SourceContext, request: WebhookRequest): Reading {
  const dataset = headerOf(request, 'sanity-dataset') ?? 'production';
  if (!isPublicEnvironment(context.options, dataset, ['production']))
    return ignored(otherEnvironment(dataset));
  const operation = headerOf(request, 'sanity-operation') ?? stringAt(body, 'operation') ?? 'update';
  if (!operations.has(operation)) {
    return unexpected('sanity-operation', '"create", "update" or "delete"', operation);
  }
  const documentId = stringAt(body, '_id') ?? headerOf(request, 'sanity-document-id');
  if (!documentId) return unexpected('_id', 'a string', valueAt(body, '_id'));
  const isDraft = unpublishedId.test(documentId);
  if (isDraft && context.options.drafts !== true) return ignored('a draft or a version in a release changed');
  const previous = valueAt(body, 'previous');
  const change = changeOf(context, {
    action: operation === 'delete' ? 'delete' : 'put',
    id: documentId.replace(unpublishedId, ''),
    type: stringAt(body, '_type'),
    locale: stringAt(body, 'language') ?? stringAt(body, 'locale') ?? stringAt(body, '__i18n_lang'),
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
  return stringAt(document, 'slug', 'current') ?? stringAt(document, 'slug');
}
