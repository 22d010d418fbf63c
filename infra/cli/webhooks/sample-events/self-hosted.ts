import { at, type SampleEvents } from './sample-event.ts';

const standard = (event: string, data: object) => (now: string) => ({
  body: { type: event, timestamp: now, data },
});
const post = { id: 7, type: 'post', slug: 'hello', path: 'blog/hello/' };

const wpWebhooks = (name: string, status: string) => () => ({
  headers: { 'x-wp-webhook-name': name },
  body: {
    post_id: 12,
    post: { post_status: status, post_name: 'hello', post_type: 'post' },
    post_permalink: 'https://www.example.com/hello/',
  },
});

const woocommerce = (topic: string, more: object) => () => ({
  headers: { 'x-wc-webhook-topic': `product.${topic}` },
  body: { id: 794, ...more },
});

const strapi = (event: string) => (now: string) => ({
  headers: { 'x-strapi-event': event },
  body: {
    event,
    createdAt: now,
    model: 'article',
    entry: { documentId: 'z7v8', slug: 'hello', locale: 'en', publishedAt: now },
  },
});

const ghostPost = { id: '63a1', slug: 'hello', status: 'published', url: 'https://www.example.com/hello/' };
const ghost = (event: string, current: object, previous: object) => () => ({
  body: { event: `post.${event}`, post: { current, previous } },
});

const directus = (event: string, payload: object) => () => ({
  body: { event: `articles.items.${event}`, collection: 'articles', key: 7, payload },
});

const drupal = (verb: string) => () => ({
  body: {
    event: `entity:node:${verb}`,
    entity: {
      uuid: [{ value: '0b5f' }],
      type: [{ target_id: 'article' }],
      langcode: [{ value: 'en' }],
      status: [{ value: true }],
      path: [{ alias: '/blog/hello' }],
    },
  },
});

const payload = (operation: string) => () => ({
  body: { collection: 'posts', operation, doc: { id: 1, slug: 'hello', _status: 'published' } },
});

const generic = (event: string) => () => ({ body: { event, item: { id: 1, kind: 'news', slug: 'hello' } } });

const noFiles = { added: [], modified: [], removed: [] };
const push = (commit: object, headers: Readonly<Record<string, string>>, more: object) => () => ({
  headers,
  body: {
    ref: 'refs/heads/main',
    before: 'aaa',
    after: 'bbb',
    commits: [{ ...noFiles, ...commit }],
    ...more,
  },
});
const pushes = (headers: Readonly<Record<string, string>>, more: object): SampleEvents => ({
  fields: { path: ['commits.0.modified.0', 'commits.0.removed.0'] },
  events: {
    push: push({ modified: ['content/hello.md'] }, headers, more),
    delete: push({ removed: ['content/hello.md'] }, headers, more),
  },
});
const main = { default_branch: 'main' };

/** Of what people run themselves, and of sources that are not one content management system. */
export const selfHostedEvents: Readonly<Record<string, SampleEvents>> = {
  wordpress: {
    fields: at({ id: 'data.id', type: 'data.type', slug: 'data.slug', path: 'data.path', url: 'data.url' }),
    events: { publish: standard('post.published', post), delete: standard('post.deleted', post) },
  },
  'wp-webhooks': {
    fields: at({ id: 'post_id', type: 'post.post_type', slug: 'post.post_name', url: 'post_permalink' }),
    events: {
      publish: wpWebhooks('post_update', 'publish'),
      delete: wpWebhooks('post_delete', 'publish'),
    },
  },
  woocommerce: {
    fields: at({ id: 'id', slug: 'slug', url: 'permalink' }),
    events: {
      publish: woocommerce('updated', {
        slug: 'tee',
        status: 'publish',
        permalink: 'https://www.example.com/product/tee/',
      }),
      delete: woocommerce('deleted', {}),
    },
  },
  strapi: {
    fields: at({ id: 'entry.documentId', type: 'model', slug: 'entry.slug', locale: 'entry.locale' }),
    events: {
      publish: strapi('entry.publish'),
      unpublish: strapi('entry.unpublish'),
      delete: strapi('entry.delete'),
    },
  },
  ghost: {
    fields: {
      id: ['post.current.id', 'post.previous.id'],
      slug: ['post.current.slug', 'post.previous.slug'],
      url: ['post.current.url'],
    },
    events: {
      publish: ghost('published', ghostPost, { status: 'draft' }),
      unpublish: ghost('unpublished', { ...ghostPost, status: 'draft' }, { status: 'published' }),
      delete: ghost('deleted', {}, { id: '63a1', slug: 'hello', status: 'published' }),
    },
  },
  directus: {
    fields: {
      id: ['payload.0', 'key'],
      type: ['collection'],
      slug: ['payload.slug'],
      locale: ['payload.locale'],
    },
    events: {
      publish: directus('create', { slug: 'hello', status: 'published' }),
      delete: () => ({ body: { event: 'articles.items.delete', collection: 'articles', payload: ['7'] } }),
    },
  },
  drupal: {
    fields: at({
      id: 'entity.uuid.0.value',
      type: 'entity.type.0.target_id',
      path: 'entity.path.0.alias',
      locale: 'entity.langcode.0.value',
    }),
    events: { publish: drupal('update'), delete: drupal('delete') },
  },
  payload: {
    fields: at({ id: 'doc.id', type: 'collection', slug: 'doc.slug', locale: 'locale' }),
    events: { publish: payload('update'), delete: payload('delete') },
  },
  'standard-webhooks': {
    fields: at({ id: 'data.id', type: 'data.type', slug: 'data.slug', path: 'data.path', url: 'data.url' }),
    events: {
      publish: standard('article.published', { id: 'a-1', slug: 'hello' }),
      delete: standard('article.deleted', { id: 'a-1', slug: 'hello' }),
    },
  },
  generic: {
    fields: at({ id: 'item.id', type: 'item.kind', slug: 'item.slug' }),
    events: { publish: generic('published'), delete: generic('deleted') },
  },
  github: pushes({ 'x-github-event': 'push' }, { repository: main }),
  gitlab: pushes({ 'x-gitlab-event': 'Push Hook' }, { project: main, total_commits_count: 1 }),
  gitea: pushes({ 'x-gitea-event': 'push' }, { repository: main, total_commits: 1 }),
  bitbucket: {
    fields: at({ environment: 'push.changes.0.new.name' }),
    events: {
      push: () => ({
        headers: { 'x-event-key': 'repo:push' },
        body: { push: { changes: [{ new: { type: 'branch', name: 'main' }, forced: false }] } },
      }),
    },
  },
};
