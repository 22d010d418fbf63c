import { readFileSync } from 'node:fs';
import { type App, Stack } from 'aws-cdk-lib';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { checkConfig, type PurgerConfig } from '../../infra/settings/purger-config.ts';
import { PurgerStack } from '../../infra/stack/purger-stack.ts';
import { Webhook } from '../../infra/webhook.ts';
import { deployments } from '../helpers/deployments.ts';
import { rowsOf, sectionsOf } from '../helpers/markdown.ts';
import { unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

/** @returns the rules that are broken and not acknowledged, as `rule path` */
function findingsOf(app: App): readonly string[] {
  return [new AwsSolutionsChecks(), new NIST80053R5Checks(), new ServerlessChecks()]
    .flatMap((pack) => pack.validateScope(app).violations)
    .flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    )
    .toSorted();
}

function appOf(overrides: Partial<PurgerConfig>): App {
  const app = unbundledApp();
  new PurgerStack(app, 'Stack', { config: checkConfig({ ...sampleConfig, ...overrides }) });
  return app;
}

/** The construct in a stack of somebody else, with a key and a bucket of that stack. */
function appOfLibraryUser(): App {
  const app = unbundledApp();
  const stack = new Stack(app, 'Stack');
  const encryptionKey: IKey = new Key(stack, 'Key', { enableKeyRotation: true });
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: sampleConfig.rules,
    encryptionKey,
  });
  const secret = Secret.fromSecretNameV2(stack, 'Contentful', 'x');
  // CDK's own types do not fit together under exactOptionalPropertyTypes.
  purger.watchBucket(Bucket.fromBucketName(stack, 'Bucket1', 'www') as IBucket);
  purger.receiveWebhook(Webhook.contentful({ secret }));
  return app;
}

/** The construct with every option of its functions, in a VPC of somebody else. */
function appWithFunctionOptions(): App {
  const app = unbundledApp();
  const stack = new Stack(app, 'Stack');
  const vpc: IVpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: ['eu-west-1a', 'eu-west-1b'],
    privateSubnetIds: ['subnet-1', 'subnet-2'],
  });
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api'),
    target: 'production',
    rules: sampleConfig.rules,
    functionOptions: { memorySize: 1024, logLevel: 'WARN', tracing: true, vpc },
  });
  purger.watchBucket(Bucket.fromBucketName(stack, 'Bucket1', 'www') as IBucket);
  const secret = Secret.fromSecretNameV2(stack, 'Contentful', 'x');
  purger.receiveWebhook(Webhook.contentful({ secret }));
  return app;
}

const apps: Readonly<Record<string, App>> = {
  ...Object.fromEntries(Object.entries(deployments).map(([name, overrides]) => [name, appOf(overrides)])),
  'the construct with a key of its stack': appOfLibraryUser(),
  'the construct with options of functions': appWithFunctionOptions(),
};

describe.each(Object.entries(apps))('%s', (_, app) => {
  test('no rule of AwsSolutions, NIST 800-53 R5 and Serverless is broken', () => {
    expect(findingsOf(app)).toEqual([]);
  });

  test('each acknowledgement has a reason, and is needed', () => {
    const acknowledgements = acknowledgementsOf(app);
    expect(acknowledgements.length).toBeGreaterThan(10);
    for (const { reason, takeBack } of acknowledgements) {
      expect(reason).toMatch(/^[A-Z].{60,}\.$/);
      takeBack();
    }
    const findings = findingsOf(app);
    for (const { giveAgain } of acknowledgements) giveAgain();
    const needless = acknowledgements.filter(
      ({ rule, path }) => !findings.some((finding) => finding.startsWith(`${rule} ${path}`)),
    );
    expect(needless.map(({ rule, path }) => `${rule} ${path}`)).toEqual([]);
  });
});

/** @returns what is acknowledged, by the construct's path, and how to take it back and give it again */
function acknowledgementsOf(app: App) {
  return app.node.findAll().flatMap(({ node }) =>
    node.metadata.flatMap((entry) => {
      if (entry.type !== 'aws:cdk:acknowledged-rules') return [];
      const all = entry.data as Record<string, string>;
      return Object.entries(all).map(([rule, reason]) => ({
        rule: rule.replace('Annotation::', ''),
        path: node.path,
        reason,
        takeBack: () => delete all[rule],
        giveAgain: () => Object.assign(all, { [rule]: reason }),
      }));
    }),
  );
}

test('the table of docs/security.md has each rule that is acknowledged, and no other', () => {
  const [section = ''] = sectionsOf(readFileSync('docs/security.md', 'utf8'), 2)
    .filter(({ heading }) => heading === 'cdk-nag')
    .map(({ text }) => text);
  const documented = rowsOf(section).flatMap(([rules = '']) => rules.replaceAll('`', '').split(', '));
  const acknowledged = Object.values(apps).flatMap((app) => acknowledgementsOf(app).map(({ rule }) => rule));
  expect(documented.toSorted()).toEqual([...new Set(acknowledged)].toSorted());
});

test('acknowledgements are not in the template', () => {
  const app = appOf({});
  expect(JSON.stringify(app.synth().getStackByName('Stack').template)).not.toContain('LambdaInsideVPC');
});
