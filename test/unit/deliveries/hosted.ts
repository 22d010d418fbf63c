import { ownStack } from '../../helpers/cms-vectors.ts';
import { type Story, siteUrl } from './story.ts';

const sanity = (operation: string, body: Record<string, unknown>, dataset = 'production') => ({
  headers: {
    'sanity-operation': operation,
    'sanity-dataset': dataset,
    'sanity-project-id': '3do82whm',
    'idempotency-key': 'a',
  },
  body: { _id: 'post-1', _type: 'post', ...body },
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

const contentfulLocales = (slug: Record<string, string>, status: Record<string, string>) => {
  const { headers, body } = contentful('publish', { fields: { slug } });
  return {
    headers,
    body: { ...body, sys: { ...body.sys, publishedAt: '{now}Z', fieldStatus: { '*': status } } },
  };
};

const datocms = (
  event: string,
  body: Record<string, unknown>,
  slug: unknown = { en: 'hello', de: 'hallo' },
) => ({
  body: {
    webhook_call_id: '103216210',
    event_triggered_at: '{now}Z',
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

const datocmsRecord = (event: string, slug: unknown, status: string) =>
  datocms(event, {
    entity: { id: '348295724', type: 'item', attributes: { slug }, meta: { status } },
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
    api_key: ownStack,
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

const hygraph = (operation: string, data: Record<string, unknown>) => ({
  body: { operation, data: { __typename: 'Post', id: 'ckb1', stage: 'PUBLISHED', ...data } },
});

/** Deliveries of content services that run somewhere else. */
export const hostedStories: readonly Story[] = [
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
    source: 'contentful',
    urls: [`${siteUrl}/{locale}/{slug}`],
    apartMs: 60_000,
    steps: [
      {
        what: 'publish of all locales',
        ...contentfulLocales({ en: 'hello', de: 'hallo' }, { en: 'published', de: 'published' }),
        purges: ['invalidate /en/hello', 'invalidate /de/hallo'],
      },
      {
        what: 'publish of one locale, while another one is renamed in a draft',
        ...contentfulLocales({ en: 'hi', de: 'servus' }, { en: 'published', de: 'changed' }),
        purges: ['invalidate /en/hi', 'invalidate /de/servus', 'delete /en/hello', 'delete /de/hallo'],
      },
      {
        what: 'publish of the other one, which visitors had under its former address until now',
        ...contentfulLocales({ en: 'hi', de: 'servus' }, { en: 'published', de: 'published' }),
        purges: ['invalidate /en/hi', 'invalidate /de/servus', 'delete /de/hallo'],
      },
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
    source: 'datocms',
    urls: [`${siteUrl}/{locale}/{slug}`],
    apartMs: 60_000,
    steps: [
      {
        what: 'publish',
        ...datocms('publish', {}),
        purges: ['invalidate /en/hello', 'invalidate /de/hallo'],
      },
      {
        what: 'publish of one locale, while another one is renamed in a draft',
        ...datocmsRecord('publish', { en: 'hello', de: 'servus' }, 'updated'),
        purges: ['invalidate /en/hello', 'invalidate /de/servus', 'delete /de/hallo'],
      },
      {
        what: 'publish of the other one, which visitors had under its former address until now',
        ...datocmsRecord('publish', { en: 'hello', de: 'servus' }, 'published'),
        purges: ['invalidate /en/hello', 'invalidate /de/servus', 'delete /de/hallo'],
      },
      {
        what: 'unpublish of one locale',
        ...datocmsRecord('unpublish', { en: 'hello', de: 'servus' }, 'updated'),
        purges: ['delete /en/hello', 'delete /de/servus'],
      },
      {
        what: 'rename of the other one, which was public all the time',
        ...datocmsRecord('publish', { en: 'hi' }, 'published'),
        purges: ['invalidate /en/hi', 'delete /en/hello', 'delete /de/servus'],
      },
    ],
  },
  {
    source: 'datocms',
    urls: [`${siteUrl}/files/{+path}`],
    rememberDays: 0,
    steps: [
      {
        what: 'another name of a file, with the one before',
        ...datocms('update', {
          entity_type: 'upload',
          entity: {
            id: '7',
            type: 'upload',
            attributes: { url: 'https://www.datocms-assets.com/1/new.png' },
          },
          previous_entity: { attributes: { url: 'https://www.datocms-assets.com/1/old.png' } },
        }),
        purges: ['invalidate /files/1/new.png', 'delete /files/1/old.png'],
      },
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
        what: 'unpublish from another stage',
        ...hygraph('unpublish', { stage: 'QA', localizations: [{ locale: 'en', slug: 'hi' }] }),
        purges: [],
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
      {
        what: 'legacy change of the workflow step',
        body: {
          data: {
            items: [
              {
                item: { id: 'f0e9' },
                language: { id: '00000000-0000-0000-0000-000000000000' },
                transition_from: { id: '88ac' },
                transition_to: { id: '10b9' },
              },
            ],
            taxonomies: [],
          },
          message: {
            type: 'content_item_variant',
            operation: 'change_workflow_step',
            api_name: 'content_management',
            created_timestamp: '2025-03-13T08:05:08Z',
          },
        },
        purges: [],
      },
      {
        what: 'legacy create of a draft',
        body: {
          data: { items: [{ id: 'f0ea', codename: 'draft', language: 'en', type: 'actor' }] },
          message: {
            type: 'content_item_variant',
            operation: 'create',
            api_name: 'content_management',
            created_timestamp: '2025-03-13T08:05:09Z',
          },
        },
        purges: [],
      },
    ],
  },
  {
    source: 'contentstack',
    options: { stack: ownStack },
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
];
