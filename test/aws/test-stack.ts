import { readFileSync } from 'node:fs';
import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, FunctionUrlAuthType, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { Webhook } from '../../infra/webhook.ts';
import { morePrefixes, type TestStackSettings, watchedPrefixes } from './test-stack-settings.ts';

/** A purger with its own bucket, and a stand-in for CDN Pro where there is none. */
export class AwsTestStack extends Stack {
  constructor(scope: Construct, id: string, settings: TestStackSettings, props: StackProps = {}) {
    super(scope, id, { ...props, stackName: settings.stackName });
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const base = `https://${settings.host}/${settings.stackName}`;
    const purger = new CdnPurger(this, 'Purger', {
      credentials: Secret.fromSecretNameV2(this, 'Credentials', settings.credentials),
      endpoint: settings.endpoint ?? this.#standIn(bucket, settings.standInKey ?? ''),
      target: settings.target,
      // Whatever the target is: nothing of a test stays.
      retainData: false,
      ...(settings.variant === 'key' ? { encryptionKey: this.#key() } : {}),
      rules: [
        { match: { source: 's3' }, purge: { fileUrls: [`${base}/{+key}`] } },
        { match: { source: 'standard-webhooks' }, purge: { fileUrls: [`${base}/news/{slug}`] } },
      ],
    });
    // By its name, as the app watches buckets that others own.
    const watched = Bucket.fromBucketName(this, 'Watched', bucket.bucketName);
    const { eventbridge, notification } = watchedPrefixes;
    purger.watchBucket(watched, { prefix: eventbridge });
    purger.watchBucket(watched, { prefix: notification, via: 'notification' });
    for (const prefix of morePrefixes(settings.variant)) purger.watchBucket(watched, { prefix });
    const secret = Secret.fromSecretNameV2(this, 'WebhookSecret', settings.webhookSecret);
    purger.receiveWebhook(Webhook.standardWebhooks({ secret }));
    const outputs = {
      BucketName: bucket.bucketName,
      BufferQueueUrl: purger.bufferQueue.queueUrl,
      DeadLetterQueueUrl: purger.deadLetterQueue.queueUrl,
      LedgerTableName: purger.ledger.table.tableName,
      WebhookUrl: purger.webhookUrl ?? '',
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }

  #key(): Key {
    return new Key(this, 'Key', { removalPolicy: RemovalPolicy.DESTROY, pendingWindow: Duration.days(7) });
  }

  /** @returns its endpoint, without a slash at its end */
  #standIn(bucket: Bucket, secretKey: string): string {
    const logGroup = new LogGroup(this, 'StandInLogs', {
      retention: RetentionDays.ONE_DAY,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const standIn = new LambdaFunction(this, 'StandIn', {
      description: 'stands in for CDN Pro in a test of cdn-pro-purger',
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline(readFileSync(new URL('stand-in.cjs', import.meta.url), 'utf8')),
      timeout: Duration.seconds(10),
      logGroup,
      environment: { SECRET_KEY: secretKey, BUCKET: bucket.bucketName },
    });
    bucket.grantPut(standIn, 'accepted/*');
    // Open to all, and of use to none: it lets in who signs with the key of this run.
    const { url } = standIn.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });
    return `https://${Fn.select(2, Fn.split('/', url))}`;
  }
}
