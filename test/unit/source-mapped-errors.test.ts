import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { mapStack } from '../../functions/lambda/source-mapped-errors.ts';
import { bundle } from '../../infra/function/bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'cdn-pro-purger-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));
const url = (file: string) => pathToFileURL(join(folder, file)).href;

for (const { path, contents } of bundle(join('functions', 'receive-s3')))
  writeFileSync(join(folder, path), contents);

/** What a start of the bundle without its environment throws, which is a line of ours: `readEnvironment`. */
function stackOfStart(): string {
  const script = `import(${JSON.stringify(url('handler.mjs'))}).catch(({ stack }) => console.log(stack))`;
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', env: {} });
}

test('a stack names the lines of the sources', () => {
  const stack = stackOfStart();
  expect(stack).toContain('handler.mjs:');
  const traced = mapStack(stack, url('handler.mjs'));
  expect(traced).toMatch(/\(\.\.\/lambda\/environment\.ts:\d+:\d+\)/);
  expect(traced).toMatch(/\(handler\.ts:\d+:\d+\)/);
  expect(traced.split('\n')).toHaveLength(stack.split('\n').length);
});

test('a position in a dependency, or without a map, stays that of the bundle', () => {
  const stack = `Error: no\n    at x (${url('handler.mjs')}:1:1)`;
  expect(mapStack(stack, url('handler.mjs'))).toBe(stack);
  const elsewhere = `Error: no\n    at x (${url('other/handler.mjs')}:9:9)`;
  expect(mapStack(elsewhere, url('other/handler.mjs'))).toBe(elsewhere);
});

test('a stack that quotes a megabyte of what somebody sent is mapped like any other', () => {
  const stack = `Error: ${'x'.repeat(1_000_000)}\n${stackOfStart().split('\n').slice(1).join('\n')}`;
  expect(mapStack(stack, url('handler.mjs'))).toMatch(/\(handler\.ts:\d+:\d+\)/);
});
