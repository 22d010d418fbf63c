import { describe, expect, it } from 'vitest';
import { webhookSources } from '../../functions/sources/registry.ts';
import { genuineDeliveries } from '../helpers/hostile-deliveries.ts';
import { createSender, type VendorRequest } from '../helpers/webhook-sender.ts';

const site = 'https://www.example.com';
const sources = Object.keys(webhookSources);
const notUnderstood = { name: 'EventsNotUnderstood', value: 1 };

/** @returns the genuine delivery of a source, with other values at paths of keys, or at a header */
function deliveryWith(source: string, changed: Readonly<Record<string, unknown>> = {}): VendorRequest {
  const { headers = {}, body } = structuredClone(genuineDeliveries[source] ?? { body: {} });
  const own: Record<string, string> = { ...headers };
  for (const [path, value] of Object.entries(changed)) {
    if (path.startsWith('x-') || path.startsWith('sanity-')) own[path] = String(value);
    else set(body as Record<string, unknown>, path.split('.'), value);
  }
  return { headers: own, body };
}

function set(object: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) set(object[key] as Record<string, unknown>, rest, value);
  else if (value === undefined) delete object[key];
  else object[key] = value;
}

const sendTo = (source: string, urls: readonly string[], options = {}) =>
  createSender(source, {
    urls,
    options: { ...genuineDeliveries[source]?.options, ...options },
    apartMs: 1000,
  });

/** How an event of each source is made one in a word that nobody knows. */
const unknownWords: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'builder-io': { operation: 'frobnicate' },
  contentful: { 'x-contentful-topic': 'ContentManagement.Entry.constructor' },
  contentstack: { event: 'frobnicate' },
  datocms: { event_type: 'frobnicate' },
  directus: { event: 'posts.items.frobnicate' },
  drupal: { event: 'entity:node:frobnicate' },
  hygraph: { operation: 'frobnicate' },
  payload: { operation: 'frobnicate' },
  sanity: { 'sanity-operation': 'frobnicate' },
  shopify: { 'x-shopify-topic': 'products/frobnicate' },
  storyblok: { action: 'frobnicate' },
  strapi: { event: 'entry.frobnicate' },
  woocommerce: { 'x-wc-webhook-topic': 'product.frobnicate' },
  'wp-webhooks': { 'x-wp-webhook-name': 'post_frobnicate' },
};
/** Why the others have none. */
const withoutWords: Readonly<Record<string, string>> = {
  bitbucket: 'a push is the only event about files',
  gitea: 'a push is the only event about files',
  gitlab: 'a push is the only event about files',
  generic: 'every value of its `action` that is not named is a put',
  ghost: 'what happened is read from the states before and after',
  github: 'a push is the only event about files',
  'kontent-ai': 'what its published slot says of an item is a put',
  prismic: 'an update is its only event',
  'standard-webhooks': 'every event whose word is not one of deletion is a put',
  wordpress: 'every event whose word is not one of deletion is a put',
};

describe('an event about an entry in a word that nobody knows', () => {
  it('is tried for every source that has such words', () => {
    expect([...Object.keys(unknownWords), ...Object.keys(withoutWords)].toSorted()).toEqual(
      sources.toSorted(),
    );
  });

  it.each(Object.entries(unknownWords))(
    'of %s purges what is remembered, is answered 2xx and counted',
    async (source, words) => {
      const { world, deliver } = sendTo(source, [`${site}/{id}`]);
      const { purged } = await deliver(deliveryWith(source));
      expect(purged.length).toBeGreaterThan(0);
      const again = await deliver(deliveryWith(source, words));
      expect(again.status).toBe(202);
      expect(again.purged).toEqual([...new Set(purged)]);
      expect(world.measured).toContainEqual(notUnderstood);
    },
  );

  it.each(Object.entries(unknownWords))(
    'of %s purges nothing of an entry that is not known',
    async (source, words) => {
      const { world, deliver } = sendTo(source, [`${site}/{id}`]);
      expect(await deliver(deliveryWith(source, words))).toMatchObject({ status: 200, purged: [] });
      expect(world.measured).toContainEqual(notUnderstood);
    },
  );
});

/** What takes the id out of the delivery of each source, and the type that is left. */
const withoutIds: Readonly<Record<string, readonly [Readonly<Record<string, unknown>>, string?]>> = {
  'builder-io': [{ 'newValue.id': undefined, 'previousValue.id': undefined }, 'page'],
  contentful: [{ 'sys.id': undefined }, 'page'],
  contentstack: [{ 'data.entry.uid': undefined }, 'page'],
  datocms: [{ 'entity.id': undefined }, 'post'],
  directus: [{ keys: [] }, 'posts'],
  drupal: [{ 'entity.uuid': [] }, 'article'],
  ghost: [{ 'post.current.id': undefined }, 'post'],
  hygraph: [{ 'data.id': undefined }, 'Post'],
  payload: [{ 'doc.id': undefined, 'previousDoc.id': undefined }, 'posts'],
  sanity: [{ _id: undefined }, 'post'],
  shopify: [{ id: undefined }, 'product'],
  storyblok: [{ story_id: undefined }, 'story'],
  strapi: [{ entry: 'null' }, 'post'],
  woocommerce: [{ id: undefined, code: 'woocommerce_rest_cannot_view' }, 'product'],
  'wp-webhooks': [{ post_id: undefined, 'post.ID': undefined }, 'post'],
};

describe('a genuine event about content that does not say which entry', () => {
  it.each(Object.entries(withoutIds))(
    'of %s purges its type by prefix, and is never refused',
    async (source, [changed, type]) => {
      const { world, deliver } = createSender(source, {
        urls: [`${site}/all/{id}`],
        ...(type !== undefined && { type }),
        options: genuineDeliveries[source]?.options ?? {},
      });
      const { status, purged } = await deliver(deliveryWith(source, changed));
      expect([status, purged]).toEqual([202, [`invalidate ${site}/all/**`]]);
      expect(world.measured).toContainEqual(notUnderstood);
    },
  );

  it.each(Object.entries(withoutIds))(
    'of %s is answered 2xx, logged and counted with `sweep: false`',
    async (source, [changed]) => {
      const { world, deliver } = sendTo(source, [`${site}/all/{id}`], { sweep: false });
      expect(await deliver(deliveryWith(source, changed))).toMatchObject({ status: 200, purged: [] });
      expect(world.measured).toContainEqual(notUnderstood);
      expect(world.lines.at(-1)).toMatchObject({ level: 'warn' });
    },
  );

  it.each(['term_changed', 'terms_moved', 'metadata_changed', 'frobnicated'])(
    'of Kontent.ai, a taxonomy that is %s, purges by prefix',
    async (action) => {
      const { deliver } = sendTo('kontent-ai', [`${site}/k/{fields.codename}`]);
      const message = { object_type: 'taxonomy', action, delivery_slot: 'published' };
      const { purged } = await deliver(deliveryWith('kontent-ai', { 'notifications.0.message': message }));
      expect(purged).toEqual([`invalidate ${site}/k/**`]);
    },
  );

  it.each([
    ['taxonomy', { items: [], taxonomies: [] }],
    ['taxonomy', null],
    ['content_item_variant', { items: [], taxonomies: [] }],
  ])('of a legacy webhook of Kontent.ai about a %s, with %j, purges by prefix', async (type, data) => {
    const { deliver } = sendTo('kontent-ai', [`${site}/k/{fields.codename}`]);
    const body = (api_name: string) => ({ data, message: { type, operation: 'publish', api_name } });
    const { purged } = await deliver({ body: body('delivery_production') });
    expect(purged).toEqual([`invalidate ${site}/k/**`]);
    expect((await deliver({ body: body('content_management') })).purged).toEqual([]);
  });

  it.each([
    { 'notifications.0.data.system.id': undefined },
    { 'notifications.0.message': { object_type: 'page', action: 'published', delivery_slot: 'published' } },
  ])(
    'of Kontent.ai, that does not say what was published (%j), purges by prefix and is counted',
    async (changed) => {
      const { world, deliver } = sendTo('kontent-ai', [`${site}/all/{id}`]);
      const { status, purged } = await deliver(deliveryWith('kontent-ai', changed));
      expect([status, purged]).toEqual([202, [`invalidate ${site}/all/**`]]);
      expect(world.measured).toContainEqual(notUnderstood);
    },
  );

  it('of Prismic, whose documents are not named by ids, purges by prefix and is counted', async () => {
    const { world, deliver } = sendTo('prismic', [`${site}/all/{id}`]);
    const { status, purged } = await deliver(deliveryWith('prismic', { documents: [{ ref: 'a' }] }));
    expect([status, purged]).toEqual([200, [`invalidate ${site}/all/**`]]);
    expect(world.measured).toContainEqual(notUnderstood);
  });

  it.each([{ post: null }, { event: 'post.published', post: 'null' }, { event: 'post.unpublished' }])(
    'of Ghost, whose post is not there (%j), purges by prefix and is counted',
    async (body) => {
      const { world, deliver } = createSender('ghost', { urls: [`${site}/all/{id}`], type: 'post' });
      const { status, purged } = await deliver({ body });
      expect([status, purged]).toEqual([202, [`invalidate ${site}/all/**`]]);
      expect(world.measured).toContainEqual(notUnderstood);
    },
  );

  it.each([
    [null, []],
    [{ id: 'g9', slug: 'one' }, [`invalidate ${site}/one`]],
  ])('of the generic source, with %j in the place of its list, is never refused', (items, urls) => {
    const payload = { entries: 'items', id: 'id', slug: 'slug' };
    const body = Buffer.from(JSON.stringify({ items }));
    const request = { method: 'POST', path: '/webhooks/generic', headers: {}, body };
    const context = { webhook: 'generic', nowMs: Date.UTC(2026, 0, 1), options: { payload } };
    const reading = webhookSources.generic.read(request, context);
    const changes = reading.kind === 'changes' ? reading.changes : [];
    expect(reading.kind).not.toBe('malformed');
    expect(changes.map(({ fields }) => `invalidate ${site}/${fields.slug}`)).toEqual(urls);
  });

  it('of DatoCMS, that another environment is the one that visitors see, purges by prefix', async () => {
    const body = {
      entity_type: 'environment',
      event_type: 'promote',
      environment: 'main-2',
      is_environment_primary: true,
      entity: { id: 'main-2', type: 'environment' },
    };
    const urls = [`${site}/d/{slug}`];
    expect((await sendTo('datocms', urls).deliver({ body })).purged).toEqual([`invalidate ${site}/d/**`]);
    expect((await sendTo('datocms', urls, { sweep: false }).deliver({ body })).purged).toEqual([]);
    const created = { ...body, event_type: 'create' };
    expect((await sendTo('datocms', urls).deliver({ body: created })).purged).toEqual([]);
  });

  it('of Contentful, that visitors see another environment by its alias, purges by prefix', async () => {
    const [headers, urls] = [
      { 'x-contentful-topic': 'ContentManagement.EnvironmentAlias.save' },
      [`${site}/c/{slug}`],
    ];
    const alias = (id: string) => ({
      headers,
      body: {
        sys: { type: 'EnvironmentAlias', id, updatedAt: '2026-01-01T00:00:00Z' },
        environment: { sys: { id: 'release-2', type: 'Link', linkType: 'Environment' } },
      },
    });
    const { deliver } = sendTo('contentful', urls);
    expect((await deliver(alias('master'))).purged).toEqual([`invalidate ${site}/c/**`]);
    expect((await deliver(alias('staging'))).purged).toEqual([]);
    const live = sendTo('contentful', urls, { environments: ['live'] });
    expect((await live.deliver(alias('live'))).purged).toEqual([`invalidate ${site}/c/**`]);
    const without = sendTo('contentful', urls, { sweep: false });
    expect(await without.deliver(alias('master'))).toMatchObject({ status: 200, purged: [] });
  });

  it('of Storyblok, about a datasource, purges by prefix', async () => {
    const { deliver } = sendTo('storyblok', [`${site}/s/{+path}`]);
    const body = { action: 'datasource_entry_saved', datasource_slug: 'labels' };
    expect((await deliver({ body })).purged).toEqual([`invalidate ${site}/s/**`]);
  });
});

describe('an event that names one locale and is of all', () => {
  const locales: Readonly<Record<string, readonly [string, string, Readonly<Record<string, unknown>>]>> = {
    payload: ['locale', 'doc.slug', { operation: 'delete' }],
    drupal: ['entity.langcode', 'entity.path', { event: 'entity:node:delete' }],
    contentstack: ['data.entry.locale', 'data.entry.url', { event: 'delete' }],
    strapi: ['entry.locale', 'entry.slug', { event: 'entry.update' }],
  };
  const hasSlugs = new Set(['payload', 'strapi']);
  const written = (source: string, value: string, path: string) => {
    if (source !== 'drupal') return value;
    return path.endsWith('path') ? [{ alias: value }] : [{ value }];
  };

  it.each(Object.entries(locales))(
    'of %s reaches every locale that is remembered',
    async (source, [locale, address, ended]) => {
      const { deliver } = sendTo(source, [hasSlugs.has(source) ? `${site}/{slug}` : `${site}/{+path}`]);
      const inLocale = (name: string, url: string) => ({
        [locale]: written(source, name, locale),
        [address]: written(source, url, address),
      });
      await deliver(deliveryWith(source, inLocale('en', 'hello')));
      await deliver(deliveryWith(source, inLocale('de', 'hallo')));
      const { purged } = await deliver(deliveryWith(source, { ...inLocale('en', 'hello'), ...ended }));
      const urls = purged.map((text) => text.slice(text.lastIndexOf('/') + 1));
      expect(urls).toEqual(expect.arrayContaining(['hello', 'hallo']));
    },
  );

  it.each([
    ['en', 'zh-Hant'],
    ['en_US', 'zh_Hans'],
    ['EN', 'DE'],
  ])('of Payload, with %s and %s, is a change of each', async (one, other) => {
    const { deliver } = sendTo('payload', [`${site}/{locale}/{slug}`]);
    const saved = deliveryWith('payload', {
      locale: 'all',
      'doc.slug': { [one]: 'a', [other]: 'b' },
      previousDoc: {},
    });
    expect((await deliver(saved)).purged).toEqual([
      `invalidate ${site}/${one}/a`,
      `invalidate ${site}/${other}/b`,
    ]);
  });

  it('of Drupal reaches a translation that was taken away, of which the node that is left tells nothing', async () => {
    const { deliver } = sendTo('drupal', [`${site}/{locale}/{+path}`]);
    const saved = (langcode: string, alias: string) =>
      deliveryWith('drupal', {
        'entity.langcode': [{ value: langcode }],
        'entity.path': [{ alias }],
        event: 'entity:node:update',
      });
    await deliver(saved('en', '/hello'));
    await deliver(saved('de', '/hallo'));
    const { purged } = await deliver(saved('en', '/hello'));
    expect(purged).toEqual([`invalidate ${site}/en/hello`, `invalidate ${site}/de/hallo`]);
  });
});

describe('an event of a draft that may be an unpublish', () => {
  it('of Payload purges what is remembered, and leaves it so', async () => {
    const { deliver } = sendTo('payload', [`${site}/{slug}`]);
    const publish = deliveryWith('payload');
    const draft = deliveryWith('payload', { 'doc._status': 'draft', 'previousDoc._status': 'draft' });
    expect((await deliver(draft)).purged).toEqual([]);
    await deliver(publish);
    expect((await deliver(draft)).purged).toContain(`invalidate ${site}/hello`);
    expect((await deliver(draft)).purged).toContain(`invalidate ${site}/hello`);
  });

  it.each([false, 0, '0'])(
    'of Drupal, with the status %j, purges what is remembered as gone',
    async (value) => {
      const { deliver } = sendTo('drupal', [`${site}/{+path}`]);
      const draft = deliveryWith('drupal', { 'entity.status': [{ value }] });
      expect((await deliver(draft)).purged).toEqual([]);
      const { purged } = await deliver(deliveryWith('drupal'));
      expect((await deliver(draft)).purged).toEqual(
        purged.map((text) => text.replace('invalidate', 'delete')),
      );
    },
  );

  it('of Drupal with content moderation purges what is remembered, and leaves it so, until it is archived', async () => {
    const { deliver } = sendTo('drupal', [`${site}/{+path}`]);
    const saved = (state: string, alias: string) =>
      deliveryWith('drupal', {
        'entity.status': [{ value: state === 'published' }],
        'entity.moderation_state': [{ value: state }],
        'entity.path': [{ alias }],
      });
    expect((await deliver(saved('draft', '/hello'))).purged).toEqual([]);
    await deliver(saved('published', '/hello'));
    expect((await deliver(saved('draft', '/hello'))).purged).toEqual([`invalidate ${site}/hello`]);
    const renamed = await deliver(saved('published', '/hi'));
    expect(renamed.purged).toEqual([`invalidate ${site}/hi`, `delete ${site}/hello`]);
    expect((await deliver(saved('archived', '/hi'))).purged).toContain(`delete ${site}/hi`);
  });

  it.each([
    ['changed', { 'post.current.status': 'draft', 'post.previous': { title: 'A' } }],
    [
      'changed, and nothing tells what it was before',
      { 'post.current.status': 'draft', 'post.previous': {} },
    ],
    ['scheduled', { 'post.current.status': 'scheduled', 'post.previous': { status: 'draft' } }],
    ['deleted', { 'post.current': {}, 'post.previous': { id: 'g1', slug: 'hello', status: 'draft' } }],
  ])('of Ghost that is %s purges what is remembered as gone', async (_, changed) => {
    const { deliver } = sendTo('ghost', [`${site}/{slug}`]);
    const draft = deliveryWith('ghost', changed);
    expect(await deliver(draft)).toMatchObject({ status: 200, purged: [] });
    await deliver(deliveryWith('ghost', { 'post.previous': { status: 'draft' } }));
    expect((await deliver(draft)).purged).toEqual([`delete ${site}/hello`]);
  });

  it('of DatoCMS purges once, as gone, what is remembered where nothing of the record is public', async () => {
    const { deliver } = sendTo('datocms', [`${site}/{slug}`]);
    const time = { event_triggered_at: '{now}Z' };
    const saved = (status: string) =>
      deliveryWith('datocms', { ...time, event_type: 'update', 'entity.meta.status': status });
    expect(await deliver(saved('draft'))).toMatchObject({ status: 200, purged: [] });
    const { purged } = await deliver(deliveryWith('datocms', time));
    expect((await deliver(saved('updated'))).purged).toEqual([]);
    const own = purged.flatMap((text) =>
      text.startsWith('invalidate') ? [text.replace('invalidate', 'delete')] : [],
    );
    expect((await deliver(saved('draft'))).purged).toEqual(own);
    expect((await deliver(saved('draft'))).purged).toEqual([]);
  });

  it('of WP Webhooks purges what is remembered as gone', async () => {
    const { deliver } = sendTo('wp-webhooks', [`${site}/{slug}`]);
    const draft = deliveryWith('wp-webhooks', {
      'post.post_status': 'draft',
      'post_before.post_status': 'draft',
    });
    expect((await deliver(draft)).purged).toEqual([]);
    await deliver(deliveryWith('wp-webhooks'));
    expect((await deliver(draft)).purged).toContain(`delete ${site}/hello`);
  });
});

describe('an address that stands in for another', () => {
  const uuid = '0a1b2c3d-0000-4000-8000-000000000001';
  it.each(['/404/', `/p/${uuid}/`, `/email/${uuid}/`, `/blog/404/`])(
    'of Ghost, %s, is none',
    async (path) => {
      const { deliver } = sendTo('ghost', [`${site}/{+path}`]);
      const edited = deliveryWith('ghost', { 'post.current.url': `${site}${path}` });
      expect((await deliver(edited)).purged).toEqual([]);
      await deliver(deliveryWith('ghost'));
      const { purged } = await deliver(edited);
      expect(purged).toContain(`invalidate ${site}/hello/`);
      expect(purged.filter((text) => text.endsWith(path))).toEqual([]);
    },
  );

  it('of WordPress in the trash is none, and its slug is the one it had', async () => {
    const { deliver } = sendTo('wp-webhooks', [`${site}/{slug}`, `${site}/{+path}`]);
    const trashed = deliveryWith('wp-webhooks', {
      'x-wp-webhook-name': 'post_trash',
      'post.post_status': 'trash',
      'post.post_name': 'hello__trashed',
      post_permalink: `${site}/?p=1`,
    });
    const formerly = `delete ${site}/old`;
    expect((await deliver(trashed)).purged).toEqual([`delete ${site}/hello`, formerly]);
  });
});

describe('what may be a list, or one value for each locale', () => {
  it('is read as such where Builder.io names several URLs', async () => {
    const { deliver } = sendTo('builder-io', [`${site}/{+path}`]);
    const at = (url: unknown) =>
      deliveryWith('builder-io', { 'newValue.data.url': url, previousValue: null });
    expect((await deliver(at(['/a', '/b']))).purged).toEqual([
      `invalidate ${site}/a`,
      `invalidate ${site}/b`,
    ]);
    const localized = { '@type': '@builder.io/core:LocalizedValue', Default: '/c', 'de-DE': '/d' };
    expect((await deliver(at(localized))).purged).toEqual(
      expect.arrayContaining([`invalidate ${site}/c`, `invalidate ${site}/d`]),
    );
  });

  it('is read as such where Payload sends all locales', async () => {
    const { deliver } = sendTo('payload', [`${site}/{locale}/{slug}`]);
    const all = deliveryWith('payload', {
      locale: 'all',
      'doc.slug': { en: 'one', de: 'eins' },
      previousDoc: {},
    });
    expect((await deliver(all)).purged).toEqual([`invalidate ${site}/en/one`, `invalidate ${site}/de/eins`]);
  });

  it('is read whole, however long the list is', async () => {
    const { deliver } = sendTo('standard-webhooks', [`${site}/tag/{fields.tags.*}/`]);
    const tags = Array.from({ length: 250 }, (_, index) => `t${index}`);
    expect((await deliver(deliveryWith('standard-webhooks', { 'data.tags': tags }))).purged).toHaveLength(
      250,
    );
  });

  it('is purged by prefix where the list is longer than what becomes fields', async () => {
    const { deliver } = sendTo('standard-webhooks', [`${site}/tag/{fields.tags.*}/`]);
    const tags = Array.from({ length: 10_000 }, (_, index) => `t${index}`);
    const { purged } = await deliver(deliveryWith('standard-webhooks', { 'data.tags': tags }));
    expect(purged).toEqual([`invalidate ${site}/tag/**`]);
  });

  it('is taken for the former slug where Sanity projects it alone', async () => {
    const { deliver } = sendTo('sanity', [`${site}/{slug}`]);
    const { purged } = await deliver(deliveryWith('sanity', { slug: 'new', previous: 'old' }));
    expect(purged).toEqual([`invalidate ${site}/new`, `delete ${site}/old`]);
  });
});

describe('Payload', () => {
  it('purges by its name what a global is shown on', async () => {
    const { deliver } = sendTo('payload', [`${site}/{type}.html`]);
    const body = { global: 'footer', operation: 'update', doc: { links: [] }, previousDoc: {} };
    expect((await deliver({ body })).purged).toEqual([`invalidate ${site}/footer.html`]);
  });

  it('purges the file of an upload, and the one that it replaced', async () => {
    const { deliver } = sendTo('payload', [`${site}/{+path}`]);
    const doc = (name: string) => ({ id: 'm1', url: `/api/media/file/${name}.png` });
    const body = { collection: 'media', operation: 'update', doc: doc('b'), previousDoc: doc('a') };
    expect((await deliver({ body })).purged).toEqual([
      `invalidate ${site}/api/media/file/b.png`,
      `delete ${site}/api/media/file/a.png`,
    ]);
  });
});

describe('copies of an entry in several environments that count', () => {
  /** Where the deliveries of a source name the environment, the slug, and the time. */
  const places: Readonly<Record<string, readonly [environment: string, slug: string, time: string]>> = {
    contentful: ['sys.environment', 'fields.slug', 'sys.publishedAt'],
    contentstack: ['data.environment', 'data.entry.url', 'triggered_at'],
    datocms: ['environment', 'entity.attributes.slug', 'event_triggered_at'],
    sanity: ['sanity-dataset', 'slug', '_updatedAt'],
  };
  const written = (path: string, value: string): unknown => {
    if (path === 'sys.environment') return { sys: { id: value } };
    if (path === 'data.environment') return { name: value };
    return path === 'fields.slug' ? { en: value } : value;
  };

  it.each(Object.entries(places))('of %s are remembered apart', async (source, [at, slugAt, timeAt]) => {
    const main = { contentful: 'master', datocms: 'main' }[source] ?? 'production';
    const url = source === 'contentstack' ? `${site}/{environment}/{+path}` : `${site}/{environment}/{slug}`;
    const { deliver } = sendTo(source, [url], { environments: [main, 'staging'] });
    const publish = async (environment: string, slug: string, second: number) => {
      const own = { [at]: written(at, environment), [slugAt]: written(slugAt, slug) };
      const time = timeAt === 'triggered_at' ? {} : { [timeAt]: `2025-12-01T00:00:0${second}Z` };
      const primary = source === 'datocms' ? { is_environment_primary: environment === main } : {};
      const without = { datocms: { previous_entity: undefined }, sanity: { previous: undefined } }[source];
      return (await deliver(deliveryWith(source, { ...own, ...time, ...primary, ...without }))).purged;
    };
    expect(await publish(main, 'a', 1)).toEqual([`invalidate ${site}/${main}/a`]);
    expect(await publish('staging', 'b', 2)).toEqual([`invalidate ${site}/staging/b`]);
    expect(await publish(main, 'c', 3)).toEqual([`invalidate ${site}/${main}/c`, `delete ${site}/${main}/a`]);
  });

  it('of Contentstack in several branches are remembered apart, whatever their aliases', async () => {
    const { deliver } = sendTo('contentstack', [`${site}/{+path}`]);
    const deliverFrom = async (uid: string, alias: readonly string[], fields: Record<string, unknown>) => {
      const own = { 'data.branch': { uid, alias, source: 'main' }, ...fields };
      return (await deliver(deliveryWith('contentstack', own))).purged;
    };
    const publish = (uid: string, alias: readonly string[], url: string) =>
      deliverFrom(uid, alias, { 'data.entry.url': url });
    expect(await publish('main', ['live'], '/a')).toEqual([`invalidate ${site}/a`]);
    expect(await publish('dev', [], '/b')).toEqual([`invalidate ${site}/b`]);
    expect(await publish('main', [], '/c')).toEqual([`invalidate ${site}/c`, `delete ${site}/a`]);
    expect(await publish('dev', ['live'], '/d')).toEqual([`invalidate ${site}/d`, `delete ${site}/b`]);
    const ended = { event: 'delete', 'data.environment': undefined, 'data.entry.url': undefined };
    expect(await deliverFrom('dev', [], ended)).toEqual([`delete ${site}/d`]);
    expect((await deliver(deliveryWith('contentstack', ended))).purged).toEqual([`delete ${site}/c`]);
  });

  it('of Contentstack are all gone with a delete, which names no environment', async () => {
    const environments = ['production', 'staging'];
    const { deliver } = sendTo('contentstack', [`${site}/{environment}/{+path}`], { environments });
    for (const name of environments) {
      await deliver(deliveryWith('contentstack', { 'data.environment': { name } }));
    }
    const ended = { event: 'delete', 'data.environment': undefined, 'data.entry.url': undefined };
    expect((await deliver(deliveryWith('contentstack', ended))).purged).toEqual([
      `delete ${site}/production/hello`,
      `delete ${site}/staging/hello`,
    ]);
  });
});

describe('an entry that has no locale any more', () => {
  it('of Contentful, published without a field, has left the URLs of its locales', async () => {
    const { deliver } = sendTo('contentful', [`${site}/{locale}/{slug}`]);
    const publish = (publishedAt: string, fields: unknown) =>
      deliver({
        headers: { 'x-contentful-topic': 'ContentManagement.Entry.publish' },
        body: { sys: { id: 'c1', contentType: { sys: { id: 'post' } }, publishedAt }, fields },
      });
    await publish('2025-12-01T00:00:00Z', { slug: { en: 'a' } });
    expect((await publish('2025-12-02T00:00:00Z', {})).purged).toEqual([`delete ${site}/en/a`]);
  });

  it('of DatoCMS, whose slug is no longer localized, has left the slugs of its locales', async () => {
    const { deliver } = sendTo('datocms', [`${site}/{slug}`]);
    const publish = (event_triggered_at: string, slug: unknown) => {
      const entity = { id: 'd1', attributes: { slug }, meta: { status: 'published' } };
      return deliver({ body: { entity_type: 'item', event_type: 'publish', event_triggered_at, entity } });
    };
    await publish('2025-12-01T00:00:00Z', { en: 'a', de: 'b' });
    expect((await publish('2025-12-02T00:00:00Z', 'a')).purged).toEqual([
      `invalidate ${site}/a`,
      `delete ${site}/b`,
    ]);
  });
});

describe('a product of WooCommerce in the trash', () => {
  it('is purged under the slug that it had, and not under the one that it has there', async () => {
    const { deliver } = sendTo('woocommerce', [`${site}/p/{slug}`]);
    const product = (status: string, slug: string) =>
      deliver({ headers: { 'x-wc-webhook-topic': 'product.updated' }, body: { id: 1, slug, status } });
    await product('publish', 'tee');
    expect((await product('trash', 'tee__trashed-2')).purged).toEqual([`delete ${site}/p/tee`]);
  });

  it('keeps a slug that a site writes as a number', async () => {
    const { deliver } = sendTo('woocommerce', [`${site}/p/{slug}`]);
    const headers = { 'x-wc-webhook-topic': 'product.updated' };
    const { purged } = await deliver({ headers, body: { id: 1, slug: 1984, status: 'publish' } });
    expect(purged).toEqual([`invalidate ${site}/p/1984`]);
  });
});

describe('a slug that WordPress keeps percent-encoded', () => {
  const [slug, before] = ['%e6%9c%ac', '%e6%9c%a8'];
  const urls = [`${site}/p/{slug}`, `${site}/tag/{fields.tags.*}/`];
  const at = (path: string) => `${site}/${path}`;

  it('is purged as its URL is written, and not escaped twice', async () => {
    const { deliver } = sendTo('wordpress', urls);
    const data = { id: '1', type: 'post', slug, tags: [slug], previous: { slug: before, tags: [before] } };
    expect((await deliver({ body: { type: 'post.updated', data } })).purged).toEqual([
      `invalidate ${at('p/%E6%9C%AC')}`,
      `invalidate ${at('tag/%E6%9C%AC/')}`,
      `delete ${at('p/%E6%9C%A8')}`,
      `invalidate ${at('tag/%E6%9C%A8/')}`,
    ]);
  });

  it('is so of WP Webhooks, and the former one', async () => {
    const { deliver } = sendTo('wp-webhooks', [`${site}/p/{slug}`, `${site}/{+path}`]);
    const post = { ID: 1, post_name: slug, post_status: 'publish', post_type: 'post' };
    const body = {
      post_id: 1,
      post,
      post_before: { post_name: before, post_status: 'publish' },
      post_permalink: `${site}/${slug}/`,
    };
    const { purged } = await deliver({ headers: { 'x-wp-webhook-name': 'post_update' }, body });
    expect(purged).toEqual([
      `invalidate ${at('p/%E6%9C%AC')}`,
      `invalidate ${at('%E6%9C%AC/')}`,
      `delete ${at('p/%E6%9C%A8')}`,
      `delete ${at('%E6%9C%A8/')}`,
    ]);
  });

  it('is so of WooCommerce, and of its categories', async () => {
    const { deliver } = sendTo('woocommerce', [`${site}/p/{slug}`, `${site}/c/{fields.categories.*.slug}/`]);
    const body = { id: 1, slug, status: 'publish', categories: [{ id: 2, name: 'B', slug }] };
    const { purged } = await deliver({ headers: { 'x-wc-webhook-topic': 'product.updated' }, body });
    expect(purged.map((text) => text.split(' ')[1])).toEqual([at('p/%E6%9C%AC'), at('c/%E6%9C%AC/')]);
  });
});

describe('Builder.io', () => {
  const value = (url: readonly string[]) => ({ id: 'b1', published: 'published', data: { url } });

  it.each([
    [['/c'], ['/a', '/b']],
    [
      ['/c', '/d'],
      ['/a', '/b', '/d'],
    ],
  ])(
    'purges each URL that an entry now at %j has left of %j, whatever is remembered',
    async (now, before) => {
      const { deliver } = createSender('builder-io', { urls: [`${site}/{+path}`], rememberDays: 0 });
      const body = {
        operation: 'publish',
        modelName: 'page',
        newValue: value(now),
        previousValue: value(before),
      };
      const { purged } = await deliver({ body });
      const left = before.filter((url) => !now.includes(url));
      expect([...new Set(purged)].toSorted()).toEqual(
        [
          ...now.map((url) => `invalidate ${site}${url}`),
          ...left.map((url) => `delete ${site}${url}`),
        ].toSorted(),
      );
    },
  );

  it.each([
    { '@type': '@builder.io/core:LocalizedValue', Default: ['/x', '/y'], de: ['/z'] },
    [{ '@type': '@builder.io/core:LocalizedValue', Default: '/x', de: '/y' }, '/z', null],
  ])('purges each URL of %j', async (value) => {
    const { deliver } = createSender('builder-io', { urls: [`${site}/{+path}`] });
    const query = [{ property: 'urlPath', operator: 'is', value }];
    const body = { operation: 'publish', modelName: 'page', newValue: { id: 'b1', query, data: {} } };
    const { purged } = await deliver({ body });
    expect(purged).toEqual(['/x', '/y', '/z'].map((path) => `invalidate ${site}${path}`));
  });

  it('purges the URLs of all of its targets', async () => {
    const { deliver } = createSender('builder-io', { urls: [`${site}/{+path}`] });
    const query = ['/x', '/y'].map((value) => ({ property: 'urlPath', operator: 'is', value }));
    const body = { operation: 'publish', modelName: 'page', newValue: { id: 'b1', query, data: {} } };
    expect((await deliver({ body })).purged).toEqual([`invalidate ${site}/x`, `invalidate ${site}/y`]);
  });
});

describe('Hygraph', () => {
  const publish = {
    operation: 'publish',
    data: {
      __typename: 'Post',
      id: 'h1',
      stage: 'PUBLISHED',
      publishedAt: '2025-12-02T00:00:00Z',
      localizations: [
        { locale: 'en', slug: 'a' },
        { locale: 'de', slug: 'b' },
      ],
    },
  };
  const draft = { __typename: 'Post', id: 'h1', stage: 'DRAFT', publishedAt: null };
  const both = [`${site}/en/a`, `${site}/de/b`];

  it.each([
    ['unpublish', {}],
    ['delete', {}],
    ['delete', { locale: 'en', slug: 'a' }],
  ])(
    'purges every locale by %s with %j, though its draft is older than what was published',
    async (operation, fields) => {
      const { deliver } = sendTo('hygraph', [`${site}/{locale}/{slug}`]);
      await deliver({ body: publish });
      const data = { ...draft, ...fields, updatedAt: '2025-12-01T00:00:00Z' };
      const { purged } = await deliver({ body: { operation, data } });
      expect(purged.map((text) => text.split(' ')[1])).toEqual(both);
    },
  );
});

describe('a delete that is sent with the time of the last save', () => {
  it.each([
    ['sanity', { 'sanity-operation': 'delete', _updatedAt: '2020-01-01T00:00:00Z' }],
    ['drupal', { event: 'entity:node:delete', 'entity.changed': [{ value: '2020-01-01T00:00:00+00:00' }] }],
  ])('of %s happened when it came', async (source, changed) => {
    const { world, deliver } = sendTo(source, [`${site}/{id}`]);
    await deliver(deliveryWith(source, changed));
    const [message] = world.sent;
    expect(message?.change?.occurredAt).toBe(new Date(world.nowMs).toISOString());
  });

  it('deletes the page of a node of Drupal that had a draft', async () => {
    const { deliver } = createSender('drupal', { urls: [`${site}/{+path}`], apartMs: 60_000 });
    const saved = (changed: string, more = {}) =>
      deliveryWith('drupal', { 'entity.changed': [{ value: changed }], ...more });
    const { purged } = await deliver(saved('2020-01-01T00:00:00+00:00'));
    const draft = { 'entity.status': [{ value: false }], 'entity.moderation_state': [{ value: 'draft' }] };
    await deliver(saved('2020-01-02T00:00:00+00:00', draft));
    const gone = { event: 'entity:node:delete', 'entity.path': [{ alias: null }] };
    const deleted = await deliver(saved('2020-01-01T00:00:00+00:00', gone));
    expect(deleted.purged).toEqual(purged.map((text) => text.replace('invalidate', 'delete')));
  });
});

describe('Shopify', () => {
  it('purges a product that only the storefronts of other channels than the Online Store have', async () => {
    const { deliver } = sendTo('shopify', [`${site}/products/{slug}`]);
    const body = { id: 1, handle: 'tee', status: 'active', published_at: null };
    for (const topic of ['products/create', 'products/update']) {
      const { purged } = await deliver({ headers: { 'x-shopify-topic': topic }, body });
      expect(purged).toEqual([`invalidate ${site}/products/tee`]);
    }
  });

  it('goes on purging an unlisted product, which is seen by its link', async () => {
    const { deliver } = sendTo('shopify', [`${site}/products/{slug}`]);
    const product = (status: string, updated_at: string) =>
      deliver({
        headers: { 'x-shopify-topic': 'products/update' },
        body: { id: 1, handle: 'tee', status, updated_at },
      });
    const put = [`invalidate ${site}/products/tee`];
    expect((await product('active', '2025-12-01T00:00:00Z')).purged).toEqual(put);
    expect((await product('unlisted', '2025-12-02T00:00:00Z')).purged).toEqual(put);
    expect((await product('unlisted', '2025-12-03T00:00:00Z')).purged).toEqual(put);
  });
});

describe('Sanity', () => {
  it.each([
    { slug: { _type: 'slug', current: 'old' } },
    { slug: 'old' },
    { _type: 'slug', current: 'old' },
    'old',
  ])('reads the former slug of a projection with %j as `previous`', async (previous) => {
    const { deliver } = createSender('sanity', { urls: [`${site}/{slug}`], rememberDays: 0 });
    const { purged } = await deliver(deliveryWith('sanity', { slug: 'new', previous }));
    expect(purged).toEqual([`invalidate ${site}/new`, `delete ${site}/old`]);
  });
});

describe('a push whose commits do not list their files', () => {
  const ids = { before: 'a'.repeat(40), after: 'b'.repeat(40) };
  const push = (commit: unknown) => ({
    ...ids,
    ref: 'refs/heads/main',
    repository: { default_branch: 'main' },
    project: { default_branch: 'main' },
    total_commits: 1,
    total_commits_count: 1,
    commits: [commit],
  });

  it.each(['github', 'gitlab', 'gitea'])('to %s purges by prefix', async (source) => {
    const { deliver } = sendTo(source, [`${site}/g/{+slug}`], { files: ['{+slug}.md'] });
    for (const commit of [{ id: 'b'.repeat(40) }, null, 'b'.repeat(40), { added: 'a.md' }]) {
      expect((await deliver({ body: push(commit) })).purged).toEqual([`invalidate ${site}/g/**`]);
    }
    // A merge, and as Gitea writes empty lists.
    for (const none of [[], null]) {
      const merge = { added: none, modified: none, removed: none };
      expect((await deliver({ body: push(merge) })).purged).toEqual([]);
    }
  });
});

describe('the generic source', () => {
  it('reads an action that is true or false', () => {
    const payload = { id: 'id', action: 'published', puts: ['true'], deletes: ['false'] };
    const read = (fields: unknown) => {
      const body = Buffer.from(JSON.stringify(fields));
      const request = { method: 'POST', path: '/webhooks/generic', headers: {}, body };
      const context = { webhook: 'generic', nowMs: Date.UTC(2026, 0, 1), options: { payload } };
      const reading = webhookSources.generic.read(request, context);
      return reading.kind === 'changes' ? reading.changes.map(({ action }) => action) : reading.kind;
    };
    expect(read({ id: 1, published: true })).toEqual(['put']);
    expect(read({ id: 1, published: false })).toEqual(['delete']);
    expect(read({ id: 1, published: null })).toBe('ignored');
  });
});

describe('Directus', () => {
  it('purges what is remembered of an item with a locale by an update that does not name it', async () => {
    const { deliver } = sendTo('directus', [`${site}/{locale}/{slug}`]);
    await deliver(deliveryWith('directus'));
    const update = (payload: unknown) =>
      deliver({ body: { event: 'posts.items.update', collection: 'posts', keys: ['d1'], payload } });
    expect((await update({ title: 'A' })).purged).toEqual([`invalidate ${site}/en/hello`]);
    expect((await update({ status: 'archived' })).purged).toEqual([`delete ${site}/en/hello`]);
  });

  it.each(['files.upload', 'files.update', 'files.delete'])('purges a file with %s', async (event) => {
    const { deliver } = sendTo('directus', [`${site}/assets/{id}`]);
    const body = { event, collection: 'directus_files', keys: ['f1'], payload: { status: 'x' } };
    const action = event === 'files.delete' ? 'delete' : 'invalidate';
    expect((await deliver({ body })).purged).toEqual([`${action} ${site}/assets/f1`]);
  });

  it('shows what has one of the public statuses, which are free text', async () => {
    const { deliver } = sendTo('directus', [`${site}/{slug}`], { publicStatuses: ['live'] });
    expect((await deliver(deliveryWith('directus', { 'payload.status': 'live' }))).purged).toHaveLength(1);
    const { deliver: other } = sendTo('directus', [`${site}/{slug}`], { publicStatuses: ['live'] });
    expect((await other(deliveryWith('directus'))).purged).toEqual([]);
  });
});
