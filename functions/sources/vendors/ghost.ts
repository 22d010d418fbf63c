import type { ChangeAction } from '../../core/model/types.ts';
import { changeOf, changeOfAllEntries, placeOf } from '../toolkit/entry-change.ts';
import {
  idAt,
  isJsonObject,
  type JsonObject,
  objectAt,
  parseJsonObject,
  textAt,
  unexpected,
} from '../toolkit/payload.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  type HmacVerification,
  ignored,
  type ReadContext,
  type Reading,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'ghost';
const SCHEME: HmacVerification = {
  kind: 'hmac',
  header: 'x-ghost-signature',
  parameter: 'sha256',
  template: '{body}{timestamp}',
  timestamp: { parameter: 't', unit: 'milliseconds', toleranceSeconds: 300 },
};
const KINDS = ['post', 'page', 'tag'] as const;
const PUBLIC_STATUSES: ReadonlySet<unknown> = new Set(['published', 'sent']);

/**
 * Ghost 5.87.1 and later: before, the time was not signed. What happened is read from the payload itself, since older versions name it nowhere: `current` and
 * `previous` tell. `previous` holds the fields that changed, so a new slug purges the old one's URLs as well.
 * `{url}` is the post's URL, `{type}` is `post`, `page` or `tag`.
 * @see https://docs.ghost.org/webhooks and ghost/core/core/server/services/webhooks of TryGhost/Ghost
 */
export const ghost = defineSource({
  name: NAME,
  options: ['drafts', 'sweep'],
  verify: (request, secrets, nowMs) => verifyBy(SCHEME, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const kind = KINDS.find((name) => isJsonObject(body[name]));
  if (kind !== undefined) return readEntry(kind, body, context);
  const event = textAt(body, 'event');
  const isSiteChange = event === 'site.changed' || (event === undefined && Object.keys(body).length === 0);
  if (!isSiteChange) {
    if (event !== undefined) return ignored(`${event.slice(0, 60)} is not about a post, a page or a tag`);
    return isJsonObject(body.member)
      ? ignored('a member changed')
      : unexpected('post', 'an object with "current"', body.post);
  }
  if (context.options.sweep === false) return ignored('site.changed does not say what changed');
  return { kind: 'changes', changes: [changeOfAllEntries(NAME, context, { id: 'site' })] };
}

function readEntry(kind: (typeof KINDS)[number], body: JsonObject, context: ReadContext): Reading {
  const current = objectAt(body, kind, 'current');
  const previous = objectAt(body, kind, 'previous');
  const before: JsonObject = { ...current, ...previous };
  const id = idAt(current, 'id') ?? idAt(previous, 'id');
  if (id === undefined) return unexpected(`${kind}.current.id`, 'a text', current.id);
  const isGone = current.id === undefined;
  const action = kind === 'tag' ? (isGone ? 'delete' : 'put') : actionOf(current, previous, isGone);
  if (action === undefined && context.options.drafts !== true) return ignored('a draft changed');
  const slug = textAt(previous, 'slug');
  const isRenamed = !isGone && slug !== undefined && slug !== current.slug;
  const change = changeOf(NAME, context, {
    action: action ?? 'put',
    id,
    type: kind,
    times: [current.updated_at, current.published_at],
    entry: isGone ? before : current,
    metadata: placeOf(isGone ? before.url : current.url),
    ...(isRenamed && renamed(before, current, slug)),
  });
  return { kind: 'changes', changes: [change] };
}

/** @returns undefined for what is no concern of visitors */
function actionOf(current: JsonObject, previous: JsonObject, isGone: boolean): ChangeAction | undefined {
  const wasPublic = PUBLIC_STATUSES.has(previous.status ?? current.status);
  if (isGone) return wasPublic || previous.status === undefined ? 'delete' : undefined;
  if (PUBLIC_STATUSES.has(current.status)) return 'put';
  return wasPublic ? 'delete' : undefined;
}

/** `previous` has no URL: it is the present one with the old slug in it. */
function renamed(before: JsonObject, current: JsonObject, slug: string) {
  const url = typeof current.url === 'string' ? current.url : '';
  const at = typeof current.slug === 'string' ? url.lastIndexOf(`/${current.slug}/`) : -1;
  if (at < 0) return { previous: { ...before, url: undefined } };
  const old = `${url.slice(0, at)}/${slug}/${url.slice(at + `/${current.slug}/`.length)}`;
  return { previous: { ...before, url: old }, previousMetadata: placeOf(old) };
}
