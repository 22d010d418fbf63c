import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryKey } from '../../functions/receive-webhook/memory-key.ts';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { testSecretOf } from '../../infra/cli/webhooks/signers.ts';
import { createWebhookWorld } from '../helpers/webhook-fixture.ts';
import { createSender } from '../helpers/webhook-sender.ts';

const site = 'https://www.example.com';

describe('a body that holds its own secret', () => {
  const secret = testSecretOf('prismic');
  const receive = (source: string, body: string, options = {}) => {
    const world = createWebhookWorld({
      webhooks: { [source]: { source, secretIds: ['s'], options } },
      secrets: { s: secret },
    });
    return receiveWebhook(
      source,
      { method: 'POST', path: '/', headers: {}, body: Buffer.from(body) },
      world.ports,
    );
  };
  const generic = { verification: { kind: 'secret', in: 'body', name: 'auth.secret' } };

  it.each([
    ['prismic', {}],
    ['generic', generic],
  ])('of %s is answered 413 unread beyond 64 KB', async (source, options) => {
    const bomb = `{"x":1234567890123456,"l":[{}${',{}'.repeat(25_000)}]}`;
    expect((await receive(source, bomb, options)).statusCode).toBe(413);
  });

  it('is not parsed where it holds too many values', async () => {
    const body = `{"secret":"${secret}","type":"api-update","documents":[${'1,'.repeat(20_000)}1]}`;
    expect((await receive('prismic', body)).statusCode).toBe(401);
    const fewer = `{"secret":"${secret}","type":"api-update","documents":[${'1,'.repeat(5000)}1]}`;
    expect((await receive('prismic', fewer)).statusCode).toBe(200);
  });
});

describe('rules that write more header sets than a delivery may have', () => {
  it('have an entry purged by prefix once, and not again and again', async () => {
    const secret = testSecretOf('strapi');
    const world = createWebhookWorld({
      webhooks: { strapi: { source: 'strapi', secretIds: ['s'] } },
      secrets: { s: secret },
      rules: Array.from({ length: 6 }, (_, n) => ({
        match: { source: 'strapi' },
        purge: {
          fileUrls: [`${site}/feed-${n}.xml`],
          fileHeaders: { 'x-version': Array.from({ length: 20 }, (_, index) => `${n}-${index}`) },
        },
      })),
    });
    let times = 0;
    const ports: typeof world.ports = {
      ...world.ports,
      purgeByPrefix(change) {
        times += 1;
        if (times > 1) throw new Error('it was purged by prefix before');
        return world.ports.purgeByPrefix(change);
      },
    };
    const body = Buffer.from(JSON.stringify({ event: 'entry.publish', model: 'post', entry: { id: 1 } }));
    const request = { method: 'POST', path: '/webhooks/strapi', headers: { authorization: secret }, body };
    expect((await receiveWebhook('strapi', request, ports)).statusCode).toBe(202);
    expect(new Set(world.purged()).size).toBe(6);
    expect(world.purged()).toHaveLength(120);
  });
});

describe('an entry that is too large for all of its fields', () => {
  it('is purged by prefix where a rule matches on a field that may have been left out', async () => {
    const secret = 'a secret of sixteen bytes';
    const world = createWebhookWorld({
      webhooks: {
        generic: {
          source: 'generic',
          secretIds: ['s'],
          options: { verification: { kind: 'secret', in: 'header', name: 'x-secret' } },
        },
      },
      secrets: { s: secret },
      rules: [
        {
          match: { source: 'generic', fields: { 'fields.page.seo.kind': 'news' } },
          purge: { fileUrls: [`${site}/news/{slug}`] },
        },
      ],
    });
    const long = Array.from({ length: 9990 }, (_, index) => index);
    const page = { text: long, seo: { kind: 'news', words: long.slice(0, 20) } };
    const body = Buffer.from(JSON.stringify({ id: 'g1', slug: 'hello', page }));
    const request = { method: 'POST', path: '/webhooks/generic', headers: { 'x-secret': secret }, body };
    expect((await receiveWebhook('generic', request, world.ports)).statusCode).toBe(202);
    expect(world.purged()).toEqual([`invalidate ${site}/news/**`]);
  });
});

describe('a delivery that is too large to be purged URL by URL', () => {
  const bulk = (count: number) => ({
    body: {
      event: 'posts.items.update',
      collection: 'posts',
      keys: Array.from({ length: count }, (_, index) => String(index)),
      payload: { status: 'published' },
    },
  });
  const urls = [`${site}/{type}/{id}`];

  it('is purged by prefix, logged and counted', async () => {
    const { world, deliver } = createSender('directus', { urls });
    const { status, purged } = await deliver(bulk(2001));
    expect([status, purged]).toEqual([202, [`invalidate ${site}/**`]]);
    expect(world.measured).toContainEqual({ name: 'EventsNotUnderstood', value: 1 });
    expect(world.lines).toContainEqual({
      level: 'warn',
      message: 'webhook not understood in full: purged by what is known',
      fields: { webhook: 'directus', reason: 'Expected a delivery of at most 2000 entries, got more' },
    });
  });

  it('is refused where the webhook is not to purge by prefix', async () => {
    const { world, deliver } = createSender('directus', { urls, options: { sweep: false } });
    expect(await deliver(bulk(2001))).toMatchObject({ status: 413, purged: [] });
    expect(world.measured).toContainEqual({ name: 'EventsNotUnderstood', value: 1 });
  });

  it('is remembered where it was read in full: a later rename purges the address that it had in between', async () => {
    const { deliver } = createSender('directus', { urls: [], dirUrls: [`${site}/{fields.slug}/{id}/`] });
    const renamed = (count: number, slug: string) => {
      const { body } = bulk(count);
      return { body: { ...body, payload: { ...body.payload, slug } } };
    };
    await deliver(renamed(1, 'a'));
    expect((await deliver(renamed(101, 'b'))).purged).toEqual([`invalidate ${site}/**`]);
    expect((await deliver(renamed(1, 'c'))).purged).toEqual(
      expect.arrayContaining([`invalidate ${site}/c/0/`, `delete ${site}/b/0/`, `delete ${site}/a/0/`]),
    );
  });

  it('is purged as it is up to the limit', async () => {
    const { deliver } = createSender('directus', { urls });
    expect((await deliver(bulk(2000))).purged).toHaveLength(2000);
  });
});

describe('a URL in many versions by header', () => {
  const publishIn = (count: number) => ({
    headers: { 'x-contentful-topic': 'ContentManagement.Entry.publish' },
    body: {
      sys: { id: 'home', contentType: { sys: { id: 'home' } } },
      fields: { title: Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index}`, 'A'])) },
    },
  });
  const receive = async (url: string, count: number) => {
    const { world, deliver } = createSender('contentful', {
      urls: [url],
      fileHeaders: [{ 'Accept-Language': '{locale}' }],
    });
    const { status } = await deliver(publishIn(count));
    const entries = world.sent.flatMap((message) => message.entries);
    return {
      status,
      entries: entries.map((entry) => `${entry.kind} ${entry.kind === 'regex' ? '' : entry.url}`),
    };
  };

  it('is purged in all of them at once', async () => {
    expect(await receive(`${site}/`, 300)).toEqual({ status: 202, entries: [`dir ${site}/`] });
    expect((await receive(`${site}/`, 21)).entries).toEqual([`dir ${site}/`]);
    expect((await receive(`${site}/`, 20)).entries).toEqual(
      Array.from({ length: 20 }, () => `file ${site}/`),
    );
  });

  it('is purged by prefix where each URL has a version of its own', async () => {
    expect((await receive(`${site}/p/{locale}/`, 100)).entries).toHaveLength(100);
    expect((await receive(`${site}/p/{locale}/`, 101)).entries).toEqual([`dir ${site}/p/**`]);
  });
});

describe('many changes of one entry in one delivery', () => {
  const notification = (codename: string) => ({
    data: { system: { id: 'k1', codename, language: 'en', type: 'article' } },
    message: { object_type: 'content_item', action: 'published', delivery_slot: 'published' },
  });
  const batch = (count: number) => ({
    body: { notifications: Array.from({ length: count }, (_, index) => notification(`name_${index}`)) },
  });

  it('are purged each, or by prefix where they are more than any editor makes', async () => {
    const few = createSender('kontent-ai', { urls: [`${site}/k/{fields.codename}`] });
    expect((await few.deliver(batch(100))).purged).toHaveLength(100);
    const many = createSender('kontent-ai', { urls: [`${site}/k/{fields.codename}`] });
    expect((await many.deliver(batch(101))).purged).toEqual([`invalidate ${site}/k/**`]);
  });
});

describe('names with a star', () => {
  const push = (count: number) => ({
    headers: { 'x-github-event': 'push' },
    body: {
      ref: 'refs/heads/main',
      before: 'aaaa',
      repository: { default_branch: 'main' },
      commits: [
        { added: Array.from({ length: count }, (_, index) => `a*${index}.html`), modified: [], removed: [] },
      ],
    },
  });

  it('are purged one by one where they are few, and by prefix where each would be a regular expression of many', async () => {
    const few = createSender('github', { urls: [`${site}/docs/{+path}`] });
    expect((await few.deliver(push(100))).purged).toHaveLength(100);
    const many = createSender('github', { urls: [`${site}/docs/{+path}`] });
    expect((await many.deliver(push(101))).purged).toEqual([`invalidate ${site}/docs/**`]);
  });
});

describe('the key that an entry is remembered by', () => {
  it('differs for different entries, whatever their types hold', () => {
    const keys = [
      ['a#b', 'c'],
      ['a', 'b#c'],
      ['a%23b', 'c'],
      ['a%2523b', 'c'],
    ].map(([type = '', id = '']) =>
      memoryKey({ webhook: 'w', type, id, fields: {} }, { hasIdsPerType: true }, {}),
    );
    expect(new Set(keys).size).toBe(4);
    expect(memoryKey({ webhook: 'w', type: 'post', id: '1', fields: {} }, { hasIdsPerType: true }, {})).toBe(
      'w#post#1',
    );
    expect(memoryKey({ webhook: 'w', type: 'post', id: '1', fields: {} }, {}, {})).toBe('w#1');
  });

  it('is different for different environments and branches, whatever these are called', () => {
    const part = fc.string({ unit: fc.constantFrom('a', '@', '%', '#', '2', '3', '5'), maxLength: 5 });
    const source = { mainEnvironment: 'production', mainBranch: 'main' };
    const keyOf = (fields: Record<string, string>) =>
      memoryKey({ webhook: 'w', id: '1', fields }, source, { environments: ['*'] });
    const copy = fc.record({ environment: part, branch: part });
    fc.assert(
      fc.property(copy, copy, (one, other) => {
        const isSame = one.environment === other.environment && one.branch === other.branch;
        expect(keyOf(one) === keyOf(other)).toBe(isSame);
      }),
    );
    expect(keyOf({ environment: 'production', branch: 'main' })).toBe('w#1');
  });
});

describe('what becomes a key', () => {
  const names = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty'];

  it.each(names)('may be %s, as an id, a type, a locale and a slug', async (name) => {
    const { deliver } = createSender('strapi', { urls: [`${site}/{type}/{locale}/{id}/{slug}`] });
    const publish = (slug: string) => ({
      body: `{"event":"entry.publish","model":"${name}","entry":{"documentId":"${name}","slug":"${slug}","locale":"${name}","${name}":1}}`,
    });
    const url = `${site}/${name}/${name}/${name}`;
    expect(await deliver(publish(name))).toMatchObject({
      status: 202,
      purged: [`invalidate ${url}/${name}`],
    });
    expect((await deliver(publish('b'))).purged).toContain(`delete ${url}/${name}`);
  });
});

describe('a delivery that comes again after months', () => {
  it('takes nothing out of the memory where its sender states no time', async () => {
    const day = 24 * 60 * 60 * 1000;
    const { deliver } = createSender('storyblok', { urls: [`${site}/{+path}`], apartMs: 90 * day });
    const story = (action: string, path?: string) => ({
      body: { action, story_id: 7, ...(path !== undefined && { full_slug: path }) },
    });
    await deliver(story('published', 'old-name'));
    await deliver(story('published', 'new-name'));
    await deliver(story('published', 'old-name'));
    expect((await deliver(story('unpublished'))).purged).toContain(`delete ${site}/new-name`);
  });
});
