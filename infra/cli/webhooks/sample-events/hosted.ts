import { at, type SampleEvents } from './sample-event.ts';

const contentful = (event: string, more: object) => (now: string) => ({
  headers: { 'x-contentful-topic': `ContentManagement.Entry.${event}` },
  body: {
    sys: {
      type: 'Entry',
      id: 'e1',
      environment: { sys: { type: 'Link', linkType: 'Environment', id: 'master' } },
      contentType: { sys: { type: 'Link', linkType: 'ContentType', id: 'blogPost' } },
      updatedAt: now,
    },
    ...more,
  },
});

const sanity = (operation: string) => (now: string) => ({
  headers: { 'sanity-operation': operation, 'sanity-dataset': 'production' },
  body: { _id: 'post-1', _type: 'post', _updatedAt: now, slug: { _type: 'slug', current: 'hello' } },
});

const storyblok = (action: string) => () => ({
  body: { action, space_id: 2, story_id: 123, full_slug: 'blog/hello' },
});

const datocms = (event: string) => (now: string) => ({
  body: {
    environment: 'main',
    is_environment_primary: true,
    entity_type: 'item',
    event_type: event,
    event_triggered_at: now,
    entity: {
      id: '34',
      type: 'item',
      attributes: { slug: 'hello' },
      relationships: { item_type: { data: { type: 'item_type', id: '1' } } },
      meta: { status: 'published' },
    },
    related_entities: [{ id: '1', type: 'item_type', attributes: { api_key: 'blog_post' } }],
  },
});

const shopify = (event: string, more: object) => () => ({
  headers: { 'x-shopify-topic': `products/${event}` },
  body: { id: 788032119, ...more },
});

const hygraph = (operation: string, stage: string) => () => ({
  body: { operation, data: { __typename: 'Post', id: 'ckb1', stage, slug: 'hello' } },
});

const kontent = (action: string) => () => ({
  body: {
    notifications: [
      {
        data: { system: { id: 'aa7f', codename: 'hello', type: 'article', language: 'default' } },
        message: { object_type: 'content_item', action, delivery_slot: 'published' },
      },
    ],
  },
});

const contentstack = (event: string) => (now: string) => ({
  body: {
    event,
    module: 'entry',
    // That of docs/snippets/all-sources.json: the field `stack` sets another.
    api_key: 'blt0000000000000022',
    triggered_at: now,
    data: {
      entry: { uid: 'b1', url: '/blog/hello', locale: 'en-us' },
      content_type: { uid: 'blog_post' },
      environment: { name: 'production' },
      locale: 'en-us',
    },
  },
});

const builder = (operation: string, now: object | null, before: object | null) => () => ({
  body: { operation, modelName: 'page', newValue: now, previousValue: before },
});
const builderPage = { id: 'cs3df', published: 'published', data: { url: '/hello' } };

/** Of content services that run somewhere else. */
export const hostedEvents: Readonly<Record<string, SampleEvents>> = {
  contentful: {
    fields: at({
      id: 'sys.id',
      type: 'sys.contentType.sys.id',
      slug: 'fields.slug.en-US',
      environment: 'sys.environment.sys.id',
    }),
    events: {
      publish: contentful('publish', { fields: { slug: { 'en-US': 'hello' } } }),
      unpublish: contentful('unpublish', {}),
      delete: contentful('delete', {}),
    },
  },
  sanity: {
    fields: at({ id: '_id', type: '_type', slug: 'slug.current', locale: 'language' }),
    events: { publish: sanity('update'), delete: sanity('delete') },
  },
  storyblok: {
    fields: at({ id: 'story_id', path: 'full_slug' }),
    events: {
      publish: storyblok('published'),
      unpublish: storyblok('unpublished'),
      delete: storyblok('deleted'),
    },
  },
  prismic: {
    fields: at({ id: 'documents.0' }),
    events: { publish: () => ({ body: { type: 'api-update', documents: ['Xabc'] } }) },
  },
  datocms: {
    fields: at({
      id: 'entity.id',
      type: 'related_entities.0.attributes.api_key',
      slug: 'entity.attributes.slug',
      environment: 'environment',
    }),
    events: { publish: datocms('publish'), unpublish: datocms('unpublish'), delete: datocms('delete') },
  },
  shopify: {
    fields: at({ id: 'id', slug: 'handle' }),
    events: {
      publish: shopify('update', { handle: 'tee', status: 'active' }),
      delete: shopify('delete', {}),
    },
  },
  hygraph: {
    fields: at({ id: 'data.id', type: 'data.__typename', slug: 'data.slug', locale: 'data.locale' }),
    events: {
      publish: hygraph('publish', 'PUBLISHED'),
      unpublish: hygraph('unpublish', 'DRAFT'),
      delete: hygraph('delete', 'PUBLISHED'),
    },
  },
  'kontent-ai': {
    fields: at({
      id: 'notifications.0.data.system.id',
      type: 'notifications.0.data.system.type',
      codename: 'notifications.0.data.system.codename',
      locale: 'notifications.0.data.system.language',
    }),
    events: { publish: kontent('published'), unpublish: kontent('unpublished'), delete: kontent('deleted') },
  },
  contentstack: {
    fields: at({
      id: 'data.entry.uid',
      type: 'data.content_type.uid',
      url: 'data.entry.url',
      locale: 'data.entry.locale',
      environment: 'data.environment.name',
      stack: 'api_key',
    }),
    events: {
      publish: contentstack('publish'),
      unpublish: contentstack('unpublish'),
      delete: contentstack('delete'),
    },
  },
  'builder-io': {
    fields: {
      id: ['newValue.id', 'previousValue.id'],
      type: ['modelName'],
      url: ['newValue.data.url', 'previousValue.data.url'],
    },
    events: {
      publish: builder('publish', builderPage, null),
      unpublish: builder('unpublish', null, builderPage),
      delete: builder('delete', null, builderPage),
    },
  },
};
