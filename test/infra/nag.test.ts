import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { checkConfig, type PurgerConfig, PurgerStack } from '../../infra/purger-stack.ts';
import { Webhook } from '../../infra/webhook.ts';
import { rowsOf, sectionsOf } from '../helpers/markdown.ts';
import { sampleConfig, scratchFolder } from '../helpers/purger-stack.ts';

const encryptionKeyArn = 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f';

/** What breaks a rule until the receivers' own settings are there, as `rule path`. */
const open = [
  'AwsSolutions-APIG1 Stack/Purger/ReceiveWebhook/Api/DefaultStage/Resource',
  'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole] Stack/BucketNotificationsHandler050a0587b7544547bf325f094a3db834/Role/Resource',
  'NIST.800.53.R5-IAMNoInlinePolicy Stack/Bucket1/Notifications/HandlerPolicy/Resource',
  'Serverless-APIGWAccessLogging Stack/Purger/ReceiveWebhook/Api/DefaultStage/Resource',
  'Serverless-APIGWDefaultThrottling Stack/Purger/ReceiveWebhook/Api/DefaultStage/Resource',
];

/** @returns the rules that are broken and not acknowledged, as `rule path` */
function findingsOf(app: App): readonly string[] {
  return [new AwsSolutionsChecks(), new NIST80053R5Checks(), new ServerlessChecks()]
    .flatMap((pack) => pack.validateScope(app).violations)
    .flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    )
    .toSorted();
}

function newApp(): App {
  return new App({ outdir: scratchFolder(), context: { 'aws:cdk:bundling-stacks': [] } });
}

function appOf(overrides: Partial<PurgerConfig>): App {
  const app = newApp();
  new PurgerStack(app, 'Stack', { config: checkConfig({ ...sampleConfig, ...overrides }) });
  return app;
}

/** The construct in a stack of somebody else, with a key and a bucket of that stack. */
function appOfLibraryUser(): App {
  const app = newApp();
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

const rulesOf = (source: string) => sampleConfig.rules.filter(({ match }) => match.source === source);
const apps: Readonly<Record<string, () => App>> = {
  'a bucket alone': () => appOf({ webhooks: [], rules: rulesOf('s3') }),
  'a webhook alone': () => appOf({ buckets: [], rules: rulesOf('contentful') }),
  'a bucket and a webhook': () => appOf({}),
  'data that goes with the stack': () => appOf({ retainData: false, logRetentionDays: 1 }),
  'a key and a shared ledger': () =>
    appOf({
      encryptionKeyArn,
      sharedLedger: { table: 'other-ledger', encryptionKeyArn },
    }),
  'a ledger that another account shares': () => appOf({ ledgerSharedWith: ['444455556666'] }),
  'the construct with a key of its stack': appOfLibraryUser,
};

test.each(Object.entries(apps))(
  '%s: no rule of AwsSolutions, NIST 800-53 R5 and Serverless is broken',
  (_, app) => {
    expect(findingsOf(app()).filter((finding) => !open.includes(finding))).toEqual([]);
  },
);

test('what is said to be open is', () => {
  expect(findingsOf(appOf({}))).toEqual(open);
});

/** @returns what is acknowledged, by the construct's path, and the way to take it back */
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
      }));
    }),
  );
}

test('each acknowledgement has a reason, and is needed', () => {
  const app = appOf({});
  const acknowledgements = acknowledgementsOf(app);
  expect(acknowledgements.length).toBeGreaterThan(10);
  for (const { rule, path, reason, takeBack } of acknowledgements) {
    expect(reason).toMatch(/^[A-Z].{60,}\.$/);
    takeBack();
    expect(findingsOf(app).filter((each) => each.startsWith(`${rule} ${path}`))).not.toEqual([]);
  }
});

test('the table of docs/security.md has each rule that is acknowledged, and no other', () => {
  const [section = ''] = sectionsOf(readFileSync('docs/security.md', 'utf8'), 2)
    .filter(({ heading }) => heading === 'cdk-nag')
    .map(({ text }) => text);
  const documented = rowsOf(section).flatMap(([rules = '']) => rules.replaceAll('`', '').split(', '));
  const acknowledged = acknowledgementsOf(appOf({})).map(({ rule }) => rule);
  expect(documented.toSorted()).toEqual([...new Set(acknowledged)].toSorted());
});

test('acknowledgements are not in the template', () => {
  const app = appOf({});
  expect(JSON.stringify(app.synth().getStackByName('Stack').template)).not.toContain('LambdaInsideVPC');
});
