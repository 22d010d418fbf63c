import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { changeOfAllEntries, changesOf } from '../toolkit/entry-change.ts';
import { readingOfUnnamed } from '../toolkit/outcomes.ts';
import { type JsonObject, listAt, stringAt, stringOf, unexpected, valueAt } from '../toolkit/payload.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading } from '../webhook-source.ts';

/**
 * Prismic, which signs nothing: the secret is in the body, so the body is never logged. An update names the
 * documents that were published or unpublished by their ids and nothing else, so there is a change for each id, and
 * one of all entries. Prismic accepts no other answer than 200.
 * @see https://prismic.io/docs/webhooks
 */
export const prismic = defineJsonSource({
  name: 'prismic',
  options: [],
  queuedStatus: 200,
  verification: { kind: 'secret', in: 'body', name: 'secret' },
  read,
});

function read(body: JsonObject, context: SourceContext): Reading {
  const type = stringAt(body, 'type');
  if (type === undefined) return unexpected('type', 'a string such as "api-update"', valueAt(body, 'type'));
  if (type === 'test-trigger') return ignored('a test event');
  if (type !== 'api-update') return ignored(`${type.slice(0, 60)} is not an update`);
  const ids = listAt(body, 'documents').filter((id) => stringOf(id) !== undefined) as string[];
  if (ids.length === 0) {
    const [first] = listAt(body, 'documents');
    if (first !== undefined) return readingOfUnnamed(context, unexpected('documents', 'ids', first));
    return ignored('no document was published or unpublished');
  }
  const everything =
    context.options.sweep === false ? [] : [changeOfAllEntries(context, { id: 'api-update' })];
  const changes = changesOf(context, { action: 'put', skipMemory: true }, [...new Set(ids)]);
  return { kind: 'changes', changes: [...changes, ...everything] };
}
