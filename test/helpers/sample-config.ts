import type { PurgerConfig } from '../../infra/settings/purger-config.ts';

/** A configuration with one of everything, unless told otherwise. */
export const sampleConfig: PurgerConfig = {
  credentials: 'cdn-pro/api',
  target: 'production',
  buckets: [{ name: 'www-example-com', prefix: 'site/' }],
  webhooks: [{ source: 'contentful', secret: 'cdn-pro-purger/contentful' }],
  rules: [
    {
      match: { source: 's3', key: 'site/{+path}' },
      purge: { fileUrls: ['https://www.example.com/{+path}'] },
    },
    { match: { source: 'contentful' }, purge: { fileUrls: ['https://www.example.com/{slug}'] } },
  ],
};
