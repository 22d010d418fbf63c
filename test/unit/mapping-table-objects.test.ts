import type { Rule } from '../../functions/core/mapping/rule.ts';
import { mappingTable, tableHost as www } from '../helpers/mapping-table.ts';

const s3 = (key: string | readonly string[], rest: Partial<Rule> = {}): Rule => ({
  match: { source: 's3', key },
  purge: { fileUrls: [`${www}/{+path}`] },
  ...rest,
});

mappingTable('a bucket whose keys are the paths', s3('{+path}'), [
  ['index.html', '/index.html'],
  ['css/site.css', '/css/site.css'],
  ['a/b/c/d/e/f.txt', '/a/b/c/d/e/f.txt'],
  ['.well-known/security.txt', '/.well-known/security.txt'],
  ['favicon.ico', '/favicon.ico'],
  ['LICENSE', '/LICENSE'],
  ['folder/', '/folder/'],
  [{ key: 'gone.html', action: 'delete' }, 'delete /gone.html'],
]);

mappingTable('a folder of the bucket', s3('site/{+path}'), [
  ['site/index.html', '/index.html'],
  ['site/a/b.html', '/a/b.html'],
  ['site/'],
  ['site'],
  ['sites/a.html'],
  ['other/site/a.html'],
  ['SITE/a.html'],
]);

mappingTable('characters in keys, as a browser requests them and CDN Pro takes them', s3('{+path}'), [
  ['a b.html', '/a%20b.html', '/a+b.html'],
  [' leading.txt', '/%20leading.txt', '/+leading.txt'],
  ['c++.html', '/c++.html', '/c%2B%2B.html'],
  ['100%.html', '/100%25.html'],
  ['already%20encoded.html', '/already%2520encoded.html'],
  ['123%abc.jpg', '/123%25abc.jpg'],
  ['#1.html', '/%231.html'],
  ['what?.html', '/what%3F.html'],
  ['a?b=c&d', '/a%3Fb=c&d'],
  ['[slug].js', '/%5Bslug%5D.js'],
  ['newfile[1]{tes`|t^}p.png', '/newfile%5B1%5D%7Btes%60%7Ct%5E%7Dp.png'],
  ['a|b', '/a%7Cb'],
  ['x^2', '/x%5E2'],
  ['{id}', '/%7Bid%7D'],
  ['~user/file', '/~user/file'],
  ["it's.html", "/it's.html"],
  ['"quoted".html', '/%22quoted%22.html'],
  ['<b>.html', '/%3Cb%3E.html'],
  ['back\\slash', '/back%5Cslash'],
  ['a!b$c&d(e)f,g;h=i:j@k', '/a!b$c&d(e)f,g;h=i:j@k'],
  ['über/é.html', '/%C3%BCber/%C3%A9.html'],
  ['日本語.html', '/%E6%97%A5%E6%9C%AC%E8%AA%9E.html'],
  ['Привет', '/%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82'],
  ['العربية', '/%D8%A7%D9%84%D8%B9%D8%B1%D8%A8%D9%8A%D8%A9'],
  ['🎉.png', '/%F0%9F%8E%89.png'],
  ['👩‍👩‍👧.png', '/%F0%9F%91%A9%E2%80%8D%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7.png'],
  ['e\u0301 is not é', '/e%CC%81%20is%20not%20%C3%A9', '/e%CC%81+is+not+%C3%A9'],
  ['tab\tnew\nline', '/tab%09new%0Aline'],
  ['\u0001\u007f', '/%01%7F'],
  ['\u00a0nbsp', '/%C2%A0nbsp'],
  ['lone \ud800 surrogate', '/lone%20%EF%BF%BD%20surrogate', '/lone+%EF%BF%BD+surrogate'],
]);

mappingTable('slashes and dots in keys', s3('{+path}'), [
  ['a//b', '/a//b'],
  ['/leading', '//leading'],
  ['trailing//', '/trailing//'],
  ['...', '/...'],
  ['.hidden', '/.hidden'],
  ['a..b', '/a..b'],
  ['a/../b', 'refused: a browser resolves the segments "." and ".."'],
  ['a/./b', 'refused: a browser resolves the segments "." and ".."'],
  ['..', 'refused: a browser resolves the segments "." and ".."'],
  ['a/.', 'refused: a browser resolves the segments "." and ".."'],
  ['%2e%2e/a', '/%252e%252e/a'],
]);

mappingTable('a literal asterisk in a key, which no file URL can have', s3('{+path}'), [
  ['a*b.html', 'regex /a\\*b\\.html$'],
  ['a*b/c', 'regex /a\\*b/c$'],
  ['star*', 'regex /star\\*$'],
  ['two**', 'regex /two\\*\\*$'],
  ['a**b*c', 'regex /a\\*\\*b\\*c$'],
]);

mappingTable('keys that are too long', s3('{+path}'), [
  ['x'.repeat(2024), `/${'x'.repeat(2024)}`],
  ['x'.repeat(2025), 'refused: expected at most 2048 characters, got 2049'],
  ['ü'.repeat(400), 'refused: expected at most 2048 characters, got 2424'],
]);

mappingTable(
  'patterns that take a key apart',
  s3('posts/{year}/{slug}.md', {
    purge: { fileUrls: [`${www}/{year}/{slug}`] },
  }),
  [
    ['posts/2026/hello.md', '/2026/hello'],
    ['posts/2026/hello world.md', '/2026/hello%20world', '/2026/hello+world'],
    ['posts/2026/drafts/hello.md'],
    ['posts/2026/.md'],
    ['posts//hello.md'],
    ['posts/2026/hello.mdx'],
  ],
);

mappingTable('several patterns in one rule', s3(['site/{+path}', 'assets/{+path}', 'errors/{+path}.html']), [
  ['site/a.html', '/a.html'],
  ['assets/a.css', '/a.css'],
  ['errors/404.html', '/404'],
  ['other/a'],
]);

mappingTable(
  'greedy variables',
  s3('{+dir}/{name}.{ext}', { purge: { fileUrls: [`${www}/{ext}/{+dir}/{name}`] } }),
  [['a/b/c.tar.gz', '/gz/a/b/c.tar'], ['a.txt'], ['a/b.txt', '/txt/a/b']],
);

mappingTable(
  'exceptions',
  s3('{+path}', {
    except: ['{+path}.map', 'private/{+rest}', { prefix: 'tmp/' }, { bucket: 'site', key: '{+p}.bak' }],
  }),
  [
    ['app.js', '/app.js'],
    ['app.js.map'],
    ['private/a'],
    ['private', '/private'],
    ['tmp/x'],
    ['a.bak'],
    [{ key: 'a.bak', bucket: 'other' }, '/a.bak'],
  ],
);

mappingTable(
  'conditions on bucket, prefix and action',
  {
    match: { source: 's3', bucket: ['site', 'media-{stage}'], prefix: ['img/', 'video/'], action: 'put' },
    purge: { fileUrls: [`${www}/{+key}`] },
  },
  [
    ['img/a.png', '/img/a.png'],
    ['video/a.mp4', '/video/a.mp4'],
    ['text/a.txt'],
    [{ key: 'img/a.png', bucket: 'media-live' }, '/img/a.png'],
    [{ key: 'img/a.png', bucket: 'logs' }],
    [{ key: 'img/a.png', action: 'delete' }],
  ],
);

mappingTable(
  'a variable captured from the bucket',
  {
    match: { source: 's3', bucket: 'site-{country}', key: '{+path}' },
    purge: { fileUrls: ['https://{country}.example.com/{+path}'] },
  },
  [
    [{ key: 'a', bucket: 'site-de' }, 'https://de.example.com/a'],
    [{ key: 'a', bucket: 'site-UK' }, 'https://uk.example.com/a'],
    [{ key: 'a', bucket: 'site-a b' }, 'refused: expected a host and a path'],
  ],
);

const indexed = s3('{+path}', { pages: { index: 'index.html' } });
mappingTable('index documents', indexed, [
  ['index.html', '/index.html', '/'],
  ['blog/index.html', '/blog/index.html', '/blog/'],
  ['a/b/c/index.html', '/a/b/c/index.html', '/a/b/c/'],
  ['ü/index.html', '/%C3%BC/index.html', '/%C3%BC/'],
  ['myindex.html', '/myindex.html'],
  ['index.html/x', '/index.html/x'],
  ['index.htm', '/index.htm'],
  [{ key: 'blog/index.html', action: 'delete' }, 'delete /blog/index.html', 'delete /blog/'],
]);

mappingTable(
  'index documents whose directories are also requested without a slash',
  s3('{+path}', {
    pages: { index: ['index.html', 'index.htm'], trailingSlash: 'both' },
  }),
  [
    ['index.html', '/index.html', '/'],
    ['blog/index.html', '/blog/index.html', '/blog/', '/blog'],
    ['blog/index.htm', '/blog/index.htm', '/blog/', '/blog'],
    ['about.html', '/about.html'],
    ['blog', '/blog', '/blog/'],
  ],
);

mappingTable('clean URLs', s3('{+path}', { pages: { index: 'index.html', cleanUrls: true } }), [
  ['about.html', '/about.html', '/about'],
  ['docs/guide.html', '/docs/guide.html', '/docs/guide'],
  ['docs/index.html', '/docs/index.html', '/docs/'],
  ['v1.2.html', '/v1.2.html', '/v1.2'],
  ['.html', '/.html'],
  ['style.css', '/style.css'],
]);

mappingTable(
  'clean URLs with a slash',
  s3('{+path}', {
    pages: { index: 'index.html', cleanUrls: ['.html', '.htm'], trailingSlash: 'always' },
  }),
  [
    ['about.html', '/about.html', '/about/'],
    ['about.htm', '/about.htm', '/about/'],
    ['docs/index.html', '/docs/index.html', '/docs/'],
  ],
);

mappingTable(
  'a site that never writes a trailing slash',
  s3('{+path}', {
    pages: { index: 'index.html', cleanUrls: true, trailingSlash: 'never' },
  }),
  [
    ['index.html', '/index.html', '/'],
    ['blog/index.html', '/blog/index.html', '/blog'],
    ['about.html', '/about.html', '/about'],
    ['feed/', '/feed/', '/feed'],
  ],
);

mappingTable('directories above', s3('{+path}', { pages: { index: 'index.html', parents: 2 } }), [
  ['a/b/c/d.html', '/a/b/c/d.html', '/a/b/c/', '/a/b/'],
  ['a/b/c/index.html', '/a/b/c/index.html', '/a/b/c/', '/a/b/', '/a/'],
  ['d.html', '/d.html', '/'],
  ['index.html', '/index.html', '/'],
  // No page: nothing above it shows it.
  ['a/b/hero.png', '/a/b/hero.png'],
  ['a/b/about', '/a/b/about', '/a/b/', '/a/'],
]);

mappingTable(
  'directories above, up to the root and without slashes',
  s3('{+path}', {
    pages: { trailingSlash: 'never', parents: 20 },
  }),
  [['a/b/c.html', '/a/b/c.html', '/a/b', '/a', '/']],
);

mappingTable(
  'query variants',
  s3('{+path}', {
    purge: { fileUrls: [`${www}/{+path}`], queries: ['format=amp', '?v={path}'] },
  }),
  [
    ['a.html', '/a.html', '/a.html?format=amp', '/a.html?v=a.html'],
    [
      'a b&c.html',
      '/a%20b&c.html',
      '/a%20b&c.html?format=amp',
      '/a%20b&c.html?v=a%20b%26c.html',
      '/a+b&c.html',
      '/a+b&c.html?format=amp',
      '/a+b&c.html?v=a%20b%26c.html',
    ],
  ],
);

mappingTable(
  'a query in the template, together with pages',
  s3('{+path}', {
    purge: { fileUrls: [`${www}/{+path}?lang=en`], queries: ['print=1'] },
    pages: { index: 'index.html' },
  }),
  [
    [
      'a/index.html',
      '/a/index.html?lang=en',
      '/a/index.html?lang=en&print=1',
      '/a/?lang=en',
      '/a/?lang=en&print=1',
    ],
  ],
);

mappingTable('values in a query', s3('img/{+path}', { purge: { fileUrls: [`${www}/i?src={path}&w=2`] } }), [
  ['img/a&b/c.png', '/i?src=a%26b%2Fc.png&w=2'],
  ["img/it's #1.png", '/i?src=it%27s%20%231.png&w=2'],
  ['img/1+1=2', '/i?src=1%2B1%3D2&w=2'],
  ['img/*.png', 'regex /i\\?src=\\*\\.png&w=2$'],
]);

mappingTable(
  'versions by header',
  s3('{+path}', {
    purge: { fileUrls: [`${www}/{+path}`], fileHeaders: [{ 'Accept-Encoding': 'gzip' }, {}] },
  }),
  [
    ['a.css', '/a.css [Accept-Encoding: gzip]', '/a.css'],
    ['*.css', 'regex /\\*\\.css$'],
  ],
);

mappingTable(
  'versions by headers that are crossed',
  s3('{+path}', {
    purge: {
      fileUrls: [`${www}/{+path}`],
      fileHeaders: { 'Accept-Language': ['en', 'de'], 'X-Device': ['phone', 'desktop'] },
    },
  }),
  [
    [
      'a',
      '/a [Accept-Language: en] [X-Device: phone]',
      '/a [Accept-Language: en] [X-Device: desktop]',
      '/a [Accept-Language: de] [X-Device: phone]',
      '/a [Accept-Language: de] [X-Device: desktop]',
    ],
  ],
);

mappingTable(
  'all versions of a file',
  s3('{+path}', {
    purge: { fileUrls: [`${www}/{+path}`], variants: true },
    pages: { index: 'index.html' },
  }),
  [
    ['a.jpg', 'dir /a.jpg'],
    ['b/index.html', 'dir /b/index.html', 'dir /b/'],
  ],
);

mappingTable(
  'several hosts',
  s3('{+path}', {
    purge: {
      hosts: ['www.example.com', 'http://m.example.com', 'https://cdn.example.com:8443'],
      fileUrls: ['/{+path}', 'https://other.example.net/{+path}'],
    },
  }),
  [
    [
      'a.html',
      '/a.html',
      'http://m.example.com/a.html',
      'https://cdn.example.com:8443/a.html',
      'https://other.example.net/a.html',
    ],
  ],
);

mappingTable(
  'hosts as a browser writes them',
  s3('{+path}', {
    purge: {
      hosts: ['WWW.Example.COM', 'münchen.example', 'https://www.example.org:443'],
      fileUrls: ['/{+path}'],
    },
  }),
  [['a', '/a', 'https://xn--mnchen-3ya.example/a', 'https://www.example.org/a']],
);

mappingTable(
  'templates that are encoded already, or not',
  s3('{+path}', {
    purge: { fileUrls: [`${www}/%C3%BC/{+path}`, `${www}/ü b/{+path}`, `${www}/a%2Fb/{+path}`] },
  }),
  [
    [
      'x y',
      '/%C3%BC/x%20y',
      '/%C3%BC%20b/x%20y',
      '/a%2Fb/x%20y',
      '/%C3%BC/x+y',
      '/%C3%BC%20b/x+y',
      '/a%2Fb/x+y',
    ],
  ],
);

mappingTable('a variable of one segment', s3('{+path}', { purge: { fileUrls: [`${www}/f/{path}`] } }), [
  ['a/b', '/f/a%2Fb'],
]);

mappingTable('a plus, which S3 wants encoded', s3('{+path}', { purge: { fileUrls: [`${www}/{+path}`] } }), [
  ['c++/a b.html', '/c++/a%20b.html', '/c%2B%2B/a%20b.html', '/c%2B%2B/a+b.html'],
]);

mappingTable(
  'a plus in directories and pages',
  s3('{dir}/{+path}', {
    purge: { fileUrls: [`${www}/{dir}/{+path}`], dirUrls: [`${www}/{dir}/*`] },
    pages: { index: 'index.html' },
  }),
  [
    [
      'a+b/index.html',
      '/a+b/index.html',
      '/a+b/',
      'dir /a+b/*',
      '/a%2Bb/index.html',
      '/a%2Bb/',
      'dir /a%2Bb/*',
    ],
  ],
);

mappingTable(
  'a plus in one encoding only',
  s3('{+path}', { purge: { fileUrls: [`${www}/{+path}`], encodings: ['s3'] } }),
  [['a+b=c.html', '/a%2Bb=c.html']],
);

mappingTable(
  'every spelling that clients write',
  s3('{+path}', {
    purge: {
      fileUrls: [`${www}/{+path}`],
      encodings: ['browser', 's3', 'plus', 'component', 'strict', 'form', 'lowercase'],
    },
  }),
  [
    [
      'ב/p (1).jpg',
      '/%D7%91/p%20(1).jpg',
      '/%D7%91/p+(1).jpg',
      '/%D7%91/p%20%281%29.jpg',
      '/%D7%91/p+%281%29.jpg',
      '/%d7%91/p%20(1).jpg',
    ],
    ['a~b+c&d', '/a~b+c&d', '/a~b%2Bc&d', '/a~b%2Bc%26d', '/a%7Eb%2Bc%26d'],
    ['a*b', 'regex /a\\*b$', '/a%2Ab'],
    ['plain/name.html', '/plain/name.html'],
  ],
);

mappingTable(
  'paths in both encodings',
  s3('{+path}', {
    purge: { fileUrls: [`${www}/{+path}`], encodings: ['browser', 'component'] },
  }),
  [
    ['a+b.html', '/a+b.html', '/a%2Bb.html'],
    ['a/b.html', '/a/b.html'],
    ['x=1&y@z.html', '/x=1&y@z.html', '/x%3D1%26y%40z.html'],
    ["it's (1).html", "/it's%20(1).html"],
  ],
);

mappingTable(
  'directories and wildcards',
  s3('{section}/{+path}', {
    purge: {
      dirUrls: [`${www}/{section}/*`, `${www}/{section}/**`, `${www}/{section}`, `${www}/*/{section}`],
    },
  }),
  [
    ['news/a', 'dir /news/*', 'dir /news/**', 'dir /news', 'dir /*/news'],
    ['a*b/c', 'dir /a*b/*', 'dir /a*b/**', 'regex /a\\*b$', 'regex /[^/?][^/]*/a\\*b$'],
  ],
);

mappingTable(
  'regular expressions',
  s3('{+path}', {
    purge: {
      regexPatterns: ['https://www.example.com/{+path}\\?v=\\d{1,9}', 'any://www.example.com/x\\?k={path}'],
    },
  }),
  [
    ['a.js', 'regex /a\\.js\\?v=\\d{1,9}', 'regex any://www.example.com/x\\?k=a\\.js'],
    [
      'a b(c).js',
      'regex /a%20b\\(c\\)\\.js\\?v=\\d{1,9}',
      'regex any://www.example.com/x\\?k=a%20b\\(c\\)\\.js',
      'regex /a\\+b\\(c\\)\\.js\\?v=\\d{1,9}',
    ],
  ],
);

mappingTable(
  'regular expressions over the limit',
  s3('{+path}', {
    purge: { regexPatterns: ['any://www.example.com/{+path}'], fileUrls: [`${www}/{+path}`] },
  }),
  [
    ['x'.repeat(125), `/${'x'.repeat(125)}`, `regex any://www.example.com/${'x'.repeat(125)}`],
    [
      'x'.repeat(126),
      `/${'x'.repeat(126)}`,
      'refused: expected at most 126 characters after the host, got 127',
    ],
  ],
);

mappingTable(
  'action, target and webhook of a rule',
  [
    s3('a/{+path}', { action: 'delete' }),
    s3('b/{+path}', { action: 'invalidate', target: 'staging' }),
    s3('c/{+path}', { webhook: '5dca2205f9e9cc0001df7b33' }),
  ],
  [
    ['a/x', 'delete /x'],
    [{ key: 'b/x', action: 'delete' }, 'staging /x'],
    ['c/x', '/x webhook 5dca2205f9e9cc0001df7b33'],
  ],
);

mappingTable(
  'several rules for one change, the union without duplicates',
  [
    s3('{+path}'),
    s3('blog/{slug}.html', {
      purge: {
        fileUrls: [`${www}/blog/{slug}.html`, `${www}/blog/`, `${www}/feed.xml`, `${www}/sitemap.xml`],
      },
    }),
    s3('blog/{+rest}', { purge: { fileUrls: [`${www}/blog/`], dirUrls: [`${www}/blog/page/*`] } }),
  ],
  [
    ['a.html', '/a.html'],
    ['blog/a.html', '/blog/a.html', '/blog/', '/feed.xml', '/sitemap.xml', 'dir /blog/page/*'],
  ],
);

mappingTable('an older Unicode form of a key stays apart from a newer one', s3('{+path}'), [
  ['caf\u00e9', '/caf%C3%A9'],
  ['cafe\u0301', '/cafe%CC%81'],
]);
