import type { PurgerConfig } from './purger-stack.ts';

/** What this deployment watches and purges. Edit it; `docs/configuration.md` has every field. */
const config: PurgerConfig = {
  credentials: 'cdn-pro/api',
  target: 'production',
  buckets: [{ name: 'www-example-com', prefix: 'site/' }],
  webhooks: [
    { source: 'contentful', secret: 'cdn-pro-purger/contentful' },
    { source: 'standard-webhooks', secret: 'cdn-pro-purger/standard-webhooks' },
  ],
  rules: [
    {
      name: 'pages and assets',
      match: { source: 's3', key: 'site/{+path}' },
      except: 'site/{+path}.map',
      purge: { fileUrls: ['https://www.example.com/{+path}'] },
      pages: { index: 'index.html' },
    },
    {
      name: 'blog posts',
      match: { source: 'contentful', type: 'blogPost' },
      purge: {
        fileUrls: ['https://www.example.com/blog/{slug}'],
        dirUrls: ['https://www.example.com/blog/*'],
      },
    },
    {
      name: 'news',
      match: { source: 'standard-webhooks' },
      purge: { fileUrls: ['https://www.example.com/news/{slug}', 'https://www.example.com/news/'] },
    },
  ],
};

export default config;
