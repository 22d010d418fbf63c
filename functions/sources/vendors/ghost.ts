import { isRecord } from '../../core/model/record.ts';
import type { ChangeAction } from '../../core/model/types.ts';
import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { changeOf, pathOf, urlFields } from '../toolkit/entry-change.ts';
import { readingOfAll, readingOfUnnamed } from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, objectAt, stringAt, unexpected } from '../toolkit/payload.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import { ignored, type Reading } from '../webhook-source.ts';

const scheme = {
  kind: 'hmac',
  header: 'x-ghost-signature',
  parameter: 'sha256',
  template: '{body}{timestamp}',
  timestamp: { parameter: 't', unit: 'milliseconds', toleranceSeconds: 300 },
} as const;
const kinds = ['post', 'page', 'tag'] as const;
const placeholder = /^(.*\/)?(404|(p|email)\/[0-9a-f-]{36})\/?$/;
const publicStatuses: ReadonlySet<unknown> = new Set(['published', 'sent']);

/**
 * Ghost from 5.87.1 on: before, the signature left out the time. What happened is read from `current` and `previous`,
 * since some versions name it nowhere. `previous` holds the fields that changed, so a new slug purges the old one's
 * URLs as well.
 * `{url}` is the post's URL, `{type}` is `post`, `page` or `tag`.
 * @see https://docs.ghost.org/webhooks and ghost/core/core/server/services/webhooks of TryGhost/Ghost
 */
export const ghost = defineJsonSource({
  name: 'ghost',
  options: ['drafts'],
  verification: scheme,
  read,
});

function read(body: JsonObject, context: SourceContext): Reading {
  const event = stringAt(body, 'event');
  // A post that could not be serialized is null, or a string: the event is of its kind all the same.
  const kind =
    kinds.find((name) => isRecord(body[name])) ??
    kinds.find((name) => Object.hasOwn(body, name) || event?.startsWith(`${name}.`));
  if (kind !== undefined) return readEntry(kind, body, context);
  const isSiteChange = event === 'site.changed' || (event === undefined && Object.keys(body).length === 0);
  if (!isSiteChange) {
    if (event !== undefined) return ignored(`${event.slice(0, 60)} is not about a post, a page or a tag`);
    return isRecord(body.member)
      ? ignored('a member changed')
      : unexpected('post', 'an object with "current"', body.post);
  }
  return readingOfAll(context, 'site.changed', { id: 'site' });
}

function readEntry(kind: (typeof kinds)[number], body: JsonObject, context: SourceContext): Reading {
  const current = withoutPlaceholder(objectAt(body, kind, 'current'));
  const previous = withoutPlaceholder(objectAt(body, kind, 'previous'));
  const before: JsonObject = { ...current, ...previous };
  const id = idAt(current, 'id') ?? idAt(previous, 'id');
  if (id === undefined) {
    return readingOfUnnamed(context, unexpected(`${kind}.current.id`, 'a string', current.id), kind);
  }
  const isGone = current.id === undefined;
  const known = kind === 'tag' ? (isGone ? 'delete' : 'put') : actionOf(current, previous, isGone);
  // There is no draft on top of what is public: whatever visitors saw of it before is gone.
  const isHidden = known === undefined && context.options.drafts !== true;
  const action = known ?? (isHidden ? 'delete' : 'put');
  const slug = stringAt(previous, 'slug');
  const isRenamed = !isGone && slug !== undefined && slug !== current.slug;
  const change = changeOf(context, {
    action,
    onlyIfRemembered: isHidden,
    id,
    type: kind,
    times: [current.updated_at, current.published_at],
    entry: isGone ? before : current,
    metadata: urlFields(isGone ? before.url : current.url),
    ...(isRenamed && renamed(before, current, slug)),
  });
  return { kind: 'changes', changes: [change] };
}

/**
 * Where Ghost does not know an address, or the post has none that visitors see, it names `/404/`, or a preview by the
 * post's UUID: the post's address is what is remembered of it.
 */
function withoutPlaceholder(entry: JsonObject): JsonObject {
  if (!placeholder.test(pathOf(entry.url) ?? '')) return entry;
  const { url: _, ...rest } = entry;
  return rest;
}

/** @returns undefined for what visitors cannot see */
function actionOf(current: JsonObject, previous: JsonObject, isGone: boolean): ChangeAction | undefined {
  const wasPublic = publicStatuses.has(previous.status ?? current.status);
  if (isGone) return wasPublic || previous.status === undefined ? 'delete' : undefined;
  if (publicStatuses.has(current.status)) return 'put';
  return wasPublic ? 'delete' : undefined;
}

/** `previous` has no URL: it is the current one with the old slug in it. */
function renamed(before: JsonObject, current: JsonObject, slug: string) {
  const url = stringAt(current, 'url') ?? '';
  const currentSlug = stringAt(current, 'slug');
  const at = currentSlug === undefined ? -1 : url.lastIndexOf(`/${currentSlug}/`);
  if (at < 0) return { previous: { ...before, url: undefined } };
  const old = `${url.slice(0, at)}/${slug}/${url.slice(at + `/${currentSlug}/`.length)}`;
  return { previous: { ...before, url: old }, previousMetadata: urlFields(old) };
}
