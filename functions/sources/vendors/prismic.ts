import { changeOf, changeOfAllEntries } from '../toolkit/entry-change.ts';
import { listAt, parseJsonObject, textAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  ignored,
  type ReadContext,
  type Reading,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'prismic';
const SCHEME = { kind: 'secret', in: 'body', name: 'secret' } as const;
/** More documents than a release holds. */
const MAX_DOCUMENTS = 5000;

/**
 * Prismic, which signs nothing: the secret stands in the body, so the body is never logged. An update names the
 * documents that were published or unpublished by their ids and nothing else, so beside a change for each id it is
 * sweeping. Prismic takes no other answer than 200.
 * @see https://prismic.io/docs/webhooks
 */
export const prismic = defineSource({
  name: NAME,
  options: ['sweep'],
  queuedStatus: 200,
  verify: (request, secrets, nowMs) => verifyBy(SCHEME, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const type = textAt(body, 'type');
  if (type === undefined) return unexpected('type', 'a text such as "api-update"', valueAt(body, 'type'));
  if (type === 'test-trigger') return ignored('a test event');
  if (type !== 'api-update') return ignored(`${type.slice(0, 60)} is not an update`);
  const ids = listAt(body, 'documents')
    .slice(0, MAX_DOCUMENTS)
    .filter((id) => typeof id === 'string' && id !== '') as string[];
  if (ids.length === 0) return ignored('no document was published or unpublished');
  const sweep =
    context.options.sweep === false ? [] : [changeOfAllEntries(NAME, context, { id: 'api-update' })];
  const changes = [...new Set(ids)].map((id) =>
    changeOf(NAME, context, { action: 'put', id, isForgotten: true }),
  );
  return { kind: 'changes', changes: [...changes, ...sweep] };
}
