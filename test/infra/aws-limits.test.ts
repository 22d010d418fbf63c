import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { checkConfig, type PurgerConfig } from '../../infra/settings/purger-config.ts';
import { PurgerStack } from '../../infra/stack/purger-stack.ts';
import { awsRules, limitsBrokenBy } from '../helpers/aws-limits/all-rules.ts';
import { brokenResources } from '../helpers/aws-limits/broken-resources.ts';
import { extremeDeployments, regionalDeployments } from '../helpers/deployments.ts';
import { scratchFolder, unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

/** The template of a configuration, without CDK's own validation: what is tested here is ours. */
function synthesized(overrides: Partial<PurgerConfig>): Template {
  const config = checkConfig({ ...sampleConfig, ...overrides });
  return Template.fromStack(new PurgerStack(unbundledApp(), 'Stack', { config }));
}

// The usual forms are in `deployments.test.ts`.
describe('the largest forms, and those of some regions, keep every limit of AWS', () => {
  test.each(Object.entries({ ...extremeDeployments, ...regionalDeployments }))('%s', (_, overrides) => {
    expect(limitsBrokenBy(synthesized(overrides))).toEqual([]);
  });

  test.each(['www.example.com', 'my purger', 'Müllers Büro', 'x'.repeat(200)])(
    'a construct called %j, with a bucket, a topic and a key of the app',
    (id) => {
      const env = { account: '111122223333', region: 'eu-west-1' };
      const stack = new Stack(unbundledApp(), 'Site', { env });
      const encryptionKey = new Key(stack, 'Key');
      const purger = new CdnPurger(stack, id, {
        credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
        target: 'production',
        dashboard: true,
        encryptionKey,
        rules: sampleConfig.rules.slice(0, 1),
      });
      // CDK's own types do not fit together under exactOptionalPropertyTypes.
      purger.watchBucket(new Bucket(stack, 'Bucket') as IBucket, { via: 'notification' });
      purger.watchTopic(new Topic(stack, 'Topic'));
      expect(limitsBrokenBy(Template.fromStack(stack))).toEqual([]);
    },
  );
});

describe('a rule finds what breaks it', () => {
  test('and each has its page at AWS', () => {
    expect(Object.keys(brokenResources).toSorted()).toEqual(awsRules.map(({ name }) => name).toSorted());
    for (const { page } of awsRules) expect(page).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
  });

  test.each(Object.entries(brokenResources))('%s', (name, examples) => {
    for (const example of examples) {
      const resources = example.map(([type, properties, deletionPolicy], index) => ({
        id: `Resource${index}`,
        type,
        properties,
        raw: properties,
        deletionPolicy,
      }));
      const rule = awsRules.find((each) => each.name === name);
      expect(rule?.broken(resources), JSON.stringify(example).slice(0, 300)).not.toEqual([]);
    }
  });
});

const regions = ['us-east-1', 'eu-central-1', 'ap-southeast-1', 'eu-south-1', 'cn-north-1', 'us-gov-west-1'];

test('cfn-lint finds no error in six regions (skipped where it is not installed)', ({ skip }) => {
  const folder = scratchFolder();
  const templates = { anywhere: { dashboard: true }, gov: regionalDeployments['us-gov-west-1'] ?? {} };
  const files = Object.entries(templates).map(([name, overrides]) => {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(synthesized(overrides).toJSON()));
    return file;
  });
  const options = ['--non-zero-exit-code', 'error', '--regions', ...regions, '--template', ...files];
  const { error, status, stdout } = spawnSync('cfn-lint', options, { encoding: 'utf8' });
  // The shim of a program that is not installed ends with 127.
  skip(error !== undefined || status === 127, 'cfn-lint is not installed');
  expect(stdout.match(/^E\d+ .*/gm) ?? []).toEqual([]);
  expect(status).toBe(0);
}, 180_000);
