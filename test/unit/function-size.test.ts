import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle } from '../../infra/function/bundle.ts';

function codeOf(name: string): string {
  const code = bundle(join('functions', name)).find(({ path }) => path === 'handler.mjs')?.contents;
  return new TextDecoder().decode(code);
}

// What `npm run bench -- coldstart` holds the functions to.
test.each([
  ['receive-s3', 300_000],
  ['receive-webhook', 350_000],
  ['submit', 350_000],
  ['tick', 350_000],
])('the bundle of %s has at most %i bytes', (name, maxBytes) => {
  expect(Buffer.byteLength(codeOf(name))).toBeLessThanOrEqual(maxBytes);
});

// Loading it costs more than the whole bundle: see `docs/adr/0034`.
test.each(['receive-s3', 'receive-webhook', 'submit', 'tick'])(
  'the bundle of %s does not import node:http',
  (name) => {
    expect(codeOf(name)).not.toMatch(/from\s*["'](node:)?http["']/);
  },
);

test('source maps name the lines of our sources, and leave out those of dependencies', () => {
  const map = bundle(join('functions', 'submit')).find(({ path }) => path === 'handler.mjs.map')?.contents;
  const { sources } = JSON.parse(new TextDecoder().decode(map)) as { sources: string[] };
  expect(sources).toContain('submit-batch.ts');
  expect(sources.filter((source) => source.includes('node_modules'))).toEqual([]);
});
