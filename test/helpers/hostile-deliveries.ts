import type { SourceOptions } from '../../functions/sources/webhook-options.ts';
import { ownStack } from './cms-vectors.ts';

/** A genuine delivery of a source, small, in which every kind of value is that the source reads. */
interface GenuineDelivery {
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: SourceOptions;
  readonly body: Readonly<Record<string, unknown>>;
}

const system = {
  id: 'k1',
  codename: 'hello',
  language: 'en',
  type: 'article',
  last_modified: '2026-01-01T00:00:00Z',
};
const alias = [{ alias: '/blog/hello' }];

/** One for every source. */
export const genuineDeliveries: Readonly<Record<string, GenuineDelivery>> = {
  bitbucket: {
    headers: { 'x-event-key': 'repo:push' },
    body: { push: { changes: [{ new: { type: 'branch', name: 'main' }, forced: false }] } },
  },
  'builder-io': {
    body: {
      operation: 'publish',
      modelName: 'page',
      newValue: {
        id: 'b1',
        published: 'published',
        query: [{ property: 'urlPath', value: '/a' }],
        data: { url: '/a', locale: 'en', title: 'A' },
      },
      previousValue: { id: 'b1', published: 'published', data: { url: '/b' } },
    },
  },
  contentful: {
    headers: { 'x-contentful-topic': 'ContentManagement.Entry.publish' },
    body: {
      sys: { id: 'e1', contentType: { sys: { id: 'page' } }, updatedAt: '2026-01-01T00:00:00Z' },
      fields: { slug: { en: 'hello', de: 'hallo' }, tags: { en: ['a'] }, title: { en: 'A' } },
    },
  },
  contentstack: {
    options: { stack: ownStack },
    body: {
      event: 'publish',
      module: 'entry',
      api_key: ownStack,
      triggered_at: '2026-01-01T00:00:00Z',
      data: {
        entry: { uid: 'c1', url: '/hello', locale: 'en', title: 'A', tags: ['a'] },
        content_type: { uid: 'page' },
        environment: { name: 'production' },
      },
    },
  },
  datocms: {
    body: {
      environment: 'main',
      is_environment_primary: true,
      entity_type: 'item',
      event_type: 'publish',
      entity: {
        id: '1',
        attributes: { slug: { en: 'hello', de: 'hallo' }, title: { en: 'A' } },
        relationships: { item_type: { data: { id: '7' } } },
        meta: { status: 'published' },
      },
      previous_entity: { attributes: { slug: { en: 'old' } } },
      related_entities: [{ id: '7', type: 'item_type', attributes: { api_key: 'post' } }],
    },
  },
  directus: {
    body: {
      event: 'posts.items.update',
      collection: 'posts',
      keys: ['d1'],
      payload: { slug: 'hello', status: 'published', locale: 'en', tags: ['a'] },
    },
  },
  drupal: {
    body: {
      event: 'entity:node:update',
      entity: {
        uuid: [{ value: 'u1' }],
        type: [{ target_id: 'article' }],
        langcode: [{ value: 'en' }],
        status: [{ value: true }],
        path: alias,
        title: [{ value: 'A' }],
      },
    },
  },
  generic: {
    options: {
      verification: { kind: 'hmac', header: 'x-signature', prefix: 'sha256=' },
      payload: {
        entries: 'items',
        id: 'id',
        type: 'type',
        slug: 'slug',
        locale: 'locale',
        url: 'url',
        fields: 'fields',
        previous: 'previous',
        action: 'action',
      },
    },
    body: {
      action: 'put',
      url: '/a',
      items: [
        { id: '1', type: 'page', slug: 'a', locale: 'en', fields: { tags: ['a'] }, previous: { slug: 'b' } },
      ],
    },
  },
  ghost: {
    body: {
      post: {
        current: {
          id: 'g1',
          slug: 'hello',
          status: 'published',
          url: 'https://www.example.com/hello/',
          tags: ['a'],
        },
        previous: { slug: 'old', status: 'published' },
      },
    },
  },
  gitea: {
    headers: { 'x-gitea-event': 'push' },
    body: {
      ref: 'refs/heads/main',
      before: 'aaaa',
      after: 'bbbb',
      repository: { default_branch: 'main' },
      total_commits: 1,
      commits: [{ added: ['content/a.md'], modified: [], removed: ['content/c.md'] }],
    },
  },
  gitlab: {
    headers: { 'x-gitlab-event': 'Push Hook' },
    body: {
      ref: 'refs/heads/main',
      before: 'aaaa',
      after: 'bbbb',
      project: { default_branch: 'main' },
      total_commits_count: 1,
      commits: [{ added: ['content/a.md'], modified: [], removed: ['content/c.md'] }],
    },
  },
  github: {
    headers: { 'x-github-event': 'push' },
    options: { files: ['content/{+slug}.md', '{+path}'] },
    body: {
      ref: 'refs/heads/main',
      before: 'aaaa',
      repository: { default_branch: 'main' },
      commits: [{ added: ['content/a.md'], modified: ['content/b.md'], removed: ['content/c.md'] }],
    },
  },
  hygraph: {
    body: {
      operation: 'publish',
      data: {
        __typename: 'Post',
        id: 'h1',
        stage: 'PUBLISHED',
        slug: 'hello',
        localizations: [{ locale: 'en', slug: 'hello' }],
      },
    },
  },
  'kontent-ai': {
    body: {
      notifications: [
        {
          data: { system },
          message: { object_type: 'content_item', action: 'published', delivery_slot: 'published' },
        },
      ],
    },
  },
  payload: {
    body: {
      collection: 'posts',
      operation: 'update',
      doc: { id: 'p1', slug: 'hello', _status: 'published', tags: ['a'] },
      previousDoc: { id: 'p1', slug: 'old', _status: 'published' },
      locale: 'en',
      timestamp: '2026-01-01T00:00:00Z',
    },
  },
  prismic: { body: { type: 'api-update', documents: ['a', 'b'] } },
  sanity: {
    headers: { 'sanity-operation': 'update' },
    body: { _id: 's1', _type: 'post', slug: { current: 'hello' }, language: 'en', previous: { slug: 'old' } },
  },
  shopify: {
    headers: { 'x-shopify-topic': 'products/update' },
    body: { id: 1, handle: 'hello', status: 'active', updated_at: '2026-01-01T00:00:00Z', tags: ['a'] },
  },
  'standard-webhooks': {
    body: {
      type: 'entry.published',
      data: { id: 'e1', type: 'post', slug: 'hello', locale: 'en', tags: ['a'], previous: { slug: 'old' } },
    },
  },
  storyblok: { body: { action: 'published', story_id: 1, full_slug: 'blog/hello' } },
  strapi: {
    body: {
      event: 'entry.publish',
      model: 'post',
      createdAt: '2026-01-01T00:00:00Z',
      entry: {
        documentId: 'x1',
        slug: 'hello',
        locale: 'en',
        publishedAt: '2026-01-01T00:00:00Z',
        tags: ['a'],
      },
    },
  },
  woocommerce: {
    headers: { 'x-wc-webhook-topic': 'product.updated' },
    body: {
      id: 1,
      permalink: 'https://www.example.com/hello/',
      slug: 'hello',
      status: 'publish',
      tags: ['a'],
    },
  },
  wordpress: {
    body: {
      type: 'post.updated',
      data: { id: '1', type: 'post', slug: 'hello', url: '/hello', locale: 'en', previous: { url: '/old' } },
    },
  },
  'wp-webhooks': {
    headers: { 'x-wp-webhook-name': 'post_update' },
    body: {
      post_id: 1,
      post: { ID: 1, post_status: 'publish', post_name: 'hello', post_type: 'post' },
      post_before: { post_status: 'publish', post_name: 'old' },
      post_permalink: 'https://www.example.com/hello/',
    },
  },
};

/** Sources that sign a time; Contentstack's is in the body. */
export const timeSigners: ReadonlySet<string> = new Set([
  'contentful',
  'contentstack',
  'ghost',
  'hygraph',
  'payload',
  'sanity',
  'standard-webhooks',
  'wordpress',
]);

/** A body that costs more than its size says, if anything does. */
export interface Bomb {
  readonly what: string;
  readonly body: () => string;
}

type Path = readonly (string | number)[];

/** Strings that a regular expression, a comparison or a copy may take long over. */
const longStrings: Readonly<Record<string, (size: number) => string>> = {
  letters: (size) => 'a'.repeat(size),
  slashes: (size) => `a${'/'.repeat(size)}b`,
  segments: (size) => 'a/'.repeat(size / 2),
  escapes: (size) => '%'.repeat(size),
  stars: (size) => 'a*'.repeat(size / 2),
  spaces: (size) => `a${' '.repeat(size)}b`,
};

/** @returns bombs of about so many bytes, made of a source's genuine delivery: of each value in it, and of several */
export function bombsOf(source: string, size: number): readonly Bomb[] {
  const { body } = genuineDeliveries[source] ?? { body: {} };
  const paths = pathsOf(body);
  const at = (path: Path) => path.join('.');
  const withFields = withFieldsEverywhere(body, Math.floor(size / 40));
  const bombs: Bomb[] = [];
  const add = (what: string, make: () => unknown) => bombs.push({ what, body: () => JSON.stringify(make()) });
  for (const { path, value } of paths) {
    if (typeof value === 'string' || typeof value === 'number') {
      for (const [name, make] of Object.entries(longStrings)) {
        add(`${name} at ${at(path)}`, () => withValue(body, path, make(size)));
      }
      const locales = Math.floor(size / 40);
      add(`locales at ${at(path)}, and fields everywhere`, () =>
        withValue(
          withFields,
          path,
          mapOf(locales, (key) => `aa-${key}`),
        ),
      );
    } else if (Array.isArray(value)) {
      const item = JSON.stringify(value[0] ?? '').length + 10;
      const items = (count: number) => Array.from({ length: count }, (_, index) => numbered(value[0], index));
      add(`items of ${at(path)}`, () => withValue(body, path, items(Math.floor(size / item))));
      add(`items of ${at(path)}, and fields everywhere`, () =>
        withValue(withFields, path, items(Math.floor(size / 2 / item))),
      );
      add(`the same item of ${at(path)}`, () =>
        withValue(
          body,
          path,
          Array.from({ length: Math.floor(size / item) }, () => value[0]),
        ),
      );
      add(`empty items of ${at(path)}`, () =>
        withValue(
          body,
          path,
          Array.from({ length: size / 3 }, () => ({})),
        ),
      );
    } else {
      add(`fields of ${at(path)}`, () =>
        withValue(body, path, { ...(value as object), ...mapOf(size / 14, (key) => key) }),
      );
    }
  }
  return bombs;
}

/** @returns genuine deliveries of a source, each with one value in place of one of its strings and numbers */
export function deliveriesWith(source: string, value: string): readonly string[] {
  const { body } = genuineDeliveries[source] ?? { body: {} };
  return pathsOf(body)
    .filter((each) => typeof each.value === 'string' || typeof each.value === 'number')
    .map(({ path }) => JSON.stringify(withValue(body, path, value)));
}

function pathsOf(value: unknown, path: Path = []): { readonly path: Path; readonly value: unknown }[] {
  const own = { path, value };
  if (typeof value !== 'object' || value === null) return [own];
  return [own, ...Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]))];
}

function withValue(root: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  const copy: Record<string, unknown> = Array.isArray(root)
    ? ([...root] as unknown as Record<string, unknown>)
    : { ...(root as Record<string, unknown>) };
  copy[key] = withValue(copy[key], rest, value);
  return copy;
}

/** Every object with further members, so many in all. */
function withFieldsEverywhere(root: unknown, count: number): unknown {
  const objects = pathsOf(root).filter(({ value }) => typeof value === 'object' && !Array.isArray(value));
  const more = mapOf(Math.floor(count / objects.length), (key) => key);
  const add = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(add);
    if (typeof value !== 'object' || value === null) return value;
    return { ...Object.fromEntries(Object.entries(value).map(([key, child]) => [key, add(child)])), ...more };
  };
  return add(root);
}

function mapOf(count: number, keyOf: (key: string) => string): Record<string, unknown> {
  return Object.fromEntries(
    Array.from({ length: Math.floor(count) }, (_, index) => [keyOf(`k${String(index).padStart(6, '0')}`), 1]),
  );
}

/** A copy with a number at the end of each string, so that ids differ. */
function numbered(value: unknown, index: number): unknown {
  if (typeof value === 'string')
    return /^\d{4}-|^[a-z]+[_.]?[a-z]*$/.test(value) && value.length > 5 ? value : `${value}${index}`;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((child) => numbered(child, index));
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, numbered(child, index)]));
}
