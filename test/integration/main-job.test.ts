import { expect, test } from 'vitest';
import { start } from '../helpers/start.ts';

test('an S3 put, an S3 delete, a Standard Webhooks and a Contentful publish each reach a fresh edge', async () => {
  const started = start('--once');
  const code = await started.ended;
  const output = started.output();
  expect(output).toContain('4 of 4 changes reached the edge');
  expect(output).toMatch(
    /S3 put .*\n.*changed.*\n.*queued +https:\/\/www\.example\.com\/guides\/getting%20started\.html/,
  );
  const linesOf = (what: string) => output.match(new RegExp(`^ +\\d+\\.\\d\\d s {2}${what} .*`, 'gm')) ?? [];
  expect(linesOf('accepted').join('\n')).toMatch(/purge [0-9a-f]{24}: (invalidate|delete) /);
  expect(linesOf('finished').join('\n')).toMatch(/purge [0-9a-f]{24}: 100% /);
  // The purger itself says how each has ended, and what it has seen at both edges.
  expect([...linesOf('fresh'), ...linesOf('completed')].length).toBeGreaterThanOrEqual(4);
  // What S3 has deleted shares its purge with nothing that cannot be proven.
  expect(linesOf('fresh').length).toBeGreaterThanOrEqual(1);
  for (const line of linesOf('fresh')) expect(line).toMatch(/: (\d+) of \1 URLs seen at http.*, http/);
  expect(output.match(/ (is gone|shows the second version) at 2 edges$/gm)).toHaveLength(12);
  expect(code).toBe(0);
}, 240_000);
