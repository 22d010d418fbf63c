import { describe, expect, it } from 'vitest';
import { webhookSources } from '../../functions/sources/registry.ts';
import { createSender, type Setup, type VendorRequest } from '../helpers/deliveries.ts';

const siteUrl = 'https://www.example.com';

/** One delivery after another to the same webhook, and what each purges. */
interface Step extends VendorRequest {
  readonly what: string;
  /** Less the site. */
  readonly purges: readonly string[];
  readonly status?: number;
}

interface Story extends Setup {
  readonly source: string;
  readonly steps: readonly Step[];
}

const sanity = (operation: string, body: Record<string, unknown>, dataset = 'production') => ({
  headers: {
    'sanity-operation': operation,
    'sanity-dataset': dataset,
    'sanity-project-id': '3do82whm',
    'idempotency-key': 'a',
  },
  body: { _id: 'post-1', _type: 'post', ...body },
});

const push = (body: Record<string, unknown>, event = 'push') => ({
  headers: { 'x-github-event': event, 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
  body: {
    ref: 'refs/heads/main',
    before: 'a'.repeat(40),
    after: 'b'.repeat(40),
    created: false,
    deleted: false,
    forced: false,
    repository: { full_name: 'octo/site', default_branch: 'main', pushed_at: 1767225600 },
    commits: [],
    ...body,
  },
});
const commit = (files: { added?: string[]; modified?: string[]; removed?: string[] }) => ({
  id: 'c'.repeat(40),
  timestamp: '2019-01-01T00:00:00Z',
  added: [],
  modified: [],
  removed: [],
  ...files,
});

const strapi = (event: string, entry: Record<string, unknown>, more = {}) => ({
  headers: { 'x-strapi-event': event },
  body: {
    event,
    createdAt: '2025-12-31T00:00:00.000Z',
    model: 'article',
    uid: 'api::article.article',
    entry,
    ...more,
  },
});

const ghost = (event: string, current: unknown, previous: unknown, kind = 'post') => ({
  headers: { 'content-version': 'v6.65' },
  body: { event, [kind]: { current, previous } },
});
const ghostPost = (slug: string, status = 'published') => ({
  id: '63a1b2c3d4e5f60718293a4b',
  slug,
  status,
  url: `${siteUrl}/${slug}/`,
});

const contentful = (
  event: string,
  body: Record<string, unknown>,
  kind = 'Entry',
  environment = 'master',
) => ({
  headers: { 'x-contentful-topic': `ContentManagement.${kind}.${event}` },
  body: {
    sys: {
      type: 'Entry',
      id: '5KsDBWseXY6QegucYAoacS',
      environment: { sys: { id: environment, type: 'Link', linkType: 'Environment' } },
      contentType: { sys: { type: 'Link', linkType: 'ContentType', id: 'blogPost' } },
    },
    ...body,
  },
});

const datocms = (
  event: string,
  body: Record<string, unknown>,
  slug: unknown = { en: 'hello', de: 'hallo' },
) => ({
  body: {
    webhook_call_id: '103216210',
    event_triggered_at: '2025-12-31T00:00:00Z',
    environment: 'main',
    is_environment_primary: true,
    entity_type: 'item',
    event_type: event,
    entity: {
      id: '348295724',
      type: 'item',
      attributes: { slug },
      relationships: { item_type: { data: { type: 'item_type', id: '7690234' } } },
      meta: { status: 'published' },
    },
    related_entities: [{ id: '7690234', type: 'item_type', attributes: { api_key: 'blog_post' } }],
    ...body,
  },
});

const kontent = (action: string, slot = 'published', id = 'aa7f127f', kind = 'content_item') => ({
  data: {
    system: {
      id,
      codename: `item_${id}`,
      language: 'default',
      type: 'article',
      last_modified: '2025-12-31T07:55:57.0563735Z',
    },
  },
  message: { environment_id: '0f5b6cb2', object_type: kind, action, delivery_slot: slot },
});

const contentstack = (event: string, body: Record<string, unknown> = {}, url = '/blog/hello') => ({
  body: {
    event,
    module: 'entry',
    api_key: 'blt22',
    triggered_at: '2026-01-01T00:00:00.000Z',
    data: {
      entry: { uid: 'blta9', url, locale: 'en-us' },
      content_type: { uid: 'blog_post' },
      environment: { name: 'production' },
      locale: 'en-us',
      status: 'success',
    },
    ...body,
  },
});

const woo = (topic: string, body: Record<string, unknown>) => ({
  headers: { 'x-wc-webhook-topic': topic, 'x-wc-webhook-delivery-id': '9a1c' },
  body: { id: 794, date_modified_gmt: '2025-12-31T00:00:00', ...body },
});
const shopify = (topic: string, body: string, more = {}) => ({
  headers: { 'x-shopify-topic': topic, 'x-shopify-shop-domain': 'example.myshopify.com', ...more },
  body,
});
const hygraph = (operation: string, data: Record<string, unknown>) => ({
  body: { operation, data: { __typename: 'Post', id: 'ckb1', stage: 'PUBLISHED', ...data } },
});
const wp = (name: string, body: Record<string, unknown>) => ({
  headers: { 'x-wp-webhook-name': name, 'x-wp-webhook-source': siteUrl },
  body: { post_id: 1234, ...body },
});
const drupal = (verb: string, alias: string, more = {}) => ({
  headers: { 'x-drupal-webhooks-event': `entity:node:${verb}` },
  body: {
    event: `entity:node:${verb}`,
    entity: {
      nid: [{ value: 7 }],
      uuid: [{ value: '0b5f9f0c' }],
      type: [{ target_id: 'article' }],
      langcode: [{ value: 'en' }],
      status: [{ value: true }],
      path: [{ alias, pid: 3, langcode: 'en' }],
      ...more,
    },
  },
});
const payload = (operation: string, doc: unknown, previousDoc?: unknown) => ({
  body: { collection: 'posts', operation, doc, previousDoc },
});
const standard = (type: string, data: Record<string, unknown>) => ({
  body: { type, data: { id: 'e1', ...data } },
});

const stories: readonly Story[] = [
  {
    source: 'contentful',
    urls: [`${siteUrl}/{locale}/{slug}`],
    steps: [
      {
        what: 'publish',
        ...contentful('publish', { fields: { slug: { en: 'hello', de: 'hallo' } } }),
        purges: ['invalidate /en/hello', 'invalidate /de/hallo'],
      },
      {
        what: 'rename in one locale',
        ...contentful('publish', { fields: { slug: { en: 'hi', de: 'hallo' } } }),
        purges: ['invalidate /en/hi', 'invalidate /de/hallo', 'delete /en/hello'],
      },
      {
        what: 'publish without a locale it had',
        ...contentful('publish', { fields: { slug: { en: 'hi' } } }),
        purges: ['invalidate /en/hi', 'delete /de/hallo'],
      },
      { what: 'save of a draft', ...contentful('save', { fields: { slug: { en: 'later' } } }), purges: [] },
      {
        what: 'another environment',
        ...contentful('publish', { fields: { slug: { en: 'x' } } }, 'Entry', 'staging'),
        purges: [],
      },
      { what: 'unpublish with an id alone', ...contentful('unpublish', {}), purges: ['delete /en/hi'] },
      { what: 'delete after that', ...contentful('delete', {}), purges: [] },
    ],
  },
  {
    source: 'sanity',
    urls: [`${siteUrl}/blog/{slug}`],
    steps: [
      {
        what: 'publish',
        ...sanity('create', { slug: { _type: 'slug', current: 'hello' } }),
        purges: ['invalidate /blog/hello'],
      },
      {
        what: 'rename',
        ...sanity('update', { slug: { current: 'hi' } }),
        purges: ['invalidate /blog/hi', 'delete /blog/hello'],
      },
      {
        what: 'rename with the former slug in the projection',
        ...sanity('update', { _id: 'post-2', slug: 'b', previous: { slug: { current: 'a' } } }),
        purges: ['invalidate /blog/b', 'delete /blog/a'],
      },
      { what: 'draft', ...sanity('update', { _id: 'drafts.post-1', slug: 'x' }), purges: [] },
      {
        what: 'version in a release',
        ...sanity('update', { _id: 'versions.r1.post-1', slug: 'x' }),
        purges: [],
      },
      { what: 'another dataset', ...sanity('update', { slug: 'x' }, 'staging'), purges: [] },
      { what: 'unpublish, projected without a slug', ...sanity('delete', {}), purges: ['delete /blog/hi'] },
    ],
  },
  {
    source: 'github',
    options: { files: ['content/{+slug}.md', 'static/{+slug}'] },
    urls: [`${siteUrl}/{+slug}`],
    steps: [
      { what: 'ping', ...push({ zen: 'Keep it logically awesome.' }, 'ping'), purges: [] },
      {
        what: 'push',
        ...push({
          commits: [
            commit({ added: ['content/a.md'], modified: ['README.md'] }),
            commit({ modified: ['static/b.css'], removed: ['content/old/c.md'] }),
          ],
        }),
        purges: ['invalidate /a', 'invalidate /b.css', 'delete /old/c'],
      },
      {
        what: 'rename',
        ...push({ commits: [commit({ added: ['content/z.md'], removed: ['content/a.md'] })] }),
        purges: ['invalidate /z', 'delete /a'],
      },
      {
        what: 'file added and removed again',
        ...push({ commits: [commit({ added: ['content/t.md'] }), commit({ removed: ['content/t.md'] })] }),
        purges: ['delete /t'],
      },
      {
        what: 'another branch',
        ...push({ ref: 'refs/heads/draft', commits: [commit({ added: ['content/a.md'] })] }),
        purges: [],
      },
      { what: 'tag', ...push({ ref: 'refs/tags/main' }), purges: [] },
      {
        what: 'files that are no content',
        ...push({ commits: [commit({ modified: ['README.md'] })] }),
        purges: [],
      },
      {
        what: 'forced push',
        ...push({ forced: true, commits: [commit({ added: ['content/a.md'] })] }),
        purges: ['invalidate /**'],
      },
      {
        what: 'new branch',
        ...push({ created: true, before: '0'.repeat(40), commits: [commit({})] }),
        purges: ['invalidate /**'],
      },
      {
        what: 'list of commits that is cut',
        ...push({ commits: Array.from({ length: 2048 }, () => commit({})) }),
        purges: ['invalidate /**'],
      },
      {
        what: 'list of files that is cut',
        ...push({
          commits: [commit({ modified: Array.from({ length: 3000 }, (_, index) => `content/${index}.md`) })],
        }),
        purges: ['invalidate /**'],
      },
      { what: 'deleted branch', ...push({ deleted: true }), purges: [] },
    ],
  },
  {
    source: 'strapi',
    urls: [`${siteUrl}/{type}/{slug}`],
    steps: [
      {
        what: 'trigger test',
        headers: { 'x-strapi-event': 'trigger-test' },
        body: { event: 'trigger-test', createdAt: '2026-01-01T00:00:00Z' },
        purges: [],
      },
      {
        what: 'publish (5)',
        ...strapi('entry.publish', {
          id: 12,
          documentId: 'z7v8',
          slug: 'hello',
          locale: 'en',
          publishedAt: '2025-12-31T00:00:00.000Z',
        }),
        purges: ['invalidate /article/hello'],
      },
      {
        what: 'save of a draft (5)',
        ...strapi('entry.update', {
          id: 13,
          documentId: 'z7v8',
          slug: 'later',
          locale: 'en',
          publishedAt: null,
        }),
        purges: [],
      },
      {
        what: 'rename (5)',
        ...strapi('entry.publish', {
          id: 14,
          documentId: 'z7v8',
          slug: 'hi',
          locale: 'en',
          publishedAt: '2025-12-31T00:00:00.000Z',
        }),
        purges: ['invalidate /article/hi', 'delete /article/hello'],
      },
      {
        what: 'another locale (5)',
        ...strapi('entry.publish', {
          id: 15,
          documentId: 'z7v8',
          slug: 'hallo',
          locale: 'de',
          publishedAt: '2025-12-31T00:00:00.000Z',
        }),
        purges: ['invalidate /article/hallo'],
      },
      {
        what: 'unpublish of one locale (5)',
        ...strapi('entry.unpublish', { id: 14, documentId: 'z7v8', locale: 'en' }),
        purges: ['delete /article/hi'],
      },
      {
        what: 'delete of all locales (5)',
        ...strapi('entry.delete', { id: 15, documentId: 'z7v8' }),
        purges: ['delete /article/hallo'],
      },
      {
        what: 'update (4)',
        ...strapi('entry.update', { id: 12, slug: 'four', publishedAt: '2025-12-31T00:00:00.000Z' }),
        purges: ['invalidate /article/four'],
      },
      {
        what: 'delete (4) of another model with the same id',
        ...strapi('entry.delete', { id: 12 }, { model: 'page' }),
        purges: [],
      },
      { what: 'delete (4)', ...strapi('entry.delete', { id: 12 }), purges: ['delete /article/four'] },
      {
        what: 'release',
        headers: {},
        body: {
          event: 'releases.publish',
          createdAt: '2026-01-01T00:00:00Z',
          isPublished: true,
          release: { id: 1, name: 'Spring' },
        },
        purges: ['invalidate /**'],
      },
      { what: 'workflow', ...strapi('review-workflows.updateEntryStage', { id: 1 }), purges: [] },
    ],
  },
  {
    source: 'strapi',
    urls: [`${siteUrl}/{+path}`],
    type: 'media',
    steps: [
      {
        what: 'media',
        body: {
          event: 'media.update',
          createdAt: '2026-01-01T00:00:00Z',
          media: { id: 1, name: 'a.png', url: '/uploads/a_1.png' },
        },
        purges: ['invalidate /uploads/a_1.png'],
      },
    ],
  },
  {
    source: 'storyblok',
    urls: [`${siteUrl}/{+path}`],
    steps: [
      {
        what: 'publish',
        body: {
          text: 'The user published the Story Hello (hello)',
          action: 'published',
          space_id: 2,
          story_id: 123,
          full_slug: 'en/blog/hello',
        },
        purges: ['invalidate /en/blog/hello'],
      },
      {
        what: 'move',
        body: { action: 'moved', space_id: 2, story_id: 123, full_slug: 'en/news/hello' },
        purges: ['invalidate /en/news/hello', 'delete /en/blog/hello'],
      },
      {
        what: 'unpublish without a slug',
        body: { action: 'unpublished', space_id: 2, story_id: 123 },
        purges: ['delete /en/news/hello'],
      },
      {
        what: 'delete with a slug',
        body: { action: 'deleted', space_id: 2, story_id: 9, full_slug: 'x' },
        purges: ['delete /x'],
      },
      {
        what: 'release',
        body: { action: 'release_merged', text: 'The release has been merged.', release_id: 7, space_id: 2 },
        purges: ['invalidate /**'],
      },
      {
        what: 'workflow',
        body: { action: 'workflow_stage_changed', story_id: 123, space_id: 2 },
        purges: [],
      },
      { what: 'user', body: { action: 'user_added', space_id: 2 }, purges: [] },
    ],
  },
  {
    source: 'prismic',
    urls: [`${siteUrl}/docs/{id}`, `${siteUrl}/blog/{slug}`],
    steps: [
      { what: 'test', body: { type: 'test-trigger', domain: 'repo' }, purges: [] },
      {
        what: 'update',
        body: { type: 'api-update', masterRef: 'Z1', documents: ['Xabc', 'Xdef'], tags: {}, masks: {} },
        purges: [
          'invalidate /docs/Xabc',
          'invalidate /docs/Xdef',
          'invalidate /docs/**',
          'invalidate /blog/**',
        ],
        status: 200,
      },
      {
        what: 'nothing published',
        body: { type: 'api-update', documents: [], releases: { addition: [{ id: 'r' }] } },
        purges: [],
      },
    ],
  },
  {
    source: 'ghost',
    urls: [`${siteUrl}/{+path}`],
    steps: [
      {
        what: 'publish',
        ...ghost('post.published', ghostPost('hello'), { status: 'draft' }),
        purges: ['invalidate /hello/'],
      },
      {
        what: 'edit of a draft',
        ...ghost('post.edited', { ...ghostPost('draft', 'draft'), id: 'd' }, { title: 'x' }),
        purges: [],
      },
      {
        what: 'rename',
        ...ghost('post.published.edited', ghostPost('hi'), { slug: 'hello' }),
        purges: ['invalidate /hi/', 'delete /hello/'],
      },
      {
        what: 'delete, with a former slug and no URL',
        ...ghost('post.deleted', {}, { id: '63a1b2c3d4e5f60718293a4b', slug: 'hi', status: 'published' }),
        purges: ['delete /hi/'],
      },
      {
        what: 'publish of a page',
        ...ghost('page.published', { ...ghostPost('about'), id: 'p' }, { status: 'draft' }, 'page'),
        purges: ['invalidate /about/'],
      },
      {
        what: 'unpublish of a page',
        ...ghost(
          'page.unpublished',
          { ...ghostPost('about', 'draft'), id: 'p' },
          { status: 'published' },
          'page',
        ),
        purges: ['delete /about/'],
      },
      { what: 'member', body: { event: 'member.added', member: { current: { id: 'm' } } }, purges: [] },
      { what: 'site', body: { event: 'site.changed' }, purges: ['invalidate /**'] },
    ],
  },
  {
    source: 'wordpress',
    urls: [`${siteUrl}/{+path}`],
    steps: [
      { what: 'test', ...standard('ping', {}), purges: [] },
      {
        what: 'publish',
        ...standard('post.published', { id: 7, type: 'post', path: 'blog/hello/' }),
        purges: ['invalidate /blog/hello/'],
      },
      {
        what: 'rename',
        ...standard('post.updated', {
          id: 7,
          type: 'post',
          path: 'blog/hi/',
          previous: { path: 'blog/hello/' },
        }),
        purges: ['invalidate /blog/hi/', 'delete /blog/hello/'],
      },
      { what: 'trash', ...standard('post.trashed', { id: 7, type: 'post' }), purges: ['delete /blog/hi/'] },
    ],
  },
  {
    source: 'wp-webhooks',
    urls: [`${siteUrl}/{+path}`],
    steps: [
      {
        what: 'publish',
        ...wp('post_create', {
          post: { ID: 1234, post_status: 'publish', post_name: 'hello', post_type: 'post' },
          post_permalink: `${siteUrl}/hello/`,
        }),
        purges: ['invalidate /hello/'],
      },
      {
        what: 'draft',
        ...wp('post_update', {
          post_id: 5,
          post: { post_status: 'draft', post_name: 'd' },
          post_before: { post_status: 'draft' },
          post_permalink: `${siteUrl}/?p=5`,
        }),
        purges: [],
      },
      {
        what: 'rename',
        ...wp('post_update', {
          post: { post_status: 'publish', post_name: 'hi' },
          post_before: { post_status: 'publish', post_name: 'hello' },
          post_permalink: `${siteUrl}/hi/`,
        }),
        purges: ['invalidate /hi/', 'delete /hello/'],
      },
      {
        what: 'trash',
        ...wp('post_trash', { post: { post_status: 'trash', post_name: 'hi__trashed' } }),
        purges: ['delete /hi/'],
      },
      { what: 'user', ...wp('user_create', {}), purges: [] },
    ],
  },
  {
    source: 'woocommerce',
    urls: [`${siteUrl}/{+path}`],
    steps: [
      {
        what: 'create',
        ...woo('product.created', { status: 'publish', slug: 'tee', permalink: `${siteUrl}/product/tee/` }),
        purges: ['invalidate /product/tee/'],
      },
      {
        what: 'rename',
        ...woo('product.updated', { status: 'publish', permalink: `${siteUrl}/product/shirt/` }),
        purges: ['invalidate /product/shirt/', 'delete /product/tee/'],
      },
      {
        what: 'draft that was never public',
        ...woo('product.updated', { id: 5, status: 'draft', permalink: `${siteUrl}/product/new/` }),
        purges: [],
      },
      {
        what: 'unpublish',
        ...woo('product.updated', { status: 'private', permalink: `${siteUrl}/product/shirt/` }),
        purges: ['delete /product/shirt/'],
      },
      { what: 'delete', ...woo('product.deleted', {}), purges: [] },
      { what: 'order', ...woo('order.created', { billing: { email: 'a@example.com' } }), purges: [] },
    ],
  },
  {
    source: 'datocms',
    urls: [`${siteUrl}/{locale}/{slug}`],
    type: 'blog_post',
    steps: [
      {
        what: 'publish',
        ...datocms('publish', {}),
        purges: ['invalidate /en/hello', 'invalidate /de/hallo'],
      },
      {
        what: 'rename, with what it was',
        ...datocms(
          'publish',
          { previous_entity: { attributes: { slug: { en: 'hello', de: 'hallo' } } } },
          { en: 'hi', de: 'hallo' },
        ),
        purges: ['invalidate /en/hi', 'invalidate /de/hallo', 'delete /en/hello'],
      },
      {
        what: 'sandbox environment',
        ...datocms('publish', { environment: 'sandbox', is_environment_primary: false }),
        purges: [],
      },
      {
        what: 'save of a draft',
        ...datocms('update', { entity: { id: '1', attributes: { slug: 'x' }, meta: { status: 'draft' } } }),
        purges: [],
      },
      {
        what: 'unpublish',
        ...datocms('unpublish', {}, { en: 'hi', de: 'hallo' }),
        purges: ['delete /en/hi', 'delete /de/hallo'],
      },
      { what: 'maintenance', body: { entity_type: 'maintenance_mode', event_type: 'change' }, purges: [] },
    ],
  },
  {
    source: 'shopify',
    urls: [`${siteUrl}/products/{slug}`],
    type: 'product',
    steps: [
      {
        what: 'test',
        ...shopify('products/update', '{"id":788032119674292922,"handle":"example"}', {
          'x-shopify-test': 'true',
        }),
        purges: [],
      },
      {
        what: 'update',
        ...shopify(
          'products/update',
          '{"id":788032119674292922,"handle":"tee","status":"active","published_at":"2025-01-01T00:00:00-05:00"}',
        ),
        purges: ['invalidate /products/tee'],
      },
      {
        what: 'delete of a product whose id differs beyond 2^53',
        ...shopify('products/delete', '{"id":788032119674292923}'),
        purges: [],
      },
      {
        what: 'rename',
        ...shopify('products/update', '{"id":788032119674292922,"handle":"shirt","status":"active"}'),
        purges: ['invalidate /products/shirt', 'delete /products/tee'],
      },
      {
        what: 'draft of another',
        ...shopify('products/update', '{"id":5,"handle":"new","status":"draft"}'),
        purges: [],
      },
      {
        what: 'delete',
        ...shopify('products/delete', '{"id":788032119674292922}'),
        purges: ['delete /products/shirt'],
      },
      { what: 'order', ...shopify('orders/create', '{"id":1}'), purges: [] },
    ],
  },
  {
    source: 'hygraph',
    urls: [`${siteUrl}/{locale}/{slug}`],
    steps: [
      {
        what: 'publish',
        ...hygraph('publish', {
          localizations: [
            { locale: 'en', slug: 'hello' },
            { locale: 'de', slug: 'hallo' },
          ],
        }),
        purges: ['invalidate /en/hello', 'invalidate /de/hallo'],
      },
      {
        what: 'draft',
        ...hygraph('update', { stage: 'DRAFT', localizations: [{ locale: 'en', slug: 'x' }] }),
        purges: [],
      },
      {
        what: 'rename',
        ...hygraph('publish', {
          localizations: [
            { locale: 'en', slug: 'hi' },
            { locale: 'de', slug: 'hallo' },
          ],
        }),
        purges: ['invalidate /en/hi', 'invalidate /de/hallo', 'delete /en/hello'],
      },
      {
        what: 'unpublish without fields',
        ...hygraph('unpublish', { stage: 'DRAFT' }),
        purges: ['delete /en/hi', 'delete /de/hallo'],
      },
    ],
  },
  {
    source: 'kontent-ai',
    urls: [`${siteUrl}/{fields.codename}`],
    steps: [
      {
        what: 'publish of several',
        body: {
          notifications: [
            kontent('published'),
            kontent('published', 'published', 'b'),
            kontent('published', 'preview', 'c'),
          ],
        },
        purges: ['invalidate /item_aa7f127f', 'invalidate /item_b'],
      },
      { what: 'preview', body: { notifications: [kontent('changed', 'preview')] }, purges: [] },
      {
        what: 'unpublish',
        body: { notifications: [kontent('unpublished')] },
        purges: ['delete /item_aa7f127f'],
      },
      {
        what: 'taxonomy',
        body: { notifications: [kontent('changed', 'published', 't', 'taxonomy')] },
        purges: ['invalidate /**'],
      },
      {
        what: 'legacy publish',
        body: {
          data: { items: [{ id: 'f0e9', codename: 'bale', language: 'en', type: 'actor' }] },
          message: {
            type: 'content_item_variant',
            operation: 'publish',
            api_name: 'delivery_production',
            created_timestamp: '2025-03-13T08:05:07Z',
          },
        },
        purges: ['invalidate /bale'],
      },
    ],
  },
  {
    source: 'contentstack',
    urls: [`${siteUrl}/{+path}`],
    steps: [
      { what: 'publish', ...contentstack('publish.success'), purges: ['invalidate /blog/hello'] },
      { what: 'start of a publish', ...contentstack('publish.start'), purges: [] },
      {
        what: 'rename',
        ...contentstack('publish', {}, '/blog/hi'),
        purges: ['invalidate /blog/hi', 'delete /blog/hello'],
      },
      { what: 'update of a draft', ...contentstack('update'), purges: [] },
      {
        what: 'another environment',
        ...contentstack('publish', {
          data: { entry: { uid: 'x', url: '/x' }, environment: { name: 'staging' } },
        }),
        purges: [],
      },
      {
        what: 'delete with an id alone',
        ...contentstack('delete', { data: { entry: { uid: 'blta9' }, content_type: { uid: 'blog_post' } } }),
        purges: ['delete /blog/hi'],
      },
    ],
  },
  {
    source: 'directus',
    urls: [`${siteUrl}/{type}/{slug}`],
    steps: [
      {
        what: 'create',
        body: {
          event: 'articles.items.create',
          collection: 'articles',
          key: 7,
          payload: { slug: 'hello', status: 'published' },
        },
        purges: ['invalidate /articles/hello'],
      },
      {
        what: 'update of something else',
        body: {
          event: 'articles.items.update',
          collection: 'articles',
          keys: ['7'],
          payload: { title: 'Hi' },
        },
        purges: ['invalidate /articles/hello'],
      },
      {
        what: 'rename',
        body: {
          event: 'articles.items.update',
          collection: 'articles',
          keys: ['7'],
          payload: { slug: 'hi' },
        },
        purges: ['invalidate /articles/hi', 'delete /articles/hello'],
      },
      {
        what: 'draft of another',
        body: {
          event: 'articles.items.create',
          collection: 'articles',
          key: 8,
          payload: { slug: 'x', status: 'draft' },
        },
        purges: [],
      },
      {
        what: 'update of several at once',
        body: {
          event: 'articles.items.update',
          collection: 'articles',
          keys: ['7', '8'],
          payload: { status: 'archived' },
        },
        purges: ['delete /articles/hi'],
      },
      {
        what: 'delete by keys',
        body: { event: 'articles.items.delete', collection: 'articles', payload: ['7'] },
        purges: [],
      },
    ],
  },
  {
    source: 'builder-io',
    urls: [`${siteUrl}/{+path}`],
    type: 'page',
    steps: [
      {
        what: 'publish',
        body: {
          operation: 'publish',
          modelName: 'page',
          newValue: { id: 'cs3df', published: 'published', data: { url: '/hello' } },
          previousValue: null,
        },
        purges: ['invalidate /hello'],
      },
      {
        what: 'rename',
        body: {
          operation: 'publish',
          modelName: 'page',
          newValue: { id: 'cs3df', query: [{ property: 'urlPath', operator: 'is', value: '/hi' }] },
          previousValue: { id: 'cs3df', published: 'published', data: { url: '/hello' } },
        },
        purges: ['invalidate /hi', 'delete /hello'],
      },
      {
        what: 'archive',
        body: {
          operation: 'archive',
          modelName: 'page',
          newValue: null,
          previousValue: { id: 'cs3df', published: 'published', data: { url: '/hi' } },
        },
        purges: ['delete /hi'],
      },
      {
        what: 'autosave',
        body: { operation: 'autosave', modelName: 'page', newValue: { id: 'x' } },
        purges: [],
      },
    ],
  },
  {
    source: 'drupal',
    urls: [`${siteUrl}/{+path}`],
    type: 'article',
    steps: [
      { what: 'insert', ...drupal('insert', '/blog/hello'), purges: ['invalidate /blog/hello'] },
      {
        what: 'rename',
        ...drupal('update', '/blog/hi'),
        purges: ['invalidate /blog/hi', 'delete /blog/hello'],
      },
      {
        what: 'unpublish',
        ...drupal('update', '/blog/hi', { status: [{ value: false }] }),
        purges: ['delete /blog/hi'],
      },
      {
        what: 'save of what is not public',
        ...drupal('update', '/blog/hi', { status: [{ value: false }] }),
        purges: [],
      },
      { what: 'delete', ...drupal('delete', '/blog/hi'), purges: ['delete /blog/hi'] },
      { what: 'cron', headers: {}, body: { event: 'system:cron' }, purges: [] },
    ],
  },
  {
    source: 'payload',
    urls: [`${siteUrl}/{type}/{slug}`],
    steps: [
      { what: 'test', body: { operation: 'test' }, purges: [] },
      {
        what: 'publish',
        ...payload('create', { id: 1, slug: 'hello', _status: 'published' }),
        purges: ['invalidate /posts/hello'],
      },
      {
        what: 'rename',
        ...payload(
          'update',
          { id: 1, slug: 'hi', _status: 'published' },
          { id: 1, slug: 'hello', _status: 'published' },
        ),
        purges: ['invalidate /posts/hi', 'delete /posts/hello'],
      },
      { what: 'draft', ...payload('create', { id: 2, slug: 'x', _status: 'draft' }), purges: [] },
      {
        what: 'unpublish, or a draft of what is public',
        ...payload(
          'update',
          { id: 1, slug: 'later', _status: 'draft' },
          { id: 1, slug: 'hi', _status: 'published' },
        ),
        purges: ['invalidate /posts/hi'],
      },
      { what: 'delete', ...payload('delete', { id: 1 }), purges: ['delete /posts/hi'] },
    ],
  },
  {
    source: 'standard-webhooks',
    urls: [`${siteUrl}/{slug}`],
    steps: [
      { what: 'test', ...standard('webhook.test', {}), purges: [] },
      { what: 'publish', ...standard('article.published', { slug: 'hello' }), purges: ['invalidate /hello'] },
      {
        what: 'rename',
        ...standard('article.updated', { slug: 'hi' }),
        purges: ['invalidate /hi', 'delete /hello'],
      },
      { what: 'delete with an id alone', ...standard('article.deleted', {}), purges: ['delete /hi'] },
    ],
  },
  {
    source: 'generic',
    urls: [`${siteUrl}/{type}/{slug}`],
    options: {
      verification: { kind: 'hmac', header: 'x-signature', prefix: 'sha256=' },
      payload: {
        entries: 'items',
        id: 'key.0',
        type: { header: 'x-type' },
        slug: 'attributes.slug',
        action: 'event',
        deletes: ['gone'],
        ignores: ['ping'],
        environment: 'stage',
      },
      environments: ['live'],
    },
    steps: [
      { what: 'test', headers: {}, body: { event: 'ping', stage: 'live', items: [{}] }, purges: [] },
      {
        what: 'publish of several',
        headers: { 'x-type': 'page' },
        body: {
          event: 'changed',
          stage: 'live',
          items: [
            { key: [1], attributes: { slug: 'a' } },
            { key: ['2'], attributes: { slug: 'b' } },
          ],
        },
        purges: ['invalidate /page/a', 'invalidate /page/b'],
      },
      {
        what: 'rename',
        headers: { 'x-type': 'page' },
        body: { event: 'changed', stage: 'live', items: [{ key: [1], attributes: { slug: 'c' } }] },
        purges: ['invalidate /page/c', 'delete /page/a'],
      },
      {
        what: 'another environment',
        headers: { 'x-type': 'page' },
        body: { event: 'changed', stage: 'test', items: [{ key: [1], attributes: { slug: 'd' } }] },
        purges: [],
      },
      {
        what: 'delete with ids alone',
        headers: { 'x-type': 'page' },
        body: { event: 'gone', stage: 'live', items: [{ key: [1] }, { key: [2] }] },
        purges: ['delete /page/c', 'delete /page/b'],
      },
    ],
  },
];

it('there is a story for every source', () => {
  const told = new Set(stories.map(({ source }) => source));
  expect(Object.keys(webhookSources).filter((source) => !told.has(source))).toEqual([]);
});

describe.each(stories.map((story) => ({ title: `${story.source} ${story.type ?? ''}`.trim(), story })))(
  '$title',
  ({ story }) => {
    it('purges exactly what each delivery makes stale', async () => {
      const { deliver } = createSender(story.source, story);
      for (const { what, purges, status, ...request } of story.steps) {
        const delivered = await deliver(request);
        const purged = delivered.purged.map((text) => text.replace(siteUrl, ''));
        expect([what, purged]).toEqual([what, purges]);
        expect([what, delivered.status]).toEqual([what, status ?? (purges.length > 0 ? 202 : 200)]);
      }
    });
  },
);
