import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle } from '../../infra/function-code.ts';

// What `npm run bench -- coldstart` holds the functions to, told before it is run.
test.each([
  ['receive-s3', 250_000],
  ['receive-webhook', 250_000],
  ['submit', 350_000],
])('the bundle of %s has at most %i bytes, and nothing of the AWS SDK', (name, maxBytes) => {
  const code = bundle(join('functions', name)).find(({ path }) => path === 'handler.mjs')?.contents;
  expect(code?.length).toBeLessThanOrEqual(maxBytes);
  const text = new TextDecoder().decode(code);
  expect(text).toContain('AWS4-HMAC-SHA256');
  expect(text).not.toContain('smithy');
});

// Loading these costs more than the whole bundle: see `functions/aws/sdk/post.ts`.
test.each(['receive-s3', 'receive-webhook', 'submit'])(
  'the bundle of %s does not import node:http',
  (name) => {
    const code = bundle(join('functions', name)).find(({ path }) => path === 'handler.mjs')?.contents;
    expect(new TextDecoder().decode(code)).not.toMatch(/from\s*["'](node:)?http["']/);
  },
);
