import { type Story, siteUrl } from './story.ts';

const strapi = (event: string, entry: Record<string, unknown>, more = {}) => ({
  headers: { 'x-strapi-event': event },
  body: {
    event,
    createdAt: '{now}Z',
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

/** Deliveries of content management systems that people run themselves. */
export const selfHostedStories: readonly Story[] = [
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
        purges: ['invalidate /article/hallo', 'invalidate /article/hi'],
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
        what: 'another order',
        body: { event: 'articles.items.sort', collection: 'articles', item: 7, to: 9 },
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
      {
        what: 'into the trash',
        ...payload(
          'update',
          { id: 1, slug: 'hi', _status: 'published', deletedAt: '2026-01-01T00:00:00.000Z' },
          { id: 1, slug: 'hi', _status: 'published', deletedAt: null },
        ),
        purges: ['delete /posts/hi'],
      },
      {
        what: 'out of the trash',
        ...payload(
          'update',
          { id: 1, slug: 'hi', _status: 'published', deletedAt: null },
          { id: 1, slug: 'hi', _status: 'published', deletedAt: '2026-01-01T00:00:00.000Z' },
        ),
        purges: ['invalidate /posts/hi'],
      },
      { what: 'delete', ...payload('delete', { id: 1 }), purges: ['delete /posts/hi'] },
    ],
  },
  {
    source: 'payload',
    urls: [`${siteUrl}/{locale}/{+path}`],
    steps: [
      {
        what: 'upload in all locales, with another name than before',
        body: {
          ...payload(
            'update',
            { id: 1, url: '/api/media/file/new.png', alt: { en: 'new', de: 'neu' } },
            { id: 1, url: '/api/media/file/old.png', alt: { en: 'old', de: 'alt' } },
          ).body,
          locale: 'all',
        },
        purges: [
          'invalidate /en/api/media/file/new.png',
          'invalidate /de/api/media/file/new.png',
          'delete /en/api/media/file/old.png',
          'delete /de/api/media/file/old.png',
        ],
      },
    ],
  },
];
