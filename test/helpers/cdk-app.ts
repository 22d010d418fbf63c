/** A CDK app that uses every public property and method of the construct; its imports differ by flavour. */
const app = (parameters: string) => `
class Site extends Stack {
  constructor(${parameters}) {
    super(scope, id);
    const purger = new CdnPurger(this, 'Purger', {
      credentials: Secret.fromSecretNameV2(this, 'CdnPro', 'cdn-pro/api'),
      target: 'production',
      rules: [
        { match: { source: 's3', key: 'site/{+path}' },
          purge: { fileUrls: ['https://www.example.com/{+path}'] }, pages: { index: 'index.html' } },
        { match: { source: 'contentful', type: 'blogPost' },
          purge: { fileUrls: ['https://www.example.com/blog/{slug}'], dirUrls: ['https://www.example.com/blog/*'] } },
      ],
      rateLimit: { requests: 300, perSeconds: 300, headroom: 0.1 },
      dashboard: true,
    });
    purger.watchBucket(new Bucket(this, 'Bucket'), { prefix: 'site/' });
    purger.receiveWebhook(Webhook.contentful({ secret: Secret.fromSecretNameV2(this, 'Contentful', 'x') }));
    purger.watchTopic(Topic.fromTopicArn(this, 'Topic', 'arn:aws:sns:eu-west-1:111122223333:events'), { bucket: 'www' });
    purger.watchQueue(new Queue(this, 'Events'), { prefix: 'site/' });
    const other = CdnPurger.fromCdnPurgerAttributes(this, 'Other', {
      bufferQueueArn: 'arn:aws:sqs:eu-west-1:111122223333:buffer', purgerName: 'Other-Purger',
    });
    const role = new Role(this, 'Editor', { assumedBy: new AccountPrincipal('111122223333') });
    for (const each of [purger, other]) each.grantPurge(role);
    purger.grantRead(role);
    purger.grantOperate(role);
    const metrics = [
      ...[purger.metricEntriesPurged(), purger.metricFreshnessSeconds(), purger.metricWaitingSeconds()],
      ...[purger.metricBudgetUsedPercent(), purger.metricRequestsAccepted(), purger.metricRequestsRefused()],
      ...[purger.metricRequestsThrottled(), purger.metricRequestsUnavailable(), purger.metricCredentialsRefused()],
      ...[purger.metricPurgesRefusedAlike(), purger.metricEntriesRejected(), purger.metricEntriesParked()],
      ...[purger.metricMessagesUnreadable(), purger.metricMessagesGivenBack(), purger.metricParkedEntries('bulk')],
      ...[purger.metricOldestParkedSeconds('people'), purger.metricDoneBySeconds(), purger.metricFilesLeft()],
      ...[purger.metricDirsLeft(), purger.metricTokensUsedPercent(), purger.metricTokensMiscountedPercent()],
      ...[purger.metricPurgesUnfollowed(), purger.metricCompletionSeconds(), purger.metricPurgesPartial()],
      ...[purger.metricFreshSeconds(), purger.metricProbesStale(), purger.metricProbesUnproven()],
      ...[purger.metricRepairs(), purger.metricPurgesFailed(), purger.metricPurgesLate(), purger.metricRefusedUrls()],
      ...[purger.metricChangesQueued(), purger.metricChangesUnmatched()],
      ...[purger.metricChangesNotQueued(), purger.metricEventsNotUnderstood()],
      ...[purger.metricChangesUnchanged(), purger.metricWebhooksUnverified('contentful', { label: 'unverified' })],
      ...[purger.metricWebhooksRefused(), purger.metricWebhooksThrottled(), other.metricEntriesPurged()],
    ];
    purger.dashboard?.addWidgets(new GraphWidget({ left: metrics }));
    const { submit, tick, receiveS3, receiveWebhook } = purger.functions;
    for (const fn of [submit, tick, receiveS3, receiveWebhook]) fn?.grantInvoke(role);
    purger.ledger.table.grantReadData(role);
    purger.parked.table.grantReadData(role);
    purger.journal.table.grantReadData(role);
    purger.deadLetterQueue.grantConsumeMessages(role);
    addOutputs(this, purger);
    for (const value of [
      purger.purgerName, purger.bufferQueue.queueUrl, purger.webhookUrl, purger.webhookDomainTarget,
      purger.webhookApi?.apiEndpoint, purger.s3Queue?.queueArn, purger.s3EventBusArn, purger.alarms[0]?.alarmArn,
    ].filter((each) => each !== undefined).entries()) {
      new CfnOutput(this, \`Output\${value[0]}\`, { value: value[1] });
    }
  }
}
const app = new App({ outdir: process.argv[2] ?? 'cdk.out', analyticsReporting: false });
new Site(app, 'Site');
app.synth();
`;

const imports = `
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { AccountPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
`;
const typed = `${imports}
import type { Construct } from 'constructs';
import { addOutputs, CdnPurger, type CdnPurgerProps, Webhook } from 'cdn-pro-purger';
// @ts-expect-error: the types know the targets there are
export const wrong: CdnPurgerProps['target'] = 'prod';
${app('scope: Construct, id: string')}`;
const required = `
const { App, CfnOutput, Stack } = require('aws-cdk-lib');
const { GraphWidget } = require('aws-cdk-lib/aws-cloudwatch');
const { AccountPrincipal, Role } = require('aws-cdk-lib/aws-iam');
const { Bucket } = require('aws-cdk-lib/aws-s3');
const { Secret } = require('aws-cdk-lib/aws-secretsmanager');
const { Topic } = require('aws-cdk-lib/aws-sns');
const { Queue } = require('aws-cdk-lib/aws-sqs');
const { addOutputs, CdnPurger, Webhook } = require('cdn-pro-purger');
`;

/** The app in each of the ways that a CDK app can be written: `file` is written, `script` is run. */
export const flavours = [
  { name: 'TypeScript with ES modules', file: 'typed.mts', script: 'typed.mjs', source: typed },
  { name: 'TypeScript with CommonJS', file: 'typed.cts', script: 'typed.cjs', source: typed },
  {
    name: 'JavaScript with ES modules',
    file: 'plain.mjs',
    script: 'plain.mjs',
    source: `${imports}import { addOutputs, CdnPurger, Webhook } from 'cdn-pro-purger';${app('scope, id')}`,
  },
  {
    name: 'JavaScript with CommonJS',
    file: 'plain.cjs',
    script: 'plain.cjs',
    source: required + app('scope, id'),
  },
] as const;

/** @returns the same app on the library's source in this folder */
export function appOnSource(infra: string): string {
  return `${imports}
import { CdnPurger } from '${infra}/cdn-purger.ts';
import { addOutputs } from '${infra}/stack/add-outputs.ts';
import { Webhook } from '${infra}/webhook.ts';
${app('scope, id')}`;
}
