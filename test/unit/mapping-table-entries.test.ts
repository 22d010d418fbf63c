import type { Rule } from '../../functions/core/mapping/rule.ts';
import { mappingTable, tableHost as www } from '../helpers/mapping-table.ts';

const contentful = (fileUrls: readonly string[], rest: Partial<Rule> = {}): Rule => ({
  match: { source: 'contentful', type: 'blogPost' },
  purge: { fileUrls },
  ...rest,
});

mappingTable('a slug', contentful([`${www}/blog/{slug}`]), [
  [{ fields: { slug: 'hello' } }, '/blog/hello'],
  [{ fields: { slug: 'über uns' } }, '/blog/%C3%BCber%20uns'],
  [{ fields: { slug: 'a/b' } }, '/blog/a%2Fb'],
  [{ fields: { slug: '/hello' } }, '/blog/hello'],
  [{ fields: { slug: '..' } }, 'refused: a browser resolves the segments "." and ".."'],
  [{ fields: { slug: 'a*b' } }, 'regex /blog/a\\*b$'],
  [{ fields: { slug: '' } }, 'refused: the change has no {slug}'],
  [{ fields: {} }, 'refused: the change has no {slug}'],
  [{ fields: { slug: 2026 } }, '/blog/2026'],
  [{ fields: { slug: 'hello' }, action: 'delete' }, 'delete /blog/hello'],
  [{ fields: { slug: 'hello' }, type: 'author' }],
  [{ fields: { slug: 'hello' }, source: 'sanity' }],
]);

mappingTable(
  'what is known of an entry',
  contentful([`${www}/{type}/{locale}/{id}?e={environment}&w={webhook}`]),
  [
    [
      { fields: { environment: 'master' }, locale: 'de-DE', webhook: 'space-2' },
      '/blogPost/de-DE/entry-1?e=master&w=space-2',
    ],
    [{ fields: { environment: 'master' } }, 'refused: the change has no {locale}'],
  ],
);

mappingTable('nested fields', contentful([`${www}/{fields.category}/{+fields.seo.path}`]), [
  [{ fields: { 'fields.category': 'news', 'fields.seo.path': 'a/b c' } }, '/news/a/b%20c'],
  [{ fields: { 'fields.category': 'news' } }, 'refused: the change has no {fields.seo.path}'],
  [{ fields: { 'fields.category': true, 'fields.seo.path': 0 } }, '/true/0'],
]);

mappingTable(
  'a page for each item of a list',
  contentful([`${www}/tags/{fields.tags.*}/`, `${www}/c/{fields.cats.*.slug}`]),
  [
    [
      { fields: { 'fields.tags.0': 'a', 'fields.tags.1': 'b c', 'fields.cats.0.slug': 'x' } },
      '/tags/a/',
      '/tags/b%20c/',
      '/c/x',
    ],
    [{ fields: { 'fields.tags': 'only', 'fields.cats.0.slug': 'x' } }, '/tags/only/', '/c/x'],
    [{ fields: { 'fields.cats.0.slug': 'x', 'fields.cats.1.slug': 'y' } }, '/c/x', '/c/y'],
  ],
);

mappingTable('a path that begins with a slash, or not', contentful([`${www}{+path}`, `${www}/amp/{+path}`]), [
  [{ fields: { path: '/a/b' } }, '/a/b', '/amp/a/b'],
  [{ fields: { path: 'a/b/' } }, '/a/b/', '/amp/a/b/'],
  [{ fields: { path: '/' } }, '/', '/amp/'],
]);

mappingTable('a whole URL', contentful(['{+url}', '{+url}?amp=1']), [
  [{ fields: { url: 'https://www.example.com/blog/a%20b/' } }, '/blog/a%20b/', '/blog/a%20b/?amp=1'],
  [{ fields: { url: 'https://WWW.example.com:443/ü#top' } }, '/%C3%BC', '/%C3%BC?amp=1'],
  [{ fields: { url: 'https://www.example.com' } }, '/', '/?amp=1'],
  [{ fields: { url: 'https://www.example.com/100%' } }, '/100%25', '/100%25?amp=1'],
  [{ fields: { url: 'http://[::1]/' } }, 'refused: expected a host', 'refused: expected a host'],
  [
    { fields: { url: '/relative' } },
    'refused: expected a URL that begins with http',
    'refused: expected a URL that begins with http',
  ],
  [
    { fields: { url: 'javascript:alert(1)' } },
    'refused: expected a URL that begins',
    'refused: expected a URL that begins',
  ],
  [
    { fields: { url: 'https://user:secret@www.example.com/' } },
    'refused: expected a host',
    'refused: expected a host',
  ],
]);

mappingTable(
  'conditions on fields',
  {
    match: {
      source: 'contentful',
      type: ['blogPost', 'page-{kind}'],
      locale: '{language}-{region}',
      environment: ['master', 'live'],
      fields: { 'fields.category': ['news', 'sport/{league}'], 'fields.listed': true, 'fields.rank': [1, 2] },
    },
    purge: { fileUrls: [`${www}/{language}/{slug}`] },
  },
  [
    [
      {
        locale: 'de-AT',
        fields: {
          slug: 'a',
          environment: 'master',
          'fields.category': 'news',
          'fields.listed': true,
          'fields.rank': 2,
        },
      },
      '/de/a',
    ],
    [
      {
        locale: 'de-AT',
        fields: {
          slug: 'a',
          environment: 'master',
          'fields.category': 'sport/x',
          'fields.listed': true,
          'fields.rank': 1,
        },
      },
      '/de/a',
    ],
    [
      {
        locale: 'de-AT',
        type: 'page-wide',
        fields: {
          slug: 'a',
          environment: 'live',
          'fields.category': 'news',
          'fields.listed': true,
          'fields.rank': 1,
        },
      },
      '/de/a',
    ],
    [
      {
        locale: 'de-AT',
        fields: {
          slug: 'a',
          environment: 'master',
          'fields.category': 'sport',
          'fields.listed': true,
          'fields.rank': 1,
        },
      },
    ],
    [
      {
        locale: 'de',
        fields: {
          slug: 'a',
          environment: 'master',
          'fields.category': 'news',
          'fields.listed': true,
          'fields.rank': 1,
        },
      },
    ],
    [
      {
        locale: 'de-AT',
        fields: {
          slug: 'a',
          environment: 'dev',
          'fields.category': 'news',
          'fields.listed': true,
          'fields.rank': 1,
        },
      },
    ],
    [
      {
        locale: 'de-AT',
        fields: {
          slug: 'a',
          environment: 'master',
          'fields.category': 'news',
          'fields.listed': false,
          'fields.rank': 1,
        },
      },
    ],
    [
      {
        locale: 'de-AT',
        fields: {
          slug: 'a',
          environment: 'master',
          'fields.category': 'news',
          'fields.listed': true,
          'fields.rank': 3,
        },
      },
    ],
    [{ locale: 'de-AT', fields: { slug: 'a' } }],
  ],
);

mappingTable(
  'exceptions by fields',
  contentful([`${www}/{slug}`], {
    except: [
      { locale: 'en-{region}', fields: { 'fields.hidden': true } },
      { fields: { slug: 'draft-{name}' } },
    ],
  }),
  [
    [{ locale: 'en-US', fields: { slug: 'a', 'fields.hidden': true } }],
    [{ locale: 'de', fields: { slug: 'a', 'fields.hidden': true } }, '/a'],
    [{ locale: 'en-US', fields: { slug: 'a' } }, '/a'],
    [{ fields: { slug: 'draft-a' } }],
  ],
);

mappingTable(
  'two webhooks of one source',
  [
    {
      match: { source: 'contentful', webhook: 'shop' },
      purge: { fileUrls: ['https://shop.example.com/{slug}'] },
    },
    {
      match: { source: 'contentful', webhook: 'blog-{lang}' },
      purge: { fileUrls: [`${www}/{lang}/{slug}`] },
    },
  ],
  [
    [{ webhook: 'shop', fields: { slug: 'a' } }, 'https://shop.example.com/a'],
    [{ webhook: 'blog-de', fields: { slug: 'a' } }, '/de/a'],
    [{ webhook: 'other', fields: { slug: 'a' } }],
  ],
);

mappingTable(
  'hosts by locale',
  {
    match: { source: 'contentful', locale: '{language}-{country}' },
    purge: {
      hosts: ['https://{country}.example.com', 'www.example.com'],
      fileUrls: ['/{language}/{slug}'],
      dirUrls: ['/{language}/feed/*'],
    },
  },
  [
    [
      { locale: 'de-AT', fields: { slug: 'a' } },
      'https://at.example.com/de/a',
      '/de/a',
      'dir https://at.example.com/de/feed/*',
      'dir /de/feed/*',
    ],
  ],
);

mappingTable(
  'versions by a header that the entry tells',
  contentful([`${www}/{slug}`], {
    purge: {
      fileUrls: [`${www}/{slug}`],
      fileHeaders: [{ 'Accept-Language': '{locale}' }, { 'Accept-Language': 'en' }],
    },
  }),
  [
    [{ locale: 'de', fields: { slug: 'a' } }, '/a [Accept-Language: de]', '/a [Accept-Language: en]'],
    [
      { fields: { slug: 'a' } },
      '/a [Accept-Language: en]',
      'refused: the change has no {locale} for the header Accept-Language',
    ],
    [
      { locale: 'x\r\ny', fields: { slug: 'a' } },
      '/a [Accept-Language: en]',
      'refused: the header Accept-Language cannot have this value',
    ],
  ],
);

mappingTable(
  'a post, its listing, feed and sitemap, and the listing above',
  contentful([`${www}/blog/{fields.category}/{slug}`], {
    purge: {
      hosts: 'www.example.com',
      fileUrls: ['/blog/{fields.category}/{slug}', '/feed.xml', '/sitemap.xml'],
      dirUrls: ['/blog/page/*'],
    },
    pages: { parents: 1 },
  }),
  [
    [
      { fields: { slug: 'a', 'fields.category': 'news' } },
      '/blog/news/a',
      '/blog/news/',
      '/feed.xml',
      '/sitemap.xml',
      'dir /blog/page/*',
    ],
    [
      { fields: { slug: 'a' } },
      '/feed.xml',
      '/sitemap.xml',
      'dir /blog/page/*',
      'refused: the change has no {fields.category}',
    ],
  ],
);

mappingTable('names of fields that objects have by themselves', contentful([`${www}/{fields.constructor}`]), [
  [{ fields: {} }, 'refused: the change has no {fields.constructor}'],
  [{ fields: { 'fields.constructor': 'x' } }, '/x'],
]);
