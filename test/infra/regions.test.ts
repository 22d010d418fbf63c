import { readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { lackingRegions } from '../../infra/pipeline/region-features.ts';
import { PurgerStack } from '../../infra/stack/purger-stack.ts';
import { everything } from '../helpers/deployments.ts';
import { rowsOf } from '../helpers/markdown.ts';
import { unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const rows = rowsOf(readFileSync('docs/regions.md', 'utf8'));
/** What the docs call each feature. */
const words = { recursiveLoop: /loop detection/, encryptedBus: /an event bus/, httpApi: /^HTTP APIs$/ };

test.each(Object.entries(lackingRegions))(
  'docs/regions.md names the regions that lack %s',
  (feature, regions) => {
    const row = rows.find(([, lacks = '']) => words[feature as keyof typeof words].test(lacks));
    const named = [...(row?.[0] ?? '').matchAll(/`([a-z0-9-]+)`/g)].map(([, region]) => region);
    expect(named.toSorted()).toEqual(regions.toSorted());
  },
);

function templateIn(region: string): Template {
  const config = { ...sampleConfig, ...everything, buckets: [{ name: 'theirs', account: '444455556666' }] };
  const regional = { ...config, topics: [], queues: [], webhookApi: {}, alarms: {} };
  const env = { account: '111122223333', region };
  return Template.fromStack(new PurgerStack(unbundledApp(), 'Stack', { config: regional, env }));
}

test('where the setting of the loop detection is not known, the template has none', () => {
  const hasSetting = (region: string) =>
    JSON.stringify(templateIn(region).findResources('AWS::Lambda::Function')).includes('RecursiveLoop');
  expect(hasSetting('eu-west-1')).toBe(true);
  expect(hasSetting('mx-central-1')).toBe(false);
});

test('where buses have neither description, key nor dead letter queue, that of other accounts has none', () => {
  const busIn = (region: string) =>
    Object.values(templateIn(region).findResources('AWS::Events::EventBus')).map(({ Properties }) =>
      Object.keys(Properties).toSorted(),
    );
  expect(busIn('eu-west-1')[0]).toContain('Description');
  for (const fields of busIn('us-gov-west-1')) {
    for (const field of ['Description', 'KmsKeyIdentifier', 'DeadLetterConfig'])
      expect(fields).not.toContain(field);
  }
});
