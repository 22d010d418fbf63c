import type { PurgerConfig } from '../../infra/settings/purger-config.ts';

/** The webhook's name. */
export const webhook = 'standard-webhooks';

/** The purger of the picture. */
export const config = {
  stackName: 'CdnProPurger',
  credentials: 'cdn-pro/api',
  target: 'production',
  dashboard: true,
  buckets: [{ name: 'www-example-com' }],
  webhooks: [{ source: webhook, secret: 'cdn-pro-purger/webhook' }],
  rules: [
    {
      match: { source: 's3', key: 'site/{+path}' },
      purge: { fileUrls: ['https://www.example.com/{+path}'] },
    },
    {
      match: { source: 's3', key: 'shop/{+path}' },
      purge: { fileUrls: ['https://shop.example.com/{+path}'] },
    },
    {
      match: { source: webhook },
      purge: { fileUrls: ['https://www.example.com/{slug}', 'https://www.example.com/news/'] },
    },
  ],
} as const satisfies PurgerConfig;

/** A contract whose day ends while one watches: 900 files in 12 minutes. */
export const contract = { files: 900, dirs: 20, dayMs: 12 * 60_000 };
