import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import type { CdnProOptions } from '../../local/cdn-pro/options.ts';
import { type CdnPro, startCdnPro } from '../../local/cdn-pro/server.ts';
import type { Ready } from '../../local/demo/ready.ts';
import { localCredentials } from '../../local/demo/secrets.ts';
import { expectShortPurges } from '../../local/demo/short-purges.ts';
import { cliOf } from '../helpers/cli.ts';
import { startStack } from '../helpers/start.ts';

/** The site of all incidents. */
export const config = {
  credentials: 'cdn-pro/api',
  target: 'production',
  batchingWindowSeconds: 1,
  buckets: [{ name: 'site' }],
  webhooks: [{ source: 'ghost', secret: 'cdn-pro-purger/ghost' }],
  rules: [
    {
      match: { source: 's3', key: 'pages/{+path}' },
      purge: { fileUrls: ['https://www.example.com/{+path}'] },
    },
    { match: { source: 's3', key: 'typo/{+path}' }, purge: { fileUrls: ['https://ww.example.com/{+path}'] } },
    { match: { source: 'ghost' }, purge: { fileUrls: ['https://www.example.com/{slug}'] } },
  ],
} as const satisfies PurgerConfig;

/** A running purger, and the CDN Pro that it uses. */
export interface World {
  readonly ready: Ready;
  readonly cdnPro: CdnPro;
  readonly cli: ReturnType<typeof cliOf>;
  /** Uploads objects. */
  readonly upload: (...keys: readonly string[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts one, on which nothing is wrong but what the options say of CDN Pro. */
export async function startWorld(options: Partial<CdnProOptions> = {}): Promise<World> {
  const hosts = ['www.example.com'];
  const cdnPro = await startCdnPro({
    credentials: localCredentials,
    deployedHosts: { production: hosts, staging: hosts },
    processingMs: () => 500,
    unseenMs: 0,
    ...options,
  });
  const stack = await startStack(config, '--cdn-pro', cdnPro.url);
  const { ready } = stack;
  await expectShortPurges({ ...ready.dynamodb, region: ready.operation.region });
  return {
    ready,
    cdnPro,
    cli: cliOf(ready),
    async upload(...keys) {
      const put = (key: string) => fetch(`${ready.s3.endpoint}/site/${key}`, { method: 'PUT', body: key });
      await Promise.all(keys.map(put));
    },
    async stop() {
      await stack.stop();
      await cdnPro.stop();
    },
  };
}
