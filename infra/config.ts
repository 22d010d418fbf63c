import type { PurgerConfig } from './settings/purger-config.ts';
import type { StagedConfig } from './settings/stages.ts';

/** Options that the stages share, for the site at this host. */
function site(host: string) {
  return {
    webhooks: [
      { source: 'contentful', secret: 'cdn-pro-purger/contentful' },
      { source: 'standard-webhooks', secret: 'cdn-pro-purger/standard-webhooks' },
    ],
    rules: [
      {
        name: 'pages and assets',
        match: { source: 's3', key: 'site/{+path}' },
        except: 'site/{+path}.map',
        purge: { fileUrls: [`https://${host}/{+path}`] },
        pages: { index: 'index.html' },
      },
      {
        name: 'blog posts',
        match: { source: 'contentful', type: 'blogPost' },
        // Every URL that shows a post, by name: of the day's URLs there are 5,000 files, but only 20 directories.
        // When a post is unpublished, its own URL is deleted; the others are invalidated.
        purge: {
          hosts: host,
          fileUrls: ['/blog/{slug}', '/blog/', '/blog/feed.xml', '/', '/blog/tags/{fields.tags.*}'],
        },
      },
      {
        name: 'news',
        match: { source: 'standard-webhooks' },
        purge: { fileUrls: [`https://${host}/news/{slug}`, `https://${host}/news/`] },
      },
    ],
  } as const satisfies Partial<PurgerConfig>;
}

/** The configuration of this deployment. Edit it; `docs/configuration.md` has every field. */
const config: StagedConfig = {
  stages: {
    production: {
      ...site('www.example.com'),
      credentials: 'cdn-pro/api',
      stackName: 'CdnProPurger',
      // account: '111111111111',
      // region: 'eu-central-1',
      target: 'production',
      buckets: [{ name: 'www-example-com', prefix: 'site/' }],
    },
    staging: {
      ...site('staging.example.com'),
      // Its own user: stages of one user have to share a ledger (docs/shared-ledger.md).
      credentials: 'cdn-pro/staging-api',
      // account: '222222222222',
      // region: 'eu-central-1',
      target: 'staging',
      buckets: [{ name: 'staging-example-com', prefix: 'site/' }],
    },
  },
};

export default config;
