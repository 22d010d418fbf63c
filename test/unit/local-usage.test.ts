import { expect, test } from 'vitest';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { summaryOf } from '../../local/demo/ready.ts';
import { usageOf } from '../../local/demo/usage.ts';

const ready = {
  s3: { endpoint: 'http://127.0.0.1:1' },
  edge: 'http://127.0.0.1:2',
  webhooks: { hygraph: 'http://127.0.0.1:3/webhooks/hygraph' },
  webhookSecrets: { hygraph: 'secret' },
} as unknown as Parameters<typeof usageOf>[1];

const configOf = (...types: readonly (string | undefined)[]): PurgerConfig => ({
  credentials: 'c',
  target: 'production',
  webhooks: [{ source: 'hygraph', secret: 's' }],
  rules: types.map((type) => ({
    match: { source: 'hygraph', ...(type !== undefined && { type }) },
    purge: { fileUrls: ['https://www.example.com/{slug}'] },
  })),
});

test.each([
  [['Product'], " publish --field 'type=Product' --ready"],
  [['{any}Page', 'Product'], " publish --field 'type=Product' --ready"],
  [['{any}Page'], ' publish --ready'],
  [['Product', undefined], ' publish --ready'],
])('where all rules ask for a type, the command to send a webhook names it: %j', (types, expected) => {
  expect(usageOf(configOf(...types), ready, 'ready.json')).toContain(expected);
});

test('the summary names each bucket, and S3 alone where none is watched', () => {
  const s3Rows = (...names: readonly string[]) =>
    summaryOf({ ...configOf(), buckets: names.map((name) => ({ name })) }, ready, true, 'page').match(
      /(?<= S3 +)\S+/g,
    );
  expect(s3Rows('a', 'b', 'a')).toEqual(['http://127.0.0.1:1/a', 'http://127.0.0.1:1/b']);
  expect(s3Rows()).toEqual(['http://127.0.0.1:1']);
});
