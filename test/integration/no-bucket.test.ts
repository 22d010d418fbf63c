import { writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { scratchFolder, start } from '../helpers/start.ts';

const config: PurgerConfig = {
  credentials: 'my/cdn-pro',
  target: 'production',
  webhooks: [{ source: 'contentful', secret: 'my/contentful' }],
  rules: [{ match: { source: 'contentful' }, purge: { fileUrls: ['https://h.example/{slug}'] } }],
};

const scratch = scratchFolder();
afterAll(scratch.remove);

test('a configuration with webhooks alone has its pages rendered, and its sample reaches the edge', async () => {
  const file = scratch.path('config.json');
  writeFileSync(file, JSON.stringify(config));
  const started = start('--once', '--config', file);
  const exitCode = await started.ended;
  expect(started.output()).toContain('1 of 1 changes reached the edge');
  expect(exitCode).toBe(0);
}, 120_000);
