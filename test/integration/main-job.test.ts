import { expect, test } from 'vitest';
import { start } from '../helpers/start.ts';

test('an S3 put, an S3 delete, a Standard Webhooks and a Contentful publish each reach a fresh edge', async () => {
  const started = start('--once');
  const code = await started.ended;
  const output = started.output();
  expect(output).toContain('4 of 4 changes reached the edge');
  expect(output).toMatch(
    /S3 put .*\n.*changed.*\n.*queued +https:\/\/www\.example\.com\/guides\/getting%20started\/index\.html/,
  );
  expect(output.match(/^ +\d+\.\d\d s {2}accepted purge [0-9a-f]{24}: (invalidate|delete) /gm)).toHaveLength(
    4,
  );
  expect(output.match(/^ +\d+\.\d\d s {2}finished purge [0-9a-f]{24}: 100% /gm)).toHaveLength(4);
  expect(output.match(/^ +\d+\.\d\d s {2}fresh .* at 4 edges$/gm)).toHaveLength(4);
  expect(code).toBe(0);
});
