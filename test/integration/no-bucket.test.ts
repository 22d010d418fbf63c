import { expect, test } from 'vitest';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { runOnce } from '../helpers/start.ts';

const config: PurgerConfig = {
  credentials: 'my/cdn-pro',
  target: 'production',
  webhooks: [{ source: 'contentful', secret: 'my/contentful' }],
  rules: [{ match: { source: 'contentful' }, purge: { fileUrls: ['https://h.example/{slug}'] } }],
};

test('a configuration with webhooks alone has its pages rendered, and its sample reaches the edge', async () => {
  const { code, output } = await runOnce(config);
  expect(output).toContain('1 of 1 changes reached the edge');
  expect(code).toBe(0);
}, 120_000);
