import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import type { SourceOptions } from '../../functions/sources/webhook-options.ts';
import { checkConfig } from '../../infra/settings/purger-config.ts';
import { createWebhookWorld } from '../helpers/webhook-fixture.ts';

interface Recipe extends SourceOptions {
  readonly source: string;
  readonly name: string;
  readonly secret: string;
}

const site = 'https://www.example.com';
const secret = 'a-secret-of-the-recipes';
/** The recipes of the documentation, by name. */
const recipes = new Map(
  [...readFileSync('docs/sources.md', 'utf8').matchAll(/```json\n([\s\S]*?)```/g)]
    .map(([, json = '']) => JSON.parse(json) as Recipe)
    .map((recipe) => [recipe.name, recipe]),
);

/** @returns a function that delivers a body to the webhook of a recipe, and returns what it purges */
function senderOf(name: string, sign: (body: string, nowMs: number) => Record<string, string>) {
  const recipe = recipes.get(name);
  if (recipe === undefined) throw new Error(`there is no recipe for ${name}`);
  const { source, name: _name, secret: _secret, ...options } = recipe;
  const rules = [{ match: { source: 'generic' as const }, purge: { fileUrls: [`${site}/{slug}`] } }];
  checkConfig({ credentials: 'x', target: 'production', webhooks: [recipe], rules });
  const world = createWebhookWorld({
    webhooks: { [name]: { source, secretIds: ['s'], options } },
    rules,
    secrets: { s: secret },
  });
  return async (body: unknown, headers: Record<string, string> = {}) => {
    world.nowMs += 1000;
    const text = JSON.stringify(body);
    const before = world.purged().length;
    const signed = { ...headers, ...sign(text, world.nowMs) };
    const request = { method: 'POST', path: `/webhooks/${name}`, headers: signed, body: Buffer.from(text) };
    await receiveWebhook(name, request, world.ports);
    return world.purged().slice(before);
  };
}

const byToken = () => ({ 'x-webhook-token': secret });
const at = (second: number) => `2025-12-31T23:00:0${second}.000Z`;

it('Webflow tells of one item and of several, which are remembered alike', async () => {
  const send = senderOf('webflow', (body, nowMs) => ({
    'x-webflow-timestamp': String(nowMs),
    'x-webflow-signature': createHmac('sha256', secret).update(`${nowMs}:${body}`).digest('hex'),
  }));
  const item = (id: string, slug: string, second: number) => ({
    id,
    lastPublished: at(second),
    fieldData: { slug },
  });
  const published = { items: [item('1', 'a', 1), item('2', 'b', 1)] };
  expect(await send({ triggerType: 'collection_item_published', payload: published })).toEqual([
    `invalidate ${site}/a`,
    `invalidate ${site}/b`,
  ]);
  expect(await send({ triggerType: 'collection_item_changed', payload: item('1', 'c', 2) })).toEqual([
    `invalidate ${site}/c`,
    `delete ${site}/a`,
  ]);
  expect(await send({ triggerType: 'collection_item_deleted', payload: { id: '2' } })).toEqual([
    `delete ${site}/b`,
  ]);
  expect(await send({ triggerType: 'collection_item_created', payload: item('3', 'd', 3) })).toEqual([]);
});

it('Umbraco names the event in a header, and an unpublished entry by its id', async () => {
  const send = senderOf('umbraco', byToken);
  const event = (name: string) => ({ 'umb-webhook-event': `Umbraco.${name}` });
  const body = { Id: 'u1', ContentType: 'page', UpdateDate: at(1), Properties: { slug: 'a' } };
  expect(await send(body, event('ContentPublish'))).toEqual([`invalidate ${site}/a`]);
  expect(await send({ Id: 'u1' }, event('MediaSave'))).toEqual([]);
  expect(await send({ Id: 'u1' }, event('ContentUnpublish'))).toEqual([`delete ${site}/a`]);
});

it('ButterCMS names the slug as the id, and a renamed page by its number', async () => {
  const send = senderOf('buttercms', byToken);
  const page = (event: string, id: string, second: number) => ({
    data: { id, buttercms_id: 7, page_type: 'post', updated: at(second) },
    webhook: { event: `page.${event}` },
  });
  expect(await send(page('published', 'a', 1))).toEqual([`invalidate ${site}/a`]);
  expect(await send(page('draft', 'x', 2))).toEqual([]);
  expect(await send(page('published', 'b', 3))).toEqual([`invalidate ${site}/b`, `delete ${site}/a`]);
  expect(await send(page('delete', 'b', 4))).toEqual([`delete ${site}/b`]);
});
