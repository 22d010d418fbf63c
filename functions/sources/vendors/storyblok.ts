import { defineJsonSource } from '../toolkit/define-json-source.ts';
import { actionsOf, changeOf, lastSegmentOf } from '../toolkit/entry-change.ts';
import {
  readingOfAll,
  readingOfOther,
  readingOfUnknownEvent,
  readingOfUnnamed,
} from '../toolkit/outcomes.ts';
import { idAt, type JsonObject, stringAt, unexpected, valueAt } from '../toolkit/payload.ts';
import type { SourceContext } from '../toolkit/source-context.ts';
import type { Reading } from '../webhook-source.ts';

const storyActions = actionsOf({ put: ['published', 'moved'], delete: ['unpublished', 'deleted'] });
const assetActions = actionsOf({ put: ['replaced', 'restored'], delete: ['deleted'] });
/** Events that change content without naming the stories: releases, pipelines, datasources. */
const anonymousEvents: ReadonlySet<string> = new Set([
  'release_merged',
  'merged',
  'branch_deployed',
  'deployed',
  'entries_updated',
]);
const draftEvents: ReadonlySet<string> = new Set(['saved', 'created', 'changed', 'stage.changed']);
/** What happens to stories and to nothing else. */
const storyEvents: ReadonlySet<string> = new Set(['published', 'unpublished', 'moved']);

/**
 * Storyblok. `{path}` is the `full_slug`, `{slug}` its last part; the payload holds nothing of the story's content,
 * and unpublish and delete may leave the slug out. The signature has no time in it.
 * @see https://www.storyblok.com/docs/concepts/webhooks
 */
export const storyblok = defineJsonSource({
  name: 'storyblok',
  options: ['drafts'],
  verification: { kind: 'hmac', header: 'webhook-signature', hash: 'sha1' },
  read,
});

function read(body: JsonObject, context: SourceContext): Reading {
  const action = stringAt(body, 'action');
  if (action === undefined)
    return unexpected('action', 'a string such as "published"', valueAt(body, 'action'));
  const storyId = idAt(body, 'story_id');
  const assetId = idAt(body, 'asset_id');
  if (storyId === undefined && assetId === undefined) {
    if (storyEvents.has(action)) {
      return readingOfUnnamed(context, unexpected('story_id', 'a number', body.story_id), 'story');
    }
    const isContent = anonymousEvents.has(action) || idAt(body, 'datasource_slug') !== undefined;
    if (!isContent) return readingOfOther(action);
    const id = idAt(body, 'release_id') ?? idAt(body, 'datasource_slug') ?? action;
    return readingOfAll(context, action, { id });
  }
  const isStory = storyId !== undefined;
  const found = { id: storyId ?? assetId ?? '', type: isStory ? 'story' : 'asset' };
  const isDraft = draftEvents.has(action);
  if (isDraft && context.options.drafts !== true) {
    return readingOfOther(action);
  }
  const changed = isDraft ? 'put' : (isStory ? storyActions : assetActions).get(action);
  if (changed === undefined) return readingOfUnknownEvent(context, action, found);
  const path = stringAt(body, 'full_slug')?.replace(/^\/+/, '');
  const change = changeOf(context, {
    action: changed,
    ...found,
    metadata: { path, slug: path && lastSegmentOf(path) },
  });
  return { kind: 'changes', changes: [change] };
}
