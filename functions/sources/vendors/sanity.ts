import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { changeOf, isPublicEnvironment, otherEnvironment } from '../toolkit/entry-change.ts';
import { readingOfUnknownEvent, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { type JsonObject, stringAt, stringOf, unexpected, valueAt } from '../toolkit/payload.ts';
import { headerOf } from '../toolkit/signatures/crypto.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
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
  mainEnvironment: 'production',
  canPut: true,
  options: ['environments', 'drafts'],
  verification: scheme,
  read,
});

function read(body: JsonObject, context: SourceContext, request: WebhookRequest): Reading {
  const dataset = headerOf(request, 'sanity-dataset') ?? 'production';
  if (!isPublicEnvironment(context.options, dataset, ['production']))
    return ignored(otherEnvironment(dataset));
  const operation = headerOf(request, 'sanity-operation') ?? stringAt(body, 'operation') ?? 'update';
  const documentId = stringAt(body, '_id') ?? headerOf(request, 'sanity-document-id');
  const type = stringAt(body, '_type');
  if (!documentId)
    return readingOfUnnamed(context, unexpected('_id', 'a string', valueAt(body, '_id')), type);
  const isDraft = unpublishedId.test(documentId);
  if (isDraft && context.options.drafts !== true) return ignored('a draft or a version in a release changed');
  const id = documentId.replace(unpublishedId, '');
  if (!operations.has(operation)) return readingOfUnknownEvent(context, operation, { id, type });
  // The slug itself where the projection has `before().slug`.
  const former = slugOf(body.previous) ?? stringAt(body.previous, 'current');
  const change = changeOf(context, {
    action: operation === 'delete' ? 'delete' : 'put',
    id,
    type,
    locale: stringAt(body, 'language') ?? stringAt(body, 'locale') ?? stringAt(body, '__i18n_lang'),
    // What is deleted is projected as it was before: its time is that of its last update.
    times: operation === 'delete' ? [] : [valueAt(body, '_updatedAt')],
    entry: body,
    metadata: { environment: dataset, slug: slugOf(body) },
    ...(former !== undefined && {
      previous: { ...body, slug: former },
      previousMetadata: { environment: dataset },
    }),
  });
  return { kind: 'changes', changes: [change] };
}

/** A slug is `{ "_type": "slug", "current": "…" }`, or what the projection made of it: `before().slug.current`. */
function slugOf(document: unknown): string | undefined {
  return stringAt(document, 'slug', 'current') ?? stringAt(document, 'slug') ?? stringOf(document);
}
