import type { ChangeAction } from '../../core/model/types.ts';
import { changeOf, changeOfAllEntries } from '../toolkit/entry-change.ts';
import { idAt, parseJsonObject, textAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { verifyBy } from '../toolkit/verify-request.ts';
import {
  defineSource,
  ignored,
  type ReadContext,
  type Reading,
  type WebhookRequest,
} from '../webhook-source.ts';

const NAME = 'storyblok';
const SCHEME = { kind: 'hmac', header: 'webhook-signature', hash: 'sha1' } as const;
const STORY_ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['published', 'put'],
  ['moved', 'put'],
  ['unpublished', 'delete'],
  ['deleted', 'delete'],
]);
const ASSET_ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['replaced', 'put'],
  ['restored', 'put'],
  ['deleted', 'delete'],
]);
/** Events that change content without naming the stories: releases, pipelines, datasources. */
const SWEEPING: ReadonlySet<string> = new Set([
  'release_merged',
  'merged',
  'branch_deployed',
  'deployed',
  'entries_updated',
]);

/**
 * Storyblok. `{path}` is the `full_slug`, `{slug}` its last part; the payload holds nothing of the story's content,
 * and unpublish and delete may leave the slug out. The signature has no time in it.
 * @see https://www.storyblok.com/docs/concepts/webhooks
 */
export const storyblok = defineSource({
  name: NAME,
  options: ['drafts', 'sweep'],
  verify: (request, secrets, nowMs) => verifyBy(SCHEME, request, secrets, nowMs),
  read,
});

function read(request: WebhookRequest, context: ReadContext): Reading {
  const parsed = parseJsonObject(request.body);
  if (parsed.kind === 'malformed') return parsed;
  const body = parsed.value;
  const action = textAt(body, 'action');
  if (action === undefined)
    return unexpected('action', 'a text such as "published"', valueAt(body, 'action'));
  const storyId = idAt(body, 'story_id');
  const assetId = idAt(body, 'asset_id');
  if (storyId === undefined && assetId === undefined) {
    if (!SWEEPING.has(action)) return ignored(`${action.slice(0, 60)} is not about a story or an asset`);
    if (context.options.sweep === false) return ignored(`${action} does not say which stories changed`);
    const id = idAt(body, 'release_id') ?? idAt(body, 'datasource_slug') ?? action;
    return { kind: 'changes', changes: [changeOfAllEntries(NAME, context, { id })] };
  }
  const isStory = storyId !== undefined;
  const draftAction = context.options.drafts === true ? 'put' : undefined;
  const known = (isStory ? STORY_ACTIONS : ASSET_ACTIONS).get(action);
  const changed = known ?? (['saved', 'created', 'changed'].includes(action) ? draftAction : undefined);
  if (changed === undefined) {
    return ignored(`${action.slice(0, 60)} is not an event that changes published content`);
  }
  const path = textAt(body, 'full_slug')?.replace(/^\/+/, '');
  const change = changeOf(NAME, context, {
    action: changed,
    id: storyId ?? assetId ?? '',
    type: isStory ? 'story' : 'asset',
    metadata: { path, slug: path?.replace(/\/+$/, '').split('/').at(-1) },
  });
  return { kind: 'changes', changes: [change] };
}
