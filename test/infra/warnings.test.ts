import { expect, test } from 'vitest';
import { complaintsOf } from '../helpers/complaints.ts';
import { stackOf } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

test('a rule whose directories cannot last is warned of', () => {
  const [rule, ...others] = sampleConfig.rules;
  const dirUrls = ['https://www.example.com/**'];
  const rules = rule === undefined ? [] : [{ ...rule, purge: { dirUrls } }, ...others];
  expect(complaintsOf(stackOf({ rules }))).toEqual([
    expect.stringMatching(/^rules\[0\] takes 1 directory .* \[ack: cdn-pro-purger:lasting\]$/),
  ]);
});
