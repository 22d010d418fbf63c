import type { PurgerConfig } from '../../infra/settings/purger-config.ts';

/** A way by which changes reach the buffer. */
export interface Path {
  readonly name: string;
  /** In a table's head. */
  readonly title: string;
  readonly config: PurgerConfig;
}

export const bucket = 'www-example-com';
/** The webhook of the path `webhook`. */
export const webhookSource = 'ghost';

const common = { credentials: 'cdn-pro/api', target: 'production' } as const;
const rules: PurgerConfig['rules'] = [
  {
    match: { source: 's3', key: 'site/{+path}' },
    purge: { fileUrls: ['https://www.example.com/{+path}'] },
  },
];

/** All paths, the cheapest in bulk first. Each change makes one file URL stale. */
export const paths: readonly Path[] = [
  {
    name: 'queue',
    title: 'S3 → SQS',
    config: { ...common, buckets: [{ name: bucket, via: 'notification' }], rules },
  },
  {
    name: 'eventbridge',
    title: 'S3 → EventBridge',
    config: { ...common, buckets: [{ name: bucket }], rules },
  },
  {
    name: 'webhook',
    title: 'webhook',
    config: {
      ...common,
      webhooks: [{ source: webhookSource, secret: 'cdn-pro-purger/ghost' }],
      // The default is for a CMS, not for as many deliveries as are played here.
      webhookApi: { throttle: { ratePerSecond: 10_000, burst: 5_000 } },
      rules: [{ match: { source: webhookSource }, purge: { fileUrls: ['https://www.example.com/{+path}'] } }],
    },
  },
];
